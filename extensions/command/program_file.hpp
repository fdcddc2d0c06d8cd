#pragma once

#include <string>

#include "extensions/command/descriptor.hpp"
#include "jobs/error.hpp"

namespace jobq {

/// Why `program` can't be started, from an errno: `busy` if that may pass, else
/// `invalid_argument`. `hint` tells what to do, and may be empty.
tl::unexpected<error> start_error(const std::string& program, int code,
                                  const std::string& hint);

/// Opens the directory that a program shall start in, and makes sure that it
/// may be entered. An empty path is the current one. The descriptor serves for
/// looking things up, and is none of the numbers 0 to 3.
result<descriptor> open_directory(const std::string& program,
                                  const std::string& path);

/// The file to execute for a program's name, as seen from `directory`: the name
/// itself if it has a slash, else the first executable file in `path`, whose
/// empty parts mean the directory. The same rules as execvp's, but for the
/// shell that it tries on files without a format.
result<std::string> find_program(const std::string& name,
                                 const std::string& path, int directory);

/// What to do about an errno that executing `file` ended with, or "".
std::string exec_hint(const std::string& file, int code, int directory);

} // namespace jobq

#pragma once

#include <functional>
#include <string>

#include "extensions/host/host_main.hpp"

namespace jobq::hosting {

/// The life of a runner: says hello, opens its library or the built-in
/// functions, and executes one run after the other until the server closes the
/// socket.
/// @param fault why the process is not what it should be; told to the server,
///   and then nothing else happens
/// @returns the exit code
int runner_main(const std::string& fault, const std::string& library,
                const std::function<built_in_functions()>& built_in);

} // namespace jobq::hosting

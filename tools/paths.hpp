#pragma once

#include <filesystem>
#include <string>

#include "jobs/error.hpp"

namespace jobq {

/// The configuration to use: `option` (of `--config`) when it is not empty,
/// else the environment's `JOBQ_CONFIG`, else `services/config/config.yaml`,
/// else `services/scheduler/config.yaml`. Whether it exists is found out by
/// reading it; when neither default exists, the first one is the answer.
std::filesystem::path config_path(const std::string& option);

/// The data directory: `option` (of `--data`) when it is not empty, else the
/// environment's `JOBQ_DATA`, else `./var`. Absolute.
std::filesystem::path data_path(const std::string& option);

/// The program of job hosts: the environment's `JOBQ_HOST_PROGRAM`, else
/// `jobq-host` beside the running program, in `../bin` or in `../libexec/jobq`
/// seen from there.
/// @returns `not_found` with the places looked at
result<std::filesystem::path> host_program();

/// A library that ships with jobq, by its file's name: in `../lib`, or in the
/// library folder of an installation, seen from the running program. Empty when
/// there is none.
std::filesystem::path shipped_library(const std::filesystem::path& name);

/// Where the store lies.
std::filesystem::path store_path(const std::filesystem::path& data);

/// Where the server listens.
std::filesystem::path socket_path(const std::filesystem::path& data);

} // namespace jobq

#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "actors/engine.hpp"
#include "jobs/error.hpp"
#include "tools/api/api.hpp"

namespace jobq {

struct server_options {
  std::filesystem::path socket;
  api_service service;
  logger log;
  /// 256 clients with a request on its way each, and some who look. More are
  /// answered with 503.
  std::size_t max_connections = 288;
  std::size_t max_body = 1 << 20; ///< bytes; more is answered with 413
  /// How long a connection may be silent between two requests.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds{60};
  /// How long a request may take to arrive, and an answer to be taken.
  std::chrono::milliseconds request_timeout = std::chrono::seconds{15};
  /// How long a server that stops waits for answers in the making: above all
  /// the one to the client that asked for it.
  std::chrono::milliseconds last_answers = std::chrono::seconds{1};
};

/// The API over HTTP/1.1 on a Unix socket: one thread per connection, streams
/// as chunked JSON lines. Construction begins to listen, destruction stops.
class server {
public:
  /// @returns what `listen_on` says
  static result<std::unique_ptr<server>> start(server_options options);
  ~server();

  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Closes the socket and all connections, ends streams, waits for requests
  /// that are being answered. Idempotent.
  void stop();

private:
  class impl;
  explicit server(std::unique_ptr<impl> body);
  std::unique_ptr<impl> impl_;
};

} // namespace jobq

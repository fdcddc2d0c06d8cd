#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs/error.hpp"

namespace jobq::bench {

/// Several clients of a server's Unix socket in one thread, each with a
/// connection that stays open and at most one request on its way.
class http_clients {
public:
  /// @returns `unavailable` when nobody listens there
  static result<std::unique_ptr<http_clients>>
  connect(const std::filesystem::path& socket, std::size_t count);
  ~http_clients();

  /// The text of a request.
  static std::string post(const std::string& path, const std::string& body);
  static std::string get(const std::string& target);

  /// What to send next; nothing when that was all.
  using source = std::function<std::optional<std::string>()>;
  /// Hears the body of every answer.
  using sink = std::function<void(const std::string& body)>;

  /// Keeps all connections busy until `next` has no more and everything is
  /// answered.
  /// @returns the error that an answer held, or why there was no answer
  result<void> exchange(const source& next, const sink& answered);

  /// One request, one answer.
  result<std::string> call(const std::string& request);

private:
  class line;
  http_clients();
  result<void> wait_for_answers(const sink& answered);

  std::vector<std::unique_ptr<line>> lines_;
};

} // namespace jobq::bench

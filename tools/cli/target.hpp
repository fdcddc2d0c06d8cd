#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "jobs/error.hpp"
#include "tools/api/client.hpp"

namespace jobq {

class runtime; // tools/runtime.hpp

/// A way to ask: a server's, or a runtime's in this process.
struct connection {
  std::shared_ptr<api_client> client;
  bool server = false;
};

/// Where a command's requests go. Found out when a command first asks, since
/// some need neither server nor store.
class target {
public:
  virtual ~target() = default;

  /// A connection that no other thread uses.
  virtual result<connection> connect() = 0;

  /// Whether there is anything to ask: a server, or a store. `connect` would
  /// make a new store otherwise.
  virtual bool is_there() = 0;

  /// Has streams of this process's own runtime end soon.
  virtual void end_streams() = 0;
};

/// A server when one listens in the data directory, else the store itself.
class default_target final : public target {
public:
  default_target(std::filesystem::path config, std::filesystem::path data);
  ~default_target() override;

  result<connection> connect() override;
  bool is_there() override;
  void end_streams() override { ended_ = true; }

private:
  result<connection> open_store(const std::filesystem::path& socket);

  std::filesystem::path config_;
  std::filesystem::path data_;
  std::unique_ptr<runtime> local_;
  std::atomic<bool> ended_{false};
};

} // namespace jobq

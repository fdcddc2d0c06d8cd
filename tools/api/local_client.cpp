#include <utility>

#include "tools/api/answer.hpp"
#include "tools/api/client.hpp"

namespace jobq {

namespace {

/// Calls the API's functions in this process.
class local_client final : public api_client {
public:
  explicit local_client(runtime& target) : target_{target} {}

  result<std::string> call(const api_request& request) override {
    return read_answer(handle(target_, request));
  }

  result<void> follow(const api_request& request,
                      const line_sink& sink) override {
    bool gone = false;
    return stream(
        target_, request,
        [&](const std::string& line) {
          // An empty line only says that the stream has begun.
          gone = gone || (!line.empty() && !sink(line));
          return !gone;
        },
        [&] { return gone; });
  }

private:
  runtime& target_;
};

} // namespace

std::unique_ptr<api_client> make_local_client(runtime& target) {
  return std::make_unique<local_client>(target);
}

} // namespace jobq

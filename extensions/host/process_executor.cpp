#include "extensions/host/process_executor.hpp"

#include <future>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "extensions/host/host_pool.hpp"

namespace jobq {

namespace asio = boost::asio;

// One thread, which is the parent of all hosts and lives as long as any of
// them: the kernel takes a child for orphaned when the thread that started it
// ends.
class process_executor::impl {
public:
  explicit impl(process_executor_options options)
      : options_{std::move(options)}, work_{asio::make_work_guard(context_)},
        thread_{[this] { context_.run(); }} {}

  ~impl() {
    asio::post(context_,
               [this] { pool_.shut_down([this] { work_.reset(); }); });
    thread_.join();
  }

  void start(run what, execution_plan plan, attempt_observer observer) {
    asio::post(context_, [this, what = std::move(what), plan = std::move(plan),
                          observer = std::move(observer)]() mutable {
      pool_.start(std::move(what), std::move(plan), std::move(observer));
    });
  }

  void stop(const run_id& id, stop_reason why) {
    asio::post(context_, [this, id, why] { pool_.stop(id, why); });
  }

  void allow(std::size_t max_hosts) {
    asio::post(context_, [this, max_hosts] {
      options_.max_hosts = max_hosts;
      pool_.resized();
    });
  }

  host_statistics statistics() const {
    std::promise<host_statistics> asked;
    auto told = asked.get_future();
    asio::post(context_, [&] { asked.set_value(pool_.statistics()); });
    return told.get();
  }

private:
  process_executor_options options_;
  mutable asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  hosting::host_pool pool_{context_, options_};
  std::thread thread_;
};

process_executor::process_executor(process_executor_options options)
    : impl_{std::make_unique<impl>(std::move(options))} {}

process_executor::~process_executor() = default;

void process_executor::start(const run& what, execution_plan plan,
                             attempt_observer observer) {
  impl_->start(what, std::move(plan), std::move(observer));
}

void process_executor::stop(const run_id& id, stop_reason why) {
  impl_->stop(id, why);
}

void process_executor::allow(std::size_t max_hosts) {
  impl_->allow(max_hosts);
}

host_statistics process_executor::statistics() const {
  return impl_->statistics();
}

} // namespace jobq

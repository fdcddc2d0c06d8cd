#include "tools/server.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/tools/requests.hpp"
#include "tests/tools/temp_dir.hpp"
#include "tools/api/client.hpp"
#include "tools/unix_socket.hpp"

namespace jobq {
namespace {

using namespace std::chrono_literals;

/// An API of four paths: `/echo` answers the body, `/who` the user, `/slow`
/// takes its time, `/lines` streams lines until it is cancelled. All else is
/// not found.
api_service toy_service(std::atomic<int>& streaming) {
  return {[&streaming](const api_request& request) -> api_response {
            if (request.path == "/echo")
              return {200, request.body};
            if (request.path == "/slow") {
              ++streaming;
              std::this_thread::sleep_for(50ms);
              return {200, "{}"};
            }
            if (request.path == "/who")
              return {200, request.user};
            return to_response({errc::not_found, "no " + request.path});
          },
          [](const api_request& request) {
            return request.path == "/lines" || request.path == "/broken";
          },
          [&streaming](const api_request& request, const line_sink& sink,
                       const std::function<bool()>& cancelled) -> result<void> {
            if (request.path == "/broken")
              return fail(errc::not_found, "nothing to stream");
            ++streaming;
            bool wanted = sink("");
            for (int i = 0; wanted && !cancelled(); ++i) {
              wanted = i >= 3 || sink("{\"line\":" + std::to_string(i) + "}");
              std::this_thread::sleep_for(5ms);
            }
            --streaming;
            return {};
          }};
}

class server_test : public ::testing::Test {
protected:
  void SetUp() override { start(); }

  /// With the limits as they are now, in place of the server there is.
  void start() {
    server_.reset();
    server_options options;
    options.socket = socket_;
    options.service = toy_service(streaming_);
    options.log = [](log_level, std::string_view) {};
    options.max_connections = max_connections_;
    options.idle_timeout = idle_timeout_;
    options.request_timeout = request_timeout_;
    options.last_answers = last_answers_;
    auto started = server::start(options);
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
  }

  unique_fd connect() const {
    auto made = connect_to(socket_);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : unique_fd{};
  }

  static void send(const unique_fd& to, std::string_view text) {
    while (!text.empty()) {
      const auto sent
          = ::send(to.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  static bool within(std::chrono::seconds limit,
                     const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline)
        return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }

  /// All that comes until the server closes or 20 seconds are over.
  static std::string receive(const unique_fd& from) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    std::string all;
    char buffer[4096];
    while (wait_for(from.get(), POLLIN, deadline)) {
      const auto got = ::recv(from.get(), buffer, sizeof(buffer), 0);
      if (got <= 0)
        return all;
      all.append(buffer, static_cast<std::size_t>(got));
    }
    ADD_FAILURE() << "the server did not close; it said: " << all;
    return all;
  }

  std::string exchange(std::string_view text) const {
    const auto to = connect();
    send(to, text);
    return receive(to);
  }

  test::temp_dir dir_;
  std::filesystem::path socket_ = dir_.path() / "jobq.sock";
  std::atomic<int> streaming_{0};
  std::size_t max_connections_ = 8;
  // So long that a busy machine does not come to them.
  std::chrono::milliseconds idle_timeout_ = 60s;
  std::chrono::milliseconds request_timeout_ = 60s;
  std::chrono::milliseconds last_answers_ = 20s;
  std::unique_ptr<server> server_;
};

TEST_F(server_test, a_client_gets_the_body_of_an_answer) {
  const auto client = connect_to_server(socket_);
  ASSERT_TRUE(client);
  const auto answer = (*client)->call(test::post("/echo", "{\"a\":1}"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "{\"a\":1}\n");
}

TEST_F(server_test, a_client_gets_the_error_of_an_answer) {
  const auto client = connect_to_server(socket_);
  ASSERT_TRUE(client);
  const auto answer = (*client)->call(test::get("/nothing"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), (error{errc::not_found, "no /nothing"}));
}

TEST_F(server_test, the_user_is_the_one_that_the_kernel_names) {
  const auto client = connect_to_server(socket_);
  ASSERT_TRUE(client);
  auto request = test::get("/who");
  request.user = "mallory";
  EXPECT_EQ((*client)->call(request), own_user() + "\n");
}

TEST_F(server_test, a_connection_serves_several_requests) {
  const auto all = exchange("GET /who HTTP/1.1\r\nHost: x\r\n\r\n"
                            "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
                            "GET /who HTTP/1.1\r\nHost: x\r\n"
                            "Connection: close\r\n\r\n");
  EXPECT_NE(all.find("HTTP/1.1 200 OK"), std::string::npos) << all;
  EXPECT_NE(all.find("HTTP/1.1 404 Not Found"), std::string::npos) << all;
  EXPECT_NE(all.rfind("HTTP/1.1 200 OK"), all.find("HTTP/1.1 200 OK")) << all;
}

TEST_F(server_test, a_stream_delivers_its_lines_and_ends_when_unwanted) {
  const auto client = connect_to_server(socket_);
  ASSERT_TRUE(client);
  std::vector<std::string> lines;
  const auto done
      = (*client)->follow(test::get("/lines"), [&](const std::string& line) {
          lines.push_back(line);
          return lines.size() < 3;
        });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(lines, (std::vector<std::string>{"{\"line\":0}", "{\"line\":1}",
                                             "{\"line\":2}"}));
  EXPECT_TRUE(within(20s, [this] { return streaming_ == 0; }))
      << "the server streams on to nobody";
}

TEST_F(server_test, a_stream_that_can_not_begin_is_an_error) {
  const auto client = connect_to_server(socket_);
  ASSERT_TRUE(client);
  const auto done = (*client)->follow(test::get("/broken"),
                                      [](const std::string&) { return true; });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (error{errc::not_found, "nothing to stream"}));
}

TEST_F(server_test, stopping_ends_streams_and_removes_the_socket) {
  const auto client = connect_to_server(socket_);
  ASSERT_TRUE(client);
  std::atomic<bool> begun{false};
  std::thread follower{[&] {
    (void)(*client)->follow(test::get("/lines"), [&](const std::string&) {
      begun = true;
      return true;
    });
  }};
  while (!begun)
    std::this_thread::sleep_for(1ms);
  server_->stop();
  follower.join();
  EXPECT_FALSE(std::filesystem::exists(socket_));
  EXPECT_EQ(connect_to(socket_).error().code, errc::unavailable);
  server_->stop();
}

TEST_F(server_test, an_answer_in_the_making_is_given_before_the_end) {
  const auto client = connect_to_server(socket_);
  ASSERT_TRUE(client);
  std::atomic<bool> answered{false};
  std::thread asker{
      [&] { answered = (*client)->call(test::get("/slow")).has_value(); }};
  while (streaming_ == 0)
    std::this_thread::sleep_for(1ms);
  server_->stop();
  asker.join();
  EXPECT_TRUE(answered);
}

TEST_F(server_test, too_long_a_body_is_refused) {
  const auto all = exchange("POST /echo HTTP/1.1\r\nHost: x\r\n"
                            "Content-Length: 1048577\r\n\r\n"
                            + std::string(2000, 'x'));
  EXPECT_NE(all.find("HTTP/1.1 413"), std::string::npos) << all;
  const auto client = connect_to_server(socket_);
  ASSERT_TRUE(client);
  const auto answer
      = (*client)->call(test::post("/echo", std::string(1 << 21, 'x')));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, errc::invalid_argument)
      << answer.error().message;
}

TEST_F(server_test, malformed_http_is_refused) {
  for (const auto* text :
       {"nonsense\r\n\r\n", "GET\r\n\r\n", "GET /who HTTP/9.9\r\n\r\n",
        "GET /who HTTP/1.1\r\nbad header\r\n\r\n"}) {
    const auto all = exchange(text);
    EXPECT_NE(all.find("HTTP/1.1 400"), std::string::npos) << text << all;
  }
  EXPECT_NE(exchange("GET /%zz HTTP/1.1\r\nConnection: close\r\n\r\n")
                .find("HTTP/1.1 400"),
            std::string::npos);
}

TEST_F(server_test, too_long_a_header_is_refused) {
  const auto all = exchange(
      "GET /who HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_NE(all.find("HTTP/1.1 431"), std::string::npos) << all;
}

TEST_F(server_test, a_slow_client_is_given_up) {
  request_timeout_ = 300ms;
  start();
  const auto all = exchange("GET /who HT");
  EXPECT_NE(all.find("HTTP/1.1 408"), std::string::npos) << all;
}

TEST_F(server_test, an_idle_client_is_given_up_silently) {
  idle_timeout_ = 300ms;
  start();
  EXPECT_EQ(exchange(""), "");
}

TEST_F(server_test, a_client_that_reads_nothing_does_not_keep_the_server) {
  last_answers_ = 50ms;
  start();
  const auto deaf = connect();
  const std::string body(1 << 20, 'x');
  send(deaf, "POST /echo HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n" + body);
  // The answer has begun, and is more than a socket takes.
  ASSERT_TRUE(
      wait_for(deaf.get(), POLLIN, std::chrono::steady_clock::now() + 20s));
  const auto began = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
}

TEST_F(server_test, connections_over_the_limit_are_told_to_come_back) {
  std::vector<unique_fd> held;
  for (std::size_t i = 0; i < max_connections_; ++i)
    held.push_back(connect());
  const auto all = exchange("");
  EXPECT_NE(all.find("HTTP/1.1 503"), std::string::npos) << all;
  EXPECT_NE(all.find("Retry-After: 1"), std::string::npos) << all;
  held.clear();
  EXPECT_TRUE(within(20s, [this] {
    const auto client = connect_to_server(socket_);
    return client && (*client)->call(test::get("/who"));
  })) << "their places are not free again";
}

TEST_F(server_test, many_clients_at_a_time_all_get_answers) {
  max_connections_ = 1'024; // a thread counts until it has ended
  start();
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 16; ++i)
    clients.emplace_back([&] {
      const auto client = connect_to_server(socket_);
      for (int n = 0; client && n < 50; ++n)
        if ((*client)->call(test::get("/who")))
          ++answered;
    });
  for (auto& each : clients)
    each.join();
  EXPECT_EQ(answered, 16 * 50);
}

TEST_F(server_test, only_the_owner_can_reach_the_socket) {
  struct stat found {};
  ASSERT_EQ(::stat(socket_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST_F(server_test, a_second_server_is_refused) {
  const auto second = listen_on(socket_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::busy);
  EXPECT_TRUE(connect_to_server(socket_)) << "the first one was disturbed";
}

TEST(unix_socket, a_dead_servers_socket_is_replaced) {
  const test::temp_dir dir;
  const auto path = dir.path() / "jobq.sock";
  ASSERT_TRUE(listen_on(path)); // closed at once, the file stays
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(listen_on(path));
}

TEST(unix_socket, a_file_in_the_way_is_left_alone) {
  const test::temp_dir dir;
  const auto path = dir.write("jobq.sock", "precious");
  const auto made = listen_on(path);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::already_exists);
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST(unix_socket, a_path_may_be_longer_than_an_address) {
  const test::temp_dir dir;
  const auto deep = dir.path() / std::string(100, 'a') / std::string(100, 'b');
  std::filesystem::create_directories(deep);
  const auto listener = listen_on(deep / "jobq.sock");
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_TRUE(connect_to(deep / "jobq.sock"));
  EXPECT_EQ(listen_on(deep / std::string(120, 'c')).error().code,
            errc::invalid_argument);
}

TEST(unix_socket, nobody_listening_is_unavailable) {
  const test::temp_dir dir;
  EXPECT_EQ(connect_to(dir.path() / "jobq.sock").error().code,
            errc::unavailable);
  const auto nowhere = dir.path() / std::string(120, 'x') / "jobq.sock";
  EXPECT_EQ(connect_to(nowhere).error().code, errc::unavailable);
}

} // namespace
} // namespace jobq

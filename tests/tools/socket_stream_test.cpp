#include "tools/socket_stream.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

namespace jobq {
namespace {

namespace asio = boost::asio;

class socket_stream_test : public testing::Test {
protected:
  /// @param type of the sockets; packets show what was written at once
  void connect(int type) {
    int both[2];
    ASSERT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, both), 0);
    ours_ = unique_fd{both[0]};
    theirs_ = unique_fd{both[1]};
  }

  std::string receive() {
    std::array<char, 4'096> room;
    const auto size
        = ::recv(theirs_.get(), room.data(), room.size(), MSG_DONTWAIT);
    return size < 0 ? std::string{}
                    : std::string(room.data(), static_cast<std::size_t>(size));
  }

  unique_fd ours_;
  unique_fd theirs_;
};

TEST_F(socket_stream_test, a_message_in_pieces_leaves_at_once) {
  connect(SOCK_SEQPACKET);
  socket_stream stream{ours_.get()};
  const std::vector<asio::const_buffer> pieces{asio::buffer("one ", 4),
                                               {},
                                               asio::buffer("two ", 4),
                                               asio::buffer("three", 5)};
  boost::beast::error_code failed;
  EXPECT_EQ(stream.write_some(pieces, failed), 13U);
  EXPECT_FALSE(failed);
  EXPECT_EQ(receive(), "one two three");
}

TEST_F(socket_stream_test, a_message_in_very_many_pieces_arrives_whole) {
  connect(SOCK_STREAM);
  socket_stream stream{ours_.get()};
  const std::vector<asio::const_buffer> pieces(100, asio::buffer("ab", 2));
  EXPECT_EQ(asio::write(stream, pieces), 200U);
  std::string expected;
  for (int i = 0; i < 100; ++i)
    expected += "ab";
  EXPECT_EQ(receive(), expected);
}

TEST_F(socket_stream_test, nothing_to_write_is_no_error) {
  connect(SOCK_STREAM);
  socket_stream stream{ours_.get()};
  boost::beast::error_code failed;
  EXPECT_EQ(stream.write_some(asio::const_buffer{}, failed), 0U);
  EXPECT_FALSE(failed);
}

TEST_F(socket_stream_test, a_client_that_does_not_read_is_given_up) {
  connect(SOCK_STREAM);
  socket_stream stream{ours_.get()};
  stream.write_patience(std::chrono::milliseconds{1});
  const std::string much(1 << 20, 'x');
  boost::beast::error_code failed;
  asio::write(stream, asio::buffer(much), failed);
  EXPECT_EQ(failed, asio::error::timed_out);
}

TEST_F(socket_stream_test, a_client_that_has_gone_is_an_error) {
  connect(SOCK_STREAM);
  theirs_.reset();
  socket_stream stream{ours_.get()};
  boost::beast::error_code failed;
  EXPECT_EQ(stream.write_some(asio::buffer("x", 1), failed), 0U);
  EXPECT_EQ(failed, boost::system::errc::broken_pipe);
}

TEST_F(socket_stream_test, reads_into_the_first_buffer_with_room) {
  connect(SOCK_STREAM);
  ASSERT_EQ(::send(theirs_.get(), "word", 4, 0), 4);
  socket_stream stream{ours_.get()};
  std::array<char, 8> room;
  const std::array<asio::mutable_buffer, 2> buffers{asio::mutable_buffer{},
                                                    asio::buffer(room)};
  boost::beast::error_code failed;
  ASSERT_EQ(stream.read_some(buffers, failed), 4U);
  EXPECT_EQ(std::string(room.data(), 4), "word");
}

TEST_F(socket_stream_test, a_read_ends_at_its_deadline_and_at_the_end) {
  connect(SOCK_STREAM);
  socket_stream stream{ours_.get()};
  stream.read_until(socket_stream::clock::now());
  std::array<char, 8> room;
  boost::beast::error_code failed;
  EXPECT_EQ(stream.read_some(asio::buffer(room), failed), 0U);
  EXPECT_EQ(failed, asio::error::timed_out);
  theirs_.reset();
  EXPECT_EQ(stream.read_some(asio::buffer(room), failed), 0U);
  EXPECT_EQ(failed, asio::error::eof);
}

} // namespace
} // namespace jobq

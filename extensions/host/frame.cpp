#include "extensions/host/frame.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

#include <google/protobuf/message_lite.h>

namespace jobq::hosting {

namespace {

constexpr std::string_view mark = "jbq1";
constexpr std::size_t header_size = 8;

std::uint32_t length_in(std::string_view header) {
  std::uint32_t length = 0;
  for (std::size_t i = header_size; i-- > mark.size();)
    length = length << 8U | static_cast<unsigned char>(header[i]);
  return length;
}

} // namespace

std::string frame_of(const google::protobuf::MessageLite& message) {
  std::string frame{mark};
  const auto length = static_cast<std::uint32_t>(message.ByteSizeLong());
  for (unsigned shift = 0; shift < 32; shift += 8)
    frame.push_back(static_cast<char>(length >> shift & 0xffU));
  message.AppendToString(&frame);
  return frame;
}

frame_splitter::found frame_splitter::next(std::string_view& payload) {
  buffer_.erase(0, taken_);
  taken_ = 0;
  const std::string_view bytes{buffer_};
  if (!mark.starts_with(bytes.substr(0, mark.size())))
    return found::garbage;
  if (bytes.size() < header_size)
    return found::nothing_yet;
  const auto length = length_in(bytes);
  if (length > max_payload)
    return found::garbage;
  if (bytes.size() - header_size < length)
    return found::nothing_yet;
  payload = bytes.substr(header_size, length);
  taken_ = header_size + length;
  return found::frame;
}

bool send_frame(int socket, const google::protobuf::MessageLite& message) {
  const auto frame = frame_of(message);
  std::string_view rest{frame};
  while (!rest.empty()) {
    const auto sent = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent <= 0)
      return false;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool receive_frame(int socket, frame_splitter& stream,
                   google::protobuf::MessageLite& message) {
  for (;;) {
    std::string_view payload;
    const auto found = stream.next(payload);
    if (found == frame_splitter::found::garbage)
      return false;
    if (found == frame_splitter::found::frame)
      return message.ParseFromArray(payload.data(),
                                    static_cast<int>(payload.size()));
    char bytes[16 * 1024];
    const auto got = ::recv(socket, bytes, sizeof(bytes), 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    stream.add({bytes, static_cast<std::size_t>(got)});
  }
}

} // namespace jobq::hosting

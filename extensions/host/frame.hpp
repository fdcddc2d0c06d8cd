#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace google::protobuf {
class MessageLite;
}

namespace jobq::hosting {

/// A frame is the four bytes `jbq1`, the payload's length as 32 bits in little
/// endian, and the payload: one message of host.proto.
inline constexpr std::size_t max_payload = 16 << 20;

std::string frame_of(const google::protobuf::MessageLite& message);

/// Cuts a stream of bytes into frames. What does not begin with the mark is
/// found out at once, whoever wrote it.
class frame_splitter {
public:
  enum class found { frame, nothing_yet, garbage };

  void add(std::string_view bytes) { buffer_.append(bytes); }

  /// Takes the next whole frame. After `garbage` the stream is of no use.
  /// @param payload of the frame; valid until the next call of a method
  found next(std::string_view& payload);

private:
  std::string buffer_;
  std::size_t taken_ = 0;
};

/// Sends a frame over a blocking socket. @returns whether all of it was sent
bool send_frame(int socket, const google::protobuf::MessageLite& message);

/// Waits for a frame on a blocking socket and reads it into `message`.
/// @returns false when the other end is gone, or sent what is no such frame
bool receive_frame(int socket, frame_splitter& stream,
                   google::protobuf::MessageLite& message);

} // namespace jobq::hosting

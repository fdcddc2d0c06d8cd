#pragma once

#include <string>
#include <string_view>

namespace jobq {

/// SHA-256 in lower-case hexadecimal of texts, each preceded by its length, so
/// that no two lists share a hash.
class text_hash {
public:
  text_hash();
  ~text_hash();
  text_hash(const text_hash&) = delete;
  text_hash& operator=(const text_hash&) = delete;

  text_hash& add(std::string_view text);
  std::string finish();

private:
  void* state_;
};

} // namespace jobq

#include "extensions/content/text_hash.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

#include <openssl/evp.h>

namespace jobq {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

EVP_MD_CTX* context(void* state) {
  return static_cast<EVP_MD_CTX*>(state);
}

} // namespace

text_hash::text_hash() : state_{EVP_MD_CTX_new()} {
  if (!state_
      || EVP_DigestInit_ex(context(state_), EVP_sha256(), nullptr) != 1) {
    EVP_MD_CTX_free(context(state_));
    throw std::bad_alloc{};
  }
}

text_hash::~text_hash() {
  EVP_MD_CTX_free(context(state_));
}

text_hash& text_hash::add(std::string_view text) {
  std::array<unsigned char, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i)
    length[i] = static_cast<unsigned char>(
        static_cast<std::uint64_t>(text.size()) >> (8 * i));
  EVP_DigestUpdate(context(state_), length.data(), length.size());
  EVP_DigestUpdate(context(state_), text.data(), text.size());
  return *this;
}

std::string text_hash::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context(state_), digest.data(), &size);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += hex_digits[digest[i] >> 4];
    hex += hex_digits[digest[i] & 0xf];
  }
  return hex;
}

} // namespace jobq

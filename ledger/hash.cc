#include "ledger/hash.h"

#include <openssl/evp.h>

#include <cstring>
#include <initializer_list>

#include "ledger/check.h"

namespace daftar::ledger {
namespace {

// OpenSSL 3 looks an algorithm up by name in every one-shot call, which costs more than hashing a leaf. The algorithm is fetched once,
// the context kept per thread.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  DAFTAR_CHECK(algorithm != nullptr);
  return algorithm;
}

struct Context {
  EVP_MD_CTX* raw = EVP_MD_CTX_new();
  Context() {
    DAFTAR_CHECK(raw != nullptr);
    DAFTAR_CHECK(EVP_DigestInit_ex2(raw, sha256_algorithm(), nullptr) == 1);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(raw); }
};

Digest final_digest(const Context& context) {
  Digest digest;
  unsigned size = 0;
  DAFTAR_CHECK(EVP_DigestFinal_ex(context.raw, digest.bytes.data(), &size) == 1 && size == digest.bytes.size());
  return digest;
}

Digest hash_parts(std::initializer_list<std::string_view> parts) {
  static thread_local Context context;
  DAFTAR_CHECK(EVP_DigestInit_ex2(context.raw, nullptr, nullptr) == 1);
  for (const auto part : parts) DAFTAR_CHECK(EVP_DigestUpdate(context.raw, part.data(), part.size()) == 1);
  return final_digest(context);
}

constexpr std::string_view zero{"\0", 1};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool hex_into(std::string_view text, char* out) {
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return false;
    *out++ = static_cast<char>(high << 4 | low);
  }
  return true;
}

constexpr char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

}  // namespace

std::string Digest::hex() const { return to_hex(view()); }

std::optional<Digest> Digest::from_bytes(std::string_view raw) {
  Digest digest;
  if (raw.size() != digest.bytes.size()) return std::nullopt;
  std::memcpy(digest.bytes.data(), raw.data(), raw.size());
  return digest;
}

std::optional<Digest> Digest::from_hex(std::string_view text) {
  Digest digest;
  if (text.size() != 2 * digest.bytes.size() || !hex_into(text, reinterpret_cast<char*>(digest.bytes.data()))) return std::nullopt;
  return digest;
}

std::size_t DigestHash::operator()(const Digest& d) const {
  std::size_t value;
  std::memcpy(&value, d.bytes.data(), sizeof value);
  return value;
}

struct Sha256::Running {
  Context context;
  bool done = false;
};

Sha256::Sha256() : running_(std::make_unique<Running>()) {}
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  DAFTAR_CHECK(!running_->done);
  DAFTAR_CHECK(EVP_DigestUpdate(running_->context.raw, bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
  DAFTAR_CHECK(!running_->done);
  running_->done = true;
  return final_digest(running_->context);
}

Digest sha256(std::string_view bytes) { return hash_parts({bytes}); }
Digest sha256(std::string_view first, std::string_view second) { return hash_parts({first, second}); }
Digest sha256(std::string_view first, std::string_view second, std::string_view third) { return hash_parts({first, second, third}); }

Digest tagged_hash(std::string_view tag, std::string_view part) { return hash_parts({tag, zero, part}); }
Digest tagged_hash(std::string_view tag, std::string_view first, std::string_view second) {
  return hash_parts({tag, zero, first, second});
}
Digest tagged_hash(std::string_view tag, std::string_view first, std::string_view second, std::string_view third) {
  return hash_parts({tag, zero, first, second, third});
}

std::string to_hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out(2 * bytes.size(), '\0');
  std::size_t at = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out[at++] = digits[byte >> 4];
    out[at++] = digits[byte & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out(text.size() / 2, '\0');
  if (!hex_into(text, out.data())) return std::nullopt;
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u; };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    out.push_back(base64_alphabet[group >> 18]);
    out.push_back(base64_alphabet[group >> 12 & 63]);
    out.push_back(i + 1 < bytes.size() ? base64_alphabet[group >> 6 & 63] : '=');
    out.push_back(i + 2 < bytes.size() ? base64_alphabet[group & 63] : '=');
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t padding = !last || text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const int value = j < 4 - padding ? base64_value(text[i + j]) : 0;
      if (value < 0) return std::nullopt;
      group = group << 6 | static_cast<std::uint32_t>(value);
    }
    // Bits that carry no byte must be zero: otherwise one byte string would have several texts.
    if ((padding == 1 && (group & 0xFF) != 0) || (padding == 2 && (group & 0xFFFF) != 0)) return std::nullopt;
    for (std::size_t j = 0; j < 3 - padding; ++j) out.push_back(static_cast<char>(group >> (16 - 8 * j)));
  }
  return out;
}

}  // namespace daftar::ledger

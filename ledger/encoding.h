// Our own fixed layouts (state values, results, leaf records, entries): big-endian integers, length-prefixed strings, nothing optional
// that is not written as such. One value has one encoding. Reading is total: malformed input makes the reader fail, never the program.
#pragma once
#include <cstdint>
#include <cstddef>
#include <string>
#include <string_view>

namespace daftar::ledger {

// Short and called for every field of every record: in the header, so that they are compiled into who calls them.
class Writer {
 public:
  /// Room for `bytes`, where somebody knows that it will be many.
  void reserve(std::size_t bytes) { out_.reserve(bytes); }
  void u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void u16(std::uint16_t v) { big_endian(v); }
  void u32(std::uint32_t v) { big_endian(v); }
  void u64(std::uint64_t v) { big_endian(v); }
  void i64(std::int64_t v) { u64(static_cast<std::uint64_t>(v)); }
  void boolean(bool v) { u8(v ? 1 : 0); }
  void raw(std::string_view bytes) { out_.append(bytes); }
  /// u32 length, then the bytes.
  void bytes(std::string_view v);
  const std::string& str() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  template <class Unsigned>
  void big_endian(Unsigned v) {
    char buffer[sizeof(Unsigned)];
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i) buffer[i] = static_cast<char>(v >> (8 * (sizeof(Unsigned) - 1 - i)));
    out_.append(buffer, sizeof(Unsigned));
  }
  std::string out_;
};

/// After the first failure every read returns zero or empty and ok() stays false. Check done() at the end: all bytes read and no failure.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  std::uint8_t u8() { return big_endian<std::uint8_t>(); }
  std::uint16_t u16() { return big_endian<std::uint16_t>(); }
  std::uint32_t u32() { return big_endian<std::uint32_t>(); }
  std::uint64_t u64() { return big_endian<std::uint64_t>(); }
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  /// Any byte but 0 and 1 fails.
  bool boolean() {
    const auto v = u8();
    if (v > 1) fail();
    return ok_ && v == 1;
  }
  /// A view into the input.
  std::string_view raw(std::size_t n) {
    if (n > in_.size()) {
      fail();
      return {};
    }
    const auto taken = in_.substr(0, n);
    in_.remove_prefix(n);
    return taken;
  }
  /// u32 length, checked against what is left before anything is taken.
  std::string_view bytes() {
    const auto size = u32();
    return raw(size);
  }
  void fail() { ok_ = false; in_ = {}; }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && in_.empty(); }
  std::size_t left() const { return in_.size(); }

 private:
  template <class Unsigned>
  Unsigned big_endian() {
    if (sizeof(Unsigned) > in_.size()) {
      fail();
      return 0;
    }
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i) v = v << 8 | static_cast<unsigned char>(in_[i]);
    in_.remove_prefix(sizeof(Unsigned));
    return static_cast<Unsigned>(v);
  }
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace daftar::ledger

// Our own fixed layouts (state values, results, leaf records, entries): big-endian integers, length-prefixed strings, nothing optional
// that is not written as such. One value has one encoding. Reading is total: malformed input makes the reader fail, never the program.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace daftar::ledger {

class Writer {
 public:
  void u8(std::uint8_t v);
  void u16(std::uint16_t v);
  void u32(std::uint32_t v);
  void u64(std::uint64_t v);
  void i64(std::int64_t v) { u64(static_cast<std::uint64_t>(v)); }
  void boolean(bool v) { u8(v ? 1 : 0); }
  void raw(std::string_view bytes) { out_.append(bytes); }
  /// u32 length, then the bytes.
  void bytes(std::string_view v);
  const std::string& str() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// After the first failure every read returns zero or empty and ok() stays false. Check done() at the end: all bytes read and no failure.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  bool boolean();                       // any byte but 0 and 1 fails
  std::string_view raw(std::size_t n);  // a view into the input
  std::string_view bytes();             // u32 length checked against what is left before anything is taken
  void fail() { ok_ = false; in_ = {}; }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && in_.empty(); }
  std::size_t left() const { return in_.size(); }

 private:
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace daftar::ledger

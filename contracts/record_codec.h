// One visitor for reading and writing: a record lists its fields once, `fields(archive, record)`, and both archives below walk that list.
// The first byte of a stored record is its layout version. Adding a field means a new version; bytes already written never change meaning.
#pragma once
#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "ledger/check.h"
#include "ledger/encoding.h"
#include "ledger/hash.h"
#include "ledger/keys.h"
#include "ledger/money.h"

namespace daftar::contracts {

template <class R, class T>
concept RecordOf = std::same_as<std::remove_const_t<R>, T>;

namespace codec {
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t n>
inline constexpr bool is_array<std::array<T, n>> = true;
}  // namespace codec

/// How many bytes a record will take: so that they are taken at once.
class RecordMeasure {
 public:
  template <class... F>
  void operator()(const F&... field) {
    (measure(field), ...);
  }
  std::size_t bytes() const { return bytes_; }

 private:
  template <class T>
  void measure(const T& v) {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T> || std::same_as<T, ledger::Int128>) bytes_ += sizeof(T);
    else if constexpr (std::same_as<T, std::string>) bytes_ += sizeof(std::uint32_t) + v.size();
    else if constexpr (std::same_as<T, ledger::Digest> || std::same_as<T, ledger::PublicKey>) bytes_ += v.view().size();
    else if constexpr (codec::is_vector<T>) {
      bytes_ += sizeof(std::uint32_t);
      for (const auto& element : v) measure(element);
    } else if constexpr (codec::is_array<T>) {
      for (const auto& element : v) measure(element);
    } else fields(*this, v);
  }
  std::size_t bytes_ = 0;
};

class RecordWriter {
 public:
  explicit RecordWriter(std::size_t bytes) { writer_.reserve(bytes); }
  template <class... F>
  void operator()(const F&... field) {
    (put(field), ...);
  }
  std::string take() { return writer_.take(); }

 private:
  template <class T>
  void put(const T& v) {
    if constexpr (std::same_as<T, bool>) writer_.boolean(v);
    else if constexpr (std::is_enum_v<T>) put(static_cast<std::underlying_type_t<T>>(v));
    else if constexpr (std::same_as<T, std::uint8_t>) writer_.u8(v);
    else if constexpr (std::same_as<T, std::uint16_t>) writer_.u16(v);
    else if constexpr (std::same_as<T, std::uint32_t>) writer_.u32(v);
    else if constexpr (std::same_as<T, std::uint64_t>) writer_.u64(v);
    else if constexpr (std::same_as<T, std::int64_t>) writer_.i64(v);
    else if constexpr (std::same_as<T, ledger::Int128>) {
      writer_.u64(static_cast<std::uint64_t>(static_cast<unsigned __int128>(v) >> 64));
      writer_.u64(static_cast<std::uint64_t>(v));
    } else if constexpr (std::same_as<T, std::string>) writer_.bytes(v);
    else if constexpr (std::same_as<T, ledger::Digest> || std::same_as<T, ledger::PublicKey>) writer_.raw(v.view());
    else if constexpr (codec::is_vector<T>) {
      writer_.u32(static_cast<std::uint32_t>(v.size()));
      for (const auto& element : v) put(element);
    } else if constexpr (codec::is_array<T>) {
      for (const auto& element : v) put(element);
    } else fields(*this, v);
  }
  ledger::Writer writer_;
};

/// Total: malformed bytes make done() false, never more.
class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : reader_(bytes) {}
  template <class... F>
  void operator()(F&... field) {
    (get(field), ...);
  }
  bool done() const { return reader_.done(); }

 private:
  template <class T>
  void get(T& v) {
    if constexpr (std::same_as<T, bool>) v = reader_.boolean();
    else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> number{};
      get(number);
      v = static_cast<T>(number);
    } else if constexpr (std::same_as<T, std::uint8_t>) v = reader_.u8();
    else if constexpr (std::same_as<T, std::uint16_t>) v = reader_.u16();
    else if constexpr (std::same_as<T, std::uint32_t>) v = reader_.u32();
    else if constexpr (std::same_as<T, std::uint64_t>) v = reader_.u64();
    else if constexpr (std::same_as<T, std::int64_t>) v = reader_.i64();
    else if constexpr (std::same_as<T, ledger::Int128>) {
      const std::uint64_t high = reader_.u64(), low = reader_.u64();
      v = static_cast<ledger::Int128>((static_cast<unsigned __int128>(high) << 64) | low);
    } else if constexpr (std::same_as<T, std::string>) v = std::string(reader_.bytes());
    else if constexpr (std::same_as<T, ledger::Digest> || std::same_as<T, ledger::PublicKey>) {
      if (auto found = T::from_bytes(reader_.raw(v.bytes.size()))) v = *found;
      else reader_.fail();
    } else if constexpr (codec::is_vector<T>) {
      const std::uint32_t count = reader_.u32();
      if (count > reader_.left()) return reader_.fail();  // every element has at least one byte
      v.clear();
      v.reserve(count);
      for (std::uint32_t i = 0; i < count && reader_.ok(); ++i) get(v.emplace_back());
    } else if constexpr (codec::is_array<T>) {
      for (auto& element : v) get(element);
    } else fields(*this, v);
  }
  ledger::Reader reader_;
};

inline constexpr std::uint8_t record_version = 1;

template <class R>
std::string encode_record(const R& record) {
  RecordMeasure measure;
  measure(record_version, record);
  RecordWriter archive(measure.bytes());
  archive(record_version, record);
  std::string bytes = archive.take();
  DAFTAR_CHECK(bytes.size() == measure.bytes());
  return bytes;
}

template <class R>
std::optional<R> decode_record(std::string_view bytes) {
  RecordReader archive(bytes);
  std::uint8_t version = 0;
  R record;
  archive(version);
  if (version != record_version) return std::nullopt;
  archive(record);
  if (!archive.done()) return std::nullopt;
  return record;
}

}  // namespace daftar::contracts

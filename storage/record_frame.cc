#include "storage/record_frame.h"

#include <rocksdb/file_checksum.h>

#include "storage/keys.h"

namespace daftar::storage {

namespace {

constexpr std::uint8_t frame_version = 2;  // 2: the meta row has the term before `first`
constexpr std::size_t frame_size = 1 + 4 + 4;
constexpr std::size_t record_fields_size = 8 + 8 + 1;

/// Version, CRC and length in front of a body given in two parts.
std::string frame_header(std::string_view fields, std::string_view payload) {
  DAFTAR_CHECK(fields.size() + payload.size() <= 0xffff'ffffu);
  std::string version, length;
  append_number(version, frame_version, 1);
  append_number(length, fields.size() + payload.size(), 4);
  std::string out = version;
  append_number(out, crc32c({version, length, fields, payload}), 4);
  return out + length;
}

/// The body, when the frame around it holds.
std::optional<std::string_view> unframe(std::string_view framed) {
  if (framed.size() < frame_size || number_at(framed, 1) != frame_version) return std::nullopt;
  const std::string_view length = framed.substr(5, 4), body = framed.substr(frame_size);
  if (number_at(length, 4) != body.size()) return std::nullopt;
  if (number_at(framed.substr(1), 4) != crc32c({framed.substr(0, 1), length, body})) return std::nullopt;
  return body;
}

}  // namespace

std::uint32_t crc32c(std::initializer_list<std::string_view> parts) {
  static const auto factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  const auto generator = factory->CreateFileChecksumGenerator({});
  for (const std::string_view part : parts) generator->Update(part.data(), part.size());
  generator->Finalize();
  return static_cast<std::uint32_t>(number_at(generator->GetChecksum(), 4));
}

std::string record_header(const LogRecord& record) {
  std::string fields;
  append_number(fields, record.index, 8);
  append_number(fields, record.term, 8);
  append_number(fields, record.kind, 1);
  return frame_header(fields, record.payload ? std::string_view(*record.payload) : std::string_view()) + fields;
}

std::optional<LogRecord> decode_record(std::string_view framed) {
  const auto body = unframe(framed);
  if (!body || body->size() < record_fields_size) return std::nullopt;
  return LogRecord{.index = number_at(*body, 8),
                   .term = number_at(body->substr(8), 8),
                   .kind = static_cast<std::uint8_t>((*body)[16]),
                   .payload = std::make_shared<const std::string>(body->substr(record_fields_size))};
}

std::string encode_meta(const LogMeta& meta) {
  std::string body;
  for (const std::uint64_t v : {meta.hard_state.term, meta.hard_state.voted_for, meta.hard_state.commit, meta.first,
                                meta.compacted_term, meta.last, meta.last_term, meta.write_number})
    append_number(body, v, 8);
  return frame_header(body, {}) + body;
}

std::optional<LogMeta> decode_meta(std::string_view framed) {
  const auto body = unframe(framed);
  if (!body || body->size() != 8 * 8) return std::nullopt;
  const auto field = [&](unsigned i) { return number_at(body->substr(8 * i), 8); };
  return LogMeta{.hard_state = {.term = field(0), .voted_for = field(1), .commit = field(2)},
                 .first = field(3), .compacted_term = field(4), .last = field(5), .last_term = field(6), .write_number = field(7)};
}

}  // namespace daftar::storage

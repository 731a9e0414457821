#include "ledger/wire_scan.h"

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "ledger/check.h"
#include "ledger/utf8.h"
#include "ledger/wire_read.h"

namespace daftar::ledger {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

struct Table;

struct Field {
  enum class Kind : std::uint8_t { none, uint32, uint64, int64, boolean, string, bytes, message };
  Kind kind = Kind::none;
  bool repeated = false;
  int oneof = -1;                  // index of the oneof it is a member of
  const Table* message = nullptr;  // for Kind::message
  const FieldDescriptor* descriptor = nullptr;
};

/// What the scan needs to know of one message type, by field number.
struct Table {
  std::vector<Field> fields;
};

/// Tables of all message types met so far. They live as long as the program, like the generated descriptors they come from.
class Tables {
 public:
  const Table* of(const Descriptor* message) {
    const std::lock_guard lock(mutex_);
    return build(message, 0);
  }

 private:
  const Table* build(const Descriptor* message, int depth) {
    // The schema does not nest messages in themselves; that bounds the depth of every message the scan accepts.
    DAFTAR_CHECK(depth < 16);
    if (const auto found = tables_.find(message); found != tables_.end()) return found->second.get();
    auto table = std::make_unique<Table>();
    for (int i = 0; i < message->field_count(); ++i) {
      const auto* descriptor = message->field(i);
      const auto number = static_cast<std::size_t>(descriptor->number());
      DAFTAR_CHECK(number < 1000);
      if (table->fields.size() <= number) table->fields.resize(number + 1);
      table->fields[number] = describe(descriptor, depth);
    }
    return (tables_[message] = std::move(table)).get();
  }

  Field describe(const FieldDescriptor* descriptor, int depth) {
    Field field;
    field.descriptor = descriptor;
    field.repeated = descriptor->is_repeated();
    if (const auto* oneof = descriptor->real_containing_oneof()) field.oneof = oneof->index();
    DAFTAR_CHECK(field.oneof < 64);
    field.kind = kind_of(descriptor->type());
    DAFTAR_CHECK(field.kind != Field::Kind::none && "the schema uses only the types the scan knows");
    DAFTAR_CHECK((!field.repeated || !descriptor->is_packable()) && "a packed field would need rules of its own");
    if (field.kind == Field::Kind::message) field.message = build(descriptor->message_type(), depth + 1);
    return field;
  }

  static Field::Kind kind_of(FieldDescriptor::Type type) {
    switch (type) {
      case FieldDescriptor::TYPE_UINT32:
        return Field::Kind::uint32;
      case FieldDescriptor::TYPE_UINT64:
        return Field::Kind::uint64;
      case FieldDescriptor::TYPE_INT64:
        return Field::Kind::int64;
      case FieldDescriptor::TYPE_BOOL:
        return Field::Kind::boolean;
      case FieldDescriptor::TYPE_STRING:
        return Field::Kind::string;
      case FieldDescriptor::TYPE_BYTES:
        return Field::Kind::bytes;
      case FieldDescriptor::TYPE_MESSAGE:
        return Field::Kind::message;
      default:
        return Field::Kind::none;
    }
  }

  std::mutex mutex_;
  std::map<const Descriptor*, std::unique_ptr<Table>> tables_;
};

// A thread asks for the same two or three types over and over; it remembers them, so that scans on several threads share no lock.
const Table* table_of(const Descriptor* message) {
  static Tables tables;
  struct Remembered {
    const Descriptor* message = nullptr;
    const Table* table = nullptr;
  };
  static thread_local std::array<Remembered, 4> recent;
  static thread_local std::size_t next = 0;
  for (const auto& r : recent)
    if (r.message == message) return r.table;
  auto& place = recent[next++ % recent.size()];
  place = {message, tables.of(message)};
  return place.table;
}

class Scan {
 public:
  explicit Scan(std::string_view bytes) : begin_(bytes.data()) {}

  bool message(std::string_view rest, const Table& table) {
    std::uint32_t previous = 0;
    std::uint64_t oneofs_seen = 0;
    std::size_t element = 0;  // place in the repeated field that is being read
    while (!rest.empty()) {
      const char* const start = rest.data();
      const auto tag = take_varint(rest);
      if (!tag) return fail(start, "the tag of a field is cut short, overlong or too large");
      const std::uint64_t number = *tag >> 3;
      if (number >= table.fields.size() || table.fields[number].kind == Field::Kind::none)
        return fail(start, "there is no field of number " + std::to_string(number));
      const Field& field = table.fields[number];

      if (number < previous) return fail_in(field, 0, start, "the field comes after one of a higher number");
      if (number == previous && !field.repeated) return fail_in(field, 0, start, "the field is given twice");
      element = number == previous ? element + 1 : 0;
      previous = static_cast<std::uint32_t>(number);
      if (field.oneof >= 0) {
        const std::uint64_t bit = std::uint64_t{1} << field.oneof;
        if (oneofs_seen & bit) return fail_in(field, element, start, "only one field of this choice may be given");
        oneofs_seen |= bit;
      }
      if (!value(rest, static_cast<WireType>(*tag & 7), field, element, start)) return false;
    }
    return true;
  }

  WireFault take_fault() { return std::move(fault_); }

 private:
  bool value(std::string_view& rest, WireType type, const Field& field, std::size_t element, const char* start) {
    const bool is_varint = field.kind <= Field::Kind::boolean;
    if (type != (is_varint ? WireType::varint : WireType::length_delimited))
      return fail_in(field, element, start, "the wire type is not that of the field");
    const char* const value_start = rest.data();
    const auto number = take_varint(rest);
    if (!number)
      return fail_in(field, element, value_start,
                     is_varint ? "the number is cut short, overlong or too large" : "the length is cut short, overlong or too large");
    const bool default_allowed = field.repeated || field.oneof >= 0;
    if (is_varint) {
      if (*number == 0 && !default_allowed) return fail_in(field, element, value_start, "a zero must be left out, not written");
      if ((field.kind == Field::Kind::uint32 && *number > 0xFFFFFFFFu) || (field.kind == Field::Kind::boolean && *number > 1))
        return fail_in(field, element, value_start, "the number is too large for the field");
      return true;
    }
    if (*number > rest.size()) return fail_in(field, element, value_start, "the length goes beyond the end");
    const auto content = rest.substr(0, *number);
    rest.remove_prefix(*number);
    if (field.kind == Field::Kind::message) {
      if (message(content, *field.message)) return true;
      prepend(field, element);
      return false;
    }
    if (content.empty() && !default_allowed) return fail_in(field, element, value_start, "an empty value must be left out, not written");
    if (field.kind == Field::Kind::string && !is_utf8(content)) return fail_in(field, element, value_start, "the text is not valid UTF-8");
    return true;
  }

  bool fail(const char* at, std::string sentence) {
    fault_.offset = static_cast<std::size_t>(at - begin_);
    fault_.sentence = std::move(sentence);
    return false;
  }
  bool fail_in(const Field& field, std::size_t element, const char* at, std::string sentence) {
    prepend(field, element);
    return fail(at, std::move(sentence));
  }
  void prepend(const Field& field, std::size_t element) {
    std::string step = field.descriptor->name();
    if (field.repeated) step += "[" + std::to_string(element) + "]";
    fault_.field = fault_.field.empty() ? std::move(step) : step + "." + fault_.field;
  }

  const char* const begin_;
  WireFault fault_;
};

}  // namespace

Expected<void, WireFault> strict_scan(std::string_view bytes, const Descriptor* message) {
  Scan scan(bytes);
  if (!scan.message(bytes, *table_of(message))) return Unexpected<WireFault>(scan.take_fault());
  return {};
}

std::string describe(const WireFault& fault) {
  const std::string place = "byte " + std::to_string(fault.offset) + ": " + fault.sentence;
  return fault.field.empty() ? place : fault.field + ", " + place;
}

}  // namespace daftar::ledger

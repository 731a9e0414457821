// The strict scan: is this byte string the one encoding of its message that Daftar accepts? Runs before the Protobuf library.
// Refuses: unknown fields, fields out of ascending order, repeated singular fields, two members of one oneof, wrong wire types, overlong
// varints, varints out of the field's range, explicitly encoded defaults (outside a oneof), lengths beyond the end, trailing bytes,
// invalid UTF-8 in strings, nesting deeper than the schema. Driven by the descriptors generated from proto/*.proto. Any thread.
#pragma once
#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

#include "ledger/expected.h"

namespace daftar::ledger {

struct WireFault {
  std::size_t offset = 0;   // byte at which the encoding stops being the accepted one
  std::string field;        // dotted path, e.g. operations[2].transfer.amount; empty for the message itself
  std::string sentence;
};

/// `scanner` tables are built once per message type and kept.
Expected<void, WireFault> strict_scan(std::string_view bytes, const google::protobuf::Descriptor* message);

/// One line for people: "operations[2].transfer.amount, byte 71: a zero must be left out, not written".
std::string describe(const WireFault& fault);

}  // namespace daftar::ledger

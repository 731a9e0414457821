// JSON in which numbers stay the text they were written as: "180941456.0" never passes through a double. Bounded: bytes, depth; a name
// that stands twice in one object is refused (readers would disagree about which counts).
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/error.h"

namespace daftar::tools {

struct JsonValue {
  enum class Kind { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  bool truth = false;
  std::string text;                                        // of a number or string
  std::vector<JsonValue> elements;
  std::vector<std::pair<std::string, JsonValue>> members;  // in order

  const JsonValue* find(std::string_view name) const;
};
std::string_view name(JsonValue::Kind kind);

struct JsonLimits {
  std::size_t bytes_max = 64u << 20;
  std::size_t depth_max = 64;
};
/// The sentence says where: byte offset and what stands there.
Expected<JsonValue, std::string> parse_decimal_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace daftar::tools

#include "tools/decimal_json.h"

#include <nlohmann/json.hpp>
#include <set>

namespace daftar::tools {

namespace {

class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(std::size_t depth_max) : depth_max_(depth_max) {}
  JsonValue root;
  std::string fault;

  bool null() override { return place({}) != nullptr; }
  bool boolean(bool value) override {
    JsonValue v;
    v.kind = JsonValue::Kind::boolean;
    v.truth = value;
    return place(std::move(v)) != nullptr;
  }
  // Whole numbers up to 64 bits lose nothing; everything else comes with the text as written.
  bool number_integer(number_integer_t value) override { return scalar(JsonValue::Kind::number, std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(JsonValue::Kind::number, std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return scalar(JsonValue::Kind::number, text); }
  bool string(string_t& value) override { return scalar(JsonValue::Kind::string, value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(JsonValue::Kind::object); }
  bool start_array(std::size_t) override { return open(JsonValue::Kind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& value) override {
    if (!names_.back().insert(value).second) {
      fault = "the name \"" + value + "\" stands twice in one object";
      return false;
    }
    key_ = value;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
    fault = "at byte " + std::to_string(position) + ": " + error.what();
    return false;
  }

 private:
  bool scalar(JsonValue::Kind kind, std::string text) {
    JsonValue v;
    v.kind = kind;
    v.text = std::move(text);
    return place(std::move(v)) != nullptr;
  }
  JsonValue* place(JsonValue value) {
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    JsonValue& parent = *open_.back();
    if (parent.kind == JsonValue::Kind::array) return &parent.elements.emplace_back(std::move(value));
    return &parent.members.emplace_back(std::move(key_), std::move(value)).second;
  }
  bool open(JsonValue::Kind kind) {
    if (open_.size() >= depth_max_) {
      fault = "it is nested deeper than " + std::to_string(depth_max_) + " levels";
      return false;
    }
    JsonValue v;
    v.kind = kind;
    // Pointers stay good: a parent grows only while its last child is closed.
    open_.push_back(place(std::move(v)));
    names_.emplace_back();
    return true;
  }
  bool close() {
    open_.pop_back();
    names_.pop_back();
    return true;
  }

  std::size_t depth_max_;
  std::vector<JsonValue*> open_;
  std::vector<std::set<std::string>> names_;
  std::string key_;
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view wanted) const {
  for (const auto& [key, value] : members)
    if (key == wanted) return &value;
  return nullptr;
}

std::string_view name(JsonValue::Kind kind) {
  switch (kind) {
    case JsonValue::Kind::null: return "null";
    case JsonValue::Kind::boolean: return "a boolean";
    case JsonValue::Kind::number: return "a number";
    case JsonValue::Kind::string: return "a text";
    case JsonValue::Kind::array: return "a list";
    case JsonValue::Kind::object: return "an object";
  }
  return "unknown";
}

Expected<JsonValue, std::string> parse_decimal_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max) return Unexpected<std::string>("it is larger than " + std::to_string(limits.bytes_max) + " bytes");
  Builder builder(limits.depth_max);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return Unexpected<std::string>(builder.fault.empty() ? "it is no JSON" : builder.fault);
  return std::move(builder.root);
}

}  // namespace daftar::tools

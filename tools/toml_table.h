// Reading TOML that people wrote: every key is asked for by name and type, and what was not asked for is refused with file and line.
#pragma once
#include <toml++/toml.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace daftar::tools {

/// Where the reading of one file stops at the first thing that is not as it must be.
struct Fault {
  std::string sentence;
};

inline std::string place(const std::string& file, const toml::node& node) {
  return file + ":" + std::to_string(node.source().begin.line) + ": ";
}

/// One TOML table; every key must be asked for, or finish() names it.
class Table {
 public:
  Table(std::string file, std::string path, const toml::table& table) : file_(std::move(file)), path_(std::move(path)), table_(table) {}

  const toml::node* find(std::string_view key) {
    asked_.insert(std::string(key));
    return table_.get(key);
  }
  std::string text(std::string_view key, bool required = false) {
    const toml::node* node = find(key);
    if (node == nullptr) {
      if (required) throw Fault{place(file_, table_) + "'" + name(key) + "' is missing."};
      return {};
    }
    const auto value = node->value_exact<std::string>();
    if (!value) wrong(key, *node, "must be a text in quotes");
    if (required && value->empty()) wrong(key, *node, "must not be empty");
    return *value;
  }
  std::int64_t number(std::string_view key, std::int64_t otherwise, std::int64_t min, std::int64_t max) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < min || *value > max)
      wrong(key, *node, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    return *value;
  }
  bool truth(std::string_view key, bool otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value_exact<bool>();
    if (!value) wrong(key, *node, "must be true or false");
    return *value;
  }
  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> out;
    const toml::node* node = find(key);
    if (node == nullptr) return out;
    const toml::array* array = node->as_array();
    if (array == nullptr) wrong(key, *node, "must be a list of texts");
    for (const toml::node& element : *array) {
      const auto value = element.value_exact<std::string>();
      if (!value) wrong(key, element, "must be a list of texts");
      out.push_back(*value);
    }
    return out;
  }
  std::vector<Table> tables(std::string_view key) {
    std::vector<Table> out;
    const toml::node* node = find(key);
    if (node == nullptr) return out;
    const toml::array* array = node->as_array();
    if (array == nullptr) wrong(key, *node, "must be written as [[" + name(key) + "]]");
    std::size_t count = 0;
    for (const toml::node& element : *array) {
      if (!element.is_table()) wrong(key, element, "must be written as [[" + name(key) + "]]");
      out.emplace_back(file_, name(key) + "[" + std::to_string(count++) + "]", *element.as_table());
    }
    return out;
  }
  std::optional<Table> table(std::string_view key) {
    const toml::node* node = find(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_table()) wrong(key, *node, "must be a table");
    return Table(file_, name(key), *node->as_table());
  }
  [[noreturn]] void wrong(std::string_view key, const toml::node& node, const std::string& why) const {
    throw Fault{place(file_, node) + "'" + name(key) + "' " + why + "."};
  }
  [[noreturn]] void wrong(std::string_view key, const std::string& why) { wrong(key, *find(key), why); }
  void finish() const {
    for (const auto& [key, node] : table_)
      if (!asked_.contains(std::string(key.str()))) throw Fault{place(file_, node) + "'" + name(key.str()) + "' is not a known key."};
  }

 private:
  std::string name(std::string_view key) const { return path_.empty() ? std::string(key) : path_ + "." + std::string(key); }
  std::string file_, path_;
  const toml::table& table_;
  std::set<std::string> asked_;
};

/// Throws Fault when the file cannot be read (at most 4 MiB) or is no TOML.
toml::table parse_toml(const std::filesystem::path& file);
toml::table parse_toml(std::string_view text, const std::string& name);

}  // namespace daftar::tools

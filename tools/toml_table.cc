#include "tools/toml_table.h"

#include "tools/files.h"

namespace daftar::tools {

toml::table parse_toml(std::string_view text, const std::string& name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw Fault{name + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description()) + "."};
  }
}

toml::table parse_toml(const std::filesystem::path& file) {
  auto text = read_file(file, 4 << 20);
  if (!text) throw Fault{text.error().sentence};
  return parse_toml(*text, file.string());
}

}  // namespace daftar::tools

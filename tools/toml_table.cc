#include "tools/toml_table.h"

#include "tools/files.h"

namespace daftar::tools {

toml::table parse_toml(const std::filesystem::path& file) {
  auto text = read_file(file, 4 << 20);
  if (!text) throw Fault{text.error().sentence};
  try {
    return toml::parse(*text, file.string());
  } catch (const toml::parse_error& error) {
    throw Fault{file.string() + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description()) + "."};
  }
}

}  // namespace daftar::tools

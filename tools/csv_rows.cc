#include "tools/csv_rows.h"

#include <csv.h>

#include <memory>

#include "tools/files.h"
#include "tools/toml_table.h"

namespace daftar::tools {
namespace fs = std::filesystem;

namespace {
constexpr std::size_t table_bytes_max = 256u << 20;
}

std::vector<CsvRow> csv_rows(const fs::path& file) {
  const auto text = read_file(file, table_bytes_max);
  if (!text) throw Fault{text.error().sentence};
  csv_parser parser;
  if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0) throw Fault{"No memory to read " + file.string() + "."};
  const std::unique_ptr<csv_parser, void (*)(csv_parser*)> freed(&parser, csv_free);
  struct Reading {
    std::vector<CsvRow> rows;
    CsvRow row;
  } reading;
  const auto field = [](void* bytes, std::size_t size, void* to) { static_cast<Reading*>(to)->row.emplace_back(static_cast<const char*>(bytes), size); };
  const auto end = [](int, void* to) {
    auto& r = *static_cast<Reading*>(to);
    r.rows.push_back(std::move(r.row));
    r.row.clear();
  };
  if (csv_parse(&parser, text->data(), text->size(), field, end, &reading) != text->size() || csv_fini(&parser, field, end, &reading) != 0)
    throw Fault{file.string() + ":" + std::to_string(reading.rows.size() + 1) + ": " + csv_strerror(csv_error(&parser)) + "."};
  if (reading.rows.empty()) throw Fault{file.string() + ": has no headings."};
  return std::move(reading.rows);
}

}  // namespace daftar::tools

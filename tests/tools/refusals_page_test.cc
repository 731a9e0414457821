// docs/refusals.md against the words of the ledger and the codes of the tools.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <map>

#include "ledger/rejection.h"
#include "tests/harness/page_table.h"

using namespace daftar;
using namespace daftar::tests;

namespace {
const std::string source = DAFTAR_SOURCE_DIR;
}

TEST_CASE("the page of refusals says of each code what the ledger says, and knows no other") {
  std::map<std::string, std::vector<std::string>> written;
  for (const auto& row : page_table(read_text(source + "/docs/refusals.md"), "code"))
    if (row.size() == 4) {
      INFO(row[0]);
      CHECK(written.emplace(code_words(row[0]).at(0), row).second);   // each once
    }
  std::size_t codes = 0;
  for (std::uint16_t number = 1; number < 1000; ++number) {
    if (!ledger::is_rejection_code(number)) continue;
    ++codes;
    const auto code = static_cast<ledger::RejectionCode>(number);
    const std::string name(ledger::name(code));
    INFO(name);
    REQUIRE(written.contains(name));
    CHECK(written.at(name)[1] == std::to_string(number));
    CHECK(written.at(name)[2] == ledger::sentence(code));
    CHECK(written.at(name)[3] == ledger::advice(code));
  }
  CHECK(codes > 50);
  CHECK(written.size() == codes);
}

TEST_CASE("the codes that the page of refusals gives to the wallet are the wallet's") {
  std::string sources;
  for (const char* folder : {"/tools", "/tools/daftar"})
    for (const auto& file : std::filesystem::directory_iterator(source + folder))
      if (file.path().extension() == ".cc") sources += read_text(file.path().string());
  std::size_t rows = 0;
  for (const auto& row : page_table(read_text(source + "/docs/refusals.md"), "code")) {
    if (row.size() != 2) continue;
    for (const std::string& code : code_words(row[0])) {
      ++rows;
      INFO(code);
      CHECK(sources.find('"' + code + '"') != std::string::npos);
    }
  }
  CHECK(rows > 10);
}

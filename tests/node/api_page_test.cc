// docs/api.md against the code: the same routes, the same errors.
#include <algorithm>
#include <filesystem>
#include <set>

#include "tests/harness/page_table.h"
#include "tests/node/api_harness.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

const std::string page = read_text(std::string(DAFTAR_SOURCE_DIR) + "/docs/api.md");

/// "code status" of every error that the sources of node/ make.
std::set<std::string> errors_of_the_sources() {
  const std::regex direct(R"re((?:error_response|fault)\((\d{3}), "(\w+)")re"), absent(R"re(not_found\("(\w+)")re");
  std::set<std::string> found;
  for (const auto& file : std::filesystem::directory_iterator(std::string(DAFTAR_SOURCE_DIR) + "/node")) {
    if (file.path().extension() != ".cc") continue;
    const std::string text = read_text(file.path().string());
    for (std::sregex_iterator it(text.begin(), text.end(), direct), end; it != end; ++it) found.insert((*it)[2].str() + " " + (*it)[1].str());
    for (std::sregex_iterator it(text.begin(), text.end(), absent), end; it != end; ++it) found.insert((*it)[1].str() + " 404");
  }
  found.insert("busy 429");   // of an outcome (api_submit.cc), not of error_response
  return found;
}

}  // namespace

TEST_CASE("every route of the server stands in the API page, and every route of the page in the server") {
  OneNode one;
  std::set<std::string> served, written;
  for (const auto& route : one.server->api.router().routes()) served.insert(route.name());
  for (const auto& row : page_table(page, "route")) written.insert(code_words(row[0]).at(0));
  CHECK(served.size() > 20);
  for (const auto& route : served) {
    INFO(route << " is not in docs/api.md");
    CHECK(written.contains(route));
  }
  for (const auto& route : written) {
    INFO(route << " is in docs/api.md, but the server has no such route");
    CHECK(served.contains(route));
  }
}

TEST_CASE("every error of the API stands in the API page with its status, and no other") {
  std::set<std::string> written;
  for (const auto& row : page_table(page, "code")) written.insert(code_words(row[0]).at(0) + " " + row[1]);
  CHECK(errors_of_the_sources().size() > 30);
  CHECK(written == errors_of_the_sources());
}

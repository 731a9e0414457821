// The arrows of docs/architecture.md, held against every #include line; and what replicated code may not use.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

const std::map<std::string, std::set<std::string>> may_include = {
    {"ledger", {"ledger"}},
    {"consensus", {"consensus"}},
    {"contracts", {"contracts", "ledger"}},
    {"storage", {"storage", "ledger"}},
    {"node", {"node", "consensus", "contracts", "storage", "ledger"}},
    {"tools", {"tools", "contracts", "ledger"}},
    {"tools/audit", {"tools", "contracts", "storage", "ledger"}},   // a program of its own, which reads a node's folder
};

std::vector<fs::path> sources(const std::string& room) {
  std::vector<fs::path> found;
  for (const auto& file : fs::recursive_directory_iterator(fs::path(DAFTAR_SOURCE_DIR) / room))
    if (file.path().extension() == ".cc" || file.path().extension() == ".h") found.push_back(file.path());
  // A folder with arrows of its own is no part of the room around it.
  std::erase_if(found, [&](const fs::path& file) {
    const std::string folder = fs::relative(file.parent_path(), DAFTAR_SOURCE_DIR).string();
    return folder != room && may_include.contains(folder);
  });
  return found;
}

std::vector<std::string> lines(const fs::path& path) {
  std::ifstream in(path);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

}  // namespace

TEST_CASE("each room includes only the rooms its arrows allow") {
  const std::regex include("^\\s*#\\s*include\\s+\"([a-z_]+)/.*");
  std::string broken;
  std::size_t seen = 0;
  for (const auto& [room, allowed] : may_include)
    for (const auto& path : sources(room))
      for (const auto& line : lines(path)) {
        std::smatch match;
        if (!std::regex_match(line, match, include)) continue;
        ++seen;
        if (!allowed.contains(match[1])) broken += path.string() + ": " + line + "\n";
      }
  REQUIRE(seen > 100);  // the pattern still finds includes
  REQUIRE(broken == "");
}

TEST_CASE("the template language knows the ledger's words, and nothing else of the contracts") {
  const std::regex include("^\\s*#\\s*include\\s+\"(.*)\".*");
  std::string broken;
  std::size_t seen = 0;
  for (const auto& path : sources("contracts/language"))
    for (const auto& line : lines(path)) {
      std::smatch match;
      if (!std::regex_match(line, match, include)) continue;
      ++seen;
      const std::string included = match[1];
      if (!included.starts_with("contracts/language/") && !included.starts_with("ledger/")) broken += path.string() + ": " + line + "\n";
    }
  REQUIRE(seen > 20);
  REQUIRE(broken == "");
}

TEST_CASE("replicated rooms use no floating point, clock, chance, locale or unordered order") {
  const std::regex forbidden(
      "\\b(float|double|long double|rand|srand|random_device|mt19937|system_clock|steady_clock|clock_gettime|time\\(|gettimeofday|setlocale|"
      "std::locale|unordered_map|unordered_set|std::thread|std::async)\\b");
  // Where an unordered table is a cache that nobody iterates, or the word is allowed for another stated reason.
  const std::set<std::string> excused = {"ledger/wire_scan.cc", "ledger/hash.h", "ledger/hash.cc"};
  std::string broken;
  for (const std::string room : {"ledger", "consensus", "contracts"})
    for (const auto& path : sources(room)) {
      const auto name = fs::relative(path, DAFTAR_SOURCE_DIR).string();
      if (excused.contains(name)) continue;
      for (auto line : lines(path)) {
        if (auto comment = line.find("//"); comment != std::string::npos) line.resize(comment);
        line = std::regex_replace(line, std::regex("\"([^\"\\\\]|\\\\.)*\""), "\"\"");
        if (std::regex_search(line, forbidden)) broken += name + ": " + line + "\n";
      }
    }
  REQUIRE(broken == "");
}

TEST_CASE("the rooms beneath the node know no sockets, threads or logging library") {
  const std::regex forbidden("^\\s*#\\s*include\\s+<(boost/asio|boost/beast|spdlog|nlohmann|toml|sys/socket).*");
  std::string broken;
  for (const std::string room : {"ledger", "consensus", "contracts", "storage"})
    for (const auto& path : sources(room))
      for (const auto& line : lines(path))
        if (std::regex_match(line, forbidden)) broken += path.string() + ": " + line + "\n";
  REQUIRE(broken == "");
}

TEST_CASE("ctest can hand over the name of every test") {
  const std::regex named("^TEST_CASE\\(\"([^\"\\\\]|\\\\.)*[;\\[].*");   // ";" would cut it short, "[" swallow those that follow
  std::string broken;
  std::size_t seen = 0;
  for (const auto& path : sources("tests"))
    for (const auto& line : lines(path)) {
      seen += line.starts_with("TEST_CASE(");
      // Behind the name stand tags, which have brackets of their own.
      const auto end = line.find("\", \"[");
      if (std::regex_match(line.substr(0, end), named)) broken += path.string() + ": " + line + "\n";
    }
  REQUIRE(seen > 500);
  REQUIRE(broken == "");
}

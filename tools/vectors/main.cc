// daftar-vectors KIND: answers each line of standard input with ok, err or a hex root, at once, to the end of input.
#include <iostream>
#include <string>

#include "ledger/keys.h"
#include "tools/vectors/judge.h"

namespace {

constexpr const char* usage =
    "usage: daftar-vectors KIND < vectors\n"
    "  ed25519   <public key hex> <message hex or -> <signature hex or ->   per line; answers ok or err\n"
    "  merkle    a JSON object per line, hashes in hex; answers ok or err, and for \"kind\":\"root\" the root in hex\n"
    "            {\"kind\":\"inclusion\",\"leafIdx\":0,\"treeSize\":1,\"root\":\"..\",\"leafHash\":\"..\",\"proof\":[]}\n"
    "            {\"kind\":\"consistency\",\"size1\":1,\"size2\":2,\"root1\":\"..\",\"root2\":\"..\",\"proof\":[\"..\"]}\n"
    "            {\"kind\":\"root\",\"leaves\":[\"00\",\"ff\"]}\n";

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc == 2 ? argv[1] : "";
  if (kind == "--help" || kind == "-h") {
    std::cout << usage;
    return 0;
  }
  if (kind != "ed25519" && kind != "merkle") {
    std::cerr << usage;
    return 2;
  }
  daftar::ledger::initialise_crypto();
  std::ios::sync_with_stdio(false);
  const auto judge = kind == "ed25519" ? daftar::vectors::judge_ed25519 : daftar::vectors::judge_merkle;
  for (std::string line; std::getline(std::cin, line);) std::cout << judge(line) << '\n' << std::flush;
  return 0;
}

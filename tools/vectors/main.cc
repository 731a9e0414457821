// daftar-vectors KIND: answers each line of standard input with ok, err, a hex root or a part refused, at once, to the end of input.
#include <functional>
#include <iostream>
#include <string>

#include "ledger/keys.h"
#include "tools/vectors/judge.h"
#include "tools/vectors/receipt_judge.h"

namespace {

constexpr const char* usage =
    "usage: daftar-vectors KIND < vectors\n"
    "  ed25519   <public key hex> <message hex or -> <signature hex or ->   per line; answers ok or err\n"
    "  merkle    a JSON object per line, hashes in hex; answers ok or err, and for \"kind\":\"root\" the root in hex\n"
    "            {\"kind\":\"inclusion\",\"leafIdx\":0,\"treeSize\":1,\"root\":\"..\",\"leafHash\":\"..\",\"proof\":[]}\n"
    "            {\"kind\":\"consistency\",\"size1\":1,\"size2\":2,\"root1\":\"..\",\"root2\":\"..\",\"proof\":[\"..\"]}\n"
    "            {\"kind\":\"root\",\"leaves\":[\"00\",\"ff\"]}\n"
    "  receipt   <genesis file> <file of changes of validators or -> <receipt hex>   per line; answers the part that is refused, or\n"
    "            ok <index> <tree size> <root> <leaf hash> <validators signed>\n";

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc == 2 ? argv[1] : "";
  if (kind == "--help" || kind == "-h") {
    std::cout << usage;
    return 0;
  }
  daftar::vectors::ReceiptJudge receipts;
  const std::map<std::string, std::function<std::string(std::string_view)>> judges = {
      {"ed25519", daftar::vectors::judge_ed25519},
      {"merkle", daftar::vectors::judge_merkle},
      {"receipt", [&receipts](std::string_view line) { return receipts.judge(line); }},
  };
  const auto judge = judges.find(kind);
  if (judge == judges.end()) {
    std::cerr << usage;
    return 2;
  }
  daftar::ledger::initialise_crypto();
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) std::cout << judge->second(line) << '\n' << std::flush;
  return 0;
}

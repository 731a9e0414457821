// Bids as `daftar tender` seals, keeps and reveals them.
#include "tools/sealed_bid.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include "tests/harness/temporary_folder.h"
#include "tests/tools/shipped.h"

namespace daftar::tools {
namespace {

SealedBid some_bid() {
  using contracts::language::Value;
  return {ledger::sha256("a tender"), "baraka", {{"price", Value::of(90'000)}, {"offer", Value::of(std::string(32, 'o'))}, {"salt", Value::of(fresh_salt())}}};
}

}  // namespace

TEST_CASE("how a template seals is read off its program") {
  const auto library = shipped("tender");
  const auto& program = library.all().begin()->second->program;
  const SealingActs acts = sealing_acts(program);
  CHECK(acts.seals == "bid");
  CHECK(acts.parameter == "seal");
  CHECK(acts.reveals == "reveal");
  CHECK(acts.sealed == std::vector<std::string>{"price", "offer", "salt"});
  REQUIRE(revealed_slot(program, acts, "price") != nullptr);
  CHECK(revealed_slot(program, acts, "price")->type.kind == contracts::language::TypeKind::money);
  CHECK(revealed_slot(program, acts, "seal") == nullptr);
  CHECK(sealing_acts(shipped("service").all().begin()->second->program).seals.empty());
}

TEST_CASE("a sealed bid is kept so that only its owner reads it, and comes back as it was") {
  const tests::TemporaryFolder folder;
  const std::string file = folder / "bid.json";
  const SealedBid bid = some_bid();
  REQUIRE(keep_sealed_bid(file, bid));
  struct stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const auto back = kept_sealed_bid(file);
  REQUIRE(back);
  CHECK(back->contract == bid.contract);
  CHECK(back->member == bid.member);
  CHECK(back->values == bid.values);
  CHECK(back->seal() == bid.seal());
  CHECK_FALSE(keep_sealed_bid(file, some_bid()));   // never over another
  CHECK(kept_sealed_bid(file)->seal() == bid.seal());
}

TEST_CASE("a file that is no sealed bid, or was changed, is refused") {
  const tests::TemporaryFolder folder;
  REQUIRE(keep_sealed_bid(folder / "bid.json", some_bid()));
  std::string text = tests::read_text(folder / "bid.json");
  CHECK_FALSE(kept_sealed_bid(folder.write("changed.json", std::string(text).replace(text.find("90000"), 5, "80000"))));
  CHECK_FALSE(kept_sealed_bid(folder.write("other.json", std::string(text).replace(text.find("daftar-sealed"), 13, "daftar-opened"))));
  CHECK_FALSE(kept_sealed_bid(folder.write("cut.json", text.substr(0, text.size() / 2))));
  CHECK_FALSE(kept_sealed_bid(folder.write("list.json", "[]")));
  CHECK_FALSE(kept_sealed_bid(folder / "missing.json"));
}

TEST_CASE("two salts are not the same") { CHECK(fresh_salt() != fresh_salt()); }

}  // namespace daftar::tools

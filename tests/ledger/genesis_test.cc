#include "ledger/genesis.h"

#include <functional>

#include "ledger/checkpoint.h"
#include "ledger/wire_scan.h"
#include "tests/ledger/support.h"

using namespace daftar::ledger;
using namespace daftar::ledger::testing;

namespace {

std::string key_bytes(unsigned number) { return std::string(key_of(number).public_key().view()); }

proto::Genesis content() {
  proto::Genesis g;
  g.set_name("test-net.1");
  g.set_time_ms(1'700'000'000'000);
  g.set_country_profile("example");
  g.add_currencies("UZS");
  g.add_currencies("PYG");
  auto* member = g.add_members();
  member->set_id("acme");
  member->add_keys(key_bytes(50));
  for (unsigned node = 1; node <= 3; ++node) {
    auto* validator = g.add_validators();
    validator->set_node(node);
    validator->set_operator_("operator-" + std::to_string(node));
    validator->set_link_key(key_bytes(2 * node));
    validator->set_checkpoint_key(key_bytes(2 * node + 1));
  }
  return g;
}

std::string fault_after(const std::function<void(proto::Genesis&)>& change) {
  auto g = content();
  change(g);
  const auto parsed = Genesis::parse(encode_genesis(g));
  return parsed ? "" : parsed.error();
}

}  // namespace

TEST_CASE("A genesis gives the ledger its id, its origin, its validators and its limits") {
  const auto bytes = encode_genesis(content());
  REQUIRE(strict_scan(bytes, proto::Genesis::descriptor()));
  const auto parsed = Genesis::parse(bytes);
  REQUIRE(parsed);
  const auto& g = **parsed;
  CHECK(g.bytes() == bytes);
  CHECK(g.ledger_id() == tagged_hash(tag::genesis, bytes));
  CHECK(g.origin() == "test-net.1/" + g.ledger_id().hex().substr(0, 16) + "/0");
  REQUIRE(g.checkpoint_keys().size() == 3);
  REQUIRE(g.link_keys().size() == 3);
  CHECK(g.link_keys()[0] == key_of(2).public_key());
  CHECK(g.checkpoint_keys()[2] == key_of(7).public_key());
  CHECK(g.transaction_limits().bytes_max == 64 * 1024);
  CHECK(g.transaction_limits().operations_max == 1000);
  CHECK(g.valid_until_horizon_ms() == 24 * 60 * 60 * 1000);
  CHECK(g.clock_skew_ms() == 5000);

  auto limited = content();
  limited.mutable_limits()->set_operations_max(7);
  limited.mutable_limits()->set_transaction_bytes_max(5000);
  limited.mutable_limits()->set_valid_until_horizon_ms(1000);
  limited.mutable_limits()->set_clock_skew_ms(70);
  const auto other = *Genesis::parse(encode_genesis(limited));
  CHECK(other->transaction_limits().bytes_max == 5000);
  CHECK(other->transaction_limits().operations_max == 7);
  CHECK(other->valid_until_horizon_ms() == 1000);
  CHECK(other->clock_skew_ms() == 70);
  CHECK(other->ledger_id() != g.ledger_id());
}

TEST_CASE("What is wrong with a genesis is said with the field's name") {
  CHECK(fault_after([](auto&) {}) == "");
  CHECK(fault_after([](auto& g) { g.set_name("Test"); }) == "genesis: name: 1 to 40 of a-z, 0-9, '.' and '-' are needed");
  CHECK_FALSE(fault_after([](auto& g) { g.set_name(std::string(41, 'a')); }).empty());
  CHECK_FALSE(fault_after([](auto& g) { g.clear_name(); }).empty());
  CHECK(fault_after([](auto& g) { g.clear_time_ms(); }).starts_with("genesis: time_ms"));
  CHECK(fault_after([](auto& g) { g.set_time_ms(253'402'300'800'000); }).starts_with("genesis: time_ms"));
  CHECK(fault_after([](auto& g) { g.clear_currencies(); }).starts_with("genesis: currencies: at least"));
  CHECK(fault_after([](auto& g) { g.add_currencies("ABC"); }) == "genesis: currencies: ABC is not a currency of ISO 4217");
  CHECK(fault_after([](auto& g) { g.add_currencies("UZS"); }) == "genesis: currencies: UZS is given twice");
  CHECK(fault_after([](auto& g) { g.clear_validators(); }) == "genesis: validators: at least one is needed");
  CHECK(fault_after([](auto& g) { g.mutable_validators(1)->set_node(3); }).starts_with("genesis: validators[1].node"));
  CHECK(fault_after([](auto& g) { g.mutable_validators(0)->set_node(0); }).starts_with("genesis: validators[0].node"));
  CHECK(fault_after([](auto& g) { g.mutable_validators(2)->set_operator_("A"); }).starts_with("genesis: validators[2].operator"));
  CHECK(fault_after([](auto& g) { g.mutable_validators(2)->set_link_key("short"); }).starts_with("genesis: validators[2].link_key"));
  CHECK(fault_after([](auto& g) { g.mutable_validators(2)->set_link_key(std::string(32, '\0')); }).starts_with("genesis: validators[2].link_key: not a key"));
  CHECK(fault_after([](auto& g) { g.mutable_validators(2)->set_link_key(key_bytes(2)); }).find("used twice") != std::string::npos);
  CHECK(fault_after([](auto& g) { g.mutable_validators(0)->set_checkpoint_key(key_bytes(2)); }).find("used twice") != std::string::npos);
  CHECK(fault_after([](auto& g) { g.mutable_members(0)->add_keys(key_bytes(3)); }).starts_with("genesis: members[0].keys[1]: the key is used twice"));
  CHECK(fault_after([](auto& g) { g.mutable_members(0)->add_keys("x"); }).starts_with("genesis: members[0].keys[1]"));
  CHECK(fault_after([](auto& g) { g.mutable_limits()->set_transaction_bytes_max(1048577); }).starts_with("genesis: limits"));
  CHECK(fault_after([](auto& g) { g.mutable_limits()->set_valid_until_horizon_ms(367ull * 86'400'000); }).starts_with("genesis: limits"));
  CHECK_FALSE(Genesis::parse(encode_genesis(content()) + "x"));
  CHECK(Genesis::parse("\x0a").error() == "genesis: name, byte 1: the length is cut short, overlong or too large");
}

// A certificate is a quorum of equal lines; a root of our own that a quorum contradicts stops the node.
#include <catch2/catch.hpp>

#include "node/certifier.h"

using namespace daftar;
using node::Certifier;

namespace {

struct KeysOfValidators {
  std::vector<ledger::SigningKey> keys;
  std::vector<ledger::PublicKey> publics;
  explicit KeysOfValidators(int count) {
    ledger::initialise_crypto();
    for (int i = 0; i < count; ++i) {
      keys.push_back(ledger::SigningKey::generate());
      publics.push_back(keys.back().public_key());
    }
  }
  /// All of them from the beginning.
  node::ValidatorHistory history() const { return {{0, set({1, static_cast<std::uint32_t>(keys.size())})}}; }
  /// Those from the first to the last number.
  node::Validators set(std::pair<std::uint32_t, std::uint32_t> numbers) const {
    node::Validators validators;
    for (std::uint32_t node = numbers.first; node <= numbers.second; ++node) validators[node] = publics[node - 1];
    return validators;
  }
  Certifier::Line line(std::uint32_t node, std::uint64_t size, const ledger::Digest& root, const std::string& origin = "test/0") const {
    return {node, size, root, ledger::sign_checkpoint({origin, size, root}, keys[node - 1])};
  }
};
const ledger::Digest root_a = ledger::sha256("a"), root_b = ledger::sha256("b");

}  // namespace

TEST_CASE("two of three equal lines make a certificate that counts two validators") {
  KeysOfValidators v(3);
  Certifier certifier("test/0", v.history(), 1);
  REQUIRE_FALSE(certifier.add_own(v.line(1, 5, root_a)).certificate);
  const auto outcome = certifier.add_peer(v.line(2, 5, root_a));
  REQUIRE(outcome.certificate);
  REQUIRE(outcome.certificate->size == 5);
  const auto note = ledger::parse_note(outcome.certificate->note);
  REQUIRE(note);
  REQUIRE(ledger::count_valid_lines(*note, v.publics) == 2);
  REQUIRE(certifier.certified_size() == 5);
  REQUIRE(certifier.uncertified_own().empty());
}

TEST_CASE("a quorum that signed another root stops this node, one validator alone is a warning") {
  KeysOfValidators v(3);
  Certifier certifier("test/0", v.history(), 1);
  certifier.add_own(v.line(1, 5, root_a));
  const auto one = certifier.add_peer(v.line(2, 5, root_b));
  REQUIRE(one.divergence.empty());
  REQUIRE(one.warning.find("validator(s) 2") != std::string::npos);
  const auto two = certifier.add_peer(v.line(3, 5, root_b));
  REQUIRE_FALSE(two.divergence.empty());
  REQUIRE_FALSE(two.certificate);
}

TEST_CASE("peers' lines before our own wait for it: nobody else's word is a certificate here") {
  KeysOfValidators v(3);
  Certifier certifier("test/0", v.history(), 1);
  REQUIRE_FALSE(certifier.add_peer(v.line(2, 5, root_a)).certificate);
  REQUIRE_FALSE(certifier.add_peer(v.line(3, 5, root_a)).certificate);
  REQUIRE(certifier.add_own(v.line(1, 5, root_a)).certificate);
}

TEST_CASE("the same validator twice is one, a wrong signature or another ledger's line is none") {
  KeysOfValidators v(5);
  Certifier certifier("test/0", v.history(), 1);
  certifier.add_own(v.line(1, 5, root_a));
  certifier.add_peer(v.line(2, 5, root_a));
  REQUIRE_FALSE(certifier.add_peer(v.line(2, 5, root_a)).certificate);
  auto forged = v.line(3, 5, root_a);
  forged.signature.bytes[0] ^= 1;
  REQUIRE_FALSE(certifier.add_peer(forged).certificate);
  REQUIRE_FALSE(certifier.add_peer(v.line(3, 5, root_a, "test/1")).certificate);
  auto borrowed = v.line(4, 5, root_a);
  borrowed.node = 3;
  REQUIRE_FALSE(certifier.add_peer(borrowed).certificate);
  REQUIRE(certifier.add_peer(v.line(3, 5, root_a)).certificate);
}

TEST_CASE("a validator late with its line gets ours, so that it too has the certificate") {
  KeysOfValidators v(3);
  Certifier ours("test/0", v.history(), 1), late("test/0", v.history(), 3);
  ours.add_own(v.line(1, 5, root_a));
  ours.add_peer(v.line(2, 5, root_a));
  late.add_own(v.line(3, 5, root_a));
  const auto outcome = ours.add_peer(v.line(3, 5, root_a));
  REQUIRE(outcome.answer);
  REQUIRE(late.add_peer(*outcome.answer).certificate);
}

TEST_CASE("a flood of lines for sizes nobody knows costs bounded memory and does not push out our own") {
  KeysOfValidators v(3);
  Certifier certifier("test/0", v.history(), 1);
  certifier.add_own(v.line(1, 5, root_a));
  for (std::uint64_t size = 100; size < 1000; ++size) certifier.add_peer(v.line(2, size, root_a));
  REQUIRE(certifier.uncertified_own().size() == 1);
  REQUIRE(certifier.add_peer(v.line(3, 5, root_a)).certificate);
}

TEST_CASE("two roots signed by one validator for one size are evidence, given out once with both signatures") {
  KeysOfValidators v(4);
  Certifier certifier("test/0", v.history(), 1);
  certifier.add_peer(v.line(2, 5, root_a));
  const auto forged = certifier.add_peer({2, 5, root_b, v.line(3, 5, root_b).signature});
  REQUIRE(forged.warning.find("does not verify") != std::string::npos);
  const auto caught = certifier.add_peer(v.line(2, 5, root_b));
  REQUIRE(caught.warning.find("validator 2 signed two roots for tree size 5") != std::string::npos);
  const auto first = caught.warning.find("test/0\n"), second = caught.warning.find("\n\ntest/0\n");
  REQUIRE(second != std::string::npos);
  for (const auto& text : {caught.warning.substr(first, second + 1 - first), caught.warning.substr(second + 2)}) {
    const auto note = ledger::parse_note(text);
    REQUIRE(note);
    REQUIRE(ledger::count_valid_lines(*note, {v.publics[1]}) == 1);
  }
  REQUIRE(certifier.add_peer(v.line(2, 5, root_b)).warning.empty());
  // Its second word does not count: the first stands.
  REQUIRE_FALSE(certifier.add_own(v.line(1, 5, root_b)).certificate);
}

TEST_CASE("the set before a change certifies the tree that ends its time, the set after it all larger ones") {
  KeysOfValidators v(4);
  Certifier certifier("test/0", {{0, v.set({1, 3})}}, 1);
  REQUIRE_FALSE(certifier.add_own(v.line(1, 5, root_a)).certificate);
  certifier.set_validators({{0, v.set({1, 3})}, {5, v.set({1, 4})}});   // a fourth, in force for trees larger than 5
  REQUIRE_FALSE(certifier.add_peer(v.line(4, 5, root_a)).certificate);  // not yet a validator at 5
  const auto last_of_three = certifier.add_peer(v.line(2, 5, root_a));
  REQUIRE(last_of_three.certificate);
  REQUIRE(ledger::count_valid_lines(*ledger::parse_note(last_of_three.certificate->note), v.publics) == 2);

  certifier.add_own(v.line(1, 6, root_b));
  REQUIRE_FALSE(certifier.add_peer(v.line(2, 6, root_b)).certificate);  // two of four are no quorum
  REQUIRE(certifier.add_peer(v.line(4, 6, root_b)).certificate);
}

TEST_CASE("the tree that ends a set's time is signed again until it is certified, however far the certificates are") {
  KeysOfValidators v(4);
  Certifier certifier("test/0", {{0, v.set({1, 3})}}, 1);
  certifier.add_own(v.line(1, 5, root_a));
  certifier.set_validators({{0, v.set({1, 3})}, {5, v.set({1, 4})}});
  certifier.add_own(v.line(1, 6, root_b));
  certifier.add_peer(v.line(2, 6, root_b));
  REQUIRE(certifier.add_peer(v.line(3, 6, root_b)).certificate);
  REQUIRE(certifier.certified_size() == 6);
  const auto open = certifier.uncertified_own();
  REQUIRE(open.size() == 1);
  REQUIRE(open[0].size == 5);
  REQUIRE(certifier.add_peer(v.line(3, 5, root_a)).certificate);
  REQUIRE(certifier.uncertified_own().empty());
}

TEST_CASE("an observer gathers certificates and signs nothing") {
  KeysOfValidators v(3);
  Certifier certifier("test/0", v.history(), 9);
  REQUIRE_FALSE(certifier.signs(5));
  certifier.add_peer(v.line(1, 5, root_a));
  REQUIRE_FALSE(certifier.add_peer(v.line(2, 5, root_a)).certificate);   // nobody else's word is a certificate here
  const auto outcome = certifier.add_own_root(5, root_a);
  REQUIRE(outcome.certificate);
  REQUIRE(ledger::count_valid_lines(*ledger::parse_note(outcome.certificate->note), v.publics) == 2);
  REQUIRE(certifier.uncertified_own().empty());
  certifier.add_peer(v.line(1, 7, root_a));
  certifier.add_peer(v.line(2, 7, root_a));
  REQUIRE_FALSE(certifier.add_own_root(7, root_b).divergence.empty());
}

// A certificate is a quorum of equal lines; a root of our own that a quorum contradicts stops the node.
#include <catch2/catch.hpp>

#include "node/certifier.h"

using namespace daftar;
using node::Certifier;

namespace {

struct Validators {
  std::vector<ledger::SigningKey> keys;
  std::vector<ledger::PublicKey> publics;
  explicit Validators(int count) {
    ledger::initialise_crypto();
    for (int i = 0; i < count; ++i) {
      keys.push_back(ledger::SigningKey::generate());
      publics.push_back(keys.back().public_key());
    }
  }
  Certifier::Line line(std::uint32_t node, std::uint64_t size, const ledger::Digest& root, const std::string& origin = "test/0") const {
    return {node, size, root, ledger::sign_checkpoint({origin, size, root}, keys[node - 1])};
  }
};
const ledger::Digest root_a = ledger::sha256("a"), root_b = ledger::sha256("b");

}  // namespace

TEST_CASE("two of three equal lines make a certificate that counts two validators") {
  Validators v(3);
  Certifier certifier("test/0", v.publics, 1);
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
  Validators v(3);
  Certifier certifier("test/0", v.publics, 1);
  certifier.add_own(v.line(1, 5, root_a));
  const auto one = certifier.add_peer(v.line(2, 5, root_b));
  REQUIRE(one.divergence.empty());
  REQUIRE(one.warning.find("validator(s) 2") != std::string::npos);
  const auto two = certifier.add_peer(v.line(3, 5, root_b));
  REQUIRE_FALSE(two.divergence.empty());
  REQUIRE_FALSE(two.certificate);
}

TEST_CASE("peers' lines before our own wait for it: nobody else's word is a certificate here") {
  Validators v(3);
  Certifier certifier("test/0", v.publics, 1);
  REQUIRE_FALSE(certifier.add_peer(v.line(2, 5, root_a)).certificate);
  REQUIRE_FALSE(certifier.add_peer(v.line(3, 5, root_a)).certificate);
  REQUIRE(certifier.add_own(v.line(1, 5, root_a)).certificate);
}

TEST_CASE("the same validator twice is one, a wrong signature or another ledger's line is none") {
  Validators v(5);
  Certifier certifier("test/0", v.publics, 1);
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
  Validators v(3);
  Certifier ours("test/0", v.publics, 1), late("test/0", v.publics, 3);
  ours.add_own(v.line(1, 5, root_a));
  ours.add_peer(v.line(2, 5, root_a));
  late.add_own(v.line(3, 5, root_a));
  const auto outcome = ours.add_peer(v.line(3, 5, root_a));
  REQUIRE(outcome.answer);
  REQUIRE(late.add_peer(*outcome.answer).certificate);
}

TEST_CASE("a flood of lines for sizes nobody knows costs bounded memory and does not push out our own") {
  Validators v(3);
  Certifier certifier("test/0", v.publics, 1);
  certifier.add_own(v.line(1, 5, root_a));
  for (std::uint64_t size = 100; size < 1000; ++size) certifier.add_peer(v.line(2, size, root_a));
  REQUIRE(certifier.uncertified_own().size() == 1);
  REQUIRE(certifier.add_peer(v.line(3, 5, root_a)).certificate);
}

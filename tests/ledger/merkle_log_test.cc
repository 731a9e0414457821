#include "ledger/merkle_log.h"

#include <nlohmann/json.hpp>

#include <map>

#include "tests/ledger/support.h"

using namespace daftar::ledger;
using namespace daftar::ledger::testing;

namespace {

std::vector<Digest> leaves(std::size_t count) {
  std::vector<Digest> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(leaf_hash("leaf " + std::to_string(i)));
  return out;
}

SubtreeReader reader_of(const std::vector<Digest>& all) {
  return [&all](unsigned level, std::uint64_t index) {
    const auto width = std::size_t{1} << level;
    REQUIRE((index + 1) * width <= all.size());
    return root_of({all.begin() + static_cast<long>(index * width), all.begin() + static_cast<long>((index + 1) * width)});
  };
}

Digest flipped(Digest d, unsigned byte) {
  d.bytes[byte % 32] ^= 1;
  return d;
}

}  // namespace

TEST_CASE("RFC 6962 roots of the public eight leaves") {
  const char* const inputs[] = {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const char* const roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                               "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                               "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                               "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                               "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                               "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                               "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                               "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                               "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleFrontier tree;
  for (std::size_t size = 0; size <= 8; ++size) {
    CHECK(tree.size() == size);
    CHECK(tree.root().hex() == roots[size]);
    if (size < 8) tree.append(leaf_hash(unhex(inputs[size])));
  }
}

TEST_CASE("Public inclusion and consistency vectors get their verdicts") {
  std::istringstream lines(read_data("tests/ledger/data/merkle_proofs.jsonl"));
  int count = 0, placeholders = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto v = nlohmann::json::parse(line);
    CAPTURE(v["kind"], v["source"]);
    bool whole = true;
    const auto hash = [&](const nlohmann::json& text) {
      const auto digest = Digest::from_hex(text.get<std::string>());
      whole = whole && digest;
      return digest.value_or(Digest{});
    };
    std::vector<Digest> proof;
    if (!v["proof"].is_null())
      for (const auto& p : v["proof"]) proof.push_back(hash(p));
    const bool holds = v["kind"] == "inclusion"
                           ? verify_inclusion(v["leafIdx"], v["treeSize"], hash(v["leafHash"]), proof, hash(v["root"]))
                           : verify_consistency(v["size1"], v["size2"], hash(v["root1"]), hash(v["root2"]), proof);
    if (whole)
      CHECK(holds == (v["want"] == "ok"));
    else
      ++placeholders;  // texts in place of hashes: no Digest can hold them; vectors_test.cc judges them all
  }
  CHECK(count == 196);
  CHECK(placeholders == 53);
}

TEST_CASE("Every tree up to 70 leaves: growth, inclusion proofs, and no proof survives a change") {
  const auto all = leaves(70);
  MerkleFrontier tree;
  for (std::uint64_t size = 1; size <= all.size(); ++size) {
    tree.append(all[size - 1]);
    const std::vector<Digest> part(all.begin(), all.begin() + static_cast<long>(size));
    const auto root = root_of(part);
    REQUIRE(tree.root() == root);
    const auto restored = MerkleFrontier::restore(size, tree.subtrees());
    REQUIRE(restored);
    REQUIRE(restored->root() == root);
    REQUIRE_FALSE(MerkleFrontier::restore(size ^ 1, tree.subtrees()));
    const auto read = reader_of(part);
    for (std::uint64_t index = 0; index < size; ++index) {
      CAPTURE(size, index);
      const auto proof = inclusion_proof(index, size, read);
      REQUIRE(verify_inclusion(index, size, all[index], proof, root));
      REQUIRE_FALSE(verify_inclusion(index, size, flipped(all[index], 3), proof, root));
      REQUIRE_FALSE(verify_inclusion(index, size, all[index], proof, flipped(root, 5)));
      REQUIRE_FALSE(verify_inclusion(index ^ 1, size, all[index], proof, root));
      REQUIRE_FALSE(verify_inclusion(index + size, size, all[index], proof, root));
      REQUIRE_FALSE(verify_inclusion(index, 2 * size, all[index], proof, root));
      for (std::size_t i = 0; i < proof.size(); ++i) {
        auto changed = proof;
        changed[i] = flipped(changed[i], static_cast<unsigned>(i));
        REQUIRE_FALSE(verify_inclusion(index, size, all[index], changed, root));
        changed = proof;
        changed.erase(changed.begin() + static_cast<long>(i));
        REQUIRE_FALSE(verify_inclusion(index, size, all[index], changed, root));
      }
      auto longer = proof;
      longer.push_back(root);
      REQUIRE_FALSE(verify_inclusion(index, size, all[index], longer, root));
      longer = proof;
      longer.insert(longer.begin(), all[index]);
      REQUIRE_FALSE(verify_inclusion(index, size, all[index], longer, root));
    }
  }
}

TEST_CASE("Every pair of trees up to 70 leaves: consistency proofs, and no proof survives a change") {
  const auto all = leaves(70);
  std::vector<Digest> roots{empty_root()};
  for (std::size_t size = 1; size <= all.size(); ++size) roots.push_back(root_of({all.begin(), all.begin() + static_cast<long>(size)}));
  const auto read = reader_of(all);
  for (std::uint64_t size2 = 1; size2 <= all.size(); ++size2)
    for (std::uint64_t size1 = 1; size1 <= size2; ++size1) {
      CAPTURE(size1, size2);
      const auto proof = consistency_proof(size1, size2, read);
      REQUIRE(verify_consistency(size1, size2, roots[size1], roots[size2], proof));
      REQUIRE_FALSE(verify_consistency(size1, size2, flipped(roots[size1], 1), roots[size2], proof));
      REQUIRE_FALSE(verify_consistency(size1, size2, roots[size1], flipped(roots[size2], 1), proof));
      REQUIRE_FALSE(verify_consistency(size2, size1, roots[size2], roots[size1], proof) != (size1 == size2));
      for (std::size_t i = 0; i < proof.size(); ++i) {
        auto changed = proof;
        changed[i] = flipped(changed[i], static_cast<unsigned>(i));
        REQUIRE_FALSE(verify_consistency(size1, size2, roots[size1], roots[size2], changed));
        changed = proof;
        changed.erase(changed.begin() + static_cast<long>(i));
        REQUIRE_FALSE(verify_consistency(size1, size2, roots[size1], roots[size2], changed));
      }
      auto longer = proof;
      longer.push_back(roots[size1]);
      REQUIRE_FALSE(verify_consistency(size1, size2, roots[size1], roots[size2], longer));
    }
}

TEST_CASE("Proof checks are total at the edges") {
  const auto one = leaf_hash("x");
  const std::uint64_t high = std::uint64_t{1} << 63, most = ~std::uint64_t{0};
  CHECK(verify_inclusion(0, 1, one, {}, one));
  CHECK_FALSE(verify_inclusion(0, 0, one, {}, one));
  CHECK_FALSE(verify_inclusion(0, 0, one, {}, empty_root()));
  CHECK_FALSE(verify_inclusion(1, 1, one, {}, one));
  CHECK_FALSE(verify_inclusion(most, most, one, {}, one));
  CHECK_FALSE(verify_inclusion(high, most, one, std::vector<Digest>(64, one), one));
  CHECK_FALSE(verify_inclusion(0, high, one, std::vector<Digest>(10'000, one), one));

  CHECK(verify_consistency(0, 0, empty_root(), empty_root(), {}));
  CHECK_FALSE(verify_consistency(0, 0, one, one, {}));
  CHECK(verify_consistency(0, 5, empty_root(), one, {}));
  CHECK_FALSE(verify_consistency(0, 5, one, one, {}));
  CHECK_FALSE(verify_consistency(0, 5, empty_root(), one, {one}));
  CHECK_FALSE(verify_consistency(1, 0, one, empty_root(), {}));
  CHECK_FALSE(verify_consistency(1, 2, one, one, {}));
  CHECK_FALSE(verify_consistency(high, most, one, one, std::vector<Digest>(64, one)));
  CHECK_FALSE(verify_consistency(most, high, one, one, {}));
}

TEST_CASE("A tree of 2^63 + 1 equal leaves has proofs that hold") {
  std::vector<Digest> complete{leaf_hash("same")};  // hash of the complete subtree of each level
  for (unsigned level = 1; level < 64; ++level) complete.push_back(node_hash(complete.back(), complete.back()));
  const SubtreeReader read = [&](unsigned level, std::uint64_t) { return complete.at(level); };
  const std::uint64_t half = std::uint64_t{1} << 63, size = half + 1;
  const auto root = node_hash(complete[63], complete[0]);
  for (const auto index : {std::uint64_t{0}, std::uint64_t{12345}, half - 1, half})
    CHECK(verify_inclusion(index, size, complete[0], inclusion_proof(index, size, read), root));
  CHECK(inclusion_proof(half, size, read).size() == 1);
  CHECK(verify_consistency(half, size, complete[63], root, consistency_proof(half, size, read)));
  CHECK(verify_consistency(1, size, complete[0], root, consistency_proof(1, size, read)));
}

TEST_CASE("An inner node cannot pass for a leaf") {
  const auto a = leaf_hash("a"), b = leaf_hash("b");
  const auto root = node_hash(a, b);
  std::string inner(a.view());
  inner.append(b.view());
  CHECK(leaf_hash(inner) != root);
  CHECK_FALSE(verify_inclusion(0, 1, leaf_hash(inner), {}, root));
  CHECK(root_of({a, b, b}) != root_of({a, b, b, b}));  // the last leaf is never doubled
}

TEST_CASE("Proofs from tiles are those from the definition, also when the last tile is partial") {
  const std::size_t size = 256 * 256 + 256 * 3 + 17;
  const auto all = leaves(size);
  std::map<std::pair<unsigned, std::uint64_t>, std::string> tiles;
  std::vector<Digest> row = all;
  for (unsigned level = 0; !row.empty(); ++level) {
    std::vector<Digest> next;
    for (std::size_t i = 0; i < row.size(); ++i) tiles[{level, i / tile_width}].append(row[i].view());
    for (std::size_t i = 0; i + tile_width <= row.size(); i += tile_width)
      next.push_back(root_of({row.begin() + static_cast<long>(i), row.begin() + static_cast<long>(i + tile_width)}));
    row = std::move(next);
  }
  int reads = 0;
  const auto read = subtrees_from_tiles([&](unsigned level, std::uint64_t index) {
    ++reads;
    return tiles.at({level, index});
  });
  const auto root = root_of(all);
  for (const std::uint64_t index : {0ul, 1ul, 255ul, 256ul, 65535ul, 65536ul, 66000ul, size - 1})
    CHECK(verify_inclusion(index, size, all[index], inclusion_proof(index, size, read), root));
  for (const std::uint64_t old : {1ul, 256ul, 257ul, 65536ul, 66000ul, size - 1, size})
    CHECK(verify_consistency(old, size, root_of({all.begin(), all.begin() + static_cast<long>(old)}), root,
                             consistency_proof(old, size, read)));
  const auto reads_before = reads;
  inclusion_proof(0, size, read);
  CHECK(reads == reads_before);
}

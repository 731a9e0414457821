// Ids, text, encodings, change sets and rejections.
#include <array>
#include <map>
#include <random>
#include <set>

#include "ledger/change_set.h"
#include "ledger/decimal.h"
#include "ledger/encoding.h"
#include "ledger/ids.h"
#include "ledger/rejection.h"
#include "ledger/utf8.h"
#include "tests/ledger/support.h"

using namespace daftar::ledger;

TEST_CASE("Member ids, budget lines and codes are of closed alphabets") {
  for (const auto* good : {"a", "0", "acme", "education-dept", "a-", "1234567890123456789012345678901234567890"}) CHECK(is_member_id(good));
  for (const auto* bad : {"", "-a", "Acme", "a/b", "a b", "a.b", "a_b", "\xC3\xA9", "12345678901234567890123456789012345678901"}) CHECK_FALSE(is_member_id(bad));
  CHECK_FALSE(is_member_id(std::string_view("a\0b", 3)));
  CHECK(is_budget_line_id("2026.edu.09.22.Paper-1"));
  CHECK(is_budget_line_id(std::string(64, 'x')));
  for (const auto& bad : {std::string(), std::string(65, 'x'), std::string("a_b"), std::string("a/b")}) CHECK_FALSE(is_budget_line_id(bad));
  CHECK(is_code("vat_payer"));
  CHECK(is_code("UZ"));
  CHECK(is_code(std::string(40, 'x')));
  for (const auto& bad : {std::string(), std::string(41, 'x'), std::string("a b"), std::string("a/b")}) CHECK_FALSE(is_code(bad));
}

TEST_CASE("Account names come apart and together") {
  const auto main = parse_account("acme/UZS");
  REQUIRE(main);
  CHECK((main->member == "acme" && main->currency == "UZS" && main->label.empty()));
  const auto labelled = parse_account("acme/UZS/pay-roll.2");
  REQUIRE(labelled);
  CHECK((labelled->member == "acme" && labelled->currency == "UZS" && labelled->label == "pay-roll.2"));
  for (const auto* name : {"acme/UZS", "a/PYG/x", "acme/UZS/hold.abc/"}) {
    const auto parsed = parse_account(name);
    if (parsed) CHECK(account_id(parsed->member, parsed->currency, parsed->label) == name);
  }
  CHECK(account_id("acme", "UZS") == "acme/UZS");
  CHECK(account_id("acme", "UZS", "payroll") == "acme/UZS/payroll");
  for (const auto* bad : {"", "acme", "acme/", "/UZS", "acme/uzs", "acme/UZ", "acme/UZSS", "acme/UZS/", "acme/UZS/A", "acme/UZS/a/b", "acme/UZS/a b",
                          "Acme/UZS", "acme//UZS", "acme/UZS/12345678901234567890123456789012345678901"})
    CHECK_FALSE(parse_account(bad));
}

TEST_CASE("Text for people has no characters that hide or reorder what is read") {
  CHECK(is_plain_text("", 0));
  CHECK(is_plain_text("Shartnoma № 17, o‘quv jihozlari", 140));
  CHECK(is_plain_text("договор 😀", 140));
  CHECK(is_plain_text("abc", 3));
  CHECK_FALSE(is_plain_text("abcd", 3));
  for (const auto* bad : {"a\nb", "a\tb", "\x7f", "\x1b[2J", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xAE", "\xE2\x81\xA6", "\xEF\xBB\xBF", "\xff", "\xC0\x80", "\xED\xA0\x80"})
    CHECK_FALSE(is_plain_text(bad, 140));
  CHECK_FALSE(is_plain_text(std::string_view("\0", 1), 140));
}

TEST_CASE("UTF-8 is what encodes a code point in its shortest form") {
  for (char32_t c = 0; c < 0x110000; c += c < 0x3000 ? 1 : 61) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    if (c < 0x80) text = {static_cast<char>(c)};
    else if (c < 0x800) text = {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    else if (c < 0x10000) text = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    else text = {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)), static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    REQUIRE(is_utf8("seven.." + text));
    std::string_view view = text;
    REQUIRE(take_code_point(view) == c);
    REQUIRE(view.empty());
    if (text.size() > 1) REQUIRE_FALSE(is_utf8(text.substr(0, text.size() - 1)));
  }
}

TEST_CASE("What a Writer wrote a Reader reads, and nothing past the end") {
  Writer out;
  out.u8(0xAB);
  out.u16(0x0102);
  out.u32(0x03040506);
  out.u64(0x0708090A0B0C0D0E);
  out.i64(-2);
  out.boolean(true);
  out.boolean(false);
  out.bytes("text");
  out.bytes("");
  out.raw("raw");
  CHECK(to_hex(out.str()) == "ab0102030405060708090a0b0c0d0efffffffffffffffe01000000000474657874" "00000000726177");
  const auto whole = out.take();
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    Reader in(std::string_view(whole).substr(0, size));
    const auto a = in.u8();
    const auto b = in.u16();
    const auto c = in.u32();
    const auto d = in.u64();
    const auto e = in.i64();
    const auto f = in.boolean(), g = in.boolean();
    const auto h = in.bytes(), i = in.bytes(), j = in.raw(3);
    CHECK(in.done() == (size == whole.size()));
    if (!in.done()) continue;
    CHECK((a == 0xAB && b == 0x0102 && c == 0x03040506 && d == 0x0708090A0B0C0D0E && e == -2 && f && !g));
    CHECK((h == "text" && i.empty() && j == "raw"));
  }
  Reader longer(whole + "x");
  CHECK(longer.raw(whole.size()).size() == whole.size());
  CHECK((longer.ok() && !longer.done() && longer.left() == 1));
  Reader not_boolean("\x02");
  CHECK_FALSE(not_boolean.boolean());
  CHECK_FALSE(not_boolean.ok());
  Reader huge("\xff\xff\xff\xff" "abc");
  CHECK(huge.bytes().empty());
  CHECK_FALSE(huge.ok());
  CHECK(huge.u8() == 0);
}

TEST_CASE("Counts in texts have one form") {
  CHECK(parse_canonical_decimal("0") == 0);
  CHECK(parse_canonical_decimal("18446744073709551615") == ~std::uint64_t{0});
  for (const auto* bad : {"", "00", "01", "+1", "-1", "1 ", " 1", "18446744073709551616", "1e3", "0x1", "\xD9\xA1"}) CHECK_FALSE(parse_canonical_decimal(bad));
}

namespace {

/// The plain model: a map.
class MapView final : public StateView {
 public:
  std::map<std::string, std::string, std::less<>> values;
  std::optional<std::string> get(std::string_view key) const override {
    const auto found = values.find(key);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
  void scan(std::string_view from, std::string_view to, const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    if (from >= to) return;
    for (auto it = values.lower_bound(from); it != values.end() && it->first < to; ++it)
      if (!visit(it->first, it->second)) return;
  }
};

void apply(MapView& view, const ChangeSet& changes) {
  for (const auto& [key, value] : changes.writes()) {
    if (value)
      view.values[key] = *value;
    else
      view.values.erase(key);
  }
}

std::vector<std::string> listed(const StateView& view, std::string_view from, std::string_view to, std::size_t most) {
  std::vector<std::string> out;
  view.scan(from, to, [&](std::string_view key, std::string_view value) {
    out.push_back(std::string(key) + "=" + std::string(value));
    return out.size() < most;
  });
  return out;
}

}  // namespace

TEST_CASE("An overlay reads as if its changes had been made, and merged changes as if made in turn") {
  std::mt19937_64 random(daftar::ledger::testing::seed());
  CAPTURE(daftar::ledger::testing::seed());
  const auto key = [&] { return std::string(1, static_cast<char>('a' + random() % 12)) + std::string(random() % 2, static_cast<char>(random() % 3 + 254)); };
  for (int round = 0; round < 2000; ++round) {
    MapView below;
    for (int i = 0; i < 8; ++i) below.values[key()] = "below" + std::to_string(i);
    std::array<ChangeSet, 2> sets;
    for (auto& set : sets)   // small ones are looked through, larger ones hashed
      for (std::uint64_t i = random() % 2 == 0 ? 5 : random() % 80; i > 0; --i) {
        if (random() % 3 == 0)
          set.erase(key());
        else
          set.put(key(), std::to_string(random() % 100));
      }
    MapView expected = below;
    apply(expected, sets[0]);
    apply(expected, sets[1]);
    ChangeSet merged = sets[0];
    merged.merge(ChangeSet(sets[1]));
    const Overlay first(below, sets[0]), nested(first, sets[1]), flat(below, merged);
    for (const StateView* view : {static_cast<const StateView*>(&nested), static_cast<const StateView*>(&flat)}) {
      const auto probe = key(), from = key(), to = key();
      REQUIRE(view->get(probe) == expected.get(probe));
      for (const std::size_t most : {1u, 3u, 100u}) REQUIRE(listed(*view, from, to, most) == listed(expected, from, to, most));
      const auto& writes = merged.writes();
      REQUIRE(std::is_sorted(writes.begin(), writes.end(), [](const auto& a, const auto& b) { return a.first < b.first; }));
      const auto least = std::find_if(writes.begin(), writes.end(), [&](const auto& write) { return write.first >= from && write.first < to; });
      REQUIRE(merged.first_key(from, to) == (least == writes.end() ? std::nullopt : std::optional<std::string_view>(least->first)));
    }
  }
}

TEST_CASE("A change set tells a removal from silence") {
  ChangeSet set;
  CHECK(set.empty());
  set.put("a", "1");
  set.erase("b");
  REQUIRE(set.find("a"));
  CHECK(*set.find("a") == "1");
  REQUIRE(set.find("b"));
  CHECK_FALSE(set.find("b")->has_value());
  CHECK(set.find("c") == nullptr);
  set.erase("a");
  CHECK_FALSE(set.find("a")->has_value());
  ChangeSet later;
  later.put("a", "2");
  set.merge(std::move(later));
  CHECK(*set.find("a") == "2");
  CHECK(set.writes().size() == 2);
  set.clear();
  CHECK(set.empty());
}

TEST_CASE("Every rejection code has a name of its own, a sentence and advice") {
  std::set<std::string_view> names;
  int count = 0;
  for (int number = 0; number < 1000; ++number) {
    if (!is_rejection_code(static_cast<std::uint16_t>(number))) continue;
    ++count;
    const auto code = static_cast<RejectionCode>(number);
    CAPTURE(number);
    CHECK(names.insert(name(code)).second);
    CHECK(is_code(name(code)));
    CHECK(sentence(code).ends_with('.'));
    CHECK(advice(code).ends_with('.'));
  }
  CHECK(count == 123);
  CHECK(name(RejectionCode::overdraft) == "overdraft");
  CHECK_FALSE(is_rejection_code(999));
}

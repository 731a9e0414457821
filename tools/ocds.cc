#include "tools/ocds.h"

#include <algorithm>

#include "ledger/hash.h"
#include "ledger/ids.h"
#include "ledger/money.h"
#include "ledger/utf8.h"
#include "tools/decimal_json.h"
#include "tools/files.h"
#include "tools/genesis_compiler.h"
#include "tools/wallet.h"

namespace daftar::tools {
namespace fs = std::filesystem;

namespace {

struct FieldFault {
  std::string field, sentence;
};

/// A value and where it stands.
class Field {
 public:
  Field(const JsonValue& value, std::string path) : value_(&value), path_(std::move(path)) {}
  const std::string& path() const { return path_; }

  std::optional<Field> find(const std::string& name) const {
    if (value_->kind != JsonValue::Kind::object) wrong("must be an object, not " + std::string(tools::name(value_->kind)));
    const JsonValue* found = value_->find(name);
    if (found == nullptr || found->kind == JsonValue::Kind::null) return std::nullopt;
    return Field(*found, below(name));
  }
  Field at(const std::string& name) const {
    auto found = find(name);
    if (!found) throw FieldFault{below(name), "is missing"};
    return *found;
  }
  std::vector<Field> list() const {
    if (value_->kind != JsonValue::Kind::array) wrong("must be a list, not " + std::string(tools::name(value_->kind)));
    std::vector<Field> out;
    for (std::size_t i = 0; i < value_->elements.size(); ++i) out.emplace_back(value_->elements[i], path_ + "[" + std::to_string(i) + "]");
    return out;
  }
  bool is_list() const { return value_->kind == JsonValue::Kind::array; }
  std::string text(std::size_t bytes_max = 4096) const {
    if (value_->kind != JsonValue::Kind::string) wrong("must be a text, not " + std::string(tools::name(value_->kind)));
    if (!ledger::is_plain_text(value_->text, bytes_max)) wrong("is longer than " + std::to_string(bytes_max) + " bytes or holds control characters");
    return value_->text;
  }
  std::string optional_text(const std::string& name) const {
    const auto found = find(name);
    return found ? found->text() : std::string();
  }
  std::int64_t decimal(int decimals) const {
    if (value_->kind != JsonValue::Kind::number) wrong("must be a number, not " + std::string(tools::name(value_->kind)));
    const auto parsed = ledger::parse_decimal(value_->text, decimals);
    if (!parsed) wrong("cannot be " + value_->text + " with " + std::to_string(decimals) + " decimals: " + std::string(ledger::describe(parsed.error())));
    return *parsed;
  }
  [[noreturn]] void wrong(const std::string& why) const { throw FieldFault{path_, why}; }

 private:
  std::string below(const std::string& name) const {
    return path_.empty() || path_.back() == ' ' ? path_ + name : path_ + "." + name;  // a file name ends in ": "
  }
  const JsonValue* value_;
  std::string path_;
};

struct Money {
  std::int64_t amount;
  std::string currency, field;
};

Money read_money(const Field& field, const std::string& expected_currency = {}) {
  const Field currency_field = field.at("currency");
  const std::string currency = currency_field.text();
  const auto decimals = ledger::currency_decimals(currency);
  if (!decimals) currency_field.wrong("'" + currency + "' is no ISO 4217 currency");
  if (!expected_currency.empty() && currency != expected_currency)
    currency_field.wrong("is " + currency + " where the contract is in " + expected_currency);
  const Field amount = field.at("amount");
  const std::int64_t value = amount.decimal(*decimals);
  if (value < 0) amount.wrong("is negative");
  return {value, currency, amount.path()};
}

/// At most `bytes_max` bytes, cut between code points.
std::string shorten(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

constexpr int quantity_decimals = 6;
constexpr std::int64_t quantity_unit = 1'000'000;

OcdsMilestone read_item(const Field& item, const std::string& currency) {
  const Field quantity_field = item.at("quantity");
  const std::int64_t quantity = quantity_field.decimal(quantity_decimals);
  if (quantity <= 0) quantity_field.wrong("must be more than 0");
  const Field unit = item.at("unit");
  const Money unit_value = read_money(unit.at("value"), currency);
  const ledger::Int128 product = static_cast<ledger::Int128>(quantity) * unit_value.amount;
  if (product % quantity_unit != 0) quantity_field.wrong("times unit.value.amount is no whole number of the currency's minor unit");
  const auto price = ledger::narrow(product / quantity_unit);
  if (!price || *price <= 0) quantity_field.wrong("times unit.value.amount is beyond what an amount can be, or 0");
  std::string count = ledger::format_decimal(quantity, quantity_decimals);
  while (count.back() == '0') count.pop_back();
  if (count.back() == '.') count.pop_back();
  const std::string unit_name = unit.optional_text("name");
  const std::string suffix = ", " + count + (unit_name.empty() ? "" : " " + shorten(unit_name, 30)) + " × " + money_text(unit_value.amount, currency);
  const Field description = item.at("description");
  return {shorten(description.text(), 140 - suffix.size()) + suffix, *price, item.path()};
}

OcdsParty read_party(const Field& party, const std::optional<Field>& parties) {
  OcdsParty out;
  const Field name_field = party.at("name");
  out.name = shorten(name_field.text(), 200);
  auto identifier = party.find("identifier");
  if (!identifier && parties)  // OCDS 1.1: details stand in parties[], found by id
    if (const auto id = party.find("id"))
      for (const Field& other : parties->list())
        if (other.optional_text("id") == id->text()) identifier = other.find("identifier");
  if (identifier) {
    out.scheme = identifier->optional_text("scheme");
    out.identifier = identifier->optional_text("id");
  }
  out.member_id = member_id_of(out.name);
  if (out.member_id.empty()) name_field.wrong("gives no member id");
  return out;
}

struct Source {
  JsonValue document;
  std::string digest;
  std::string prefix;   // file name when there are several
};

/// The releases of a document in order, each with its path.
std::vector<Field> releases_of(const Source& source) {
  const Field root(source.document, source.prefix);
  if (const auto records = root.find("records")) {
    std::vector<Field> out;
    for (const Field& record : records->list()) {
      if (auto compiled = record.find("compiledRelease")) out.push_back(*compiled);
      else
        for (const Field& release : record.at("releases").list()) out.push_back(release);
    }
    return out;
  }
  if (const auto releases = root.find("releases")) return releases->list();
  if (root.find("ocid")) return {root};
  throw FieldFault{source.prefix.empty() ? "(top level)" : source.prefix, "is no record package (records), release package (releases) or release (ocid)"};
}

struct Sections {
  std::optional<Field> planning, buyer, parties, awards, contract;
  std::string ocid, contract_digest;
  std::vector<std::string> contract_ids;
};

Sections gather(const std::vector<Source>& sources, const std::string& contract_id) {
  Sections s;
  for (const Source& source : sources)
    for (const Field& release : releases_of(source)) {
      const std::string ocid = release.at("ocid").text(200);
      if (s.ocid.empty()) s.ocid = ocid;
      if (ocid != s.ocid) release.at("ocid").wrong("is " + ocid + ", another process than " + s.ocid + "; import one process at a time");
      for (auto [name, place] : {std::pair{"planning", &s.planning}, {"buyer", &s.buyer}, {"parties", &s.parties}, {"awards", &s.awards}})
        if (auto found = release.find(name)) *place = found;
      // Some publishers name the buyer only as the procuring entity of the tender.
      if (!s.buyer)
        if (const auto tender = release.find("tender")) s.buyer = tender->find("procuringEntity");
      if (const auto contracts = release.find("contracts"))
        for (const Field& contract : contracts->list()) {
          const std::string id = contract.at("id").text(200);
          if (!contract_id.empty() && id != contract_id) continue;
          if (std::find(s.contract_ids.begin(), s.contract_ids.end(), id) == s.contract_ids.end()) s.contract_ids.push_back(id);
          s.contract = contract;
          s.contract_digest = source.digest;
        }
    }
  if (!s.contract) throw FieldFault{"contracts", contract_id.empty() ? "is missing: there is no contract in this process" : "holds no contract " + contract_id};
  if (s.contract_ids.size() > 1) {
    std::string all;
    for (const std::string& id : s.contract_ids) all += (all.empty() ? "" : ", ") + id;
    throw FieldFault{"contracts", "holds several contracts (" + all + "): say which with --contract-id"};
  }
  return s;
}

std::optional<Field> award_of(const Sections& s) {
  if (!s.awards) return std::nullopt;
  const auto wanted = s.contract->find("awardID");
  const auto awards = s.awards->list();
  for (const Field& award : awards)
    if (wanted && award.at("id").text() == wanted->text()) return award;
  if (wanted) wanted->wrong("names award " + wanted->text() + ", which is not there");
  return awards.size() == 1 ? std::optional(awards[0]) : std::nullopt;
}

Field supplier_of(const Sections& s, const std::optional<Field>& award) {
  if (award)
    if (const auto suppliers = award->find("suppliers")) {
      const auto list = suppliers->list();
      if (list.size() != 1) suppliers->wrong("names " + std::to_string(list.size()) + " suppliers; a contract on the ledger has one provider");
      return list[0];
    }
  const Field own = s.contract->at("suppliers");  // an extension of some publishers: an object or a list of one
  if (!own.is_list()) return own;
  const auto list = own.list();
  if (list.size() != 1) own.wrong("names " + std::to_string(list.size()) + " suppliers; a contract on the ledger has one provider");
  return list[0];
}

OcdsPlan make_plan(const Sections& s) {
  OcdsPlan plan;
  plan.ocid = s.ocid;
  const Field& contract = *s.contract;
  plan.contract_id = contract.at("id").text(200);
  plan.text_digest = s.contract_digest;
  const Money value = read_money(contract.at("value"));
  plan.value = value.amount;
  plan.currency = value.currency;
  const auto award = award_of(s);
  plan.title = contract.optional_text("title");
  if (plan.title.empty() && award) plan.title = award->optional_text("title");
  if (plan.title.empty()) plan.title = plan.contract_id;
  plan.title = shorten(plan.title, 200);

  ledger::Int128 sum = 0;
  if (const auto items = contract.find("items"))
    for (const Field& item : items->list()) {
      plan.milestones.push_back(read_item(item, plan.currency));
      sum += plan.milestones.back().price;
    }
  if (plan.milestones.empty()) {
    plan.milestones.push_back({shorten(plan.title, 140), plan.value, value.field});
    sum = plan.value;
  }
  const auto narrow = ledger::narrow(sum);
  if (!narrow) contract.at("items").wrong("sum to more than an amount can be");
  plan.items_sum = *narrow;
  plan.compared = {{value.field, plan.value}, {contract.path() + ".items[].quantity × unit.value.amount, summed", plan.items_sum}};
  if (award)
    if (const auto award_value = award->find("value")) {
      const Money money = read_money(*award_value, plan.currency);
      plan.compared.push_back({money.field, money.amount});
    }

  if (s.planning)
    if (const auto budget = s.planning->find("budget")) {
      plan.budget_title = shorten(budget->optional_text("description"), 200);
      if (const auto amount = budget->find("amount")) {
        const Money money = read_money(*amount, plan.currency);
        plan.budget = money.amount;
        plan.budget_field = money.field;
      }
    }
  if (plan.budget_title.empty()) plan.budget_title = plan.title;

  if (!s.buyer) throw FieldFault{"buyer", "is missing"};
  plan.buyer = read_party(*s.buyer, s.parties);
  plan.supplier = read_party(supplier_of(s, award), s.parties);
  if (plan.buyer.member_id == plan.supplier.member_id) s.buyer->wrong("and the supplier would have the same member id " + plan.buyer.member_id);

  const auto time_of = [](const Field& field) {
    const auto ms = rfc3339_to_ms(field.text());
    if (!ms) field.wrong("'" + field.text() + "' is no date and time of RFC 3339");
    return *ms;
  };
  const auto period = contract.find("period");
  if (period)
    if (const auto end = period->find("endDate")) plan.due_ms = time_of(*end);
  std::optional<Field> begin = contract.find("dateSigned");
  if (!begin && period) begin = period->find("startDate");
  if (begin) plan.year = static_cast<std::uint32_t>(std::stoul(ms_to_utc(time_of(*begin)).substr(0, 4)));
  return plan;
}

}  // namespace

Result<OcdsPlan> read_ocds(const std::vector<fs::path>& files, const std::string& contract_id) {
  std::vector<Source> sources;
  for (const fs::path& file : files) {
    auto text = read_file(file, JsonLimits{}.bytes_max);
    if (!text) return Unexpected<ToolError>(text.error());
    auto document = parse_decimal_json(*text);
    if (!document) return failure(Exit::usage, "ocds_json", file.string() + ": " + document.error() + ".", "The file is not usable as it is; fetch it again.");
    sources.push_back({std::move(*document), std::string(ledger::sha256(*text).view()), files.size() > 1 ? file.filename().string() + ": " : ""});
  }
  try {
    return make_plan(gather(sources, contract_id));
  } catch (const FieldFault& fault) {
    return failure(Exit::usage, "ocds_field", fault.field + ": " + fault.sentence + ".", "Nothing was imported. Correct the file, or ask its publisher.");
  }
}

Result<void> settle_difference(OcdsPlan& plan, Difference difference) {
  const std::int64_t gap = plan.difference();
  if (gap == 0) return {};
  if (difference == Difference::refuse) {
    std::string sentence = "The amounts differ by " + money_text(gap < 0 ? -gap : gap, plan.currency) + ":";
    for (const auto& compared : plan.compared) sentence += " " + compared.field + " is " + money_text(compared.amount, plan.currency) + ";";
    sentence.back() = '.';
    return failure(Exit::usage, "ocds_difference", sentence,
                   "Say what the difference is: --difference last-item puts it into the last item, --difference separate-milestone makes it a milestone of its own.");
  }
  if (difference == Difference::last_item) {
    const auto price = ledger::checked_add(plan.milestones.back().price, gap);
    if (!price || *price <= 0)
      return failure(Exit::usage, "ocds_difference", "The last item (" + plan.milestones.back().field + ") cannot take a difference of " + money_text(gap, plan.currency) + ".");
    plan.milestones.back().price = *price;
  } else {
    if (gap < 0)
      return failure(Exit::usage, "ocds_difference", "The items sum to more than the contract's value; a milestone cannot be negative.",
                     "Use --difference last-item.");
    plan.milestones.push_back({"Difference between the contract's value and its items", gap, plan.compared[0].field});
  }
  plan.items_sum = plan.value;
  return {};
}

namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out + "\"";
}

}  // namespace

Result<std::string> contract_text(const OcdsPlan& plan, const OcdsTerms& terms) {
  const std::uint64_t due = terms.due_ms != 0 ? terms.due_ms : plan.due_ms;
  if (due == 0) return failure(Exit::usage, "ocds_due", "The contract states no period.endDate.", "Say when the items are due with --due.");
  if (plan.milestones.size() > 64)
    return failure(Exit::usage, "ocds_items", "The contract has " + std::to_string(plan.milestones.size()) + " items; a contract on the ledger has at most 64 lots.");
  const auto decimals = *ledger::currency_decimals(plan.currency);
  std::string out = "template = \"supply/2\"\ncurrency = " + in_quotes(plan.currency) + "\n\n[parties]\nbuyer = " + in_quotes(plan.buyer.member_id) +
                    "\nsupplier = " + in_quotes(plan.supplier.member_id) + "\n\n[budget_lines]\nbuyer = " + in_quotes(terms.budget_line) +
                    "\n\n[terms]\nsubject = " + in_quotes(shorten(plan.title, 200)) + "\noffer_until = " + in_quotes(ms_to_utc(terms.offer_until_ms)) +
                    "\nlate_rate = \"0%\"\nlate_cap = \"0%\"\ngrace = \"365d\"\nannex = " + in_quotes(ledger::to_hex(plan.text_digest)) +
                    "\nknown_as = " + in_quotes(shorten(plan.ocid + " " + plan.contract_id, 140)) + "\n";
  for (const OcdsMilestone& item : plan.milestones)
    out += "\n[[lots]]\nwhat = " + in_quotes(item.title) + "\nprice = " + in_quotes(ledger::format_decimal(item.price, decimals)) + "\ndue = " + in_quotes(ms_to_utc(due)) + "\n";
  return out;
}

std::optional<std::uint64_t> rfc3339_to_ms(std::string_view text) {
  if (text.size() == 10) {
    const auto day = utc_to_ms(text);
    return day ? std::optional(*day) : std::nullopt;
  }
  if (text.size() < 20) return std::nullopt;
  std::size_t zone = 19;
  if (text[zone] == '.')
    for (++zone; zone < text.size() && text[zone] >= '0' && text[zone] <= '9';) ++zone;
  const auto local = utc_to_ms(std::string(text.substr(0, 19)) + "Z");
  if (!local || zone >= text.size()) return std::nullopt;
  if (text.substr(zone) == "Z") return *local;
  const std::string_view offset = text.substr(zone);
  if (offset.size() != 6 || (offset[0] != '+' && offset[0] != '-') || offset[3] != ':') return std::nullopt;
  for (const std::size_t i : {1, 2, 4, 5})
    if (offset[i] < '0' || offset[i] > '9') return std::nullopt;
  const std::uint64_t minutes = static_cast<std::uint64_t>((offset[1] - '0') * 10 + offset[2] - '0') * 60 + static_cast<std::uint64_t>((offset[4] - '0') * 10 + offset[5] - '0');
  const std::uint64_t shift = minutes * 60'000;
  if (offset[0] == '+' && *local < shift) return std::nullopt;
  return offset[0] == '+' ? *local - shift : *local + shift;
}

std::string member_id_of(std::string_view name) {
  if (const auto open = name.rfind('('), close = name.rfind(')'); open != std::string_view::npos && close != std::string_view::npos && open + 3 <= close)
    if (std::string inner = member_id_of(name.substr(open + 1, close - open - 1)); inner.size() >= 2) return inner;
  static constexpr std::string_view plain = "aaaaaaaceeeeiiiidnooooo-ouuuuy-saaaaaaaceeeeiiiidnooooo-ouuuuy-y";  // U+00C0 to U+00FF
  std::string out;
  for (std::string_view rest = name; !rest.empty() && out.size() < 40;) {
    const auto point = ledger::take_code_point(rest);
    if (!point) break;
    char c = '-';
    if (*point >= 'A' && *point <= 'Z') c = static_cast<char>(*point - 'A' + 'a');
    else if ((*point >= 'a' && *point <= 'z') || (*point >= '0' && *point <= '9')) c = static_cast<char>(*point);
    else if (*point >= 0xC0 && *point <= 0xFF) c = plain[*point - 0xC0];
    if (c == '-' && (out.empty() || out.back() == '-')) continue;
    out += c;
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out;
}

}  // namespace daftar::tools

#include "tools/contract_file.h"

#include <charconv>

#include "ledger/hash.h"
#include "ledger/money.h"
#include "tools/files.h"
#include "tools/genesis_compiler.h"
#include "tools/toml_table.h"
#include "tools/wallet.h"

namespace daftar::tools {
namespace fs = std::filesystem;
using std::chrono::milliseconds;

Result<std::string> file_digest(const fs::path& file) {
  auto content = read_file(file, 256u << 20);
  if (!content) return content;
  return std::string(ledger::sha256(*content).view());
}

Result<std::int64_t> parse_amount(const std::string& text, const std::string& currency) {
  const auto decimals = ledger::currency_decimals(currency);
  if (!decimals) return failure(Exit::usage, "currency_unknown", "'" + currency + "' is no ISO 4217 currency.");
  const auto amount = ledger::parse_decimal(text, *decimals);
  if (!amount)
    return failure(Exit::usage, "amount", "'" + text + "' is no amount of " + currency + ": " + std::string(ledger::describe(amount.error())) + ".",
                   currency + " has " + std::to_string(*decimals) + " decimals; write 1234.5, without spaces.");
  return *amount;
}

Result<milliseconds> parse_duration(const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, number);
  const std::string unit(after, end);
  std::uint64_t factor = 0;
  if (unit == "s") factor = 1000;
  if (unit == "m") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (unit == "d") factor = 86'400'000;
  if (error != std::errc() || factor == 0 || number > 100'000'000)
    return failure(Exit::usage, "duration", "'" + text + "' is no span of time.", "Write 90s, 15m, 12h or 30d.");
  return milliseconds(number * factor);
}

Result<std::uint64_t> parse_time(const std::string& text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    auto span = parse_duration(text.substr(1));
    if (!span) return Unexpected<ToolError>(span.error());
    const auto ms = static_cast<std::uint64_t>(span->count());
    return text[0] == '+' ? now_ms() + ms : now_ms() - std::min(ms, now_ms());
  }
  return utc_to_ms(text);
}

namespace {

std::uint32_t percent_of(Table& table, std::string_view key) {
  const std::string text = table.text(key);
  if (text.empty()) return 0;
  const auto ppm = percent_to_ppm(text);
  if (!ppm) table.wrong(key, "is no percentage: " + ppm.error().sentence);
  return *ppm;
}
std::uint64_t time_of(Table& table, std::string_view key) {
  const std::string text = table.text(key, true);
  const auto ms = parse_time(text);
  if (!ms) table.wrong(key, "is no time: " + ms.error().sentence);
  return *ms;
}
std::uint32_t days_of(Table& table, std::string_view key) { return static_cast<std::uint32_t>(table.number(key, 0, 0, 1'000'000)); }

ledger::proto::DraftContract read_contract(const fs::path& file) {
  const toml::table parsed = parse_toml(file);
  Table table(file.string(), "", parsed);
  ledger::proto::DraftContract d;
  d.set_template_(table.text("template", true));
  d.set_title(table.text("title", true));
  d.set_customer(table.text("customer", true));
  d.set_provider(table.text("provider", true));
  d.set_arbiter(table.text("arbiter"));
  d.set_currency(table.text("currency", true));
  if (!ledger::currency_decimals(d.currency())) table.wrong("currency", "is no ISO 4217 currency");
  for (Table& milestone : table.tables("milestones")) {
    auto& m = *d.add_milestones();
    m.set_title(milestone.text("title", true));
    const auto price = parse_amount(milestone.text("price", true), d.currency());
    if (!price) milestone.wrong("price", "cannot be read: " + price.error().sentence);
    m.set_price(*price);
    m.set_due_ms(time_of(milestone, "due"));
    milestone.finish();
  }
  d.set_category(table.text("category", true));
  d.set_provider_account(table.text("provider_account"));
  d.set_budget_line(table.text("budget_line"));
  d.set_customer_account(table.text("customer_account"));
  d.set_offer_until_ms(time_of(table, "offer_until"));
  d.set_late_penalty_ppm_per_day(percent_of(table, "late_penalty_per_day"));
  d.set_late_penalty_cap_ppm(percent_of(table, "late_penalty_cap"));
  d.set_acceptance_days(days_of(table, "acceptance_days"));
  d.set_delivery_grace_days(days_of(table, "delivery_grace_days"));
  d.set_arbitration_days(days_of(table, "arbitration_days"));
  const std::string text_file = table.text("text_file"), text_digest = table.text("text_digest");
  if (text_file.empty() == text_digest.empty()) throw Fault{file.string() + ": exactly one of 'text_file' and 'text_digest' is needed."};
  if (!text_file.empty()) {
    const auto digest = file_digest(file.parent_path() / text_file);
    if (!digest) table.wrong("text_file", "cannot be read: " + digest.error().sentence);
    d.set_text_digest(*digest);
  } else {
    const auto raw = ledger::from_hex(text_digest);
    if (!raw || raw->size() != 32) table.wrong("text_digest", "has not 64 hexadecimal digits");
    d.set_text_digest(*raw);
  }
  d.set_external_id(table.text("external_id"));
  table.finish();
  return d;
}

}  // namespace

Result<ledger::proto::DraftContract> read_contract_file(const fs::path& file) {
  try {
    return read_contract(file);
  } catch (const Fault& fault) {
    return failure(Exit::usage, "contract_file", fault.sentence, "`daftar contract draft --help` shows a whole file.");
  }
}

}  // namespace daftar::tools

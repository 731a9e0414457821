#include "tools/values.h"

#include <charconv>

#include "ledger/hash.h"
#include "ledger/money.h"
#include "tools/clock.h"
#include "tools/files.h"
#include "tools/genesis_compiler.h"

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

}  // namespace daftar::tools

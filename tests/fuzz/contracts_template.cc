// A template's text: any bytes give faults or a judgement, twice the same; what can be parsed is formatted once and for all.
#include "contracts/language/formatter.h"
#include "contracts/language/judgement.h"
#include "ledger/check.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace daftar::contracts::language;
  const std::string source(reinterpret_cast<const char*>(data), size);
  const auto parsed = parse(source);
  if (parsed) {
    const std::string once = formatted(*parsed);
    const auto again = parse(once);
    DAFTAR_CHECK(again.has_value() && formatted(*again) == once && again->tokens.size() == parsed->tokens.size());
  }
  const auto first = judge(source), second = judge(source);
  DAFTAR_CHECK(in_words("t", first) == in_words("t", second));
  DAFTAR_CHECK((first.standing == Judgement::Standing::holds) == first.remarks.empty());
  return 0;
}

// The words of a contract: its clauses with the terms filled in. Plain substitution, the same on every machine: no locale, no plural forms.
#pragma once
#include "contracts/language/instance.h"

namespace daftar::contracts::language {

/// What the words need and the terms do not say.
struct Filling {
  std::vector<std::string> parties;    // names as they shall read, in the order of the program; empty: not given
  std::string currency;                // ISO 4217
  int decimals = 2;                    // of the currency
};

struct Paragraph {
  std::string clause, text;
};

/// In one of the program's languages. A clause `each` gives a paragraph for every entry; what is not given reads "—".
std::vector<Paragraph> render(const Program& program, const Instance& instance, const Filling& filling, std::string_view language);

/// One value as it reads: "1 200 000.00 UZS", "2026-03-01", "2026-03-01 14:30 UTC", "0.4%", "14 days". Dates are UTC.
std::string in_words(const Type& type, const Value& value, const Filling& filling, std::string_view language);

}  // namespace daftar::contracts::language

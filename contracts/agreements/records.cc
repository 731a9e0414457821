#include "contracts/agreements/records.h"

#include <algorithm>

namespace daftar::contracts::agreements {

bool AgreementParty::pays_from(std::string_view line) const {
  return budget_line == line || std::any_of(later_lines.begin(), later_lines.end(), [&](const LaterLine& later) { return later.line == line; });
}

const std::string& AgreementParty::line_of(std::uint32_t year) const {
  const std::string* line = &budget_line;
  for (const LaterLine& later : later_lines)
    if (later.year <= year) line = &later.line;
  return *line;
}

const AgreementParty* Agreement::public_party() const {
  const auto found = std::find_if(parties.begin(), parties.end(), [](const AgreementParty& party) { return party.is_public(); });
  return found == parties.end() ? nullptr : &*found;
}

bool has_ended(const Agreement& agreement, const language::Program& program, const language::Instance& instance) {
  return agreement.is_replaced() || program.is_end(instance.phase);
}

std::string_view name(ClaimStage stage) {
  switch (stage) {
    case ClaimStage::due: return "due";
    case ClaimStage::ordered: return "ordered";
    case ClaimStage::paid: return "paid";
  }
  return "?";
}

}  // namespace daftar::contracts::agreements

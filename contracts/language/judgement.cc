#include "contracts/language/judgement.h"

#include <algorithm>

#include "contracts/language/parser.h"
#include "contracts/language/type_checker.h"

namespace daftar::contracts::language {
namespace {

std::string counted(std::size_t count, const std::string& what) { return std::to_string(count) + " " + what + (count == 1 ? "" : "s"); }

}  // namespace

Judgement judge(std::string_view source) {
  Judgement out;
  const auto parsed = parse(source);
  if (!parsed) {
    out.remarks.push_back({"syntax", parsed.error().place, parsed.error().sentence, {}});
    return out;
  }
  out.title = parsed->tree.name + "/" + std::to_string(parsed->tree.version);
  for (const Fault& fault : type_faults(parsed->tree)) out.remarks.push_back({"type", fault.place, fault.sentence, {}});
  if (!out.remarks.empty()) return out;
  out.verdict = check(parsed->tree);
  for (const Finding& finding : out.verdict.findings) out.remarks.push_back({std::string(name(finding.property)), finding.place, finding.sentence, finding.story});
  out.standing = out.verdict.accepted() ? Judgement::Standing::holds : Judgement::Standing::refused;
  return out;
}

std::vector<std::string> in_words(std::string_view file, const Judgement& judgement) {
  std::vector<std::string> out;
  for (const Judgement::Remark& remark : judgement.remarks) {
    out.push_back(std::string(file) + ":" + std::to_string(remark.place.line) + ":" + std::to_string(remark.place.column) + ": " + remark.kind + ": " + remark.sentence);
    for (std::size_t i = 0; i < remark.story.size(); ++i) out.push_back("  " + std::to_string(i + 1) + ". " + remark.story[i]);
  }
  if (judgement.standing != Judgement::Standing::holds) return out;
  const Verdict& verdict = judgement.verdict;
  const auto dearest = std::max_element(verdict.costs.begin(), verdict.costs.end(), [](const ActionCost& a, const ActionCost& b) { return a.units < b.units; });
  out.push_back(std::string(file) + ": " + judgement.title + " holds: " + counted(verdict.states, "state") + ", " + counted(verdict.arrangements, "arrangement") + " of the terms" +
                (dearest == verdict.costs.end() ? "" : ", the dearest act is " + dearest->name + " at " + counted(dearest->units, "unit")));
  return out;
}

}  // namespace daftar::contracts::language

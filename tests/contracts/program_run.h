// A compiled template carried out by the interpreter beside the slow, plain execution of template_run.h, with the same terms: for tests that want both to agree.
#pragma once
#include "contracts/language/interpreter.h"
#include "template_run.h"

namespace daftar::contracts::test {

/// Counts what a program asks of the ledger; refuses nothing.
class CountingVerbs : public language::Verbs {
 public:
  explicit CountingVerbs(const language::Program& program) : program_(&program) {}
  language::Result hold(std::uint16_t, ledger::MinorUnits amount) override;
  language::Result pay(std::uint16_t from, std::uint16_t to, ledger::MinorUnits amount, std::string_view category) override;
  language::Result give_back(std::uint16_t party, ledger::MinorUnits amount) override;

  std::map<std::string, std::int64_t> received;    // by party
  std::map<std::string, std::int64_t> by_category;
  std::int64_t taken_in = 0;
  void take(CountingVerbs other) {
    received = std::move(other.received);
    by_category = std::move(other.by_category);
    taken_in = other.taken_in;
  }

 private:
  const language::Program* program_;
};

/// A number as the plain execution has it, for the interpreter: a document is told by its first eight bytes.
language::Value of_plain(const language::Type& type, std::int64_t number);
/// The same of a seal: what parameter `name` seals stands beside it in `parameters`, as "name:price".
std::optional<ledger::Digest> seal_in(const language::Program& program, const std::string& name, const std::map<std::string, std::int64_t>& parameters, std::string_view contract,
                                      std::string_view member);

/// Phase, stages and what is held: the first difference, in words; empty when there is none.
std::string difference(const language::Program& program, const language::Instance& instance, const TemplateRun& run);

class ProgramRun {
 public:
  ProgramRun(const language::Template& text, const language::Program& program, const RunTerms& terms);

  bool terms_hold(std::int64_t now) const { return interpreter_.judge_terms(instance_, now).has_value(); }
  /// All its actors, one after the other. The refusal's name, or "ok"; after a refusal nothing has happened.
  std::string act(const language::Action& action, std::int64_t now, std::size_t entry, const std::map<std::string, std::int64_t>& parameters);
  /// One party, by its number. Of several declarations of the act the one that applies; `action` is one of them.
  /// An entrant: newcomer_number with the member who makes an entry, or of one that there is.
  std::string act_as(std::uint16_t party, const language::Action& action, std::int64_t now, std::size_t entry, const std::map<std::string, std::int64_t>& parameters,
                     const std::string& member = {});
  /// Why it may not begin; empty when it may.
  std::string terms_refusal(std::int64_t now) const;
  std::optional<language::Interpreter::Due> next_due() const { return interpreter_.next_due(instance_); }
  std::string fire(const language::Interpreter::Due& due, std::int64_t now);
  /// What a contract by an award does. "ok", or the refusal's name.
  std::string conclude_award(std::int64_t now);
  std::optional<std::uint32_t> awarded() const { return interpreter_.awarded(instance_); }

  /// The first difference, in words; empty when there is none.
  std::string differs_from(const TemplateRun& run) const;
  const language::Instance& instance() const { return instance_; }
  const CountingVerbs& verbs() const { return verbs_; }
  std::uint64_t dearest_share_percent() const { return dearest_share_; }   // of what an act may cost, what it did cost

 private:
  void spent(std::uint64_t units, std::uint64_t cost);

  const language::Template& text_;
  const language::Program& program_;
  const language::Interpreter interpreter_;
  language::Instance instance_;
  CountingVerbs verbs_;
  std::uint64_t dearest_share_ = 0;
};

}  // namespace daftar::contracts::test

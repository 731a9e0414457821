// Members who make contracts of every shipped template on the real ledger and do at random what they may, and what they may not. Nothing here knows a template by
// name: one more file in contracts/templates is traded with like the others. World judges money, journal, registers and what the contracts say they hold;
// plain execution of the text (template_run.h) goes along with every contract and must agree.
#pragma once
#include <limits>

#include "program_run.h"
#include "random_acts.h"
#include "traded_deal.h"

namespace daftar::contracts::test {

class Trade {
 public:
  explicit Trade(std::uint64_t seed) : dice_(seed), w_(trading_world()) {
    for (const auto& one : w_.genesis().content().members()) {
      members_.push_back(one.id());
      w_.fund(one.id() + "/UZS", 20'000'00);
    }
    open_line();
    w_.must("treasury", line_of_year(next_year_, 2027));
    for (const auto& [line, year] : ceilings_) w_.must("treasury", approve_ceiling(line, ceiling_, year));
  }

  /// Up to eight actions, after some time.
  void block() {
    next_ms_ = w_.now() + step();
    std::vector<std::shared_ptr<const ledger::Transaction>> transactions;
    for (std::uint64_t n = dice_.below(8) + 1; n > 0; --n) transactions.push_back(action());
    execute(std::move(transactions));
  }

  /// Nobody acts any more until no deadline is left; what still lives then is played to its end by its parties, one of them silent until nothing is held.
  void settle() {
    const std::size_t before = tally.ended;
    while (!ceilings_.empty()) w_.must("treasury", approved_ceiling());
    for (auto next = w_.engine().next_deadline_ms(w_.state()); next; next = w_.engine().next_deadline_ms(w_.state())) {
      next_ms_ = std::max(*next, w_.now() + 1);
      execute({});
    }
    tally.ended_by_time = tally.ended - before;
    while (!live_.empty()) play_out(*live_.begin()->second);
    while (!owed_.empty()) {           // what public contracts owe is paid at the latest now
      next_ms_ = w_.now() + 1000;
      execute({dice_.one_in(2) ? send_payment() : send("bank", issue("treasury/UZS", 1'000'000'00, "statement " + std::to_string(++references_)), {})});
    }
  }

  TradeTally tally;
  World& world() { return w_; }

 private:
  struct Sent {
    TradedDeal* deal = nullptr;              // an act on it
    Attempt attempt;
    bool fitting = false;
    std::unique_ptr<TradedDeal> drafted;     // or a new one
    std::string sender = {};
  };

  // ---- what happens next

  std::uint64_t step() {
    const auto next = w_.engine().next_deadline_ms(w_.state());
    if (next && (idle_ || dice_.one_in(12))) return std::max<std::uint64_t>(*next + dice_.below(3), w_.now() + 2) - 1 - w_.now();   // about the moment of a deadline
    if (dice_.one_in(60)) return static_cast<std::uint64_t>(dice_.between(day, 10 * day));
    return static_cast<std::uint64_t>(dice_.one_in(4) ? dice_.between(1, 12 * 3'600'000) : dice_.between(1, 600'000));
  }

  std::shared_ptr<const ledger::Transaction> action() {
    idle_ = false;
    const std::uint64_t choice = dice_.below(100);
    if (live_.empty() || (live_.size() < 60 && choice < 20) || choice == 20) return send_offer();
    if (choice < 30) return send_money();
    if (choice < 36) return send_anything();
    if (choice < 40 && !owed_.empty()) return send_payment();
    if (choice == 40 && dice_.one_in(2)) return send_line();
    if (auto sent = send_fitting(dice_.one_in(4))) return sent;
    idle_ = true;                      // most wait for time to pass
    return send_offer();
  }

  /// `rarest`: of some that would do the one whose act has happened least often so far. Nothing: none was found.
  std::shared_ptr<const ledger::Transaction> send_fitting(bool rarest) {
    TradedDeal* chosen = nullptr;
    std::optional<Attempt> best;
    const auto happened = [&](const TradedDeal& deal, const Attempt& attempt) { return tally.reached[&deal.shipped->text.actions[attempt.act]]; };
    for (int tries = 0; tries < 6 && (rarest || !best); ++tries) {
      TradedDeal& deal = *std::next(live_.begin(), static_cast<std::ptrdiff_t>(dice_.below(live_.size())))->second;
      if (deal.left_alone) continue;
      auto attempt = fitting_act(deal.shipped->program(), deal.instance, dice_, static_cast<std::int64_t>(next_ms_), nobody, rarest ? 4 : 12, deal.on_ledger.id.view());
      if (!attempt || (best && happened(*chosen, *best) <= happened(deal, *attempt))) continue;
      chosen = &deal;
      best = std::move(attempt);
    }
    return best ? send_act(*chosen, std::move(*best), true) : nullptr;
  }

  std::shared_ptr<const ledger::Transaction> send(const std::string& sender, proto::Operation operation, Sent sent) {
    std::vector<proto::Operation> operations;
    operations.push_back(std::move(operation));
    if (dice_.one_in(40)) {
      operations.push_back(transfer(sender + "/UZS", "tax/UZS", dice_.between(1, 30'000'00)));   // often refused, and with it the whole
      sent.fitting = false;
    }
    auto body = w_.body(sender, std::move(operations));
    body.set_valid_until_ms(dice_.one_in(200) ? next_ms_ - 1 : next_ms_ + day);
    auto made = w_.signed_by(body, {sender});
    sent.sender = sender;
    sent_.emplace(made->id(), std::move(sent));
    return made;
  }

  std::string anyone() { return dice_.pick(members_); }

  std::shared_ptr<const ledger::Transaction> send_money() {
    const MinorUnits amount = dice_.one_in(10) ? dice_.between(std::numeric_limits<MinorUnits>::min() / 2, std::numeric_limits<MinorUnits>::max() / 2) : dice_.between(0, 12'000'00);
    if (dice_.one_in(3)) return send("bank", issue((dice_.one_in(4) ? "treasury" : anyone()) + "/UZS", dice_.between(1, 12'000'00), "statement " + std::to_string(++references_)), {});
    const char* categories[] = {"none", "services", "goods", "gifts"};
    const std::string from = anyone();
    return send(dice_.one_in(10) ? anyone() : from, transfer(from + "/UZS", anyone() + "/UZS", amount, dice_.pick(categories)), {});
  }

  // ---- public money

  void open_line() {
    lines_.push_back("2026." + std::to_string(lines_.size() + 1));
    w_.must("treasury", approve_line(lines_.back(), 6'000'000'00));
    w_.must("treasury", allot(lines_.back(), 3'000'000'00));
  }

  static proto::Operation line_of_year(const std::string& line, std::uint32_t year, MinorUnits amount = 6'000'000'00) {
    auto o = approve_line(line, amount);
    o.mutable_approve_budget_line()->set_year(year);
    return o;
  }
  /// The budget of the first year that is only a ceiling is approved.
  proto::Operation approved_ceiling() {
    const auto [line, year] = ceilings_.front();
    ceilings_.pop_front();
    return line_of_year(line, year, ceiling_);
  }

  /// Mostly of the last lines: earlier ones are used up.
  std::string line() { return lines_[lines_.size() - 1 - dice_.below(std::min<std::size_t>(lines_.size(), 3))]; }

  /// Not the last one; with something left to pay, if it finds one.
  std::string earlier_line() {
    std::string found;
    for (int tries = 0; tries < 8; ++tries) {
      found = lines_[dice_.below(lines_.size() - 1)];
      const auto line = query::budget_line(w_.state(), found);
      if (line && line->net(budget::Stage::committed) != line->net(budget::Stage::paid)) break;
    }
    return found;
  }

  std::shared_ptr<const ledger::Transaction> send_line() {
    if (!ceilings_.empty() && dice_.one_in(60)) return send("treasury", approved_ceiling(), {});
    // Earlier lines are closed; contracts that are still in force go on on the one of the next year.
    if (lines_.size() > 1 && dice_.one_in(3)) return send("treasury", close_line(earlier_line(), dice_.one_in(4) ? std::string() : next_year_), {});
    if (dice_.one_in(3)) return send("treasury", allot(line(), dice_.between(1, 2'000'000'00)), {});
    lines_.push_back("2026." + std::to_string(lines_.size() + 1));
    return send("treasury", approve_line(lines_.back(), 6'000'000'00), {});
  }

  /// The owner of the line orders what a contract owes, the treasury pays it.
  std::shared_ptr<const ledger::Transaction> send_payment() {
    const auto& [claim, ordered] = *std::next(owed_.begin(), static_cast<std::ptrdiff_t>(dice_.below(owed_.size())));
    if (dice_.one_in(20)) return send(anyone(), dice_.one_in(2) ? order_payment(claim.first, claim.second) : pay_order(claim.first, claim.second + 1), {});
    return ordered ? send("treasury", pay_order(claim.first, claim.second), {}) : send("dept", order_payment(claim.first, claim.second), {});
  }

  void note_claims(const ExecutionResult& result) {
    for (const Event& event : result.events) {
      if (!event.kind.starts_with("payment_")) continue;
      const std::pair claim(*Digest::from_hex(event.subject), event.number);
      if (event.kind == "payment_due") owed_[claim] = false;
      if (event.kind == "payment_ordered") owed_[claim] = true;
      if (event.kind == "payment_made") owed_.erase(claim);
    }
  }

  /// Contracts by an award: one is drafted; one comes into force, and the tender does what it keeps for that.
  void note_awards(const ExecutionResult& result) {
    for (const Event& event : result.events) {
      if (event.kind == "contract_by_award") contracted_[*Digest::from_hex(event.subject)] = *Digest::from_hex(event.text);
      if (event.kind != "contract_award") continue;
      TradedDeal& deal = *live_.at(*Digest::from_hex(event.subject));
      for (const language::Action& action : deal.shipped->text.actions) {
        if (!action.award || action.name != event.text) continue;
        deal.plain.act(action, static_cast<std::int64_t>(next_ms_), event.number - 1, {});
        ++tally.reached[&action];
        ++tally.by_award;
      }
    }
  }

  /// Its money is back where it came from; its plain execution stands still.
  void note_replaced(const ExecutionResult& result) {
    for (const Event& event : result.events) {
      if (event.kind == "contract_carried_over") ++tally.carried_over;
      if (event.kind == "budget_bound_forward") ++tally.bound_forward;
      if (event.kind != "contract_replaced") continue;
      TradedDeal& deal = *live_.at(*Digest::from_hex(event.subject));
      deal.replaced = true;
      ++(deal.instance.phase == 0 ? tally.answered : tally.changed);
    }
  }

  // ---- acts

  /// An act that need not fit, of anybody, on a contract that may have ended.
  std::shared_ptr<const ledger::Transaction> send_anything() {
    TradedDeal& deal = !ended_.empty() && dice_.one_in(4) ? *dice_.pick(ended_) : *std::next(live_.begin(), static_cast<std::ptrdiff_t>(dice_.below(live_.size())))->second;
    Attempt attempt = any_act(deal.shipped->program(), deal.instance, dice_, static_cast<std::int64_t>(next_ms_));
    if (!dice_.one_in(8)) return send_act(deal, std::move(attempt), false);
    AgreementDeal wrong = deal.on_ledger;
    (dice_.one_in(2) ? wrong.id : wrong.digest).bytes[0] ^= 1;
    return send(anyone(), wrong.act(dice_.one_in(2) ? "no_such_act" : deal.shipped->program().acts[attempt.act].name), {});
  }

  std::shared_ptr<const ledger::Transaction> send_act(TradedDeal& deal, Attempt attempt, bool fitting) {
    const auto& act = deal.shipped->program().acts[attempt.act];
    std::string sender = sender_of(deal, attempt.party);
    if (attempt.party == language::newcomer_number && !dice_.one_in(10)) fit_seals(deal.shipped->program(), deal.instance, attempt, deal.on_ledger.id.view(), sender);
    if (deal.shipped->program().entrant) {
      const auto own = language::entry_of(deal.shipped->program(), deal.instance, sender);
      attempt.party = own ? static_cast<std::uint16_t>(language::entrant_number + *own) : language::newcomer_number;
    }
    const auto party = std::find(deal.members.begin(), deal.members.end(), sender);
    if (party != deal.members.end()) attempt.party = static_cast<std::uint16_t>(party - deal.members.begin());   // anyone may have come to be another
    auto operation = deal.on_ledger.act(act.name, attempt.entry == language::no_entry ? 0 : attempt.entry + 1, attempt.parameters);
    return send(std::move(sender), std::move(operation), {&deal, std::move(attempt), fitting, nullptr});
  }

  std::string sender_of(const TradedDeal& deal, std::uint16_t party) {
    if (party == language::treasury_number) return "treasury";
    if (party == language::newcomer_number) return dice_.one_in(10) ? anyone() : newcomer(deal);
    if (language::is_entrant(party)) {
      const auto& entries = deal.instance.lists[deal.shipped->program().staged];
      const std::size_t entry = party - language::entrant_number;
      return entry < entries.size() ? entries[entry].member : anyone();
    }
    return deal.members[party].empty() ? anyone() : deal.members[party];
  }

  std::string newcomer(const TradedDeal& deal) {
    const auto& program = deal.shipped->program();
    const language::Party role{.name = {}, .place = {}, .roles = program.entrant->roles, .optional = false};
    std::vector<std::string> taken = deal.members;
    for (const auto& entry : deal.instance.lists[program.staged]) taken.push_back(entry.member);
    return member_for(role, taken);
  }

  // ---- offers

  bool has_role(const std::string& id, const language::Party& party) const {
    for (const auto& one : w_.genesis().content().members())
      if (one.id() == id)
        return std::any_of(party.roles.begin(), party.roles.end(), [&](const std::string& role) {
          return role == "member" || std::find(one.roles().begin(), one.roles().end(), role) != one.roles().end();
        });
    return false;
  }

  std::string member_for(const language::Party& party, const std::vector<std::string>& taken) {
    std::vector<std::string> fitting;
    for (const std::string& id : members_)
      if (has_role(id, party) && std::find(taken.begin(), taken.end(), id) == taken.end()) fitting.push_back(id);
    return fitting.empty() || dice_.one_in(100) ? anyone() : dice_.pick(fitting);
  }

  /// What is due falls due one or two years later; of every other contract a part of it this year.
  void put_off(const language::Program& program, language::Instance& instance) {
    constexpr std::int64_t year_ms = 365 * static_cast<std::int64_t>(day);
    const std::int64_t least = dice_.one_in(2) ? 1 : 0;
    for (std::size_t list = 0; list < program.lists.size(); ++list)
      for (std::size_t i = 0; i < program.lists[list].fields.size(); ++i)
        if (program.lists[list].fields[i].name == "due")
          for (auto& entry : instance.lists[list])
            if (entry.fields[i].given() && entry.fields[i].number < 10 * static_cast<std::int64_t>(start_ms)) entry.fields[i].number += dice_.between(least, 2) * year_ms;
  }

  /// One in four comes in another contract's place: an answer to an offer, or a change of what is in force.
  /// Those with an entrant more often: they have a long way to go.
  const Shipped& any_shipped() {
    const Shipped& first = dice_.pick(all_shipped());
    return first.program().entrant ? first : dice_.pick(all_shipped());
  }

  /// A tender that was awarded and has no contract yet.
  const TradedDeal* awarded_tender() {
    for (const auto& [id, deal] : live_)
      if (!deal->replaced && language::Interpreter(deal->shipped->program()).awarded(deal->instance)) {
        const auto contract = contracted_.find(id);
        if (contract == contracted_.end() || !live_.contains(contract->second)) return deal.get();
      }
    return nullptr;
  }

  /// A contract of any template for what was awarded: its buyer, its winner, its price. Nothing: these terms could not be made of that template.
  std::shared_ptr<const ledger::Transaction> send_contract_of(const TradedDeal& tender) {
    const auto& awarding = tender.shipped->program();
    const auto& act = *awarding.award();
    const auto& entry = tender.instance.lists[awarding.staged][*language::Interpreter(awarding).awarded(tender.instance)];
    const Shipped& shipped = dice_.pick(all_shipped());
    const auto& program = shipped.program();
    if (program.held.empty() || program.payments.empty()) return nullptr;
    const std::uint16_t buyer = program.held.front().party, winner = program.payments.front().to;
    if (buyer == winner || buyer >= program.parties.size() || winner >= program.parties.size()) return nullptr;
    TermsWish wish;
    wish.now = static_cast<std::int64_t>(next_ms_);
    wish.amount_most = 1'000'00;
    auto instance = sound_terms(program, dice_, wish);
    if (!instance) return nullptr;
    std::vector<std::int64_t*> amounts;
    for (const auto& held : program.held) {
      if (held.party != buyer) continue;
      if (held.list == language::no_list) amounts.push_back(&instance->terms[held.slot].number);
      else
        for (auto& one : instance->lists[held.list]) amounts.push_back(&one.fields[held.slot].number);
    }
    std::int64_t left = entry.fields[act.award->price].number + (dice_.one_in(8) ? 1 : 0);
    for (std::size_t i = 0; i < amounts.size(); ++i) left -= *amounts[i] = i + 1 == amounts.size() ? left : 1;
    if (amounts.empty() || *amounts.back() <= 0 || !language::Interpreter(program).judge_terms(*instance, wish.now)) return nullptr;
    std::vector<std::string> members(program.parties.size()), taken = {tender.members[act.award->buyer], entry.member};
    members[buyer] = taken[0];
    members[winner] = dice_.one_in(12) ? anyone() : taken[1];
    for (std::size_t i = 0; i < members.size(); ++i)
      if (instance->parties[i] && members[i].empty()) taken.push_back(members[i] = member_for(program.parties[i], taken));
    return send_draft(shipped, *instance, std::move(members), std::vector<std::string>(program.parties.size()), false, nullptr, &tender);
  }

  std::shared_ptr<const ledger::Transaction> send_offer() {
    if (const TradedDeal* tender = awarded_tender(); tender != nullptr && dice_.one_in(2))
      if (auto sent = send_contract_of(*tender)) return sent;
    const TradedDeal* replaced = live_.empty() || !dice_.one_in(4) ? nullptr : std::next(live_.begin(), static_cast<std::ptrdiff_t>(dice_.below(live_.size())))->second.get();
    const Shipped& shipped = replaced != nullptr && !dice_.one_in(10) ? *replaced->shipped : any_shipped();
    const auto& program = shipped.program();
    TermsWish wish;
    wish.now = static_cast<std::int64_t>(next_ms_);
    const auto fund = std::find_if(program.funds.begin(), program.funds.end(), [](const auto& one) { return one.budget_line; });
    wish.is_public = fund != program.funds.end() && (!fund->account || dice_.one_in(3));
    wish.amount_most = dice_.one_in(100) ? std::numeric_limits<MinorUnits>::max() - 1 : dice_.one_in(3) ? 8'000'00 : 1'500'00;
    wish.categories = {"services", "goods", "works"};
    if (dice_.one_in(50)) wish.categories = {"none", "unheard_of"};
    auto instance = dice_.one_in(20) ? std::nullopt : sound_terms(program, dice_, wish);
    if (!instance) instance = random_terms(program, dice_, wish);
    const bool over_years = wish.is_public && dice_.one_in(4);
    if (over_years) put_off(program, *instance);
    std::vector<std::string> members, lines;
    for (std::size_t i = 0; i < program.parties.size(); ++i) {
      const bool from_line = wish.is_public && is_line_funded(program, i);
      const bool as_before = replaced != nullptr && i < replaced->members.size() && !replaced->members[i].empty() && !dice_.one_in(40);
      members.push_back(!instance->parties[i] ? "" : as_before ? replaced->members[i] : from_line && !dice_.one_in(20) ? "dept" : member_for(program.parties[i], members));
      lines.push_back(from_line ? line() : "");
    }
    return send_draft(shipped, *instance, std::move(members), std::move(lines), over_years, replaced, nullptr);
  }

  std::shared_ptr<const ledger::Transaction> send_draft(const Shipped& shipped, const language::Instance& instance, std::vector<std::string> members, std::vector<std::string> lines,
                                                        bool over_years, const TradedDeal* replaced, const TradedDeal* tender) {
    const auto& program = shipped.program();
    Offer offer(*shipped.known);
    for (std::size_t i = 0; i < members.size(); ++i)
      if (!members[i].empty()) {
        offer.party(program.parties[i].name, members[i], "", lines[i]);
        if (!lines[i].empty() && over_years)
          for (const std::string& later : later_lines_) offer.draft().mutable_parties(offer.draft().parties_size() - 1)->add_later_lines(later);
      }
    const auto fill = [](auto* values, const std::vector<language::Program::Slot>& slots, const std::vector<language::Value>& given) {
      for (std::size_t i = 0; i < slots.size(); ++i) {
        if (!given[i].given()) continue;
        auto* one = values->Add();
        one->set_name(slots[i].name);
        if (given[i].form == language::Value::Form::number) one->set_number(given[i].number);
        else one->set_bytes(given[i].bytes);
      }
    };
    fill(offer.draft().mutable_terms(), program.terms, instance.terms);
    for (std::size_t list = 0; list < program.lists.size(); ++list) {
      offer.list(program.lists[list].name);
      for (const auto& entry : instance.lists[list]) fill(offer.draft().mutable_lists(static_cast<int>(list))->add_entries()->mutable_fields(), program.lists[list].fields, entry.fields);
    }
    if (replaced != nullptr) offer.replacing(replaced->on_ledger.id);
    if (tender != nullptr) offer.by_award(tender->on_ledger.id);
    auto operation = offer.operation();
    std::vector<std::string> drafters;
    std::copy_if(members.begin(), members.end(), std::back_inserter(drafters), [](const std::string& id) { return !id.empty(); });
    const std::string drafter = dice_.one_in(50) ? anyone() : dice_.pick(drafters);
    Sent sent;
    sent.drafted = std::make_unique<TradedDeal>(TradedDeal{&shipped, {{}, offer.digest()}, std::move(members), instance, TemplateRun(shipped.text, plain_terms(program, instance)), false});
    return send(drafter, std::move(operation), std::move(sent));
  }

  // ---- what came of it

  void execute(std::vector<std::shared_ptr<const ledger::Transaction>> transactions) {
    w_.block(std::move(transactions), next_ms_);
    std::set<TradedDeal*> touched;
    for (const ExecutedEntry& entry : w_.last_block().entries) {
      const ExecutionResult result = *decode_result(entry.result);
      note_claims(result);
      note_replaced(result);
      note_awards(result);
      if (entry.kind == ledger::EntryKind::transaction) came_back(entry, result);
      else fired(result);
      for (const auto& row : entry.index_rows)
        if (row.kind == IndexKind::contract)
          if (const auto found = live_.find(*Digest::from_bytes(row.id)); found != live_.end()) touched.insert(found->second.get());
    }
    sent_.clear();
    for (TradedDeal* deal : touched) look_at(*deal);
  }

  void came_back(const ExecutedEntry& entry, const ExecutionResult& result) {
    ++tally.actions;
    Sent& sent = sent_.at(entry.id);
    if (!result.ok()) {
      ++tally.codes[std::string(ledger::name(result.rejection.code))];
      if (sent.fitting && !result.rejection.detail.starts_with("replaces: ") && !result.rejection.detail.starts_with("tender: ")) refuses_too(sent, result.rejection.code);
      return;
    }
    ++tally.accepted;
    if (sent.drafted) {
      ++tally.contracts;
      CHECK(sent.drafted->plain.unmet_requirement(static_cast<std::int64_t>(next_ms_)) == nullptr);
      sent.drafted->on_ledger.id = entry.id;
      live_.emplace(entry.id, std::move(sent.drafted));
    }
    const auto happens = [&](const Event& event) { return event.kind == "contract_act" && sent.deal != nullptr && event.subject == sent.deal->on_ledger.id.hex(); };
    const bool happened = std::any_of(result.events.begin(), result.events.end(), happens);
    if (sent.deal != nullptr && happened) plain_act(*sent.deal, sent.deal->plain, sent, true);
  }

  /// Plain execution does the act, too: the first declaration of its name that has this actor and is not refused. `known` : and it must.
  bool plain_act(TradedDeal& deal, TemplateRun& plain, const Sent& sent, bool known) {
    const Attempt& attempt = sent.attempt;
    const auto& program = deal.shipped->program();
    const std::string party(program.party_name(attempt.party));
    const auto parameters = plain_parameters(program, deal.instance, attempt, deal.on_ledger.id.view(), sent.sender);
    for (const language::Action& action : deal.shipped->text.actions) {
      if (action.name != program.acts[attempt.act].name || std::find(action.actors.begin(), action.actors.end(), party) == action.actors.end()) continue;
      if (action.scope.on && action.scope.joins != (attempt.entry == language::no_entry)) continue;
      try {
        plain.act(action, static_cast<std::int64_t>(next_ms_), attempt.entry == language::no_entry ? 0 : attempt.entry, parameters);
        if (known) ++tally.reached[&action];
        return true;
      } catch (const RunRefusal& refusal) {
        if (refusal.mistake) FAIL(program.name << ": " << refusal.why);
      }
    }
    if (known) FAIL(program.name << ": the ledger does " << program.acts[attempt.act].name << ", plain execution does not");
    return false;
  }

  void refuses_too(const Sent& sent, RejectionCode code) {
    if (sent.deal == nullptr || (code != RejectionCode::wrong_phase && code != RejectionCode::milestone_wrong_stage && code != RejectionCode::condition_not_met)) return;
    TemplateRun tried = sent.deal->plain;
    if (plain_act(*sent.deal, tried, sent, false))
      FAIL(sent.deal->shipped->program().name << ": the ledger refuses " << sent.deal->shipped->program().acts[sent.attempt.act].name << ", plain execution does it");
  }

  void fired(const ExecutionResult& result) {
    if (std::any_of(result.events.begin(), result.events.end(), [](const Event& one) { return one.kind == "tax_remitted"; })) return;   // no contract's
    ++tally.deadlines;
    if (!result.ok()) {
      ++tally.deadlines_refused;
      return;
    }
    const auto event = std::find_if(result.events.begin(), result.events.end(), [](const Event& one) { return one.kind == "contract_deadline"; });
    REQUIRE(event != result.events.end());
    TradedDeal& deal = *live_.at(*Digest::from_hex(event->subject));
    const auto& deadlines = deal.shipped->text.deadlines;
    const auto deadline = std::find_if(deadlines.begin(), deadlines.end(), [&](const language::Deadline& one) { return one.name == event->text; });
    REQUIRE(deadline != deadlines.end());
    try {
      deal.plain.fire({&*deadline, event->number == 0 ? 0 : event->number - 1, 0}, static_cast<std::int64_t>(next_ms_));
    } catch (const RunRefusal& refusal) {
      FAIL(deal.shipped->program().name << ", " << deadline->name << ": " << refusal.why);
    }
    ++tally.reached[&*deadline];
  }

  /// A contract after a block that did something to it.
  void look_at(TradedDeal& deal) {
    const auto& program = deal.shipped->program();
    deal.instance = deal.on_ledger.instance(w_);
    w_.check_one(deal.on_ledger.id);
    INFO(program.name << " " << deal.on_ledger.id.hex());
    if (!deal.replaced) {
      REQUIRE(difference(program, deal.instance, deal.plain) == "");
      const auto due = language::Interpreter(program).next_due(deal.instance);
      if (deal.instance.postponed.empty()) agree_on(due, deal);
      deal.left_alone = due && dice_.one_in(8);
    }
    if (!deal.ended()) return;
    REQUIRE_FALSE(deal.holds_money());
    ++tally.ended;
    if (!deal.replaced) ++tally.reached[&deal.shipped->text.phases[deal.instance.phase]];
    const auto node = live_.find(deal.on_ledger.id);
    ended_.push_back(std::move(node->second));
    live_.erase(node);
    if (ended_.size() > 20) ended_.pop_front();
  }

  void agree_on(const std::optional<language::Interpreter::Due>& due, TradedDeal& deal) {
    const auto plain = deal.plain.next_deadline();
    REQUIRE(due.has_value() == plain.has_value());
    if (!due) return;
    REQUIRE(due->at == plain->at);
    REQUIRE(deal.shipped->program().deadlines[due->deadline].name == plain->deadline->name);
    REQUIRE(due->entry == plain->entry);
  }

  // ---- the end

  void play_out(TradedDeal& deal) {
    const Digest id = deal.on_ledger.id;
    INFO(deal.shipped->program().name << " " << id.hex() << " waits for its parties, in " << deal.plain.phase());
    std::vector<std::uint16_t> given;
    for (std::uint16_t i = 0; i < deal.members.size(); ++i)
      if (!deal.members[i].empty()) given.push_back(i);
    std::uint16_t silent = dice_.pick(given);
    for (int i = 0; live_.contains(id); ++i) {
      REQUIRE(i < 5'000);
      if (!deal.holds_money()) silent = nobody;
      const auto next = w_.engine().next_deadline_ms(w_.state());
      next_ms_ = next && dice_.one_in(4) ? std::max(*next, w_.now() + 1) : w_.now() + static_cast<std::uint64_t>(dice_.between(1, 3'600'000));
      std::vector<std::shared_ptr<const ledger::Transaction>> transactions;
      if (auto attempt = fitting_act(deal.shipped->program(), deal.instance, dice_, static_cast<std::int64_t>(next_ms_), silent))
        transactions.push_back(send_act(deal, std::move(*attempt), true));
      execute(std::move(transactions));
    }
  }

  SeededDice dice_;
  World w_;
  std::vector<std::string> members_;
  std::map<Digest, std::unique_ptr<TradedDeal>> live_;
  std::deque<std::unique_ptr<TradedDeal>> ended_;      // the last few
  std::map<Digest, Sent> sent_;                  // in the block being made
  std::vector<std::string> lines_;               // all of dept, of one year
  const std::string next_year_ = "2027.all";
  static constexpr MinorUnits ceiling_ = 100'000'000'00;
  const std::vector<std::string> later_lines_ = {"2027.later", "2028.later", "2029.later"};
  std::deque<std::pair<std::string, std::uint32_t>> ceilings_ = {{"2027.later", 2027}, {"2028.later", 2028}, {"2029.later", 2029}};   // as yet
  std::map<std::pair<Digest, std::uint32_t>, bool> owed_;   // claims of public contracts, and whether they are ordered
  std::map<Digest, Digest> contracted_;          // by tender, its last contract
  std::uint64_t next_ms_ = 0, references_ = 0;
  bool idle_ = false;
};

}  // namespace daftar::contracts::test

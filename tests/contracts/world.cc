#include "world.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <tuple>

#include "contracts/agreements/records.h"
#include "contracts/language/interpreter.h"
#include "contracts/nodes.h"
#include "contracts/state_keys.h"
#include "contracts/tax/register.h"
#include "ledger/entry.h"
#include "tax_invariants.h"
#include "tests/harness/text_file.h"

namespace daftar::contracts::test {

using ledger::Int128;

std::optional<std::string> MemoryState::get(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

void MemoryState::scan(std::string_view from, std::string_view to,
                       const std::function<bool(std::string_view, std::string_view)>& visit) const {
  for (auto at = values_.lower_bound(from); at != values_.end() && at->first < to; ++at)
    if (!visit(at->first, at->second)) return;
}

void MemoryState::apply(const ledger::ChangeSet& changes) {
  for (const auto& [key, value] : changes.writes())
    if (value) values_.insert_or_assign(key, *value);
    else values_.erase(key);
}

ledger::SigningKey key_of(std::string_view name) {
  ledger::initialise_crypto();
  auto key = ledger::SigningKey::from_seed(ledger::sha256(name).view());
  REQUIRE(key.has_value());
  return std::move(*key);
}

proto::RegisterMember member(std::string id, std::string kind, std::string country, std::string tax_status, std::vector<std::string> roles) {
  proto::RegisterMember m;
  m.set_id(id);
  m.set_name("Member " + id);
  m.set_kind(std::move(kind));
  m.set_country(std::move(country));
  m.set_tax_status(std::move(tax_status));
  for (auto& role : roles) m.add_roles(std::move(role));
  m.add_keys(std::string(key_of(id).public_key().view()));
  m.set_signatures_required(1);
  return m;
}

proto::TaxRule vat_rule(std::string code, std::uint32_t version, std::uint32_t rate_ppm) {
  proto::TaxRule rule;
  rule.set_code(std::move(code));
  rule.set_version(version);
  rule.set_kind("vat");
  rule.set_rate_ppm(rate_ppm);
  rule.set_base("inclusive");
  rule.set_withheld_share_ppm(1'000'000);
  for (const char* category : {"services", "goods", "works"}) rule.add_categories(category);
  rule.set_payee_residence("resident");
  rule.add_payee_statuses("vat_payer");
  rule.set_vat_route("treasury");
  rule.set_revenue_account("tax/UZS/revenue.vat");
  rule.set_status("illustration");
  rule.set_currency("UZS");
  rule.set_country("UZ");
  return rule;
}

namespace {

proto::TaxRule withholding(std::string code, std::uint32_t rate_ppm, std::string base, std::string residence, std::string account,
                           std::string country, std::string currency) {
  proto::TaxRule rule;
  rule.set_code(std::move(code));
  rule.set_version(1);
  rule.set_kind("withholding");
  rule.set_rate_ppm(rate_ppm);
  rule.set_base(std::move(base));
  rule.set_withheld_share_ppm(1'000'000);
  rule.add_categories("services");
  rule.add_categories("goods");
  rule.set_payee_residence(std::move(residence));
  rule.set_revenue_account(std::move(account));
  rule.set_status("illustration");
  rule.set_country(std::move(country));
  rule.set_currency(std::move(currency));
  return rule;
}

void add_rules(proto::Genesis& g) {
  *g.add_tax_rules() = withholding("nonresident-20", 200'000, "gross", "non_resident", "tax/UZS/revenue.nonresident", "UZ", "UZS");
  auto income = withholding("income-12", 120'000, "gross", "resident", "tax/UZS/revenue.income", "UZ", "UZS");
  income.add_payee_kinds("individual");
  *g.add_tax_rules() = income;
  *g.add_tax_rules() = vat_rule("vat-12", 1, 120'000);   // after the withholdings: the engine must put VAT first itself
  auto iva = vat_rule("iva-10", 1, 100'000);
  iva.set_withheld_share_ppm(300'000);
  iva.add_payer_kinds("public_body");
  iva.set_revenue_account("tax/PYG/revenue.iva");
  iva.set_currency("PYG");
  iva.set_country("PY");
  *g.add_tax_rules() = iva;
  auto net = withholding("income-3", 30'000, "net_of_vat", "resident", "tax/PYG/revenue.income", "PY", "PYG");
  net.add_payer_kinds("public_body");
  *g.add_tax_rules() = net;
}

}  // namespace

const agreements::Library::Known& shipped_template(const std::string& name) {
  static std::map<std::string, agreements::Library::Known> known;
  if (!known.contains(name)) {
    auto found = agreements::known_of(tests::read_text(std::filesystem::path(DAFTAR_SOURCE_DIR) / "contracts/templates" / (name + ".template")));
    INFO(name);
    REQUIRE(found);
    known.emplace(name, std::move(*found));
  }
  return known.at(name);
}

void add_template(proto::Genesis& genesis, const agreements::Library::Known& known) {
  auto* one = genesis.add_templates();
  one->set_source(known.source);
  one->set_program(std::string(known.digest.view()));
}

proto::Genesis test_genesis() {
  proto::Genesis g;
  g.set_name("daftar-test");
  add_template(g, shipped_template("service"));
  g.set_time_ms(start_ms);
  for (const char* currency : {"UZS", "PYG", "KWD"}) g.add_currencies(currency);
  *g.add_members() = member("dept", "public_body", "UZ", "none", {"spending_unit"});
  *g.add_members() = member("treasury", "public_body", "UZ", "none", {"treasury"});
  *g.add_members() = member("tax", "public_body", "UZ", "none", {"tax_authority"});
  *g.add_members() = member("bank", "company", "UZ", "none", {"bank"});
  *g.add_members() = member("registrar", "public_body", "UZ", "none", {"registrar"});
  *g.add_members() = member("acme", "company", "UZ", "vat_payer", {"enterprise"});
  *g.add_members() = member("baraka", "company", "UZ", "vat_payer", {"enterprise"});
  *g.add_members() = member("nordic", "company", "SE", "none", {"enterprise"});
  *g.add_members() = member("aziza", "individual", "UZ", "individual", {"citizen"});
  *g.add_members() = member("judge", "public_body", "UZ", "none", {"arbiter"});
  *g.add_members() = member("operator", "company", "UZ", "none", {"operator"});
  *g.add_members() = member("ministerio", "public_body", "PY", "none", {"spending_unit"});
  *g.add_members() = member("papelera", "company", "PY", "vat_payer", {"enterprise"});
  auto* validator = g.add_validators();
  validator->set_node(1);
  validator->set_operator_("operator");
  validator->set_link_key(std::string(key_of("link-1").public_key().view()));
  validator->set_checkpoint_key(std::string(key_of("checkpoint-1").public_key().view()));
  add_rules(g);
  return g;
}

namespace {

std::shared_ptr<const ledger::Genesis> make_genesis(const std::function<void(proto::Genesis&)>& edit) {
  proto::Genesis g = test_genesis();
  if (edit) edit(g);
  auto parsed = ledger::Genesis::parse(ledger::encode_genesis(g));
  if (!parsed) FAIL(parsed.error());
  return *parsed;
}

}  // namespace

World::World(const std::function<void(proto::Genesis&)>& edit, Judging judging)
    : judging_(judging), genesis_(make_genesis(edit)), engine_(genesis_), second_(genesis_) {
  auto state = genesis_state(*genesis_);
  if (!state) FAIL(state.error());
  state_.apply(*state);
  if (judging_ == Judging::on_request) {
    apart_ = std::make_unique<Apart>();
    apart_->state.apply(*state);
  }
}

proto::TransactionBody World::body(const std::string& sender, std::vector<proto::Operation> operations) {
  proto::TransactionBody body;
  body.set_ledger_id(std::string(genesis_->ledger_id().view()));
  body.set_sender(sender);
  std::string nonce(16, '\0');
  ++nonce_;
  for (int i = 0; i < 8; ++i) nonce[static_cast<std::size_t>(i)] = static_cast<char>(nonce_ >> (8 * i));
  body.set_nonce(nonce);
  body.set_valid_until_ms(now_ms_ + 3'600'000);
  for (auto& operation : operations) *body.add_operations() = std::move(operation);
  return body;
}

std::shared_ptr<const ledger::Transaction> World::signed_by(const proto::TransactionBody& body, const std::vector<std::string>& key_names) {
  const std::string bytes = ledger::encode_body(body);
  std::vector<ledger::Transaction::Signed> signatures;
  for (const auto& key_name : key_names) {
    auto known = keys_.find(key_name);
    if (known == keys_.end()) known = keys_.emplace(key_name, key_of(key_name)).first;
    const ledger::SigningKey& key = known->second;
    signatures.push_back({key.public_key(), key.sign(ledger::signing_bytes(bytes))});
  }
  auto parsed = ledger::Transaction::parse(ledger::make_envelope(bytes, signatures), ledger::transaction_ceiling, key_names.empty());
  if (!parsed) FAIL(ledger::name(parsed.error().code) << ": " << parsed.error().detail);
  return *parsed;
}

std::shared_ptr<const ledger::Transaction> World::transaction(const std::string& sender, std::vector<proto::Operation> operations) {
  return signed_by(body(sender, std::move(operations)), {sender});
}

const BlockOutcome& World::block(std::vector<std::shared_ptr<const ledger::Transaction>> transactions, std::uint64_t time_ms) {
  now_ms_ = time_ms == 0 ? now_ms_ + 1000 : time_ms;
  const auto block = ledger::make_block(Digest{}, ++height_, now_ms_, false, std::move(transactions));
  execute_twice(*block);
  state_.apply(last_.changes);
  for (const ExecutedEntry& entry : last_.entries) judge(entry);
  if (judging_ == Judging::each_block) {
    blocks_.push_back(block);
    check_invariants();
  }
  return last_;
}

/// The same bytes again, from another engine, and for Judging::on_request on a state that only it has written.
void World::execute_twice(const ledger::Block& block) {
  last_ = engine_.execute(block, state_);
  const BlockOutcome again = second_.execute(block, apart_ ? apart_->state : state_);
  REQUIRE(again.changes.writes() == last_.changes.writes());
  REQUIRE(again.nodes_changed == last_.nodes_changed);
  REQUIRE(again.validators_changed == last_.validators_changed);
  REQUIRE(again.entries.size() == last_.entries.size());
  for (std::size_t i = 0; i < again.entries.size(); ++i) {
    REQUIRE(again.entries[i].id == last_.entries[i].id);
    REQUIRE(again.entries[i].result == last_.entries[i].result);
    REQUIRE(again.entries[i].index_rows == last_.entries[i].index_rows);
  }
  if (!apart_) return;
  apart_->state.apply(again.changes);
  append(log_, last_, block);
  append(apart_->log, again, block);
}

void World::append(ledger::MerkleFrontier& log, const BlockOutcome& outcome, const ledger::Block& block) const {
  for (const ExecutedEntry& one : outcome.entries) {
    const ledger::Entry entry{log.size(), block.height(), block.time_ms(), one.kind, one.id, one.nonce, one.transaction ? one.transaction->envelope() : std::string(), one.result};
    log.append(ledger::leaf_hash(ledger::leaf_record(entry)));
  }
}

Digest World::agreed_root() const {
  REQUIRE(apart_);
  REQUIRE(apart_->state == state_);
  REQUIRE(apart_->log.root() == log_.root());
  return log_.root();
}

/// Its journal is balanced and continues what was posted before, its taxes are explained.
void World::judge(const ExecutedEntry& entry) {
  const auto result = decode_result(entry.result);
  REQUIRE(result.has_value());
  REQUIRE(encode_result(*result) == entry.result);
  REQUIRE(result->ok() == entry.accepted);
  std::map<std::string, Int128> sums;
  for (const Posting& posting : result->postings) {
    sums[posting.account.substr(posting.account.find('/') + 1, 3)] += posting.amount;
    posted_[posting.account] += posting.amount;
    REQUIRE(posted_[posting.account] == posting.balance_after);
    if (!posting.account.ends_with("/issued")) REQUIRE(posting.balance_after >= 0);
  }
  for (const auto& [currency, sum] : sums) REQUIRE(sum == 0);
  judge_taxes(entry, *result);
  REQUIRE(explained(entry).as_recorded);
}

void World::judge_taxes(const ExecutedEntry& entry, const ExecutionResult& result) {
  std::uint32_t number = 0;
  for (const TaxLine& line : result.taxes) {
    ++number;
    const std::string name = line.payee + "/" + line.rule + "/" + std::to_string(line.version) + "/" + line.currency + "/" + std::to_string(tax::period_of(now_ms_));
    auto& row = register_sums_[name];
    row[0] += line.gross;
    row[1] += line.base;
    row[2] += line.tax;
    row[3] += line.withheld;
    const auto& known = rules().rules();
    const auto rule = std::find_if(known.begin(), known.end(), [&](const tax::TaxRule& one) { return one.code == line.rule && one.version == line.version; });
    REQUIRE(rule != known.end());
    if (line.withheld == 0) continue;
    revenue_[{entry.id, number}] = {line, name};
    if (rule->vat_route != tax::VatRoute::supplier_vat_account && !rule->held()) collected_[keys::year_revenue(rule->revenue_account, tax::period_of(now_ms_) / 100)][0] += line.withheld;
  }
  for (const contracts::Event& event : result.events)
    if (event.kind == "tax_corrected") judge_correction(event, result);
  for (const Posting& posting : result.postings)
    if (posting.reason == "tax_remitted" && posting.amount > 0) collected_[keys::year_revenue(posting.account, tax::period_of(now_ms_) / 100)][0] += posting.amount;
}

/// Gives back no more than was withheld there, to the payee, and the register says so in the month of the payment.
void World::judge_correction(const contracts::Event& event, const ExecutionResult& result) {
  const auto payment = Digest::from_hex(event.subject);
  REQUIRE(payment);
  const auto found = revenue_.find({*payment, event.number});
  REQUIRE(found != revenue_.end());
  Revenue& revenue = found->second;
  REQUIRE(event.amount > 0);
  revenue.corrected += event.amount;
  REQUIRE(revenue.corrected <= revenue.line.withheld);
  REQUIRE(std::any_of(result.postings.begin(), result.postings.end(), [&](const Posting& posting) {
    return posting.reason == "tax_refund" && posting.amount == event.amount && posting.account.starts_with(revenue.line.payee + "/" + revenue.line.currency);
  }));
  auto& row = register_sums_.at(revenue.register_row);
  row[2] -= event.amount;
  row[3] -= event.amount;
  const auto& known = rules().rules();
  const auto rule = std::find_if(known.begin(), known.end(), [&](const tax::TaxRule& one) { return one.code == revenue.line.rule && one.version == revenue.line.version; });
  REQUIRE(rule != known.end());
  // What the payer held, or lay on the payee's VAT account, had come to no revenue account.
  if (std::any_of(result.postings.begin(), result.postings.end(), [&](const Posting& one) { return one.reason == "tax_refund" && one.amount < 0 && one.account == rule->revenue_account; }))
    collected_[keys::year_revenue(rule->revenue_account, tax::period_of(now_ms_) / 100)][1] += event.amount;
}

/// What the state keeps of lines that may be corrected is what was seen of them.
void World::check_revenue() const {
  auto found = revenue_.begin();   // in the order of the keys
  state_.scan("w", "x", [&](std::string_view key, std::string_view value) {
    const auto line = decode_record<tax::Withheld>(value);
    REQUIRE(line.has_value());
    REQUIRE(found != revenue_.end());
    REQUIRE(keys::withheld(found->first.first, found->first.second) == key);
    const TaxLine& seen = found->second.line;
    REQUIRE(std::tie(line->rule, line->version, line->payer, line->payee, line->currency, line->withheld) ==
            std::tie(seen.rule, seen.version, seen.payer, seen.payee, seen.currency, seen.withheld));
    REQUIRE(line->corrected() == found->second.corrected);
    REQUIRE(line->left() >= 0);
    ++found;
    return true;
  });
  REQUIRE(found == revenue_.end());
}

/// What every year brought to a revenue account is what was seen to be withheld and given back in it.
void World::check_years() const {
  std::size_t seen = 0;
  state_.scan("R", "S", [&](std::string_view key, std::string_view value) {
    const auto year = decode_record<budget::YearRevenue>(value);
    REQUIRE(year.has_value());
    const auto found = collected_.find(std::string(key));
    REQUIRE((found == collected_.end() ? std::array<Int128, 2>{} : found->second) == std::array<Int128, 2>{year->collected.gross, year->collected.reversed});
    if (found != collected_.end()) ++seen;
    return true;
  });
  REQUIRE(seen == collected_.size());
}

tax::Explanation World::explained(const ExecutedEntry& entry) const {
  return tax::explain(rules(), entry.transaction ? &entry.transaction->body() : nullptr, *decode_result(entry.result), now_ms_, state_);
}

MemoryState World::replayed() const {
  REQUIRE(judging_ == Judging::each_block);
  const Engine engine(genesis_);
  MemoryState state;
  state.apply(*genesis_state(*genesis_));
  for (const auto& block : blocks_) state.apply(engine.execute(*block, state).changes);
  return state;
}

ExecutionResult World::run(const std::string& sender, std::vector<proto::Operation> operations) {
  const auto sent = transaction(sender, std::move(operations));
  last_id_ = sent->id();
  std::optional<ExecutionResult> dry;
  // A dry run knows no deadlines; where none falls due before, it must say exactly what happens.
  const auto next = engine_.next_deadline_ms(state_);
  if (!next || *next > now_ms_ + 1000) dry = engine_.dry_run(*sent, now_ms_ + 1000, state_);
  block({sent});
  if (dry) REQUIRE(encode_result(*dry) == last_.entries.back().result);
  return *decode_result(last_.entries.back().result);
}

ExecutionResult World::must(const std::string& sender, proto::Operation operation) {
  auto result = run(sender, std::move(operation));
  INFO(ledger::name(result.rejection.code) << ": " << result.rejection.detail);
  REQUIRE(result.ok());
  return result;
}

std::string World::outcome(const std::string& sender, proto::Operation operation) {
  return std::string(ledger::name(run(sender, std::move(operation)).rejection.code));
}

std::string World::outcome_by(const std::string& sender, const std::vector<std::string>& keys, proto::Operation operation) {
  const auto sent = signed_by(body(sender, {std::move(operation)}), keys);
  last_id_ = sent->id();
  block({sent});
  return std::string(ledger::name(decode_result(last_.entries.back().result)->rejection.code));
}

std::vector<ExecutionResult> World::idle_until(std::uint64_t time_ms) {
  block({}, time_ms);
  std::vector<ExecutionResult> results;
  for (const auto& entry : last_.entries) results.push_back(*decode_result(entry.result));
  return results;
}

MinorUnits World::balance(std::string_view account) const {
  const auto found = query::balance(state_, account);
  INFO(account);
  REQUIRE(found.has_value());
  return *found;
}

void World::fund(const std::string& account, MinorUnits amount) {
  must("bank", issue(account, amount, "opening " + std::to_string(++references_)));
}

namespace {

void check_line(const budget::BudgetLine& line) {
  using budget::Stage;
  INFO(line.id);
  const auto net = [&](Stage stage) { return line.net(stage); };
  const Int128 used = net(Stage::reserved) + net(Stage::committed);
  REQUIRE(used <= std::min(net(Stage::allotted), net(Stage::adjusted)));
  REQUIRE(net(Stage::accrued) <= net(Stage::committed));
  REQUIRE(net(Stage::ordered) <= net(Stage::accrued));
  REQUIRE(net(Stage::paid) <= net(Stage::ordered));
  REQUIRE(net(Stage::paid) >= 0);
  REQUIRE(net(Stage::reserved) >= 0);
  REQUIRE(line.forward.net() >= 0);
  REQUIRE(line.forward.net() <= (line.is_ceiling ? line.ceiling.net() : 0));
  if (line.is_ceiling)
    for (const budget::StageSum& sum : line.stages) REQUIRE(sum.gross == 0);
  REQUIRE(line.advances.net() >= 0);
  REQUIRE(line.advances.reversed >= 0);
  REQUIRE(line.moved_in + line.carried_in <= line.at(Stage::adjusted).gross);
  REQUIRE(line.moved_out + line.carried_out <= line.at(Stage::adjusted).reversed);
  if (line.closing_ms != 0) REQUIRE(net(Stage::reserved) == 0);
  if (line.closed_ms == 0) REQUIRE(line.lapsed == 0);
  else {
    REQUIRE(net(Stage::committed) == net(Stage::paid));
    REQUIRE(net(Stage::adjusted) == net(Stage::paid) + line.lapsed);
  }
}

/// What all contracts together bind a line to, and what they owe in advance of it.
struct BoundLine {
  Int128 committed = 0, advances = 0;
};

/// Reckoned apart from agreements/years.cc: by what stands in the entry and in the record of the contract.
std::string paying_line(const language::Program& program, const language::Instance& instance, const agreements::AgreementParty& party, std::size_t held, std::size_t entry) {
  const std::uint16_t list = program.held[held].list;
  std::string line = party.budget_line;
  if (party.later_lines.empty() || list == language::no_list) return line;
  const auto& fields = program.lists[list].fields;
  const auto due = std::find_if(fields.begin(), fields.end(), [](const auto& slot) { return slot.name == "due"; });
  REQUIRE(due != fields.end());
  const std::chrono::sys_time<std::chrono::milliseconds> at(std::chrono::milliseconds(instance.lists[list][entry].fields[static_cast<std::size_t>(due - fields.begin())].number));
  const int year = static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(at)).year());
  for (const auto& later : party.later_lines)
    if (static_cast<int>(later.year) <= year) line = later.line;
  return line;
}

/// What a contract's instance says is held lies on the hold accounts of whom it was held from, or is committed on the line beside what was earned, and its next
/// deadline waits.
void check_contract(const MemoryState& state, const agreements::Library& templates, const agreements::Agreement& a, std::map<std::string, BoundLine>& bound) {
  INFO(a.id.hex());
  const auto& program = templates.find(a.contract_template, a.version)->program;
  const auto instance = language::decode_instance(a.instance);
  REQUIRE(instance);
  std::map<std::string, MinorUnits> held;
  for (std::size_t i = 0; i < program.held.size(); ++i) {
    for (std::size_t entry = 0; entry < instance->held[i].size(); ++entry) {
      const std::uint16_t number = program.held[i].party;
      const auto party = number == language::entrant_number ? agreements::entrant_of(instance->lists[program.held[i].list][entry], a.currency) : a.parties[number];
      if (party.is_public()) bound[paying_line(program, *instance, party, i, entry)].committed += instance->held[i][entry];
      else held[party.member] += instance->held[i][entry];
    }
  }
  for (const auto& [member, amount] : held)
    REQUIRE(query::balance(state, member + "/" + a.currency + "/hold." + a.id.hex().substr(0, 32)).value_or(0) == amount);
  const auto claims = query::claims(state, a.id);
  REQUIRE(claims.size() == a.claims);
  for (std::uint32_t i = 0; i < claims.size(); ++i) {
    REQUIRE(claims[i].number == i + 1);
    bound[claims[i].budget_line].committed += claims[i].amount;
    if (claims[i].advance && claims[i].offset_ms == 0) bound[claims[i].budget_line].advances += claims[i].amount;
  }
  const auto next = a.is_replaced() ? std::nullopt : language::Interpreter(program).next_due(*instance);
  REQUIRE(a.deadline_ms == (next ? static_cast<std::uint64_t>(next->at) : 0));
  if (next) REQUIRE(state.get(keys::deadline({a.deadline_ms, a.id, a.deadlines_set, keys::DeadlineKind::agreement})));
}

/// Numbers have no gap, keys are registered, somebody validates, and the last set of the history is who does.
void check_nodes(const MemoryState& state) {
  std::vector<ValidatorKey> validators;
  std::uint32_t number = 0;
  for (const NodeRecord& node : nodes(state)) {
    REQUIRE(node.number == ++number);
    REQUIRE(state.get(keys::public_key(node.link_key)) == node.operator_member);
    REQUIRE(state.get(keys::public_key(node.checkpoint_key)) == node.operator_member);
    if (node.standing == NodeStanding::validator) validators.push_back({node.number, node.checkpoint_key});
  }
  REQUIRE_FALSE(validators.empty());
  REQUIRE(validator_sets(state).back().validators == validators);
}

}  // namespace

void World::check_invariants() const {
  check_nodes(state_);
  std::map<std::string, Int128> sums;
  state_.scan("a", "b", [&](std::string_view key, std::string_view value) {
    const std::string account(key.substr(1));
    const auto record = decode_record<Account>(value);
    REQUIRE(record.has_value());
    if (!account.ends_with("/issued")) {
      INFO(account);
      REQUIRE(record->balance >= 0);
    }
    sums[account.substr(account.find('/') + 1, 3)] += record->balance;
    const auto posted = posted_.find(account);
    REQUIRE(record->balance == (posted == posted_.end() ? 0 : posted->second));
    return true;
  });
  for (const auto& [currency, sum] : sums) REQUIRE(sum == 0);

  std::map<std::string, BoundLine> bound;
  std::map<std::string, Int128> moved, carried;
  state_.scan("g", "h", [&](std::string_view, std::string_view value) {
    const auto contract = decode_record<agreements::Agreement>(value);
    REQUIRE(contract.has_value());
    check_contract(state_, engine_.governed()->at(state_)->templates, *contract, bound);
    return true;
  });
  state_.scan("b", "c", [&](std::string_view, std::string_view value) {
    const auto line = decode_record<budget::BudgetLine>(value);
    REQUIRE(line.has_value());
    check_line(*line);
    REQUIRE(line->net(budget::Stage::committed) + line->forward.net() == bound[line->id].committed + line->outside);
    REQUIRE(line->advances.net() == bound[line->id].advances);
    moved[line->currency + std::to_string(line->year)] += line->moved_in - line->moved_out;
    carried[line->currency + std::to_string(line->year)] += line->carried_in;
    carried[line->currency + std::to_string(line->year + 1)] -= line->carried_out;
    return true;
  });
  for (const auto& [year, sum] : moved) REQUIRE(sum == 0);   // virements make no money
  for (const auto& [year, sum] : carried) REQUIRE(sum == 0);

  std::size_t rows = 0;
  state_.scan("r", "s", [&](std::string_view, std::string_view value) {
    const auto row = decode_record<tax::RegisterRow>(value);
    REQUIRE(row.has_value());
    const auto found = register_sums_.find(row->payee + "/" + row->rule + "/" + std::to_string(row->version) + "/" + row->currency + "/" +
                                           std::to_string(row->period));
    REQUIRE(found != register_sums_.end());
    REQUIRE(found->second == std::array<Int128, 4>{row->gross, row->base, row->tax, row->withheld});
    ++rows;
    return true;
  });
  REQUIRE(rows == register_sums_.size());
  check_revenue();
  check_years();
  check_held_tax(state_, rules().rules());
  check_tax_sums(state_, rules().rules());
}

void World::check_one(const Digest& id) const {
  const auto bytes = state_.get(keys::agreement(id));
  REQUIRE(bytes);
  const auto agreement = decode_record<agreements::Agreement>(*bytes);
  REQUIRE(agreement);
  std::map<std::string, BoundLine> bound;
  check_contract(state_, engine_.governed()->at(state_)->templates, *agreement, bound);
}

proto::Operation transfer(std::string from, std::string to, MinorUnits amount, std::string category) {
  proto::Operation o;
  auto* t = o.mutable_transfer();
  t->set_from(std::move(from));
  t->set_to(std::move(to));
  t->set_amount(amount);
  t->set_category(std::move(category));
  return o;
}

proto::Operation transfer_net(std::string from, std::string to, MinorUnits amount, std::string category) {
  proto::Operation o = transfer(std::move(from), std::move(to), amount, std::move(category));
  o.mutable_transfer()->set_net(true);
  return o;
}

proto::Operation remit_tax(std::string rule, std::uint32_t version, std::uint32_t period, MinorUnits amount) {
  proto::Operation o;
  auto& remittance = *o.mutable_remit_tax();
  remittance.set_rule(std::move(rule));
  remittance.set_version(version);
  remittance.set_currency("UZS");
  remittance.set_period(period);
  remittance.set_amount(amount);
  return o;
}

proto::Operation open(std::string account) {
  proto::Operation o;
  o.mutable_open_account()->set_account(std::move(account));
  return o;
}

proto::Operation issue(std::string to, MinorUnits amount, std::string reference) {
  proto::Operation o;
  o.mutable_issue()->set_to(std::move(to));
  o.mutable_issue()->set_amount(amount);
  o.mutable_issue()->set_statement_reference(std::move(reference));
  return o;
}

proto::Operation record_certificate(std::string payee, const tax::Certificate& certificate) {
  proto::Operation o;
  auto& record = *o.mutable_change_tax_certificate();
  record.set_payee(std::move(payee));
  record.set_number(certificate.number);
  record.set_country(certificate.country);
  record.set_document_digest(certificate.document_digest);
  record.set_valid_from_ms(certificate.valid_from_ms);
  record.set_valid_to_ms(certificate.valid_to_ms);
  return o;
}

proto::Operation correct_tax(const Digest& payment, std::uint32_t line, std::string rule, std::string to, MinorUnits amount) {
  proto::Operation o;
  auto& correction = *o.mutable_correct_tax();
  correction.set_payment(std::string(payment.view()));
  correction.set_line(line);
  correction.set_rule(std::move(rule));
  correction.set_to(std::move(to));
  correction.set_amount(amount);
  correction.set_reason("rate of the treaty");
  return o;
}

proto::Operation withdraw_certificate(std::string payee, std::string number) {
  proto::Operation o;
  o.mutable_change_tax_certificate()->set_payee(std::move(payee));
  o.mutable_change_tax_certificate()->set_number(std::move(number));
  o.mutable_change_tax_certificate()->set_withdraw(true);
  return o;
}

proto::Operation approve_line(std::string line, MinorUnits amount) {
  proto::Operation o;
  auto* a = o.mutable_approve_budget_line();
  a->set_line(std::move(line));
  a->set_owner("dept");
  a->set_title("Paper and printing");
  a->set_currency("UZS");
  a->set_amount(amount);
  a->set_year(2026);
  a->set_function_code("09.1");
  a->set_economic_code("22");
  a->set_source_account("treasury/UZS");
  return o;
}
proto::Operation adjust_line(std::string line, MinorUnits delta) {
  proto::Operation o;
  o.mutable_adjust_budget_line()->set_line(std::move(line));
  o.mutable_adjust_budget_line()->set_delta(delta);
  o.mutable_adjust_budget_line()->set_reason("supplementary budget");
  return o;
}
proto::Operation record_execution(std::string line, MinorUnits amount, std::string reference) {
  proto::Operation o;
  o.mutable_record_execution()->set_line(std::move(line));
  o.mutable_record_execution()->set_amount(amount);
  o.mutable_record_execution()->set_reference(std::move(reference));
  return o;
}
proto::Operation move_appropriation(std::string from, std::string to, MinorUnits amount) {
  proto::Operation o;
  o.mutable_move_appropriation()->set_from(std::move(from));
  o.mutable_move_appropriation()->set_to(std::move(to));
  o.mutable_move_appropriation()->set_amount(amount);
  o.mutable_move_appropriation()->set_reason("where it is needed more");
  return o;
}
proto::Operation stop_commitments(std::string line, std::uint64_t from_ms) {
  proto::Operation o;
  o.mutable_close_budget_year()->set_line(std::move(line));
  o.mutable_close_budget_year()->set_stop_from_ms(from_ms);
  return o;
}
proto::Operation stop_payments(std::string line, std::uint64_t from_ms) {
  proto::Operation o;
  o.mutable_close_budget_year()->set_line(std::move(line));
  o.mutable_close_budget_year()->set_stop_payments_from_ms(from_ms);
  return o;
}
proto::Operation approve_ceiling(std::string line, MinorUnits amount, std::uint32_t year) {
  auto o = approve_line(std::move(line), amount);
  o.mutable_approve_budget_line()->set_year(year);
  o.mutable_approve_budget_line()->set_ceiling(true);
  return o;
}
proto::Operation approve_revenue(std::string line, MinorUnits amount, std::uint32_t year, std::string account) {
  proto::Operation o;
  auto* a = o.mutable_approve_revenue_line();
  a->set_line(std::move(line));
  a->set_title("Value added tax");
  a->set_account(std::move(account));
  a->set_year(year);
  a->set_amount(amount);
  return o;
}
proto::Operation adjust_revenue(std::string line, MinorUnits delta) {
  proto::Operation o;
  o.mutable_adjust_revenue_line()->set_line(std::move(line));
  o.mutable_adjust_revenue_line()->set_delta(delta);
  o.mutable_adjust_revenue_line()->set_reason("another forecast");
  return o;
}
proto::Operation close_line(std::string line, std::string carry_to) {
  proto::Operation o;
  o.mutable_close_budget_year()->set_line(std::move(line));
  o.mutable_close_budget_year()->mutable_close()->set_carry_to(std::move(carry_to));
  return o;
}
proto::Operation allot(std::string line, MinorUnits amount) {
  proto::Operation o;
  o.mutable_allot_budget_line()->set_line(std::move(line));
  o.mutable_allot_budget_line()->set_amount(amount);
  return o;
}
proto::Operation reserve(std::string line, MinorUnits amount, bool release) {
  proto::Operation o;
  o.mutable_reserve_budget_line()->set_line(std::move(line));
  o.mutable_reserve_budget_line()->set_amount(amount);
  o.mutable_reserve_budget_line()->set_release(release);
  return o;
}
proto::Operation order_payment(const Digest& contract, std::uint32_t payment) {
  proto::Operation o;
  o.mutable_order_payment()->set_contract(std::string(contract.view()));
  o.mutable_order_payment()->set_payment(payment);
  return o;
}
proto::Operation pay_order(const Digest& contract, std::uint32_t payment) {
  proto::Operation o;
  o.mutable_pay_order()->set_contract(std::string(contract.view()));
  o.mutable_pay_order()->set_payment(payment);
  return o;
}

}  // namespace daftar::contracts::test

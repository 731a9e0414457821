#include "tools/contracts_bench/deals.h"

#include "contracts/agreements/text.h"
#include "contracts/state_keys.h"
#include "ledger/check.h"
#include "ledger/keys.h"
#include "tools/files.h"

namespace daftar::contracts_bench {

namespace proto = ledger::proto;

namespace {

constexpr std::uint64_t begin_ms = 1'772'323'200'000;   // 2026-03-01
constexpr std::int64_t day_ms = 86'400'000;
constexpr ledger::MinorUnits price = 5'600'00;
constexpr std::size_t pairs = 500;                      // of customers and providers

std::string customer(std::size_t contract) { return "customer-" + std::to_string(contract % pairs); }
std::string provider(std::size_t contract) { return "provider-" + std::to_string(contract % pairs); }
std::string line(std::size_t contract) { return "2026." + std::to_string(contract % pairs); }   // of the customer

std::string public_key(const std::string& name) { return std::string(ledger::SigningKey::from_seed(ledger::sha256(name).view())->public_key().view()); }

void add_member(proto::Genesis& genesis, const std::string& id, const std::string& kind, const std::string& role) {
  auto* member = genesis.add_members();
  member->set_id(id);
  member->set_name(id);
  member->set_kind(kind);
  member->set_country("UZ");
  member->set_tax_status(kind == "company" ? "vat_payer" : "none");
  member->add_roles(role);
  member->add_keys(public_key(id));
  member->set_signatures_required(1);
}

proto::TaxRule* add_rule(proto::Genesis& genesis, const std::string& code, const std::string& kind, const std::string& base, std::uint32_t rate_ppm) {
  auto* rule = genesis.add_tax_rules();
  rule->set_code(code);
  rule->set_version(1);
  rule->set_kind(kind);
  rule->set_base(base);
  rule->set_rate_ppm(rate_ppm);
  rule->set_withheld_share_ppm(1'000'000);
  rule->add_categories("services");
  rule->set_payee_residence("resident");
  rule->set_revenue_account("tax/UZS/revenue." + kind);
  rule->set_status("illustration");
  rule->set_currency("UZS");
  rule->set_country("UZ");
  return rule;
}

void set(proto::ContractValue* value, const std::string& name, std::int64_t number) {
  value->set_name(name);
  value->set_number(number);
}
void set(proto::ContractValue* value, const std::string& name, const std::string& bytes) {
  value->set_name(name);
  value->set_bytes(bytes);
}

}  // namespace

std::optional<std::string> MemoryState::get(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

void MemoryState::scan(std::string_view from, std::string_view to, const std::function<bool(std::string_view, std::string_view)>& visit) const {
  for (auto at = keys_.lower_bound(from); at != keys_.end() && *at < to; ++at)
    if (!visit(*at, values_.find(*at)->second)) return;
}

void MemoryState::apply(const ledger::ChangeSet& changes) {
  for (const auto& [key, value] : changes.writes()) {
    if (value) {
      values_.insert_or_assign(key, *value);
      keys_.insert(key);
    } else {
      values_.erase(key);
      keys_.erase(key);
    }
  }
}

Deals::Deals(const Options& options) : options_(options), now_ms_(begin_ms) {
  ledger::initialise_crypto();
  const auto source = tools::read_file(DAFTAR_SOURCE_DIR "/contracts/templates/service.template", contracts::language::limits::source_bytes);
  DAFTAR_CHECK(source.has_value());
  auto known = contracts::agreements::known_of(*source);
  DAFTAR_CHECK(known.has_value());
  known_ = std::make_unique<contracts::agreements::Library::Known>(std::move(*known));
  make_ledger();
  for (std::size_t i = 0; i < options_.contracts; ++i) make_contract(i);
}

void Deals::make_ledger() {
  proto::Genesis genesis;
  genesis.set_name("contracts-bench");
  genesis.set_time_ms(begin_ms);
  genesis.add_currencies("UZS");
  add_member(genesis, "bank", "public_body", "bank");
  add_member(genesis, "tax", "public_body", "tax_authority");
  add_member(genesis, "operator", "public_body", "operator");
  add_member(genesis, "treasury", "public_body", "treasury");
  for (std::size_t i = 0; i < pairs; ++i) {
    add_member(genesis, customer(i), options_.from_line ? "public_body" : "company", options_.from_line ? "spending_unit" : "enterprise");
    add_member(genesis, provider(i), "company", "enterprise");
  }
  auto* validator = genesis.add_validators();
  validator->set_node(1);
  validator->set_operator_("operator");
  validator->set_link_key(public_key("link"));
  validator->set_checkpoint_key(public_key("checkpoint"));
  add_rule(genesis, "vat-12", "vat", "inclusive", 120'000)->set_vat_route("treasury");
  add_rule(genesis, "income-3", "withholding", "net_of_vat", 30'000);
  auto* known = genesis.add_templates();
  known->set_source(known_->source);
  known->set_program(std::string(known_->digest.view()));
  auto parsed = ledger::Genesis::parse(ledger::encode_genesis(genesis));
  DAFTAR_CHECK(parsed.has_value());
  genesis_ = *parsed;
  const auto state = contracts::genesis_state(*genesis_);
  DAFTAR_CHECK(state.has_value());
  state_.apply(*state);
  engine_ = std::make_unique<contracts::Engine>(genesis_);
  if (options_.from_line)
    for (std::size_t i = 0; i < pairs; ++i) open_line(i);
}

void Deals::open_line(std::size_t number) {
  const ledger::MinorUnits enough = price * options_.milestones * static_cast<ledger::MinorUnits>(options_.contracts / pairs + 1);
  proto::Operation approve, allot;
  auto& line_of = *approve.mutable_approve_budget_line();
  line_of.set_line(line(number));
  line_of.set_owner(customer(number));
  line_of.set_title("Upkeep of programs");
  line_of.set_currency("UZS");
  line_of.set_amount(enough);
  line_of.set_year(2026);
  line_of.set_function_code("09.1");
  line_of.set_economic_code("22");
  line_of.set_source_account("treasury/UZS");
  allot.mutable_allot_budget_line()->set_line(line(number));
  allot.mutable_allot_budget_line()->set_amount(enough);
  execute({sent_by("treasury", {approve, allot})});
}

/// The keys are the senders', the signatures are nobody's: whether they verify is judged before execution.
std::shared_ptr<const ledger::Transaction> Deals::sent_by(const std::string& sender, std::vector<proto::Operation> operations) {
  proto::TransactionBody body;
  body.set_ledger_id(std::string(genesis_->ledger_id().view()));
  body.set_sender(sender);
  std::string nonce(16, '\0');
  ++nonce_;
  for (std::size_t i = 0; i < 8; ++i) nonce[i] = static_cast<char>(nonce_ >> (8 * i));
  body.set_nonce(nonce);
  body.set_valid_until_ms(now_ms_ + 3'600'000);
  for (auto& operation : operations) *body.add_operations() = std::move(operation);
  const auto parsed = ledger::Transaction::parse(ledger::make_envelope(ledger::encode_body(body), {{*ledger::PublicKey::from_bytes(public_key(sender)), {}}}), genesis_->transaction_limits());
  DAFTAR_CHECK(parsed.has_value());
  return *parsed;
}

void Deals::execute(Transactions transactions) {
  now_ms_ += 1000;
  const auto block = ledger::make_block({}, ++height_, now_ms_, false, std::move(transactions));
  const auto outcome = engine_->execute(*block, state_);
  for (const auto& entry : outcome.entries) DAFTAR_CHECK(entry.accepted);
  state_.apply(outcome.changes);
}

proto::Operation Deals::act(std::size_t contract, const std::string& name, std::uint32_t entry) const {
  proto::Operation operation;
  auto* act = operation.mutable_act_on_contract();
  act->set_contract(std::string(contracts_[contract].first.view()));
  act->set_digest(std::string(contracts_[contract].second.view()));
  act->set_act(name);
  act->set_entry(entry);
  return operation;
}

proto::DraftContract Deals::draft_of(std::size_t contract) const {
  proto::DraftContract draft;
  draft.set_template_(known_->program.name);
  draft.set_version(known_->program.version);
  draft.set_currency("UZS");
  auto* payer = draft.add_parties();
  payer->set_name("customer");
  payer->set_member(customer(contract));
  if (options_.from_line) payer->set_budget_line(line(contract));
  auto* payee = draft.add_parties();
  payee->set_name("provider");
  payee->set_member(provider(contract));
  for (const auto& slot : known_->program.terms) {
    if (slot.name == "subject") set(draft.add_terms(), slot.name, "Upkeep of the accounting software");
    if (slot.name == "income") set(draft.add_terms(), slot.name, "services");
    if (slot.name == "offer_until") set(draft.add_terms(), slot.name, static_cast<std::int64_t>(now_ms_) + 3 * day_ms);
    if (slot.name == "late_rate") set(draft.add_terms(), slot.name, 4'000);
    if (slot.name == "late_cap") set(draft.add_terms(), slot.name, 500'000);
    if (slot.name == "acceptance" && !options_.from_line) set(draft.add_terms(), slot.name, 5 * day_ms);
    if (slot.name == "grace") set(draft.add_terms(), slot.name, 30 * day_ms);
  }
  auto* list = draft.add_lists();
  list->set_name("milestones");
  for (std::uint32_t m = 0; m < options_.milestones; ++m) {
    auto* entry = list->add_entries();
    set(entry->add_fields(), "title", "Stage " + std::to_string(m + 1));
    set(entry->add_fields(), "price", price);
    set(entry->add_fields(), "due", static_cast<std::int64_t>(now_ms_) + 10 * day_ms);
  }
  const auto described = contracts::agreements::read_draft(known_->program, draft);
  DAFTAR_CHECK(described.has_value());
  draft.set_digest(std::string(contracts::agreements::digest_of(*known_, described->parties, "UZS", described->instance, {}).view()));
  return draft;
}

/// Drafted, signed by both, in force, and every milestone delivered in time.
void Deals::make_contract(std::size_t number) {
  proto::Operation operation;
  *operation.mutable_draft_contract() = draft_of(number);
  const auto drafted = sent_by(provider(number), {operation});
  contracts_.emplace_back(drafted->id(), *ledger::Digest::from_bytes(operation.draft_contract().digest()));
  Transactions transactions = {drafted};
  if (!options_.from_line) {
    proto::Operation money;
    money.mutable_issue()->set_to(customer(number) + "/UZS");
    money.mutable_issue()->set_amount(price * options_.milestones);
    money.mutable_issue()->set_statement_reference("statement " + std::to_string(number));
    transactions.push_back(sent_by("bank", {money}));
  }
  transactions.push_back(sent_by(customer(number), {act(number, "sign")}));
  transactions.push_back(sent_by(provider(number), {act(number, "sign")}));
  if (options_.from_line) transactions.push_back(sent_by("treasury", {act(number, "register")}));
  std::vector<proto::Operation> deliveries;
  for (std::uint32_t m = 1; m <= options_.milestones; ++m)
    set(deliveries.emplace_back(act(number, "deliver", m)).mutable_act_on_contract()->add_parameters(), "file", std::string(32, 'd'));
  transactions.push_back(sent_by(provider(number), std::move(deliveries)));
  execute(std::move(transactions));
}

std::shared_ptr<const ledger::Block> Deals::acceptances(std::size_t count) {
  Transactions transactions;
  for (std::size_t i = 0; i < count; ++i, next_ = (next_ + 1) % options_.contracts) {
    std::vector<proto::Operation> operations;
    for (std::uint32_t m = 1; m <= options_.together; ++m) operations.push_back(act(next_, "accept", m));
    transactions.push_back(sent_by(customer(next_), std::move(operations)));
  }
  return ledger::make_block({}, height_ + 1, now_ms_ + 1000, false, std::move(transactions));
}

std::size_t Deals::taxes_of(const contracts::ExecutedEntry& entry) { return contracts::decode_result(entry.result)->taxes.size(); }

contracts::agreements::Agreement Deals::agreement(std::size_t contract) const {
  return *contracts::decode_record<contracts::agreements::Agreement>(*state_.get(contracts::keys::agreement(contracts_[contract].first)));
}

}  // namespace daftar::contracts_bench

// Contracts of templates ready for a test.
#pragma once
#include "contracts/agreements/text.h"
#include "contracts/query.h"
#include "world.h"

namespace daftar::contracts::test {

/// A ledger that knows the rental template beside the service; there is VAT in rent, too.
inline World world_with_templates() {
  return World([](proto::Genesis& genesis) {
    for (auto& rule : *genesis.mutable_tax_rules())
      if (rule.kind() == "vat") rule.add_categories("rent");
    add_template(genesis, shipped_template("rental"));
  });
}

/// An offer while it is written.
class Offer {
 public:
  explicit Offer(const std::string& name, std::string currency = "UZS") : Offer(shipped_template(name), std::move(currency)) {}
  explicit Offer(const agreements::Library::Known& known, std::string currency = "UZS") : known_(known) {
    draft_.set_template_(known_.program.name);
    draft_.set_version(known_.program.version);
    draft_.set_currency(std::move(currency));
  }
  Offer& party(std::string name, std::string member, std::string account = {}, std::string budget_line = {}) {
    auto* one = draft_.add_parties();
    one->set_name(std::move(name));
    one->set_member(std::move(member));
    one->set_account(std::move(account));
    one->set_budget_line(std::move(budget_line));
    return *this;
  }
  Offer& term(std::string name, std::int64_t number) { return set(draft_.add_terms(), std::move(name), number); }
  Offer& term(std::string name, std::string bytes) { return set(draft_.add_terms(), std::move(name), std::move(bytes)); }
  Offer& list(std::string name) {
    draft_.add_lists()->set_name(std::move(name));
    return *this;
  }
  Offer& entry(std::string text_field, std::string text, std::string money_field, MinorUnits amount, std::uint64_t due_ms) {
    auto* entry = draft_.mutable_lists(draft_.lists_size() - 1)->add_entries();
    set(entry->add_fields(), std::move(text_field), std::move(text));
    set(entry->add_fields(), std::move(money_field), amount);
    return set(entry->add_fields(), "due", static_cast<std::int64_t>(due_ms));
  }
  Offer& replacing(const Digest& contract) {
    draft_.set_replaces(std::string(contract.view()));
    return *this;
  }
  Offer& by_award(const Digest& tender) {
    draft_.set_tender(std::string(tender.view()));
    return *this;
  }
  proto::DraftContract& draft() { return draft_; }
  /// What a wallet would put its name to.
  Digest digest() const {
    const auto described = agreements::read_draft(known_.program, draft_);
    return described ? agreements::digest_of(known_, described->parties, draft_.currency(), described->instance, draft_.replaces(), draft_.tender()) : Digest{};
  }
  proto::Operation operation() {
    draft_.set_digest(std::string(digest().view()));
    proto::Operation o;
    *o.mutable_draft_contract() = draft_;
    return o;
  }

 private:
  template <class V>
  Offer& set(proto::ContractValue* value, std::string name, V v) {
    value->set_name(std::move(name));
    if constexpr (std::is_same_v<V, std::string>) value->set_bytes(std::move(v));
    else value->set_number(v);
    return *this;
  }
  const agreements::Library::Known& known_;
  proto::DraftContract draft_;
};

/// One on the ledger.
struct AgreementDeal {
  Digest id, digest;

  agreements::Agreement record(const World& w) const { return *query::contract(w.state(), id); }
  language::Instance instance(const World& w) const { return *language::decode_instance(record(w).instance); }
  std::string phase(const World& w) const { return shipped_template(record(w).contract_template).program.phases[instance(w).phase].name; }
  agreements::Claim claim(const World& w, std::uint32_t number) const { return *query::claim(w.state(), id, number); }
  /// What a field of an entry of the list with stages is.
  language::Value field(const World& w, std::size_t entry, std::string_view name) const {
    const auto& program = shipped_template(record(w).contract_template).program;
    const auto& fields = program.lists[program.staged].fields;
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& slot) { return slot.name == name; });
    REQUIRE(found != fields.end());
    return instance(w).lists[program.staged].at(entry - 1).fields[static_cast<std::size_t>(found - fields.begin())];
  }
  std::string stage(const World& w, std::size_t entry) const {
    const auto& program = shipped_template(record(w).contract_template).program;
    return program.stages[instance(w).lists[program.staged].at(entry - 1).stage].name;
  }
  std::string hold(const std::string& member) const { return member + "/UZS/hold." + id.hex().substr(0, 32); }

  proto::Operation act(std::string name, std::uint32_t entry = 0, std::vector<std::pair<std::string, language::Value>> parameters = {}) const {
    proto::Operation o;
    auto* a = o.mutable_act_on_contract();
    a->set_contract(std::string(id.view()));
    a->set_digest(std::string(digest.view()));
    a->set_act(std::move(name));
    a->set_entry(entry);
    for (const auto& [parameter, value] : parameters) {
      auto* one = a->add_parameters();
      one->set_name(parameter);
      if (value.form == language::Value::Form::number) one->set_number(value.number);
      else one->set_bytes(value.bytes);
    }
    return o;
  }
};

inline AgreementDeal offered(World& w, const std::string& drafter, Offer& offer) {
  w.must(drafter, offer.operation());
  return {w.last_id(), offer.digest()};
}

}  // namespace daftar::contracts::test

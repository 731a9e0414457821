// Contracts of templates ready for a test.
#pragma once
#include <filesystem>

#include "contracts/agreements/text.h"
#include "tests/harness/text_file.h"
#include "world.h"

namespace daftar::contracts::test {

inline const agreements::Library::Known& shipped_template(const std::string& name) {
  static std::map<std::string, agreements::Library::Known> known;
  if (!known.contains(name)) {
    auto found = agreements::known_of(tests::read_text(std::filesystem::path(DAFTAR_SOURCE_DIR) / "contracts/templates" / (name + ".template")));
    INFO(name);
    REQUIRE(found);
    known.emplace(name, std::move(*found));
  }
  return known.at(name);
}

inline void add_template(proto::Genesis& genesis, const agreements::Library::Known& known) {
  auto* one = genesis.add_templates();
  one->set_source(known.source);
  one->set_program(std::string(known.digest.view()));
}

/// A ledger that knows the service and the rental template; there is VAT in rent, too.
inline World world_with_templates() {
  return World([](proto::Genesis& genesis) {
    for (auto& rule : *genesis.mutable_tax_rules())
      if (rule.kind() == "vat") rule.add_categories("rent");
    for (const char* name : {"rental", "service"}) add_template(genesis, shipped_template(name));
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
  Offer& party(std::string name, std::string member, std::string account = {}) {
    auto* one = draft_.add_parties();
    one->set_name(std::move(name));
    one->set_member(std::move(member));
    one->set_account(std::move(account));
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
  proto::DraftAgreement& draft() { return draft_; }
  /// What a wallet would put its name to.
  Digest digest() const {
    const auto described = agreements::read_draft(known_.program, draft_);
    return described ? agreements::digest_of(known_, described->parties, draft_.currency(), described->instance) : Digest{};
  }
  proto::Operation operation() {
    draft_.set_digest(std::string(digest().view()));
    proto::Operation o;
    *o.mutable_draft_agreement() = draft_;
    return o;
  }

 private:
  template <class V>
  Offer& set(proto::AgreementValue* value, std::string name, V v) {
    value->set_name(std::move(name));
    if constexpr (std::is_same_v<V, std::string>) value->set_bytes(std::move(v));
    else value->set_number(v);
    return *this;
  }
  const agreements::Library::Known& known_;
  proto::DraftAgreement draft_;
};

/// One on the ledger.
struct AgreementDeal {
  Digest id, digest;

  agreements::Agreement record(const World& w) const { return *decode_record<agreements::Agreement>(*w.state().get(keys::agreement(id))); }
  language::Instance instance(const World& w) const { return *language::decode_instance(record(w).instance); }
  std::string phase(const World& w) const { return shipped_template(record(w).contract_template).program.phases[instance(w).phase].name; }
  std::string stage(const World& w, std::size_t entry) const {
    const auto& program = shipped_template(record(w).contract_template).program;
    return program.stages[instance(w).lists[program.staged].at(entry - 1).stage].name;
  }
  std::string hold(const std::string& member) const { return member + "/UZS/hold." + id.hex().substr(0, 32); }

  proto::Operation act(std::string name, std::uint32_t entry = 0, std::vector<std::pair<std::string, language::Value>> parameters = {}) const {
    proto::Operation o;
    auto* a = o.mutable_act_on_agreement();
    a->set_agreement(std::string(id.view()));
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

// A ledger made in memory for tests: validators with fresh keys, a bank, a registrar and a few members, all keys at hand.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ledger/genesis.h"
#include "ledger/keys.h"
#include "ledger/transaction.h"
#include "tests/harness/temporary_folder.h"

namespace daftar::tests {

inline std::uint64_t wall_ms() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
}

struct SmallNetwork {
  std::map<std::string, ledger::SigningKey> members;
  std::vector<ledger::SigningKey> link_keys, checkpoint_keys;
  std::shared_ptr<const ledger::Genesis> genesis;

  /// `make_key`: where keys and nonces come from; a simulation gives its own, so that equal seeds make equal bytes.
  /// `node_change_approvals`: as in the genesis.
  explicit SmallNetwork(int validators = 3, const std::vector<std::string>& enterprises = {"acme", "baraka"},
                        std::function<ledger::SigningKey()> make_key = ledger::SigningKey::generate, std::uint32_t node_change_approvals = 0,
                        const std::vector<ledger::proto::Template>& templates = {}, const std::vector<ledger::proto::TaxRule>& tax_rules = {},
                        const std::function<void(ledger::proto::Genesis&)>& edit = {})
      : make_key_(std::move(make_key)) {
    ledger::initialise_crypto();
    ledger::proto::Genesis content;
    content.set_name("daftar-test");
    content.set_time_ms(1'700'000'000'000);
    content.set_country_profile("test");
    content.add_currencies("UZS");
    if (node_change_approvals != 0) content.mutable_limits()->set_node_change_approvals(node_change_approvals);
    for (const auto& one : templates) *content.add_templates() = one;
    for (const auto& one : tax_rules) *content.add_tax_rules() = one;
    add_member(content, "bank", {"bank"});
    add_member(content, "registrar", {"registrar"});
    add_member(content, "treasury", {"treasury"});
    add_member(content, "tax-office", {"tax_authority"});
    for (const auto& id : enterprises) add_member(content, id, {"enterprise"});
    for (int node = 1; node <= validators; ++node) {
      const std::string id = "operator-" + std::to_string(node);
      add_member(content, id, {"operator"});
      auto* validator = content.add_validators();
      validator->set_node(static_cast<std::uint32_t>(node));
      validator->set_operator_(id);
      link_keys.push_back(make_key_());
      checkpoint_keys.push_back(make_key_());
      validator->set_link_key(std::string(link_keys.back().public_key().view()));
      validator->set_checkpoint_key(std::string(checkpoint_keys.back().public_key().view()));
    }
    if (edit) edit(content);
    auto parsed = ledger::Genesis::parse(ledger::encode_genesis(content));
    if (!parsed) throw std::runtime_error(parsed.error());
    genesis = *parsed;
  }

  std::shared_ptr<const ledger::Transaction> transaction(const std::string& sender, std::vector<ledger::proto::Operation> operations,
                                                         std::uint64_t valid_until_ms = wall_ms() + 600'000) const {
    ledger::proto::TransactionBody body;
    body.set_ledger_id(std::string(genesis->ledger_id().view()));
    body.set_sender(sender);
    body.set_nonce(make_key_().seed().substr(0, 16));
    body.set_valid_until_ms(valid_until_ms);
    for (auto& operation : operations) *body.add_operations() = std::move(operation);
    return sign(sender, body);
  }

  std::shared_ptr<const ledger::Transaction> sign(const std::string& sender, const ledger::proto::TransactionBody& body) const {
    const std::string bytes = ledger::encode_body(body);
    const auto& key = members.at(sender);
    auto parsed = ledger::Transaction::parse(ledger::make_envelope(bytes, {{key.public_key(), key.sign(ledger::signing_bytes(bytes))}}), {});
    if (!parsed) throw std::runtime_error("test transaction: " + parsed.error().detail);
    return *parsed;
  }

  std::shared_ptr<const ledger::Transaction> issue(const std::string& to, std::int64_t amount, const std::string& reference,
                                                   std::uint64_t valid_until_ms = wall_ms() + 600'000) const {
    ledger::proto::Operation operation;
    operation.mutable_issue()->set_to(to);
    operation.mutable_issue()->set_amount(amount);
    operation.mutable_issue()->set_statement_reference(reference);
    return transaction("bank", {operation}, valid_until_ms);
  }

  std::shared_ptr<const ledger::Transaction> transfer(const std::string& from, const std::string& to, std::int64_t amount,
                                                      std::uint64_t valid_until_ms = wall_ms() + 600'000) const {
    ledger::proto::Operation operation;
    operation.mutable_transfer()->set_from(from + "/UZS");
    operation.mutable_transfer()->set_to(to + "/UZS");
    operation.mutable_transfer()->set_amount(amount);
    operation.mutable_transfer()->set_category("none");
    return transaction(from, {operation}, valid_until_ms);
  }

  /// A step for propose(); of an addition: the keys are the last in link_keys and checkpoint_keys.
  ledger::proto::NodeChange node_change(const std::string& verb, std::uint32_t node, const std::string& address = {}) const {
    ledger::proto::NodeChange change;
    change.set_verb(verb);
    change.set_node(node);
    if (verb == "add_observer" || verb == "add_validator") {
      change.set_operator_("operator-1");
      change.set_link_key(std::string(link_keys.at(node - 1).public_key().view()));
      change.set_checkpoint_key(std::string(checkpoint_keys.at(node - 1).public_key().view()));
      change.set_link_address(address);
    }
    return change;
  }

  std::shared_ptr<const ledger::Transaction> propose(const std::string& sender, const std::vector<ledger::proto::NodeChange>& changes,
                                                     std::uint64_t until_ms = wall_ms() + 600'000) const {
    ledger::proto::Operation operation;
    for (const auto& change : changes) *operation.mutable_propose_node_change()->add_changes() = change;
    operation.mutable_propose_node_change()->set_until_ms(until_ms);
    return transaction(sender, {operation});
  }

  std::shared_ptr<const ledger::Transaction> approve(const std::string& sender, const ledger::Digest& proposal) const {
    ledger::proto::Operation operation;
    operation.mutable_approve_node_change()->set_proposal(std::string(proposal.view()));
    return transaction(sender, {operation});
  }

  /// Keys of one more node, not of the genesis; returns its number.
  std::uint32_t make_node() {
    link_keys.push_back(make_key_());
    checkpoint_keys.push_back(make_key_());
    return static_cast<std::uint32_t>(link_keys.size());
  }

 private:
  void add_member(ledger::proto::Genesis& content, const std::string& id, const std::vector<std::string>& roles) {
    auto key = make_key_();
    auto* member = content.add_members();
    member->set_id(id);
    member->set_name(id);
    member->set_kind("company");
    member->set_country("UZ");
    member->set_tax_status("vat_payer");
    for (const auto& role : roles) member->add_roles(role);
    member->add_keys(std::string(key.public_key().view()));
    member->set_signatures_required(1);
    members.emplace(id, std::move(key));
  }

  std::function<ledger::SigningKey()> make_key_;
};

}  // namespace daftar::tests

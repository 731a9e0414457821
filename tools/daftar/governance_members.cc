// Changes of members: who they are, roles, suspension, keys in the place of lost ones.
#include "tools/daftar/governance.h"

namespace daftar::tools {
namespace proto = ledger::proto;

namespace {

Result<Report> propose_member(Session& session, const GovernanceArguments& a) {
  proto::ProposeChange change;
  auto& member = *change.mutable_member();
  member.set_member(a.id);
  member.set_name(a.name);
  member.set_tax_id(a.tax_id);
  member.set_country(a.country);
  member.set_tax_status(a.tax_status);
  for (const std::string& role : a.give) member.add_give_roles(role);
  for (const std::string& role : a.take) member.add_take_roles(role);
  return propose(session, a, std::move(change));
}

Result<Report> propose_deciding_roles(Session& session, const GovernanceArguments& a) {
  proto::ProposeChange change;
  auto& roles = *change.mutable_deciding_roles();
  roles.set_member(a.id);
  for (const std::string& role : a.give) roles.add_give(role);
  for (const std::string& role : a.take) roles.add_take(role);
  return propose(session, a, std::move(change));
}

Result<Report> suspend(Session& session, const GovernanceArguments& a) {
  proto::ProposeChange change;
  change.mutable_suspend_member()->set_member(a.id);
  return propose(session, a, std::move(change));
}

Result<Report> reinstate(Session& session, const GovernanceArguments& a) {
  proto::ProposeChange change;
  change.mutable_reinstate_member()->set_member(a.id);
  return propose(session, a, std::move(change));
}

/// HEX or HEX=OFFICE
Result<Report> recover_keys(Session& session, const GovernanceArguments& a) {
  proto::ProposeChange change;
  auto& recovery = *change.mutable_recover_keys();
  recovery.set_member(a.id);
  recovery.set_signatures_required(a.signatures_required);
  recovery.set_keep_signing_rules(a.keep_signing_rules);
  for (const std::string& text : a.keys) {
    const auto equals = text.find('=');
    auto key = parse_hex32("public key", text.substr(0, equals));
    if (!key) return Unexpected<ToolError>(key.error());
    auto& one = *recovery.add_keys();
    one.set_key(*key);
    if (equals != std::string::npos) one.set_office(text.substr(equals + 1));
  }
  return propose(session, a, std::move(change));
}

}  // namespace

void add_member_change_commands(Command governance, Session& session, const std::shared_ptr<GovernanceArguments>& a) {
  const auto member = [a](Command& c) {
    c.add_option("member", a->id, "Member id").required();
    c.add_option("--reason", a->reason, "For people");
  };
  const auto member_and_reason = [a](Command& c) {
    c.add_option("member", a->id, "Member id").required();
    c.add_option("--reason", a->reason, "For people").required();
  };
  add_proposing_command(governance, session, a, "propose-member", "Propose what a member is called, where and how it is taxed, and which roles it has that do not decide",
                        "What is left out stays as it is.\n\nExample:\n  daftar governance propose-member acme-build --tax-status turnover_tax_payer --take-role arbiter --as registrar", propose_member,
                        [a, member](Command& c) {
                          member(c);
                          c.add_option("--name", a->name, "Name for people");
                          c.add_option("--tax-id", a->tax_id, "Public tax number of an organisation");
                          c.add_option("--country", a->country, "Country of tax residence, two letters");
                          c.add_option("--tax-status", a->tax_status, "vat_payer, turnover_tax_payer, none, ...");
                          c.add_option("--give-role", a->give, "enterprise, citizen, spending_unit, arbiter, auditor; may be repeated");
                          c.add_option("--take-role", a->take, "The same");
                        });
  add_proposing_command(governance, session, a, "propose-roles", "Propose which roles a member has that decide: treasury, tax_authority, bank, registrar, operator",
                        "Example:\n  daftar governance propose-roles bank-2 --give bank --as registrar", propose_deciding_roles, [a, member](Command& c) {
                          member(c);
                          c.add_option("--give", a->give, "treasury, tax_authority, bank, registrar or operator; may be repeated");
                          c.add_option("--take", a->take, "The same");
                        });
  add_proposing_command(governance, session, a, "suspend", "Propose that a member sends nothing any more; payments to it and deadlines go on",
                        "Example:\n  daftar governance suspend acme-build --reason \"decision 12 of the court\" --as registrar", suspend, member_and_reason);
  add_proposing_command(governance, session, a, "reinstate", "Propose that a suspended member acts again",
                        "Example:\n  daftar governance reinstate acme-build --reason \"the decision was set aside\" --as registrar", reinstate, member_and_reason);
  add_proposing_command(governance, session, a, "recover-keys", "Propose new keys in the place of all that a member has; it can object until they are in force (daftar governance withdraw)",
                        "Example:\n  daftar governance recover-keys acme-build --key 5f…=director --key 7a…=chief-accountant --keep-signing-rules --reason \"the safe burnt\" --as registrar", recover_keys,
                        [a, member_and_reason](Command& c) {
                          member_and_reason(c);
                          c.add_option("--key", a->keys, "Public key in hex, HEX or HEX=OFFICE; may be repeated").required();
                          c.add_option("--signatures-required", a->signatures_required, "How many of them must sign (default 1)");
                          c.add_flag("--keep-signing-rules", a->keep_signing_rules, "Its signing rules stay; otherwise it has none until it sets new ones");
                        });
}

}  // namespace daftar::tools

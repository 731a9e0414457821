#include <algorithm>
#include <sstream>

#include "tools/daftar/commands.h"

namespace daftar::tools {
namespace proto = ledger::proto;
using nlohmann::json;

namespace {

struct MemberArguments {
  std::string id, name, kind = "company", tax_id, country = "UZ", tax_status = "none", key_hex, office, from, until;
  std::vector<std::string> roles, keys, rules;
  std::uint32_t signatures_required = 1;
  bool new_key = false;
  std::string after;
  unsigned limit = 100;
};

Result<Report> register_member(Session& session, const MemberArguments& a) {
  proto::Operation operation;
  auto& member = *operation.mutable_register_member();
  member.set_id(a.id);
  member.set_name(a.name);
  member.set_kind(a.kind);
  member.set_tax_id(a.tax_id);
  member.set_country(a.country);
  member.set_tax_status(a.tax_status);
  for (const auto& role : a.roles.empty() ? std::vector<std::string>{"enterprise"} : a.roles) member.add_roles(role);
  member.set_signatures_required(a.signatures_required);
  for (const auto& key : a.keys) {
    auto raw = parse_hex32("public key", key);
    if (!raw) return Unexpected<ToolError>(raw.error());
    member.add_keys(*raw);
  }
  const auto file = session.keystore_file(a.id);
  if (a.new_key) {
    std::error_code ec;
    if (std::filesystem::exists(file, ec)) {  // made by an attempt that did not come through
      auto info = inspect_keystore(file);
      if (!info) return Unexpected<ToolError>(info.error());
      member.add_keys(std::string(info->public_key.view()));
    } else {
      auto secret = session.passphrase(a.id, "New passphrase for " + a.id + ": ", true);
      if (!secret) return Unexpected<ToolError>(secret.error());
      const auto made = ledger::SigningKey::generate();
      if (auto wrote = write_keystore(file, a.id, made, *secret); !wrote) return Unexpected<ToolError>(wrote.error());
      member.add_keys(std::string(made.public_key().view()));
    }
  }
  if (member.keys().empty()) return failure(Exit::usage, "keys", "A member needs a key.", "Give its public key with --key HEX, or make one here with --new-key.");
  auto report = session.transact({operation});
  if (report && a.new_key) report->data["keystore"] = file.string();
  return report;
}

/// "AMOUNT CURRENCY N [OFFICE,OFFICE]"
Result<proto::SigningRule> read_rule(const std::string& text) {
  std::istringstream in(text);
  std::string amount, currency, signatures, offices, more;
  in >> amount >> currency >> signatures >> offices;
  if (signatures.empty() || in >> more) return failure(Exit::usage, "rule", "'" + text + "' is no signing rule.", "Write 'AMOUNT CURRENCY N OFFICE,OFFICE': above AMOUNT so many must sign, among them these offices (which may be left out).");
  auto above = parse_amount(amount, currency);
  if (!above) return Unexpected<ToolError>(above.error());
  const auto number = [&] { return signatures.size() <= 2 && std::all_of(signatures.begin(), signatures.end(), [](char c) { return c >= '0' && c <= '9'; }) ? std::stoul(signatures) : 0; }();
  if (number == 0) return failure(Exit::usage, "rule", "'" + signatures + "' is no number of signatures.");
  proto::SigningRule rule;
  rule.set_above(*above);
  rule.set_currency(currency);
  rule.set_signatures(static_cast<std::uint32_t>(number));
  std::istringstream names(offices);
  for (std::string name; std::getline(names, name, ',');) rule.add_offices(name);
  return rule;
}

Result<Report> set_rules(Session& session, const MemberArguments& a) {
  proto::Operation operation;
  auto& rules = *operation.mutable_set_signing_rules();
  for (const std::string& text : a.rules) {
    auto rule = read_rule(text);
    if (!rule) return Unexpected<ToolError>(rule.error());
    *rules.add_rules() = std::move(*rule);
  }
  return session.transact({operation});
}

Result<Report> change_key(Session& session, const MemberArguments& a, bool revoke) {
  auto key = parse_hex32("public key", a.key_hex);
  if (!key) return Unexpected<ToolError>(key.error());
  proto::Operation operation;
  auto& o = *operation.mutable_change_key();
  o.set_member(a.id);
  o.set_key(*key);
  o.set_revoke(revoke);
  o.set_office(a.office);
  for (const auto& [text, set] : {std::pair{&a.from, &proto::ChangeKey::set_from_ms}, std::pair{&a.until, &proto::ChangeKey::set_until_ms}}) {
    if (text->empty()) continue;
    auto ms = parse_time(*text);
    if (!ms) return Unexpected<ToolError>(ms.error());
    (o.*set)(*ms);
  }
  return session.transact({operation});
}

}  // namespace

void add_member_commands(Command app, Session& session) {
  Command member = app.add_subcommand("member", "Who takes part: register, look up, keys");
  member.require_subcommand(1);
  auto a = arguments<MemberArguments>();

  Command add = member.add_subcommand("register", "Register a member (by a registrar)");
  add.add_option("id", a->id, "Member id, 1 to 40 of a-z 0-9 -").required();
  add.add_option("--name", a->name, "Name for people").required();
  add.add_option("--kind", a->kind, "company (default), individual or public_body");
  add.add_option("--tax-id", a->tax_id, "Public tax number of an organisation");
  add.add_option("--country", a->country, "Country of tax residence, two letters (default UZ)");
  add.add_option("--tax-status", a->tax_status, "vat_payer, turnover_tax_payer, none (default), ...");
  add.add_option("--role", a->roles, "enterprise (default), citizen, spending_unit, arbiter, auditor; may be repeated (roles that decide come from the genesis, or by daftar governance propose-roles)");
  add.add_option("--key", a->keys, "Public key in hex; may be repeated");
  add.add_flag("--new-key", a->new_key, "Make a key here, in a keystore, and register it");
  add.add_option("--signatures-required", a->signatures_required, "How many of its keys must sign (default 1)");
  add_transaction_options(add, session);
  add.footer("Example:\n  daftar member register rieder --name 'RIEDER Y CIA. SACI' --country PY --tax-id 80002612-8 --tax-status vat_payer --new-key --as registrar");
  add.callback([&session, a] { session.action = [&session, a] { return register_member(session, *a); }; });

  Command show = member.add_subcommand("show", "One member");
  show.add_option("id", a->id, "Member id").required();
  show.footer("Example:\n  daftar member show acme-build");
  show.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      return session.show("/v1/members/" + url_part(a->id), render);
    };
  });

  Command list = member.add_subcommand("list", "All members, by id");
  list.add_option("--after", a->after, "Begin after this id");
  list.add_option("--limit", a->limit, "At most so many (default 100)");
  list.footer("Example:\n  daftar member list");
  list.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      auto found = session.get("/v1/members?limit=" + std::to_string(a->limit) + (a->after.empty() ? "" : "&after=" + url_part(a->after)));
      if (!found) return Unexpected<ToolError>(found.error());
      Report report{*found, {}, Exit::ok};
      std::vector<std::vector<std::string>> rows = {{"id", "name", "kind", "country", "tax number", "roles"}};
      const json members = found->is_array() ? *found : found->value("members", json::array());
      for (const json& one : members) {
        std::string roles;
        for (const json& role : one.value("roles", json::array())) roles += (roles.empty() ? "" : ", ") + role.get<std::string>();
        rows.push_back({json_text(one, "id"), json_text(one, "name"), json_text(one, "kind"), json_text(one, "country"), json_text(one, "tax_id"), roles});
      }
      report.lines = table(rows);
      return report;
    };
  });

  for (const bool revoke : {false, true}) {
    Command change = member.add_subcommand(revoke ? "revoke-key" : "add-key", revoke ? "Take a key out of force" : "Add a key to a member");
    change.add_option("id", a->id, "Member id").required();
    change.add_option("key", a->key_hex, "Public key in hex").required();
    if (!revoke) {
      change.add_option("--office", a->office, "Whose key it is, e.g. director: signing rules name offices");
      change.add_option("--from", a->from, "In force from then on: 2026-12-31 or +1d");
      change.add_option("--until", a->until, "In force until then: a power of attorney");
    }
    add_transaction_options(change, session);
    change.footer(revoke ? "Example:\n  daftar member revoke-key acme-build 5f… --as acme-build"
                         : "Examples:\n  daftar member add-key acme-build 5f… --office chief-accountant --as acme-build\n"
                           "  daftar member add-key acme-build 7a… --from 2026-12-01 --until 2027-01-01 --as acme-build    a power of attorney for December");
    change.callback([&session, a, revoke] { session.action = [&session, a, revoke] { return change_key(session, *a, revoke); }; });
  }

  Command rules = member.add_subcommand("signing-rules", "Who must sign above which amounts (by the member itself): all rules from now on; none without --rule");
  rules.add_option("--rule", a->rules, "'AMOUNT CURRENCY N OFFICE,OFFICE'; may be repeated");
  add_transaction_options(rules, session);
  rules.footer("Example:\n  daftar member signing-rules --rule '100000000 UZS 2 director,chief-accountant' --as acme-build");
  rules.callback([&session, a] { session.action = [&session, a] { return set_rules(session, *a); }; });
}

}  // namespace daftar::tools

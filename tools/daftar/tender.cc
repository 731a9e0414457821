// Sealed bids: what a bid says is sealed here and kept in a file until it is revealed. Everything else about a tender is done with `daftar contract`.
#include <algorithm>

#include "tools/daftar/commands.h"
#include "tools/daftar/contract_acts.h"
#include "tools/sealed_bid.h"

namespace daftar::tools {
namespace {

namespace proto = ledger::proto;
using contracts::language::Value;

struct TenderArguments {
  ContractArguments contract;
  std::string keep;
};

struct Tender {
  ledger::Digest id;
  std::string member;
  Acted acted;
  SealingActs acts;
};

Result<Tender> tender_of(Session& session, const ContractArguments& a) {
  auto member = session.sender();
  if (!member) return Unexpected<ToolError>(member.error());
  auto id = parse_hex32("contract id", a.id);
  if (!id) return Unexpected<ToolError>(id.error());
  auto acted = acted_on(session, a);
  if (!acted) return Unexpected<ToolError>(acted.error());
  if (acted->program == nullptr) return failure(Exit::usage, "template", "How a bid is sealed is the template's to say.", "Name it: --template NAME/VERSION, and --currency.");
  SealingActs acts = sealing_acts(*acted->program);
  if (acts.seals.empty()) return failure(Exit::usage, "template", "The contract's template seals nothing.", "daftar contract act does what it lets you do.");
  return Tender{*ledger::Digest::from_bytes(*id), std::move(*member), std::move(*acted), std::move(acts)};
}

/// Where a member's entry stands.
struct OwnEntry {
  std::uint32_t number = 0;          // 0: there is none yet
  std::vector<std::string> acts;     // what the member may do with it now
};

/// Asked of the network; with --terms nothing is asked, and --entry says which it is.
Result<OwnEntry> own_entry(Session& session, const ContractArguments& a, const std::string& member) {
  OwnEntry own{a.entry, {}};
  if (!a.terms.empty()) return own;
  auto contract = session.get("/v1/contracts/" + url_part(a.id));
  if (!contract) return Unexpected<ToolError>(contract.error());
  for (const auto& list : contract->value("lists", nlohmann::json::array()))
    for (const auto& entry : list.value("entries", nlohmann::json::array()))
      if (own.number == 0 && json_text(entry, "member") == member) own.number = entry.value("entry", std::uint32_t{0});
  for (const auto& turn : contract->value("turns", nlohmann::json::array()))
    if (own.number != 0 && turn.value("entry", std::uint32_t{0}) == own.number)
      for (const auto& name : turn.value("acts", nlohmann::json::array())) own.acts.push_back(name.get<std::string>());
  return own;
}

void put(proto::ActOnContract& act, const std::string& name, const Value& value) {
  auto* one = act.add_parameters();
  one->set_name(name);
  if (value.form == Value::Form::number) one->set_number(value.number);
  else one->set_bytes(value.bytes);
}

Result<SealedBid> sealed_of(const Tender& tender, const std::vector<std::string>& with) {
  SealedBid bid{tender.id, tender.member, {}};
  for (const std::string& name : tender.acts.sealed) {
    if (name == tender.acts.sealed.back()) {
      bid.values.emplace_back(name, Value::of(fresh_salt()));
      continue;
    }
    const auto given = std::find_if(with.begin(), with.end(), [&](const std::string& one) { return one.starts_with(name + "="); });
    if (given == with.end()) return failure(Exit::usage, "parameter", "The bid says nothing of " + name + ".", "Write --with " + name + "=VALUE.");
    auto value = read_value(*revealed_slot(*tender.acted.program, tender.acts, name), given->substr(name.size() + 1), tender.acted.currency);
    if (!value) return Unexpected<ToolError>(value.error());
    bid.values.emplace_back(name, contracts::agreements::value_of(*value));
  }
  if (with.size() != bid.values.size() - 1) return failure(Exit::usage, "parameter", "The bid says more than the template seals.", "daftar template show NAME/VERSION says what that is.");
  return bid;
}

Result<Report> bid(Session& session, TenderArguments a) {
  auto tender = tender_of(session, a.contract);
  if (!tender) return Unexpected<ToolError>(tender.error());
  auto sealed = sealed_of(*tender, a.contract.with);
  if (!sealed) return Unexpected<ToolError>(sealed.error());
  auto entry = own_entry(session, a.contract, tender->member);
  if (!entry) return Unexpected<ToolError>(entry.error());
  a.contract.entry = entry->number;
  if (auto kept = keep_sealed_bid(a.keep, *sealed); !kept) return Unexpected<ToolError>(kept.error());   // before anybody else knows the seal
  proto::ActOnContract act;
  act.set_contract(std::string(tender->id.view()));
  act.set_act(tender->acts.seals);
  put(act, tender->acts.parameter, Value::of(std::string(sealed->seal().view())));
  auto report = send_act(session, a.contract, tender->acted, std::move(act));
  if (!report) return report;
  report->data["seal"] = sealed->seal().hex();
  report->lines.push_back("Sealed in " + a.keep + ". Keep it: without it the bid cannot be revealed. Whoever reads it knows the bid.");
  return report;
}

Result<Report> reveal(Session& session, TenderArguments a) {
  auto sealed = kept_sealed_bid(a.keep);
  if (!sealed) return Unexpected<ToolError>(sealed.error());
  auto tender = tender_of(session, a.contract);
  if (!tender) return Unexpected<ToolError>(tender.error());
  if (sealed->contract != tender->id || sealed->member != tender->member)
    return failure(Exit::usage, "sealed_bid_file", a.keep + " is a bid of " + sealed->member + " for " + sealed->contract.hex() + ".", "Reveal it there, as who made it.");
  auto entry = own_entry(session, a.contract, tender->member);
  if (!entry) return Unexpected<ToolError>(entry.error());
  a.contract.entry = entry->number;
  // Even a look at what would happen would tell a node the bid: nothing leaves this machine before it is time.
  if (a.contract.terms.empty() && std::find(entry->acts.begin(), entry->acts.end(), tender->acts.reveals) == entry->acts.end())
    return failure(Exit::refused, "not_revealed", "The bid cannot be revealed now: bids are not closed yet, or it is too late, or it has been revealed.", "daftar contract show says where the tender stands.");
  proto::ActOnContract act;
  act.set_contract(std::string(tender->id.view()));
  act.set_act(tender->acts.reveals);
  for (const auto& [name, value] : sealed->values) put(act, name, value);
  return send_act(session, a.contract, tender->acted, std::move(act));
}

}  // namespace

void add_tender_commands(Command app, Session& session) {
  Command tender = app.add_subcommand("tender", "Sealed bids (the rest of a tender: daftar contract)");
  tender.require_subcommand(1);
  auto a = arguments<TenderArguments>();

  Command make = tender.add_subcommand("bid", "Seal a bid and send the seal; a second one takes the first one's place");
  add_act_options(make, session, a->contract);
  make.add_option("--entry", a->contract.entry, "Your bid's number, when another takes its place; default: asked of the network");
  make.add_option("--with", a->contract.with, "NAME=VALUE of what is sealed; may be repeated");
  make.add_option("--keep", a->keep, "New file for what was sealed, with its salt; only you may read it").required();
  make.footer("Example:\n  daftar tender bid ID --with price=890000.00 --with offer=file:offer.pdf --keep bid.json --as baraka-soft");
  make.callback([&session, a] { session.action = [&session, a] { return bid(session, *a); }; });

  Command open = tender.add_subcommand("reveal", "Reveal a bid, after bids are closed");
  add_act_options(open, session, a->contract);
  open.add_option("--entry", a->contract.entry, "Your bid's number; default: asked of the network");
  open.add_option("--keep", a->keep, "The file that `daftar tender bid` wrote").required();
  open.footer("Example:\n  daftar tender reveal ID --keep bid.json --as baraka-soft");
  open.callback([&session, a] { session.action = [&session, a] { return reveal(session, *a); }; });
}

}  // namespace daftar::tools

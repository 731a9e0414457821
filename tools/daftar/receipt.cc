// Receipts: fetched from a node, checked without one.
#include "ledger/receipt.h"

#include "tools/daftar/commands.h"
#include "tools/daftar/prover.h"
#include "tools/validator_changes.h"
#include "tools/files.h"
#include "tools/genesis_compiler.h"
#include "tools/result_json.h"

namespace daftar::tools {
using nlohmann::json;

namespace {

struct ReceiptArguments {
  std::string id, out, file, validator_changes;
  unsigned timeout_s = 10;
};

Result<Report> fetch(Session& session, const ReceiptArguments& a) {
  auto id = parse_hex32("transaction id", a.id);
  if (!id) return Unexpected<ToolError>(id.error());
  auto prover = Prover::open(session);
  if (!prover) return Unexpected<ToolError>(prover.error());
  auto text = prover->fetch(a.id, std::chrono::seconds(a.timeout_s));
  if (!text) return Unexpected<ToolError>(text.error());
  Report report;
  report.data = {{"id", a.id}};
  if (a.out.empty()) {
    report.data["receipt"] = *text;
    report.lines = {*text};
    return report;
  }
  if (auto wrote = write_file(a.out, *text); !wrote) return Unexpected<ToolError>(wrote.error());
  report.data["file"] = a.out;
  report.lines = {"Written to " + a.out + ". Check it, even without a network: daftar verify " + a.out + " --genesis genesis.pb"};
  if (!prover->changes().empty()) report.lines.back() += " --validator-changes FILE (from daftar network validators --out FILE)";
  return report;
}

/// Reads the receipt and the genesis; speaks to nobody.
Result<Report> verify(Session& session, const ReceiptArguments& a) {
  auto genesis = session.genesis();
  if (!genesis) return Unexpected<ToolError>(genesis.error());
  auto text = read_file(a.file, 64u << 20);
  if (!text) return Unexpected<ToolError>(text.error());
  std::string changes;
  if (!a.validator_changes.empty()) {
    auto read = read_file(a.validator_changes, 64u << 20);
    if (!read) return Unexpected<ToolError>(read.error());
    changes = std::move(*read);
  }
  auto chain = follow_validators(**genesis, changes, a.validator_changes);
  if (!chain) return Unexpected<ToolError>(chain.error());
  auto verified = chain->verify(*text);
  if (!verified) {
    if (verified.error().part == "signatures")
      verified.error().sentence += " If the validators have changed since " + std::string(chain->changes() == 0 ? "the genesis" : "the changes given") +
                                   ", fetch the changes with `daftar network validators --out FILE` and give them with --validator-changes FILE.";
    Report report;
    report.exit = Exit::refused;
    report.data = {{"verified", false}, {"part", verified.error().part}, {"sentence", verified.error().sentence}};
    report.lines = {"NOT VERIFIED, " + verified.error().part + ": " + verified.error().sentence};
    return report;
  }
  const ledger::Entry& entry = verified->entry;
  const std::size_t validators = chain->validators_at(verified->checkpoint.size).size();
  Report report;
  report.data = {{"verified", true},
                 {"id", entry.id.hex()},
                 {"index", entry.index},
                 {"height", entry.height},
                 {"time_ms", entry.time_ms},
                 {"time", ms_to_utc(entry.time_ms)},
                 {"kind", entry.kind == ledger::EntryKind::deadline ? "deadline" : "transaction"},
                 {"origin", verified->checkpoint.origin},
                 {"tree_size", verified->checkpoint.size},
                 {"root", verified->checkpoint.root.hex()},
                 {"validators_signed", verified->validators_signed},
                 {"validators", validators}};
  report.lines = {"VERIFIED: entry " + std::to_string(entry.index) + " of ledger " + (*genesis)->origin() + ", in block " + std::to_string(entry.height) + " of " +
                      ms_to_utc(entry.time_ms),
                  "It is in the tree of " + std::to_string(verified->checkpoint.size) + " entries with root " + verified->checkpoint.root.hex() + ", which " +
                      std::to_string(verified->validators_signed) + " of " + std::to_string(validators) + " validators have signed."};
  if (entry.kind == ledger::EntryKind::transaction) {
    auto words = describe_envelope(entry.envelope);
    if (!words) return Unexpected<ToolError>(words.error());
    report.data["words"] = *words;
    for (const std::string& line : *words) report.lines.push_back(line);
  } else {
    report.lines.push_back("A deadline that the ledger fired itself: " + entry.id.hex());
  }
  const auto result = contracts::decode_result(entry.result);
  if (!result) return failure(Exit::refused, "result", "The entry's result is proved but cannot be read by this program.", "Use a newer version.");
  const json rendered = result_json(*result);
  report.data["result"] = rendered;
  if (!result->ok())
    report.lines.push_back("It was refused: " + std::string(ledger::name(result->rejection.code)) + ". " + std::string(ledger::sentence(result->rejection.code)));
  else
    report.lines.push_back("It did:");
  for (const std::string& line : describe_result(rendered)) report.lines.push_back("  " + line);
  return report;
}

}  // namespace

void add_receipt_commands(Command app, Session& session) {
  auto a = arguments<ReceiptArguments>();
  Command receipt = app.add_subcommand("receipt", "Fetch the proof that a transaction is in the ledger, with what it did");
  receipt.add_option("id", a->id, "Transaction id").required();
  receipt.add_option("--out", a->out, "File; default: standard output");
  receipt.add_option("--timeout", a->timeout_s, "Seconds to wait until a certificate covers it (default 10)").range(1, 600);
  receipt.footer("Example:\n  daftar receipt ID --out payment.receipt --as acme-build");
  receipt.callback([&session, a] { session.action = [&session, a] { return fetch(session, *a); }; });

  Command check = app.add_subcommand("verify", "Check a receipt against the validators' keys of a genesis; asks nobody");
  check.add_option("file", a->file, "Receipt").required();
  check.add_option("--validator-changes", a->validator_changes, "File from `daftar network validators --out`: how the validators changed since the genesis");
  check.footer("Example:\n  daftar verify payment.receipt --genesis genesis.pb\nExit code 0: it holds; 1: it does not.");
  check.callback([&session, a] { session.action = [&session, a] { return verify(session, *a); }; });
}

}  // namespace daftar::tools

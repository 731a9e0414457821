// Certificates of withholding: read, summed, held against the register, proved by receipts.
#include "tools/withholding.h"

#include <filesystem>
#include <map>
#include <thread>

#include "tools/daftar/commands.h"
#include "tools/daftar/prover.h"
#include "tools/daftar/views.h"
#include "tools/files.h"

namespace daftar::tools {
using nlohmann::json;

namespace {

struct WithholdingArguments {
  std::string payee, payment, from, until, kind, receipts;
  unsigned timeout_s = 10;
};

/// All elements of a list that comes in pages. `target` has parameters already.
Result<json> all_pages(Session& session, const std::string& target, const char* list, const std::string& parameter) {
  json all = json::array();
  std::string more;
  for (;;) {
    auto page = session.get(target + more);
    if (!page) return page;
    for (json& one : (*page)[list]) all.push_back(std::move(one));
    const json next = page->value("next", json());
    if (next.is_null()) return all;
    more = "&" + parameter + "=" + url_part(next.is_string() ? next.get<std::string>() : next.dump());
  }
}

Result<json> lines_of(Session& session, const std::string& payee, const Days& days) {
  return all_pages(session, "/v1/tax/lines?limit=500&payee=" + url_part(payee) + "&since=" + days.first + "&until=" + days.last, "lines", "from");
}

struct Read {
  json lines;
  bool held_against_register = false;
};

/// The payee and the offices read the register: for them what came is held against it. A payment between the two reads makes them differ for a
/// moment, so a difference counts when it stays.
Result<Read> read_lines(Session& session, const std::string& payee, const Days& days) {
  constexpr int attempts = 4;
  const Days months = whole_months(days);
  for (int attempt = 1;; ++attempt) {
    auto rows = all_pages(session, "/v1/tax/register?limit=1000&payee=" + url_part(payee), "rows", "after");
    const bool agent = !rows && rows.error().code == "not_allowed";
    if (!rows && !agent) return Unexpected<ToolError>(rows.error());
    auto lines = lines_of(session, payee, agent ? days : months);
    if (!lines) return Unexpected<ToolError>(lines.error());
    if (agent) return Read{std::move(*lines), false};
    if (auto held = hold_against_register(*lines, *rows, months); held) return Read{std::move(*lines), true};
    else if (attempt == attempts) return Unexpected<ToolError>(held.error());
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
}

/// Of the payee and of all payers: what a reader may see of them.
Result<json> parties_of(Session& session, const json& lines) {
  std::map<std::string, json> members;
  for (const json& line : lines)
    for (const char* party : {"payee", "payer"}) {
      const std::string id = json_text(line, party);
      if (members.contains(id)) continue;
      auto member = session.get("/v1/members/" + url_part(id));
      if (!member) return member;
      for (const char* field : {"id", "name", "tax_id", "country"})
        if (const auto it = member->find(field); it != member->end()) members[id][field] = *it;
    }
  json out = json::array();
  for (auto& [id, member] : members) out.push_back(std::move(member));
  return out;
}

ToolError receipt_fault(const std::string& of, const std::string& why) {
  return {Exit::refused, "receipt", "The receipt of " + of + " does not hold: " + why, "Ask another node; tell the operators."};
}

/// Receipts in a folder, each saved once.
class SavedReceipts {
 public:
  SavedReceipts(Prover& prover, std::filesystem::path folder, std::chrono::seconds timeout) : prover_(prover), folder_(std::move(folder)), timeout_(timeout) {}
  /// The entry as the saved file proves it: what `daftar verify` would say of it.
  Result<const ledger::Entry*> of(const std::string& id) {
    if (const auto known = saved_.find(id); known != saved_.end()) return &known->second;
    auto text = prover_.fetch(id, timeout_);
    if (!text) return Unexpected<ToolError>(text.error());
    const auto fetched = prover_.verify(*text);
    if (!fetched) return Unexpected(receipt_fault(id, fetched.error().sentence));
    const std::filesystem::path file = folder_ / (std::to_string(fetched->entry.index) + ".receipt");
    if (auto wrote = write_file(file, *text); !wrote) return Unexpected<ToolError>(wrote.error());
    auto again = read_file(file, 64u << 20);
    if (!again) return Unexpected<ToolError>(again.error());
    const auto verified = prover_.verify(*again);
    if (!verified) return Unexpected(receipt_fault(file.string(), verified.error().sentence));
    return &saved_.emplace(id, verified->entry).first->second;
  }
  std::size_t count() const { return saved_.size(); }

 private:
  Prover& prover_;
  std::filesystem::path folder_;
  std::chrono::seconds timeout_;
  std::map<std::string, ledger::Entry> saved_;   // by id
};

/// Saves the receipt of each entry, reads it again, and holds each line against what the saved one proves.
Result<void> prove(Session& session, const WithholdingArguments& a, json& certificate) {
  const std::filesystem::path folder = a.receipts;
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  if (ec) return failure(Exit::usage, "receipts", "The folder " + a.receipts + " cannot be made: " + ec.message() + ".");
  auto prover = Prover::open(session);
  if (!prover) return Unexpected<ToolError>(prover.error());
  SavedReceipts receipts(*prover, folder, std::chrono::seconds(a.timeout_s));
  for (const json& line : certificate["lines"]) {
    auto payment = receipts.of(json_text(line, "payment"));
    if (!payment) return Unexpected<ToolError>(payment.error());
    if (auto held = hold_against_entry(line, **payment); !held) return held;
    for (const json& correction : line.value("corrections", json::array())) {
      auto given_back = receipts.of(json_text(correction, "id"));
      if (!given_back) return Unexpected<ToolError>(given_back.error());
      if (auto held = hold_correction_against_entry(line, correction, **given_back); !held) return held;
    }
  }
  if (!prover->changes().empty())
    if (auto wrote = write_file(folder / "validator-changes", prover->changes()); !wrote) return wrote;
  certificate["receipts"] = {{"folder", a.receipts}, {"count", receipts.count()}, {"validators_changed", !prover->changes().empty()}};
  return {};
}

Result<Report> make_certificate(Session& session, const WithholdingArguments& a) {
  if (a.payment.empty() == a.payee.empty() || a.payment.empty() != (!a.from.empty() && !a.until.empty()) || (!a.payment.empty() && !(a.from.empty() && a.until.empty())))
    return failure(Exit::usage, "certificate", "A certificate is of one payment, or of a payee and a time.", "Give --payment ID, or --payee MEMBER with --from DATE and --until DATE.");
  auto genesis = session.genesis();
  if (!genesis) return Unexpected<ToolError>(genesis.error());
  json heading = {{"ledger", (*genesis)->origin()}, {"made_by", session.options.as}, {"held_against_register", false}};
  json lines = json::array();
  const auto take = [&](const json& from, const std::optional<Days>& days) {
    for (const json& line : from)
      if ((!days || days->contain(json_text(line, "time"))) && (a.kind.empty() || a.kind == json_text(line, "kind"))) lines.push_back(line);
  };
  if (a.payment.empty()) {
    auto days = parse_days(a.from, a.until);
    if (!days) return Unexpected<ToolError>(days.error());
    auto read = read_lines(session, a.payee, *days);
    if (!read) return Unexpected<ToolError>(read.error());
    take(read->lines, *days);
    heading.update({{"payee", a.payee}, {"from", days->first}, {"until", days->last}, {"held_against_register", read->held_against_register}});
  } else {
    auto answer = session.get("/v1/tax/lines/" + url_part(a.payment));
    if (!answer) return Unexpected<ToolError>(answer.error());
    take((*answer)["lines"], {});
    heading["payment"] = a.payment;
  }
  if (!a.kind.empty()) heading["kind"] = a.kind;
  json certificate = summed(std::move(lines));
  certificate.update(heading);
  auto parties = parties_of(session, certificate["lines"]);
  if (!parties) return Unexpected<ToolError>(parties.error());
  certificate["parties"] = std::move(*parties);
  if (!a.receipts.empty())
    if (auto proved = prove(session, a, certificate); !proved) return Unexpected<ToolError>(proved.error());
  return Report{certificate, withholding_view(certificate), Exit::ok};
}

}  // namespace

void add_withholding_commands(Command tax, Session& session) {
  auto a = arguments<WithholdingArguments>();
  Command make = tax.add_subcommand("withholding", "A certificate of what was withheld of a payee: for the payee, for who withheld it (only that), for the tax authority");
  make.add_option("--payee", a->payee, "Member who was paid; with --from and --until");
  make.add_option("--from", a->from, "First day (UTC)");
  make.add_option("--until", a->until, "Last day (UTC), included");
  make.add_option("--tax", a->kind, "Only taxes of this kind").one_of({"vat", "withholding", "contribution"});
  make.add_option("--payment", a->payment, "One payment instead: transaction id, or index of the entry");
  make.add_option("--receipts", a->receipts, "Also save the receipt of each payment in this folder, and check there that it proves what the certificate says");
  make.add_option("--timeout", a->timeout_s, "Seconds to wait until a certificate of the validators covers a payment (default 10)").range(1, 600);
  make.footer("Example:\n  daftar tax withholding --payee baraka-soft --from 2026-11-01 --until 2026-11-30 --receipts proofs --as baraka-soft");
  make.callback([&session, a] { session.action = [&session, a] { return make_certificate(session, *a); }; });
}

}  // namespace daftar::tools

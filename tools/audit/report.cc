#include "tools/audit/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace daftar::audit {
namespace {

using nlohmann::json;

std::string grouped(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, " ");
  return digits;
}

std::string decimal(double value, int places) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", places, value);
  return text;
}

std::string counted(std::uint64_t n, const std::string& one, const std::string& many) { return grouped(n) + " " + (n == 1 ? one : many); }

std::string how_far(const CheckReport& r) { return counted(r.entries, "entry", "entries") + " up to block " + std::to_string(r.height); }

json difference_json(const contracts::Difference& d) {
  json out{{"field", d.field}, {"sentence", d.sentence}, {"entry", nullptr}, {"height", nullptr}};
  if (d.entry) out["entry"] = *d.entry;
  if (d.height > 0) out["height"] = d.height;
  if (!d.expected.empty()) out["expected"] = d.expected;
  if (!d.found.empty()) out["found"] = d.found;
  return out;
}

double micros_each(double seconds, std::uint64_t entries) { return entries == 0 ? 0 : std::round(seconds * 1e8 / static_cast<double>(entries)) / 100; }

json pace_json(const CheckReport& r, unsigned threads) {
  json out{{"seconds", std::round(r.seconds * 1e3) / 1e3}, {"threads", threads}, {"entries_together", r.together}, {"entries_alone", r.alone.entries}, {"used_of_cores", nullptr}};
  if (r.together_s > 0) out["together_per_second"] = std::round(static_cast<double>(r.together) / r.together_s);
  out["alone_verify_us"] = micros_each(r.alone.verify_s, r.alone.entries);
  out["alone_hash_us"] = micros_each(r.alone.hash_s, r.alone.entries);
  out["alone_execute_us"] = micros_each(r.alone.execute_s, r.alone.entries);
  if (const auto used = r.used_of_cores(threads)) out["used_of_cores"] = std::round(*used * 1000) / 1000;
  return out;
}

std::string pace_words(const CheckReport& r, unsigned threads) {
  const auto used = r.used_of_cores(threads);
  if (!used) return "Took " + decimal(r.seconds, 1) + " s; too few entries to tell a pace.";
  return "Pace: " + grouped(static_cast<std::uint64_t>(static_cast<double>(r.together) / r.together_s)) + " entries a second on " + counted(threads, "thread", "threads") +
         "; on one core alone an entry takes " + decimal(micros_each(r.alone.verify_s, r.alone.entries), 1) + " us to verify, " + decimal(micros_each(r.alone.execute_s, r.alone.entries), 1) +
         " us to execute, " + decimal(micros_each(r.alone.hash_s, r.alone.entries), 1) + " us to hash: " + decimal(*used * 100, 0) + " % of cores / (verify + execute + hash).";
}

}  // namespace

json report_json(const CheckReport& r, const std::string& origin, unsigned threads, const std::string& again) {
  const auto exit = r.difference ? tools::Exit::refused : r.broken_off ? tools::Exit::unknown_outcome : tools::Exit::ok;
  json data{{"verified", exit == tools::Exit::ok}, {"broken_off", r.broken_off}, {"origin", origin}, {"entries", r.entries}, {"height", r.height}, {"root", r.root.hex()},
            {"stored_entries", r.stored_entries}, {"begun_at", r.begun_at}, {"signatures", r.signatures}, {"certificates", r.certificates},
            {"certified_size", r.certified_size}, {"state_values", r.state_values}, {"difference", nullptr}, {"pace", pace_json(r, threads)}};
  std::vector<std::string> lines;
  const std::string before = r.begun_at == 0 ? "" : " An earlier check vouches for the first " + grouped(r.begun_at) + ".";
  if (r.difference) {
    data["difference"] = difference_json(*r.difference);
    lines = {"NOT VERIFIED, " + r.difference->field + ": " + r.difference->sentence, "Before it, " + how_far(r) + " hold." + before,
             "Do not rely on this copy, and keep it as evidence. Check the copy of another node: if that holds, this node was tampered with or damaged; tell its operator."};
  } else if (r.broken_off) {
    lines = {"BROKEN OFF: " + how_far(r) + " of " + grouped(r.stored_entries) + " hold; the others were not looked at." + before,
             again.empty() ? "With --resume FILE a check can be broken off and gone on with." : "Go on with: " + again};
  } else {
    lines = {"VERIFIED: ledger " + origin + ", " + how_far(r) + ", root " + r.root.hex() + "." + before,
             "All hold: " + counted(r.signatures, "signature", "signatures") + ", " + counted(r.entries - r.begun_at, "leaf and its result executed again", "leaves and their results executed again") +
                 ", the root after every block, " + counted(r.certificates, "certificate", "certificates") + ", " + counted(r.state_values, "value of the state", "values of the state") + "."};
    if (r.certificates > 0 && r.certified_size < r.entries)
      lines.push_back("No certificate covers the last " + counted(r.entries - r.certified_size, "entry", "entries") + " yet: that nothing was changed there, only other copies can show.");
    else if (r.certificates == 0 && r.begun_at == 0 && r.entries > 0)
      lines.push_back("This copy has no certificate: that nothing was changed or left out, only other copies can show.");
    lines.push_back(pace_words(r, threads));
  }
  return {{"exit", static_cast<int>(exit)}, {"data", std::move(data)}, {"lines", std::move(lines)}};
}

json error_report(const tools::ToolError& error) {
  return {{"exit", static_cast<int>(error.exit)}, {"error", {{"code", error.code}, {"sentence", error.sentence}, {"advice", error.advice}}}};
}

std::string progress_line(const CheckProgress& p) {
  std::string line = grouped(p.done) + " of " + grouped(p.total) + " entries";
  if (p.total > 0) line += ", " + std::to_string(p.done * 100 / p.total) + " %";
  if (p.per_second >= 1) {
    line += ", " + grouped(static_cast<std::uint64_t>(p.per_second)) + " a second";
    line += ", " + grouped(static_cast<std::uint64_t>(static_cast<double>(p.total - std::min(p.done, p.total)) / p.per_second) + 1) + " s left";
  }
  return line;
}

}  // namespace daftar::audit

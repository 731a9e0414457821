// A contract as people write it down before they offer it: a TOML file.
//
//   template = "service/1"            # or supply/1
//   title = "Office repair"
//   customer = "acme-build"
//   provider = "baraka-soft"
//   arbiter = "arbiter"               # may be left out: then no disputes
//   currency = "UZS"
//   category = "services"             # income type for tax
//   customer_account = "acme-build/UZS"   # money is held from it; or budget_line = "2026.edu.09.22"
//   provider_account = ""             # default: the provider's main account
//   offer_until = "+7d"               # or 2026-12-31, or 2026-12-31T10:00:00Z
//   late_penalty_per_day = "0.5"      # percent of the price a day
//   late_penalty_cap = "50"           # percent of the price
//   acceptance_days = 10
//   delivery_grace_days = 60
//   arbitration_days = 30
//   text_file = "contract.pdf"        # its SHA-256 becomes part of the terms; or text_digest = "64 hex digits"
//   external_id = ""
//   [[milestones]]
//   title = "Walls"
//   price = "56000000.00"             # gross: VAT is inside where the rules say so
//   due = "2026-12-24"                # or +30d, -2d from now
#pragma once
#include <chrono>
#include <filesystem>
#include <string>

#include "ledger/proto/ledger.pb.h"
#include "tools/error.h"

namespace daftar::tools {

Result<ledger::proto::DraftContract> read_contract_file(const std::filesystem::path& file);

/// SHA-256 of a file of at most 256 MiB, 32 raw bytes.
Result<std::string> file_digest(const std::filesystem::path& file);

/// 2026-12-31, 2026-12-31T10:00:00Z, or from now: +30d, -2d, +12h, +15m, +20s.
Result<std::uint64_t> parse_time(const std::string& text);
/// 90s, 15m, 1h, 2d
Result<std::chrono::milliseconds> parse_duration(const std::string& text);
/// "1234.50" of a currency, in minor units.
Result<std::int64_t> parse_amount(const std::string& text, const std::string& currency);

}  // namespace daftar::tools

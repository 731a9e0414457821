// Names on the ledger. All are text a person can read, of a closed alphabet, so that they need no escaping in keys, URLs or JSON.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace daftar::ledger {

/// A member: 1 to 40 of [a-z0-9-], first a letter or digit. Example: `education-dept`.
bool is_member_id(std::string_view text);

/// An account: `<member>/<CURRENCY>` (the main one) or `<member>/<CURRENCY>/<label>`, label 1 to 40 of [a-z0-9-.].
/// The main account of a member exists, with balance zero, in every currency of the ledger; a labelled one must be opened first.
/// Labels beginning with `hold.` `payout.` `tax.` and `issued` belong to the ledger and cannot be opened or named by a member's transfer.
struct AccountName {
  std::string_view member, currency, label;  // views into the text given to parse_account
};
std::optional<AccountName> parse_account(std::string_view text);
std::string account_id(std::string_view member, std::string_view currency, std::string_view label = {});

/// A budget line: 1 to 64 of [a-zA-Z0-9.-]. Example: `2026.edu.09.22.paper`.
bool is_budget_line_id(std::string_view text);

/// A tax rule, category, tax status, country code and the like: 1 to 40 of [a-zA-Z0-9_.-].
bool is_code(std::string_view text);

/// Text for people inside a transaction: valid UTF-8, no control characters (ASCII, C1, line and paragraph separators, and those that
/// reorder the display: what a person reads must be what is signed), at most `bytes_max` bytes; may be empty.
bool is_plain_text(std::string_view text, std::size_t bytes_max);

}  // namespace daftar::ledger

#include "contracts/context.h"

#include <algorithm>

#include "ledger/ids.h"

namespace daftar::contracts {

using ledger::RejectionCode;

std::optional<std::string> Store::get(std::string_view key) const {
  if (const auto* value = written(key)) return *value;
  return base_.get(key);
}

std::optional<std::string> Store::first_key(std::string from, std::string_view end) const {
  for (;;) {
    std::optional<std::string> first;
    base_.scan(from, end, [&](std::string_view key, std::string_view) {
      first = std::string(key);
      return false;
    });
    for (const auto* written : std::initializer_list<const ledger::ChangeSet*>{&block_, &transaction_})
      if (const auto found = written->first_key(from, end); found && (!first || *found < *first)) first = std::string(*found);
    if (!first || has(*first)) return first;
    from = *first + '\0';   // it has been erased
  }
}

void Store::commit() {
  block_.merge(std::move(transaction_));
}

bool Fixed::knows_currency(std::string_view code) const {
  return std::find(currencies.begin(), currencies.end(), code) != currencies.end();
}

Outcome require_role(const Context& c, Role role) {
  if (c.sender.has(role)) return {};
  return refuse(RejectionCode::role_missing, std::string(name(role)));
}

Outcome require_positive(ledger::MinorUnits amount, std::string_view field) {
  if (amount > 0) return {};
  return refuse(RejectionCode::amount_must_be_positive, std::string(field));
}

Outcome require_text(std::string_view text, std::size_t bytes_max, bool required, std::string_view field) {
  if (required && text.empty()) return refuse(RejectionCode::field_invalid, std::string(field) + ": must not be empty");
  if (!ledger::is_plain_text(text, bytes_max))
    return refuse(RejectionCode::field_invalid, std::string(field) + ": plain text of at most " + std::to_string(bytes_max) + " bytes");
  return {};
}

}  // namespace daftar::contracts

// What the result of an entry says of a payment out of a contract: enough to find it again (tax/explain.h), and words for people.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace daftar::contracts::agreements {

/// An event of this kind; its subject is the contract, its amount the gross. It stands before the event of the act or deadline that paid.
inline constexpr std::string_view paid_event = "contract_paid";

/// Every act, consent and deadline tells one event of these kinds, behind what it paid.
inline bool ends_act(std::string_view kind) { return kind == "contract_act" || kind == "contract_consent" || kind == "contract_deadline"; }

struct Paid {
  std::string payer, payee, category;   // member ids, and a category of the tax rules: none of them has a blank
};

/// "acme to baraka for services"
inline std::string paid_text(const Paid& paid) { return paid.payer + " to " + paid.payee + " for " + paid.category; }

inline std::optional<Paid> parse_paid(std::string_view text) {
  const auto to = text.find(" to ");
  const auto category = text.find(" for ", to == std::string_view::npos ? text.size() : to + 4);
  if (category == std::string_view::npos) return std::nullopt;
  return Paid{std::string(text.substr(0, to)), std::string(text.substr(to + 4, category - to - 4)), std::string(text.substr(category + 5))};
}

}  // namespace daftar::contracts::agreements

// Where two results of one transaction part: for audits, which have to say it in words.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace daftar::contracts {

struct ResultDifference {
  std::string what;             // "posting 2, amount"
  std::string expected, found;  // "400.00 UZS on baraka/UZS"
};

/// Both encoded (result.h), `expected` by this program. Nothing: they are equal.
std::optional<ResultDifference> result_difference(std::string_view expected, std::string_view found);

}  // namespace daftar::contracts

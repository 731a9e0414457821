// How what nodes answer (docs/api.md) is laid out for people. Each takes the JSON of one route.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace daftar::tools {

std::vector<std::string> contract_view(const nlohmann::json& contract);
/// One line with the chain of stages as a table; `lines` of /v1/budget/lines as one row each.
std::vector<std::string> budget_line_view(const nlohmann::json& line);
/// {line, contracts with their payments}
std::vector<std::string> trace_view(const nlohmann::json& trace);
/// {year, lines: each {line, contracts}}
std::vector<std::string> budget_trace_view(const nlohmann::json& trace);
/// One revenue line, or `lines` of them.
std::vector<std::string> revenue_view(const nlohmann::json& answer);
std::vector<std::string> budget_rules_view(const nlohmann::json& rules);
/// Of one code, in every list that has it.
std::vector<std::string> classification_view(const nlohmann::json& answer);
std::vector<std::string> budget_lines_view(const nlohmann::json& answer);
std::vector<std::string> tax_rules_view(const nlohmann::json& answer);
std::vector<std::string> tax_certificates_view(const nlohmann::json& answer);
/// Tax that payers hold until it is due.
std::vector<std::string> tax_held_view(const nlohmann::json& answer);
std::vector<std::string> tax_register_view(const nlohmann::json& answer);
/// The certificate that `daftar tax withholding` makes.
std::vector<std::string> withholding_view(const nlohmann::json& certificate);
std::vector<std::string> tax_explanation_view(const nlohmann::json& answer);

}  // namespace daftar::tools

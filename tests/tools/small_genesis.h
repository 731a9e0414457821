// The genesis of a ledger with one member, its operator.
#pragma once
#include <catch2/catch.hpp>

#include "tools/genesis_compiler.h"

namespace daftar::tools {

/// With the seeds of its validator's keys, made afresh.
inline auto small_genesis(const std::string& name) {
  ledger::initialise_crypto();
  NetworkPlan plan;
  plan.genesis.set_name(name);
  plan.genesis.add_currencies("UZS");
  auto& member = *plan.genesis.add_members();
  member.set_id("op");
  member.set_name("Operator");
  member.set_kind("company");
  member.set_country("UZ");
  member.add_roles("operator");
  member.set_signatures_required(1);
  plan.validator_operators = {"op"};
  auto compiled = compile_genesis(plan, {});
  REQUIRE(compiled);
  return std::move(*compiled);
}

}  // namespace daftar::tools

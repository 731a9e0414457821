// A library of one shipped template, as a genesis makes it.
#pragma once
#include "contracts/agreements/library.h"
#include "tests/harness/text_file.h"

namespace daftar::tools {

inline contracts::agreements::Library shipped(const std::string& name) {
  const auto known = contracts::agreements::known_of(tests::read_text(std::filesystem::path(DAFTAR_SOURCE_DIR) / "contracts/templates" / (name + ".template")));
  REQUIRE(known);
  ledger::proto::Genesis genesis;
  genesis.add_templates()->set_source(known->source);
  genesis.mutable_templates(0)->set_program(std::string(known->digest.view()));
  auto library = contracts::agreements::Library::from_genesis(genesis);
  REQUIRE(library);
  return std::move(*library);
}

}  // namespace daftar::tools

// What a bidder seals and later reveals: kept in a file of its own until then. Who loses the file cannot reveal the bid; who reads it knows the bid.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "contracts/language/instance.h"
#include "contracts/language/program.h"
#include "ledger/hash.h"
#include "tools/error.h"

namespace daftar::tools {

struct SealedBid {
  ledger::Digest contract;
  std::string member;
  std::vector<std::pair<std::string, contracts::language::Value>> values;   // in the order in which they are sealed; the last is the salt
  ledger::Digest seal() const;
};

/// How a template seals: by its names. Empty: it seals nothing.
struct SealingActs {
  std::string seals, parameter;      // acts of this name give a seal, in this parameter
  std::string reveals;               // the act that opens it
  std::vector<std::string> sealed;   // its parameters that were sealed; the last is the salt
};
SealingActs sealing_acts(const contracts::language::Program& program);
/// Of the act that reveals.
const contracts::language::Program::Slot* revealed_slot(const contracts::language::Program& program, const SealingActs& acts, const std::string& name);

/// 32 random bytes.
std::string fresh_salt();

/// A JSON file that only its owner may read; never over one that is there.
Result<void> keep_sealed_bid(const std::filesystem::path& file, const SealedBid& bid);
Result<SealedBid> kept_sealed_bid(const std::filesystem::path& file);

}  // namespace daftar::tools

// The part of words.h that is about members, limits, policies, the protocol and classifications.
#pragma once
#include "contracts/governance/words.h"

namespace daftar::contracts::governance {

std::string setting_title(const Proposal& proposal);
std::vector<std::string> setting_in_words(const Proposal& proposal, const Beside& beside);

}  // namespace daftar::contracts::governance

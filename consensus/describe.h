// One line of text for each thing that passes in or out of the core: for logs, tests and people.
#pragma once

#include <string>

#include "consensus/raft.h"

namespace daftar::consensus {

std::string describe(Role role);
std::string describe(LogPosition position);  ///< "term/index"
std::string describe(const Entry& entry);
std::string describe(const Membership& membership);
std::string describe(const ChangeRefused& refused);
std::string describe(const Message& message);
std::string describe(const Envelope& envelope);
std::string describe(const Output& output);
/// For a leader also what the next commit waits for, and from whom.
std::string describe(const Status& status);
std::string describe(const ProposeError& error);

}  // namespace daftar::consensus

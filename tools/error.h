// What a tool tells a person when something did not work: a stable code for machines, a sentence, and what to do about it.
#pragma once
#include <string>

#include "ledger/expected.h"

namespace daftar::tools {

/// Exit codes of every program in tools/. Documented in `daftar --help`; never renumber.
enum class Exit : int {
  ok = 0,
  refused = 1,          // the ledger refused, or a verification failed
  usage = 2,            // a mistake on the command line or in an input file; nothing was sent
  unknown_outcome = 3,  // sent, and the answer did not come: ask again by id; or a check was broken off
  unreachable = 4,      // no node answered; nothing is known to have been taken
};

struct ToolError {
  Exit exit = Exit::usage;
  std::string code;      // e.g. "overdraft", "keystore_wrong_passphrase", "unreachable"
  std::string sentence;  // what was wrong; names the file, field or node
  std::string advice;    // what to do; may be empty
};

template <class T>
using Result = Expected<T, ToolError>;

inline Unexpected<ToolError> failure(Exit exit, std::string code, std::string sentence, std::string advice = {}) {
  return Unexpected<ToolError>(ToolError{exit, std::move(code), std::move(sentence), std::move(advice)});
}

}  // namespace daftar::tools

// How the parts of the trace checker say that a line is not allowed. Internal to trace_check*.cc.
#pragma once

#include <stdexcept>

namespace daftar::consensus::test {

struct NotAllowed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void require(bool allowed, const char* rule) {
  if (!allowed) throw NotAllowed(rule);
}

}  // namespace daftar::consensus::test

// Sees what passes in and out of every consensus core of a simulation. The cores are the product's own, inside node::Replica, which has no seam
// for this: the public functions of consensus::Raft are wrapped when the program is linked (core_watch.wraps), and call what watches this thread.
#pragma once
#include <functional>

#include "consensus/message.h"
#include "tests/consensus/trace.h"

namespace daftar::simulation {

struct CoreWatch {
  /// A core is about to take this message: what its sender promised with it has arrived.
  std::function<void(const consensus::Envelope&)> heard;
  /// Every input with the state after it, and every output, as docs/consensus.md, "Traces", has them. Empty: nothing is recorded.
  consensus::test::TraceSink trace;
};

/// Cores of this thread are watched while this lives; one at a time.
class Watching {
 public:
  explicit Watching(CoreWatch& watch);
  ~Watching();
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;
};

}  // namespace daftar::simulation

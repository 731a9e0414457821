// The version of the protocol: by which rules blocks are executed. A ledger begins with 1; a governed change goes to the next number. The block in which the change comes into
// force is still executed by the version before; from the next block on a program that does not know the version executes nothing: it stops, loses nothing, and goes on
// when one that knows it is installed in its place. Operators of more than half of the present validators' operators (or as many as the ledger asks for changes of the nodes)
// approve, so that the version is in force only where a quorum can run it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "contracts/record_codec.h"

namespace daftar::contracts::governance {

/// The newest that this program executes. There is no second yet.
inline constexpr std::uint32_t protocol_version_known = 1;

/// In the state once it is not 1 any more, and content of a change of the kind `protocol_version`.
struct VersionSetting {
  std::uint32_t version = 1;
};
template <class A, RecordOf<VersionSetting> R>
void fields(A& a, R& r) {
  a(r.version);
}

}  // namespace daftar::contracts::governance

#include "consensus/types.h"

#include <string_view>

#include "consensus/message.h"

namespace daftar::consensus {
namespace {

bool same(const Payload& a, const Payload& b) {
  auto text = [](const Payload& payload) { return payload ? std::string_view(*payload) : std::string_view(); };
  return a == b || text(a) == text(b);
}

}  // namespace

bool operator==(const Entry& a, const Entry& b) { return a.position() == b.position() && a.kind == b.kind && same(a.payload, b.payload); }

bool operator==(const SnapshotPiece& a, const SnapshotPiece& b) {
  return a.snapshot == b.snapshot && a.offset == b.offset && same(a.bytes, b.bytes) && a.done == b.done;
}

}  // namespace daftar::consensus

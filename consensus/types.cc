#include "consensus/types.h"

#include <string_view>

namespace daftar::consensus {

bool operator==(const Entry& a, const Entry& b) {
  auto text = [](const Entry& entry) { return entry.payload ? std::string_view(*entry.payload) : std::string_view(); };
  return a.position() == b.position() && a.kind == b.kind && (a.payload == b.payload || text(a) == text(b));
}

}  // namespace daftar::consensus

#include "ledger/encoding.h"

#include <limits>

#include "ledger/check.h"

namespace daftar::ledger {

void Writer::bytes(std::string_view v) {
  DAFTAR_CHECK(v.size() <= std::numeric_limits<std::uint32_t>::max());
  u32(static_cast<std::uint32_t>(v.size()));
  raw(v);
}

}  // namespace daftar::ledger

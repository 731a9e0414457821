// Block::parse on any bytes. What it accepts is what its parts make.
#include "ledger/block.h"
#include "ledger/check.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace daftar::ledger;
  auto bytes = std::make_shared<const std::string>(reinterpret_cast<const char*>(data), size);
  const auto parsed = Block::parse(bytes, {}, {});
  if (!parsed) return 0;
  const auto& b = **parsed;
  DAFTAR_CHECK(encode_block(b.previous_hash(), b.height(), b.time_ms(), b.checkpoint(), b.transactions()) == *bytes);
  return 0;
}

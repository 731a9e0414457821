// Genesis::parse on any bytes. What it accepts is written again as the same bytes.
#include "ledger/check.h"
#include "ledger/genesis.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace daftar::ledger;
  const auto parsed = Genesis::parse(std::string(reinterpret_cast<const char*>(data), size));
  if (parsed) DAFTAR_CHECK(encode_genesis((*parsed)->content()) == (*parsed)->bytes());
  return 0;
}

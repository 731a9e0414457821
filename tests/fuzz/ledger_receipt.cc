// verify_receipt and decode_entry on any bytes. No validators: nothing may verify.
#include "ledger/check.h"
#include "ledger/receipt.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace daftar::ledger;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  DAFTAR_CHECK(!verify_receipt(bytes, "example/0000000000000000/0", {}));
  if (const auto entry = decode_entry(bytes)) DAFTAR_CHECK(encode_entry(*entry) == bytes);
  return 0;
}

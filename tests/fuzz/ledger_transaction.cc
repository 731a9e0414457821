// Transaction::parse on any bytes. What it accepts keeps its bytes, and Protobuf writes its body as it came.
#include "ledger/check.h"
#include "ledger/transaction.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace daftar::ledger;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto parsed = Transaction::parse(bytes, {}, true);
  if (!parsed) {
    DAFTAR_CHECK(parsed.error().code != RejectionCode::ok);
    return 0;
  }
  const auto& t = **parsed;
  DAFTAR_CHECK(t.envelope() == bytes);
  DAFTAR_CHECK(encode_body(t.body()) == t.body_bytes());
  DAFTAR_CHECK(make_envelope(t.body_bytes(), t.signatures()) == bytes);
  return 0;
}

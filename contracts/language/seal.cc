#include "contracts/language/seal.h"

#include "ledger/encoding.h"

namespace daftar::contracts::language {

ledger::Digest seal_of(std::string_view contract, std::string_view member, std::span<const std::pair<std::string, Value>> values) {
  ledger::Writer out;
  out.raw(contract);
  out.bytes(member);
  out.u32(static_cast<std::uint32_t>(values.size()));
  for (const auto& [name, value] : values) {
    out.bytes(name);
    out.u8(static_cast<std::uint8_t>(value.form));
    if (value.form == Value::Form::number) out.i64(value.number);
    if (value.form == Value::Form::bytes) out.bytes(value.bytes);
  }
  return ledger::tagged_hash(ledger::tag::seal, out.str());
}

}  // namespace daftar::contracts::language

// The decoders of what contracts keep and tell: any bytes after the first, which says whose. What is accepted is written again as the same bytes.
#include "contracts/agreements/paid_event.h"
#include "contracts/agreements/records.h"
#include "contracts/budget/records.h"
#include "contracts/language/instance.h"
#include "contracts/nodes.h"
#include "contracts/records.h"
#include "contracts/result.h"
#include "contracts/state_keys.h"
#include "contracts/tax/records.h"
#include "contracts/tax/sums.h"
#include "ledger/check.h"

namespace {

using namespace daftar::contracts;

template <class Record>
void read_record(std::string_view bytes) {
  if (const auto record = decode_record<Record>(bytes)) DAFTAR_CHECK(encode_record(*record) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 22) {
    case 0:
      if (const auto instance = language::decode_instance(bytes)) DAFTAR_CHECK(language::encode(*instance) == bytes);
      break;
    case 1:
      if (const auto result = decode_result(bytes)) DAFTAR_CHECK(encode_result(*result) == bytes);
      break;
    case 2:
      if (const auto deadline = keys::parse_deadline(bytes)) DAFTAR_CHECK(keys::deadline(*deadline) == bytes);
      break;
    case 3:
      if (const auto validators = parse_validator_set_text(bytes)) DAFTAR_CHECK(validator_set_text(*validators) == bytes);
      break;
    case 4:
      if (const auto paid = agreements::parse_paid(bytes)) DAFTAR_CHECK(agreements::paid_text(*paid) == bytes);
      break;
    case 5: read_record<agreements::Agreement>(bytes); break;
    case 6: read_record<Member>(bytes); break;
    case 7: read_record<Account>(bytes); break;
    case 8: read_record<Payout>(bytes); break;
    case 9: read_record<budget::BudgetLine>(bytes); break;
    case 10: read_record<tax::TaxRule>(bytes); break;
    case 11: read_record<tax::FurtherTerms>(bytes); break;
    case 12: read_record<tax::Certificates>(bytes); break;
    case 13: read_record<tax::RegisterRow>(bytes); break;
    case 14: read_record<NodeRecord>(bytes); break;
    case 15: read_record<ValidatorSet>(bytes); break;
    case 16: read_record<NodeProposal>(bytes); break;
    case 17: read_record<tax::Withheld>(bytes); break;
    case 18: read_record<tax::PeriodTerms>(bytes); break;
    case 19: read_record<tax::HeldTax>(bytes); break;
    case 20: read_record<tax::TaxSum>(bytes); break;
    case 21:
      if (const auto before = tax::parse_sum({.kind = std::string(tax::sum_event), .subject = {}, .number = 1, .amount = 1, .text = std::string(bytes)}))
        DAFTAR_CHECK(tax::sum_text(*before) == bytes);
      break;
  }
  return 0;
}

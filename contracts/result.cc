#include "contracts/result.h"

#include "contracts/record_codec.h"

namespace daftar::contracts {

template <class A, RecordOf<Posting> R>
void fields(A& a, R& r) {
  a(r.account, r.amount, r.reason, r.rule, r.balance_after);
}
template <class A, RecordOf<TaxLine> R>
void fields(A& a, R& r) {
  a(r.rule, r.version, r.kind, r.payer, r.payee, r.category, r.currency, r.gross, r.base, r.tax, r.withheld, r.rate_ppm);
}
template <class A, RecordOf<Event> R>
void fields(A& a, R& r) {
  a(r.kind, r.subject, r.number, r.amount, r.text);
}
template <class A, RecordOf<ExecutionResult> R>
void fields(A& a, R& r) {
  a(r.rejection.code, r.rejection.detail, r.failed_operation, r.postings, r.taxes, r.events);
}

std::string encode_result(const ExecutionResult& result) { return encode_record(result); }

std::optional<ExecutionResult> decode_result(std::string_view bytes) { return decode_record<ExecutionResult>(bytes); }

}  // namespace daftar::contracts

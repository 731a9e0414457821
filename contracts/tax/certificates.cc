#include "contracts/tax/certificates.h"

#include <algorithm>

#include "contracts/members.h"
#include "contracts/state_keys.h"
#include "ledger/ids.h"

namespace daftar::contracts::tax {
namespace {

auto invalid(std::string detail) { return refuse(ledger::RejectionCode::field_invalid, std::move(detail)); }

Outcome record(const Context& c, const ledger::proto::ChangeTaxCertificate& o, Certificates& certificates) {
  if (!is_country(o.country())) return invalid("country: two capital letters");
  if (o.document_digest().size() != 32) return invalid("document_digest: 32 bytes");
  if (o.valid_to_ms() <= o.valid_from_ms()) return invalid("valid_to_ms: not after valid_from_ms");
  if (certificates.list.size() >= certificates_max) return invalid("payee: has 100 certificates");
  certificates.list.push_back({.number = o.number(),
                               .country = o.country(),
                               .document_digest = o.document_digest(),
                               .valid_from_ms = o.valid_from_ms(),
                               .valid_to_ms = o.valid_to_ms(),
                               .recorded_ms = c.now_ms,
                               .withdrawn_ms = 0});
  return {};
}

Outcome withdraw(const Context& c, const ledger::proto::ChangeTaxCertificate& o, Certificate& certificate) {
  if (!o.country().empty() || !o.document_digest().empty() || o.valid_from_ms() != 0 || o.valid_to_ms() != 0)
    return invalid("withdraw: the certificate's number says all");
  if (certificate.withdrawn_ms != 0) return invalid("number: withdrawn already");
  certificate.withdrawn_ms = c.now_ms;
  return {};
}

}  // namespace

Outcome change_certificate(Context& c, const ledger::proto::ChangeTaxCertificate& operation) {
  if (auto role = require_role(c, Role::tax_authority); !role) return role;
  const auto payee = require_member(c, operation.payee(), "payee");
  if (!payee) return Unexpected<ledger::Rejection>(payee.error());
  if (!ledger::is_code(operation.number())) return invalid("number: 1 to 40 letters, digits, _ . -");
  auto certificates = c.store.load<Certificates>(keys::tax_certificates(payee->id)).value_or(Certificates{});
  const auto known = std::find_if(certificates.list.begin(), certificates.list.end(), [&](const Certificate& one) { return one.number == operation.number(); });
  if (operation.withdraw() != (known != certificates.list.end()))
    return invalid(operation.withdraw() ? "number: the payee has no such certificate" : "number: the payee has this certificate already");
  if (auto changed = operation.withdraw() ? withdraw(c, operation, *known) : record(c, operation, certificates); !changed) return changed;
  c.store.save(keys::tax_certificates(payee->id), certificates);
  c.event(operation.withdraw() ? "tax_certificate_withdrawn" : "tax_certificate_recorded", payee->id);   // no number: anybody reads what an authority did
  c.index(IndexKind::member, payee->id);
  return {};
}

}  // namespace daftar::contracts::tax

#include "tools/bench/population.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <thread>

#include "ledger/check.h"
#include "ledger/encoding.h"
#include "ledger/ids.h"

namespace daftar::bench {
namespace {

constexpr std::array<std::string_view, Population::currencies_max> currency_codes = {
    "UZS", "USD", "EUR", "KZT", "KGS", "TJS", "TRY", "GBP", "CNY", "JPY", "AED", "CHF",
    "INR", "KRW", "PLN", "CZK", "SEK", "NOK", "DKK", "GEL", "AMD", "AZN", "MNT", "PYG"};

ledger::SigningKey derive_key(std::uint64_t seed, std::uint64_t number) {
  ledger::Writer text;
  text.bytes("daftar-bench/member");
  text.u64(seed);
  text.u64(number);
  auto key = ledger::SigningKey::from_seed(ledger::sha256(text.str()).view());
  DAFTAR_CHECK(key.has_value());
  return std::move(*key);
}

void add_member_toml(std::string& out, std::string_view id, std::string_view kind, std::string_view role) {
  out.append("\n[[members]]\nid = \"").append(id).append("\"\nname = \"").append(id).append("\"\nkind = \"").append(kind);
  out.append("\"\ncountry = \"UZ\"\ntax_status = \"none\"\nroles = [\"").append(role).append("\"]\nsignatures_required = 1\n");
}

std::string operator_id(std::uint32_t node) { return "operator-" + std::to_string(node); }

using Fill = std::function<void(std::uint32_t, ledger::proto::Operation&)>;

/// Cuts operations [0, count) into signed transactions.
void batch_operations(const ledger::Genesis& genesis, const std::string& sender, const ledger::SigningKey& key, std::uint64_t seed,
                      std::uint64_t valid_until_ms, std::uint32_t count, const Fill& fill, const std::function<bool(Population::Step)>& take) {
  const ledger::TransactionLimits limits = genesis.transaction_limits();
  const std::size_t operation_bytes_max = limits.bytes_max - 512;  // room for the other fields and the signature
  constexpr std::size_t framing_bytes = 4;                         // tag and length of one operation in the body
  Random random(seed);
  std::uint32_t next = 0;
  while (next < count) {
    ledger::proto::TransactionBody body;
    body.set_ledger_id(std::string(genesis.ledger_id().view()));
    body.set_sender(sender);
    body.set_nonce(random.nonce());
    body.set_valid_until_ms(valid_until_ms);
    const std::uint32_t first = next;
    std::size_t bytes = 0;
    while (next < count && next - first < limits.operations_max) {
      ledger::proto::Operation operation;
      fill(next, operation);
      bytes += operation.ByteSizeLong() + framing_bytes;
      if (bytes > operation_bytes_max && next > first) break;
      *body.add_operations() = std::move(operation);
      ++next;
    }
    if (!take({next - first, sign_body(body, key)})) return;
  }
}

}  // namespace

std::string sign_body(const ledger::proto::TransactionBody& body, const ledger::SigningKey& key) {
  const std::string bytes = ledger::encode_body(body);
  return ledger::make_envelope(bytes, {{key.public_key(), key.sign(ledger::signing_bytes(bytes))}});
}

Population::Population(const PopulationOptions& options, unsigned threads) : seed_(options.seed) {
  DAFTAR_CHECK(options.keys >= 2 && options.accounts >= options.keys && options.accounts % options.keys == 0);
  const std::uint32_t currencies_wanted = options.accounts / options.keys;
  DAFTAR_CHECK(currencies_wanted <= currencies_max);
  currencies_.assign(currency_codes.begin(), currency_codes.begin() + currencies_wanted);

  std::vector<std::vector<ledger::SigningKey>> parts(std::max(1u, threads));
  std::vector<std::thread> workers;
  for (std::size_t t = 0; t < parts.size(); ++t) {
    workers.emplace_back([&, t] {
      const std::uint64_t from = options.keys * t / parts.size(), to = options.keys * (t + 1) / parts.size();
      for (std::uint64_t i = from; i < to; ++i) parts[t].push_back(derive_key(seed_, i));
    });
  }
  for (std::thread& worker : workers) worker.join();
  keys_.reserve(options.keys);
  for (auto& part : parts)
    for (auto& key : part) keys_.push_back(std::move(key));
}

std::string Population::member(std::uint32_t i) const {
  char text[16];
  std::snprintf(text, sizeof text, "m%07u", i);
  return text;
}

std::string Population::account(std::uint32_t member_number, std::uint32_t currency_number) const {
  return ledger::account_id(member(member_number), currencies_[currency_number]);
}

std::string Population::network_toml(std::uint32_t nodes, bool taxed) const {
  std::string out = "name = \"daftar-bench\"\ncurrencies = [";
  for (std::size_t i = 0; i < currencies_.size(); ++i) out.append(i == 0 ? "\"" : ", \"").append(currencies_[i]).append("\"");
  out.append(taxed ? "]\nprofiles = [\"profile.toml\"]\n" : "]\nprofiles = []\n");
  for (std::uint32_t node = 1; node <= nodes; ++node) out.append("\n[[validators]]\noperator = \"").append(operator_id(node)).append("\"\n");
  add_member_toml(out, "treasury", "public_body", "treasury");
  add_member_toml(out, "tax-authority", "public_body", "tax_authority");
  add_member_toml(out, "bank", "company", "bank");
  add_member_toml(out, "registrar", "public_body", "registrar");
  add_member_toml(out, "auditor", "public_body", "auditor");
  for (std::uint32_t node = 1; node <= nodes; ++node) add_member_toml(out, operator_id(node), "company", "operator");
  return out;
}

std::string Population::profile_toml() const {
  std::string out = "country = \"UZ\"\ntitle = \"VAT of the bench network: an illustration, not a law\"\n";
  for (const std::string& code : currencies_) {
    out.append("\n[[tax_rules]]\ncode = \"vat-12-").append(code).append("\"\nversion = 1\nkind = \"vat\"\ntitle = \"VAT 12 %\"\n");
    out.append("rate = \"12\"\nbase = \"inclusive\"\nwithheld_share = \"100\"\ncategories = [\"services\"]\npayee_residence = \"any\"\n");
    out.append("rounding = \"half_away\"\nvat_route = \"treasury\"\nrevenue_account = \"tax-authority/").append(code);
    out.append("/revenue.vat\"\neffective_from = \"2020-01-01\"\nlegal_basis = \"none: for measuring\"\nstatus = \"illustration\"\ncurrency = \"");
    out.append(code).append("\"\n");
  }
  return out;
}

void Population::registrations(const ledger::Genesis& genesis, const ledger::SigningKey& registrar, std::uint64_t valid_until_ms,
                               const std::function<bool(Step)>& take) const {
  const Fill fill = [this](std::uint32_t i, ledger::proto::Operation& operation) {
    ledger::proto::RegisterMember& member_out = *operation.mutable_register_member();
    member_out.set_id(member(i));
    member_out.set_name(member(i));
    member_out.set_kind("company");
    member_out.set_country("UZ");
    member_out.set_tax_status("none");
    member_out.add_roles("enterprise");
    member_out.add_keys(std::string(keys_[i].public_key().view()));
    member_out.set_signatures_required(1);
  };
  batch_operations(genesis, "registrar", registrar, seed_ ^ 0x7265676973746572u, valid_until_ms, keys(), fill, take);
}

void Population::issues(const ledger::Genesis& genesis, const ledger::SigningKey& bank, std::uint64_t valid_until_ms,
                        const std::function<bool(Step)>& take) const {
  const Fill fill = [this](std::uint32_t i, ledger::proto::Operation& operation) {
    ledger::proto::Issue& issue = *operation.mutable_issue();
    issue.set_to(account(i / currencies(), i % currencies()));
    issue.set_amount(opening_balance);
    issue.set_statement_reference("open-" + std::to_string(i));
  };
  batch_operations(genesis, "bank", bank, seed_ ^ 0x6f70656e696e67u, valid_until_ms, accounts(), fill, take);
}

}  // namespace daftar::bench

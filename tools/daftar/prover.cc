#include "tools/daftar/prover.h"

#include "tools/validator_changes.h"

namespace daftar::tools {

Result<Prover> Prover::open(Session& session) {
  auto api = session.client();
  if (!api) return Unexpected<ToolError>(api.error());
  auto genesis = session.genesis();
  if (!genesis) return Unexpected<ToolError>(genesis.error());
  Prover prover(**api, std::move(*genesis));
  if (auto followed = prover.follow(); !followed) return Unexpected<ToolError>(followed.error());
  return prover;
}

Result<void> Prover::follow() {
  auto changes = fetch_validator_changes(*api_);
  if (!changes) return Unexpected<ToolError>(changes.error());
  auto chain = follow_validators(*genesis_, *changes, "the network's answer");
  if (!chain) return Unexpected<ToolError>(chain.error());
  changes_ = std::move(*changes);
  chain_ = std::move(*chain);
  return {};
}

Result<std::string> Prover::fetch(const std::string& id, std::chrono::seconds timeout) {
  auto text = api_->receipt(id, timeout);
  if (!text) return text;
  if (chain_.verify(*text)) return text;
  // The validators may have changed while a certificate was waited for.
  if (auto followed = follow(); !followed) return Unexpected<ToolError>(followed.error());
  if (const auto verified = chain_.verify(*text); !verified)
    return failure(Exit::refused, "receipt", "The node gave a receipt that does not hold: " + verified.error().sentence, "Ask another node; tell the operators.");
  return text;
}

}  // namespace daftar::tools

#include "contracts/replay.h"

#include "contracts/nodes.h"
#include "contracts/records.h"
#include "contracts/result.h"
#include "contracts/result_difference.h"
#include "contracts/state_keys.h"
#include "ledger/check.h"

namespace daftar::contracts {
namespace {

std::string entry_words(std::uint64_t index) { return "entry " + std::to_string(index); }

std::string id_words(ledger::EntryKind kind, const ledger::Digest& id) {
  return (kind == ledger::EntryKind::deadline ? "deadline " : "transaction ") + id.hex();
}

Unexpected<Difference> differs(const ledger::Entry& entry, std::string field, std::string expected, std::string found, std::string sentence) {
  return Unexpected<Difference>(Difference{entry.index, entry.height, std::move(field), std::move(expected), std::move(found), std::move(sentence)});
}

/// Kept in the place of `index`, and how it describes itself.
Expected<ledger::Entry, Difference> decoded(std::uint64_t index, std::string_view bytes) {
  auto entry = ledger::decode_entry(bytes);
  if (!entry) return Unexpected<Difference>(Difference{index, 0, "encoding", {}, {}, "What is kept as " + entry_words(index) + " is not an entry."});
  if (entry->index != index) {
    const std::uint64_t claimed = entry->index;
    entry->index = index;
    return differs(*entry, "place", std::to_string(index), std::to_string(claimed),
                   "In the place of " + entry_words(index) + " stands one that calls itself " + entry_words(claimed) + ": it was moved.");
  }
  return std::move(*entry);
}

}  // namespace

bool leaves_entry(const ledger::Rejection& rejection) {
  const auto code = static_cast<unsigned>(rejection.code);
  return code == 0 || code >= 300;
}

Expected<KeptEntry, Difference> read_entry(std::uint64_t index, std::string_view bytes, const ledger::TransactionLimits& limits) {
  auto entry = decoded(index, bytes);
  if (!entry) return Unexpected<Difference>(std::move(entry.error()));
  KeptEntry kept{std::move(*entry), nullptr, {}};
  const std::string name = "Entry " + std::to_string(index);
  if (kept.entry.kind == ledger::EntryKind::deadline) {
    if (!kept.entry.envelope.empty()) return differs(kept.entry, "envelope", "none", "one", name + " is a deadline, and has the envelope of a transaction.");
    return kept;
  }
  auto parsed = ledger::Transaction::parse(kept.entry.envelope, limits);
  if (!parsed) return differs(kept.entry, "envelope", {}, {}, "The envelope of " + entry_words(index) + " is not that of a transaction: " + parsed.error().detail);
  kept.transaction = std::move(*parsed);
  if (kept.transaction->id() != kept.entry.id)
    return differs(kept.entry, "id", kept.transaction->id().hex(), kept.entry.id.hex(),
                   name + " calls itself transaction " + kept.entry.id.hex() + ", and its envelope is that of transaction " + kept.transaction->id().hex() + ".");
  if (kept.transaction->body().nonce() != kept.entry.nonce)
    return differs(kept.entry, "nonce", ledger::to_hex(kept.transaction->body().nonce()), ledger::to_hex(kept.entry.nonce),
                   "The nonce of " + entry_words(index) + " is not that of its envelope.");
  if (auto held = kept.transaction->verify_signatures(); !held)
    return differs(kept.entry, "signature", {}, {}, name + ", transaction " + kept.entry.id.hex() + " of " + kept.transaction->body().sender() + ": a signature does not hold.");
  return kept;
}

void hash_leaf(KeptEntry& kept) {
  kept.leaf_hash = ledger::leaf_hash(kept.transaction ? ledger::leaf_record(kept.entry, kept.transaction->envelope_hash()) : ledger::leaf_record(kept.entry));
}

std::optional<std::string> ReplayedState::get(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

void ReplayedState::scan(std::string_view from, std::string_view to, const std::function<bool(std::string_view, std::string_view)>& visit) const {
  for (auto at = values_.lower_bound(from); at != values_.end() && at->first < to; ++at)
    if (!visit(at->first, at->second)) return;
}

void ReplayedState::apply(const ledger::ChangeSet& changes) {
  for (const auto& [key, value] : changes.writes())
    if (value) values_.insert_or_assign(key, *value);
    else values_.erase(key);
}

bool is_replay_mark(std::string_view key) { return key.starts_with('u') || key.starts_with('U'); }

std::string describe_state_key(std::string_view key) {
  static const std::map<char, std::string_view> kinds = {
      {'a', "account"}, {'b', "budget line"}, {'d', "deadline"}, {'e', "tax certificates of"}, {'f', "contract of a budget line"}, {'g', "contract"},
      {'h', "proposal"}, {'k', "key"}, {'l', "template"}, {'m', "member"}, {'n', "node"}, {'o', "claim of a contract"}, {'p', "payout"},
      {'q', "proposal about nodes"}, {'r', "register row"}, {'s', "statement reference"}, {'t', "tax rule"}, {'u', "replay mark"}, {'U', "replay mark"},
      {'v', "set of validators"}, {'w', "withheld tax"}, {'x', "further terms of a tax rule"}, {'B', "revenue line"}, {'R', "revenue of a year on"}, {'E', "edition"}};
  const auto kind = key.empty() ? kinds.end() : kinds.find(key.front());
  if (kind == kinds.end()) return "state value " + ledger::to_hex(key);
  std::string_view rest = key.substr(1);
  std::string words(kind->second);
  if (rest.empty()) return words;
  const bool printable = rest.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") == std::string_view::npos;
  return words + " " + (printable ? std::string(rest) : ledger::to_hex(rest));
}

std::string describe_state_value(std::string_view key, std::string_view value) {
  if (key.starts_with('a'))
    if (const auto account = decode_record<Account>(value)) return "a balance of " + std::to_string(account->balance) + " minor units";
  if (value.size() <= 64) return "the bytes " + ledger::to_hex(value);
  return std::to_string(value.size()) + " bytes with the SHA-256 " + ledger::sha256(value).hex();
}

Expected<std::unique_ptr<Replay>, std::string> Replay::from_genesis(std::shared_ptr<const ledger::Genesis> genesis) {
  auto changes = genesis_state(*genesis);
  if (!changes) return Unexpected<std::string>("the genesis does not make a ledger: " + changes.error());
  ReplayedState state;
  state.apply(*changes);
  const std::uint64_t begin_ms = genesis->content().time_ms();
  return resumed(std::move(genesis), std::move(state), {.height = 0, .time_ms = begin_ms, .log = {}});
}

std::unique_ptr<Replay> Replay::resumed(std::shared_ptr<const ledger::Genesis> genesis, ReplayedState state, ReplayPosition position) {
  return std::unique_ptr<Replay>(new Replay(std::move(genesis), std::move(state), std::move(position)));
}

Replay::Replay(std::shared_ptr<const ledger::Genesis> genesis, ReplayedState state, ReplayPosition position)
    : genesis_(std::move(genesis)), engine_(genesis_), state_(std::move(state)), position_(std::move(position)) {
  name_signers();
}

/// The set that a block leaves behind signs no tree before the next one's.
void Replay::name_signers() {
  const auto sets = validator_sets(state_);
  DAFTAR_CHECK(!sets.empty());
  std::size_t at = sets.size() - 1;
  while (at > 0 && sets[at].height >= position_.height) --at;
  signers_.clear();
  for (const auto& validator : sets[at].validators) signers_.push_back(validator.checkpoint_key);
  signers_leave_ = at + 1 < sets.size();
}

namespace {

/// Places, heights and times, before anything is executed.
Expected<void, Difference> judge_places(const ReplayPosition& before, const std::vector<KeptEntry>& entries) {
  std::uint64_t next = before.log.size();
  const ledger::Entry& first = entries.front().entry;
  for (const auto& [entry, transaction, leaf_hash] : entries) {
    if (entry.index != next)
      return Unexpected<Difference>(Difference{next, entry.height, "missing", std::to_string(next), std::to_string(entry.index),
                                               "Entry " + std::to_string(next) + " is missing: " + entry_words(entry.index) + " comes in its place."});
    DAFTAR_CHECK(entry.height == first.height);
    if (entry.time_ms != first.time_ms)
      return differs(entry, "block_time", std::to_string(first.time_ms), std::to_string(entry.time_ms), "Entry " + std::to_string(next) + " says another time than the entry before it in block " + std::to_string(entry.height) + ".");
    ++next;
  }
  if (first.height <= before.height)
    return differs(first, "block", "after " + std::to_string(before.height), std::to_string(first.height),
                   "Entry " + std::to_string(first.index) + " is of block " + std::to_string(first.height) + ", and stands after one of block " + std::to_string(before.height) + ": the order was changed.");
  if (first.time_ms <= before.time_ms)
    return differs(first, "block_time", "after " + std::to_string(before.time_ms), std::to_string(first.time_ms), "The time of block " + std::to_string(first.height) + " is not after that of the block before.");
  return {};
}

Expected<void, Difference> compare(const ledger::Entry& kept, const ExecutedEntry& executed) {
  const std::string name = "Entry " + std::to_string(kept.index);
  if (executed.kind != kept.kind || executed.id != kept.id)
    return differs(kept, "id", id_words(executed.kind, executed.id), id_words(kept.kind, kept.id),
                   name + " is " + id_words(kept.kind, kept.id) + "; executed again, block " + std::to_string(kept.height) + " has " + id_words(executed.kind, executed.id) + " there.");
  if (executed.nonce != kept.nonce)
    return differs(kept, "nonce", ledger::to_hex(executed.nonce), ledger::to_hex(kept.nonce), "The nonce of " + entry_words(kept.index) + " is not that of the contract it belongs to.");
  if (!executed.accepted) {
    const auto result = decode_result(executed.result);
    DAFTAR_CHECK(result);
    if (!leaves_entry(result->rejection))
      return differs(kept, "result", "no entry: " + std::string(ledger::name(result->rejection.code)), "an entry",
                     name + ", transaction " + kept.id.hex() + ", should not be there: executed again it leaves no entry. " + std::string(ledger::sentence(result->rejection.code)));
  }
  if (const auto parted = result_difference(executed.result, kept.result))
    return differs(kept, "result", parted->what + ": " + parted->expected, parted->what + ": " + parted->found,
                   name + ", " + id_words(kept.kind, kept.id) + ": its result says: " + parted->what + ": " + parted->found + "; executed again: " + parted->expected + ".");
  return {};
}

}  // namespace

Expected<void, Difference> Replay::execute(const std::vector<KeptEntry>& entries) {
  DAFTAR_CHECK(!entries.empty());
  if (auto judged = judge_places(position_, entries); !judged) return judged;
  const ledger::Entry& first = entries.front().entry;
  if (const auto version = engine_.unknown_protocol(state_))
    return differs(first, "protocol", std::to_string(engine_.protocol_known()), std::to_string(*version),
                   "From block " + std::to_string(first.height) + " on the ledger goes by version " + std::to_string(*version) + " of the protocol, which this program does not know: check with one that does.");
  std::vector<std::shared_ptr<const ledger::Transaction>> transactions;
  for (const KeptEntry& kept : entries)
    if (kept.transaction) transactions.push_back(kept.transaction);
  const auto block = ledger::make_block({}, first.height, first.time_ms, false, std::move(transactions));
  const BlockOutcome outcome = engine_.execute(*block, state_);

  for (std::size_t i = 0; i < entries.size(); ++i) {
    const ledger::Entry& kept = entries[i].entry;
    if (i >= outcome.entries.size())
      return differs(kept, "entries", "no more", id_words(kept.kind, kept.id),
                     "Entry " + std::to_string(kept.index) + ", " + id_words(kept.kind, kept.id) + ", does not come about when block " + std::to_string(kept.height) + " is executed again.");
    if (auto compared = compare(kept, outcome.entries[i]); !compared) return compared;
  }
  if (outcome.entries.size() > entries.size()) {
    const ExecutedEntry& next = outcome.entries[entries.size()];
    const std::uint64_t index = entries.back().entry.index + 1;
    return Unexpected<Difference>(Difference{index, first.height, "missing", id_words(next.kind, next.id), "none",
                                             "After " + entry_words(index - 1) + ", " + id_words(next.kind, next.id) + " of block " + std::to_string(first.height) + " is missing."});
  }

  state_.apply(outcome.changes);
  for (const KeptEntry& kept : entries) position_.log.append(kept.leaf_hash);
  position_.height = first.height;
  position_.time_ms = first.time_ms;
  if (outcome.validators_changed || signers_leave_) name_signers();
  return {};
}

}  // namespace daftar::contracts

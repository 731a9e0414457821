#include "node/node.h"

#include <sodium.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>

#include "ledger/check.h"
#include "ledger/receipt.h"
#include "node/clock.h"
#include "node/disks.h"
#include "node/peer_link.h"
#include "node/recovery.h"
#include "node/replica_loop.h"

namespace daftar::node {
namespace {

std::uint64_t random_seed() {
  std::uint64_t seed;
  randombytes_buf(&seed, sizeof seed);
  return seed;
}

}  // namespace

struct Node::Impl {
  NodeOptions options;
  std::unique_ptr<storage::RaftLog> raft_log;
  std::unique_ptr<storage::StateStore> store;
  bool log_incomplete = false;
  std::optional<ledger::SigningKey> checkpoint_key;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<VerifierPool> pool;
  std::unique_ptr<Replica> replica;
  std::unique_ptr<ReplicaLoop> loop;
  std::unique_ptr<PeerNetwork> links;

  mutable std::mutex mutex;
  std::function<void(HaltKind, std::string)> handler;
  HaltKind halt_kind = HaltKind::none;
  std::string halt_reason;
  bool stopped = false;

  void halt(HaltKind kind, std::string why) {
    spdlog::critical("stopped: {}", why);
    std::function<void(HaltKind, std::string)> tell;
    {
      std::lock_guard lock(mutex);
      if (halt_kind != HaltKind::none) return;
      halt_kind = kind;
      halt_reason = why;
      tell = handler;
    }
    if (tell) tell(kind, std::move(why));
  }

  std::vector<LinkPeer> peers_at_start;

  std::optional<std::string> judge_keys(const Registry& registry) const;
  Expected<void, std::string> open_disks();
  Expected<void, std::string> make_replica();
  Expected<void, std::string> open_links();
};

Expected<void, std::string> Node::Impl::open_disks() {
  storage::StateStoreOptions store_options;
  store_options.memtable_bytes = options.memtable_bytes;
  store_options.block_cache_bytes = options.block_cache_bytes;
  store_options.value_cache_bytes = options.value_cache_bytes;
  auto opened = node::open_disks(options.data_dir, *options.genesis, std::move(store_options), options.genesis->link_keys().size() == 1 && options.peers.empty());
  if (!opened) return tl::make_unexpected(opened.error());
  raft_log = std::move(opened->log);
  store = std::move(opened->store);
  log_incomplete = opened->log_incomplete;
  return {};
}

/// The keys of this node against what the ledger, as far as it is executed here, says of it. A node that is not in it yet waits to be taken in.
std::optional<std::string> Node::Impl::judge_keys(const Registry& registry) const {
  const auto* record = registry.find(options.node);
  if (!record) return std::nullopt;
  const std::string who = "for node " + std::to_string(options.node);
  if (record->standing == contracts::NodeStanding::removed)
    return "node " + std::to_string(options.node) + " was removed from this network at height " + std::to_string(record->since_height) +
           "; a node that comes back comes with a new number (daftar network add)";
  if (checkpoint_key->public_key() != record->checkpoint_key) return "the checkpoint key is not the one the ledger names " + who;
  if (ledger::SigningKey::from_seed(options.link_seed)->public_key() != record->link_key) return "the link key is not the one the ledger names " + who;
  return std::nullopt;
}

Expected<void, std::string> Node::Impl::make_replica() {
  executor = std::make_unique<Executor>(options.genesis, *store, options.protocol_known);
  const auto cores = std::max(1u, std::thread::hardware_concurrency());
  pool = std::make_unique<VerifierPool>(options.verifier_threads == 0 ? cores : options.verifier_threads);
  auto restored = restore(*raft_log, *store, executor->engine(), *options.genesis);
  if (!restored) return tl::make_unexpected(restored.error());
  if (auto wrong = judge_keys(restored->registry)) return tl::make_unexpected(std::move(*wrong));
  peers_at_start = link_peers(restored->registry, options.peers);
  restored->raft.in_doubt = log_incomplete;

  ReplicaOptions replica_options;
  const auto ticks = [&](std::chrono::milliseconds time) { return static_cast<consensus::Ticks>(std::max<std::int64_t>(1, time / options.tick)); };
  replica_options.raft = {{options.node},
                          ticks(options.election_timeout),
                          ticks(options.heartbeat),
                          /*append_bytes_max*/ 1u << 20,
                          /*inflight_appends_max*/ 64,
                          /*log_window_bytes_max*/ 64u << 20,
                          random_seed()};
  replica_options.log_retain_bytes = options.log_retain_bytes;
  replica_options.log_retain_for_laggards_bytes = options.log_retain_for_laggards_bytes;
  replica = std::make_unique<Replica>(options.genesis, *checkpoint_key, replica_options, std::move(*restored));
  loop = std::make_unique<ReplicaLoop>(ReplicaLoop::Parts{options.genesis, *raft_log, *store, *executor, *replica, *pool, options.tick, options.peers,
                                                          [this](HaltKind kind, std::string why) { halt(kind, std::move(why)); },
                                                          [this] { note_log_is_whole(options.data_dir); }});
  return {};
}

Expected<void, std::string> Node::Impl::open_links() {
  const auto identity = LinkIdentity::from_seed(options.link_seed);
  if (!identity) return tl::make_unexpected("the link key is not 32 bytes");
  PeerNetworkOptions link_options{options.node, options.genesis, options.link_host, options.link_port, peers_at_start};
  link_options.process = random_seed();
  auto* to = loop.get();
  auto opened = PeerNetwork::open(std::move(link_options), *identity,
                                  {[to](std::uint64_t from, std::uint64_t process) { to->peer_greeted(from, process); },
                                   [to](std::uint64_t from, PeerMessage message) { to->receive(from, std::move(message)); },
                                   [to](std::uint64_t node) { to->peer_connected(node); },
                                   [](std::string warning) { spdlog::warn("{}", warning); }});
  if (!opened) return tl::make_unexpected(opened.error());
  links = std::move(*opened);
  return {};
}

Expected<std::unique_ptr<Node>, std::string> Node::start(NodeOptions options) {
  if (options.node == 0) return tl::make_unexpected("nodes are numbered from 1");
  auto impl = std::make_unique<Impl>();
  impl->checkpoint_key = ledger::SigningKey::from_seed(options.checkpoint_seed);
  if (!impl->checkpoint_key) return tl::make_unexpected("the checkpoint key is not 32 bytes");
  if (!ledger::SigningKey::from_seed(options.link_seed)) return tl::make_unexpected("the link key is not 32 bytes");
  impl->options = std::move(options);
  for (const auto& step : {&Impl::open_disks, &Impl::make_replica, &Impl::open_links})
    if (auto done = (impl.get()->*step)(); !done) return tl::make_unexpected(done.error());
  impl->loop->start(*impl->links);
  return std::unique_ptr<Node>(new Node(std::move(impl)));
}

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() { stop(); }

void Node::stop() {
  if (std::exchange(impl_->stopped, true)) return;
  impl_->links->stop();
  impl_->loop->stop();
  impl_->pool->stop();     // its last callbacks still find the loop, which no longer listens
  if (halt_kind() == HaltKind::none || halt_kind() == HaltKind::protocol)   // another program goes on from here
    if (auto flushed = impl_->store->flush(); !flushed) spdlog::error("at shutdown: {}", flushed.error().text());
}

void Node::on_halt(std::function<void(HaltKind, std::string)> handler) {
  HaltKind kind;
  std::string why;
  {
    std::lock_guard lock(impl_->mutex);
    kind = impl_->halt_kind;
    why = impl_->halt_reason;
    impl_->handler = handler;
  }
  if (kind != HaltKind::none) handler(kind, why);  // it happened before anyone listened
}

HaltKind Node::halt_kind() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->halt_kind;
}
std::string Node::halted() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->halt_reason;
}
std::uint16_t Node::link_port() const { return impl_->links->port(); }
std::shared_ptr<const ledger::Genesis> Node::genesis() const { return impl_->options.genesis; }

NodeStatus Node::status() const {
  NodeStatus status = impl_->loop->status();
  for (const std::uint32_t peer : impl_->links->nodes()) {
    auto known = std::find_if(status.peers.begin(), status.peers.end(), [&](const auto& p) { return p.node == peer; });
    if (known == status.peers.end()) known = status.peers.insert(status.peers.end(), NodeStatus::Peer{peer, false, 0});
    known->connected = impl_->links->connected(peer);
  }
  // What is executed is read from the state itself, so that who has an answer also sees it here.
  const auto state = impl_->store->snapshot();
  const auto& mark = state->mark();
  const auto frontier = ledger::MerkleFrontier::restore(mark.entries, mark.frontier);
  DAFTAR_CHECK(frontier);
  status.height = mark.height;
  status.entries = mark.entries;
  status.block_time_ms = mark.block_time_ms;
  status.root = frontier->root().hex();
  status.protocol_version = impl_->executor->engine().governed()->at(*state)->protocol_version;
  status.protocol_known = impl_->executor->engine().protocol_known();
  status.fsyncs = impl_->raft_log->sync_count();
  status.flushes = impl_->store->flush_count();
  status.signatures_verified = impl_->pool->verified_count();
  status.snapshot_bytes_sent = impl_->loop->snapshot_bytes_sent();
  status.snapshot_bytes_received = impl_->loop->snapshot_bytes_received();
  status.bytes_sent = impl_->links->bytes_sent();
  status.bytes_received = impl_->links->bytes_received();
  return status;
}

void Node::submit(std::vector<std::shared_ptr<const ledger::Transaction>> transactions, WaitFor wait, std::chrono::milliseconds timeout,
                  std::function<void(std::size_t, SubmitReply)> done) {
  impl_->loop->submit(std::move(transactions), wait, timeout, std::move(done));
}

void Node::linearizable(std::chrono::milliseconds timeout, std::function<void(bool confirmed)> done) { impl_->loop->linearizable(timeout, std::move(done)); }

std::shared_ptr<const storage::StateSnapshot> Node::snapshot() const { return impl_->store->snapshot(); }

contracts::ExecutionResult Node::dry_run(const ledger::Transaction& transaction) const {
  const auto state = impl_->store->snapshot();
  return impl_->executor->engine().dry_run(transaction, std::max(wall_ms(), state->mark().block_time_ms + 1), *state);
}

std::shared_ptr<const contracts::governance::Governed> Node::governed() const { return impl_->executor->engine().governed(); }

ledger::TransactionLimits Node::transaction_limits() const { return governed()->at(*impl_->store->snapshot())->limits.transactions(); }

std::optional<std::string> Node::receipt(std::uint64_t entry_index) const {
  const auto state = impl_->store->snapshot();
  const auto certificate = state->certificate_covering(entry_index);
  if (!certificate) return std::nullopt;
  const auto note = ledger::parse_note(*certificate);
  const auto entry = state->entry(entry_index);
  DAFTAR_CHECK(note && entry);
  if (note->checkpoint.size > state->mark().entries) return std::nullopt;  // certified, but executed here a moment later
  const auto tiles = ledger::subtrees_from_tiles([&](unsigned level, std::uint64_t index) { return state->tile(level, index); });
  return ledger::make_receipt(*entry, ledger::inclusion_proof(entry_index, note->checkpoint.size, tiles), *certificate);
}

}  // namespace daftar::node

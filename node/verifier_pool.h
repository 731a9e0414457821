// A pool of threads for what costs most: parsing blocks and verifying signatures. A transaction verified once on this node is known by
// its envelope hash and not verified again, wherever it comes from the second time. Blocks come before clients: a follower's acknowledgement
// must not wait behind what its own clients ask, however many they are.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

#include "ledger/block.h"
#include "ledger/transaction.h"

namespace daftar::node {

/// Envelope hashes of transactions whose signatures hold. Bounded: two generations, the older dropped when the newer is full. Any thread.
class VerifiedSet {
 public:
  explicit VerifiedSet(std::size_t generation_max) : generation_max_(generation_max) {}
  bool contains(const ledger::Digest& envelope_hash) const;
  void insert(const std::vector<ledger::Digest>& envelope_hashes);

 private:
  using Set = std::unordered_set<ledger::Digest, ledger::DigestHash>;
  const std::size_t generation_max_;
  mutable std::mutex mutex_;
  Set newer_, older_;
};

class VerifierPool {
 public:
  enum class For : std::uint8_t { blocks, clients };
  using Transactions = std::vector<std::shared_ptr<const ledger::Transaction>>;
  using Verdicts = std::vector<ledger::Rejection>;  // one per transaction, code ok: its signatures hold

  explicit VerifierPool(unsigned threads);
  /// Work that has begun is finished; the rest is dropped without an answer.
  ~VerifierPool();

  /// Work that has begun is finished, what waits is dropped, and later work too. Idempotent; the object stays usable for reading.
  void stop();
  /// Runs `work` on a thread of the pool.
  void run(For whom, std::function<void()> work);
  /// Verifies all, split over the pool; `done` is called once, on a thread of the pool.
  void verify(For whom, Transactions transactions, std::function<void(Verdicts)> done);
  /// More waits for clients than they will wait for: who brings more is to be told to come again later.
  bool overloaded() const;
  /// How many signatures were computed (not answered from memory).
  std::uint64_t verified_count() const { return verified_.load(std::memory_order_relaxed); }

 private:
  void work();
  void verify_range(const Transactions& transactions, std::size_t from, std::size_t to, Verdicts& verdicts);

  VerifiedSet known_{200'000};
  std::atomic<std::uint64_t> verified_{0};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> for_blocks_, for_clients_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace daftar::node

#include "node/verifier_pool.h"

#include <algorithm>
#include <atomic>

#include "node/thread_name.h"

namespace daftar::node {
namespace {
constexpr std::size_t chunk_transactions = 32;  // about a millisecond of work: small enough to share, large enough to be worth a hand-over
constexpr std::size_t client_jobs_max = 4096;       // waiting: some seconds of work for a slow core
}

bool VerifiedSet::contains(const ledger::Digest& hash) const {
  std::lock_guard lock(mutex_);
  return newer_.contains(hash) || older_.contains(hash);
}

void VerifiedSet::insert(const std::vector<ledger::Digest>& hashes) {
  std::lock_guard lock(mutex_);
  for (const auto& hash : hashes) {
    if (newer_.size() >= generation_max_) {
      older_ = std::move(newer_);
      newer_ = Set{};
    }
    newer_.insert(hash);
  }
}

VerifierPool::VerifierPool(unsigned threads) {
  for (unsigned i = 0; i < std::max(1u, threads); ++i) threads_.emplace_back([this] { name_this_thread("verification"), work(); });
}

VerifierPool::~VerifierPool() { stop(); }

void VerifierPool::stop() {
  std::deque<std::function<void()>> blocks, clients;  // let go of without the lock: what they hold may call back
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    blocks.swap(for_blocks_);
    clients.swap(for_clients_);
  }
  wake_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void VerifierPool::run(For whom, std::function<void()> job) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    (whom == For::blocks ? for_blocks_ : for_clients_).push_back(std::move(job));
  }
  wake_.notify_one();
}

bool VerifierPool::overloaded() const {
  std::lock_guard lock(mutex_);
  return for_clients_.size() >= client_jobs_max;
}

void VerifierPool::work() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !for_blocks_.empty() || !for_clients_.empty(); });
      auto& queue = for_blocks_.empty() ? for_clients_ : for_blocks_;
      if (queue.empty()) return;
      job = std::move(queue.front());
      queue.pop_front();
    }
    job();
  }
}

void VerifierPool::verify_range(const Transactions& transactions, std::size_t from, std::size_t to, Verdicts& verdicts) {
  std::vector<ledger::Digest> sound;
  for (std::size_t i = from; i < to; ++i) {
    const auto& transaction = *transactions[i];
    if (known_.contains(transaction.envelope_hash())) continue;
    verified_.fetch_add(transaction.signatures().size(), std::memory_order_relaxed);
    if (auto verdict = transaction.verify_signatures(); !verdict)
      verdicts[i] = verdict.error();
    else
      sound.push_back(transaction.envelope_hash());
  }
  if (!sound.empty()) known_.insert(sound);
}

void VerifierPool::verify(For whom, Transactions transactions, std::function<void(Verdicts)> done) {
  struct Shared {
    Transactions transactions;
    Verdicts verdicts;
    std::function<void(Verdicts)> done;
    std::atomic<std::size_t> chunks_left;
  };
  const std::size_t chunks = std::max<std::size_t>(1, (transactions.size() + chunk_transactions - 1) / chunk_transactions);
  auto shared = std::make_shared<Shared>();
  shared->verdicts.resize(transactions.size());
  shared->transactions = std::move(transactions);
  shared->done = std::move(done);
  shared->chunks_left = chunks;
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    run(whom, [this, shared, chunk] {
      const std::size_t from = chunk * chunk_transactions;
      const std::size_t to = std::min(from + chunk_transactions, shared->transactions.size());
      verify_range(shared->transactions, from, to, shared->verdicts);
      if (shared->chunks_left.fetch_sub(1) == 1) shared->done(std::move(shared->verdicts));
    });
  }
}

}  // namespace daftar::node

#include "tools/bench/workload.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "tools/api_client.h"

namespace daftar::bench {

std::string make_transfer(const Population& population, const ledger::Digest& ledger_id, const std::string& category,
                          std::uint64_t valid_until_ms, Random& random) {
  const std::uint32_t from = random.below(population.keys());
  std::uint32_t to = random.below(population.keys() - 1);
  if (to >= from) ++to;
  const std::uint32_t currency = random.below(population.currencies());
  ledger::proto::TransactionBody body;
  body.set_ledger_id(std::string(ledger_id.view()));
  body.set_sender(population.member(from));
  body.set_nonce(random.nonce());
  body.set_valid_until_ms(valid_until_ms);
  ledger::proto::Transfer& transfer = *body.add_operations()->mutable_transfer();
  transfer.set_from(population.account(from, currency));
  transfer.set_to(population.account(to, currency));
  transfer.set_amount(1 + random.below(100));
  transfer.set_category(category);
  return sign_body(body, population.key(from));
}

std::vector<Batch> sign_ahead(const Population& population, const ledger::Digest& ledger_id, const WorkloadOptions& options,
                              const std::function<void(std::uint64_t)>& progress) {
  const std::uint64_t batches_count = (options.transactions + options.batch - 1) / options.batch;
  std::vector<Batch> batches(batches_count);
  std::atomic<std::uint64_t> next{0}, done{0};
  const auto work = [&](bool reports) {
    for (std::uint64_t i = next++; i < batches_count; i = next++) {
      Random random(options.seed + (i + 1) * 0x632be59bd9b4e019u);  // each batch by itself, so that threads do not change the workload
      Batch& batch = batches[i];
      batch.transactions = static_cast<std::uint32_t>(std::min<std::uint64_t>(options.batch, options.transactions - i * options.batch));
      const std::uint64_t valid_until_ms = options.valid_until_ms + i * options.batch_ms;
      for (std::uint32_t n = 0; n < batch.transactions; ++n)
        tools::add_bulk_frame(batch.frames, make_transfer(population, ledger_id, options.category, valid_until_ms, random));
      batch.frames.shrink_to_fit();
      const std::uint64_t total = done += batch.transactions;
      if (reports) progress(total);
    }
  };
  std::vector<std::thread> workers;
  for (unsigned t = 1; t < std::max(1u, options.threads); ++t) workers.emplace_back(work, false);
  work(true);
  for (std::thread& worker : workers) worker.join();
  return batches;
}

}  // namespace daftar::bench

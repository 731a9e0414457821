#include "tests/end_to_end/payment_load.h"

#include <iostream>

namespace daftar::tests {

PaymentLoad::PaymentLoad(TestNetwork& network, unsigned writers) {
  for (unsigned i = 0; i < writers; ++i) threads_.emplace_back([this, &network, i] { write(network, i); });
}

void PaymentLoad::stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool PaymentLoad::wait_for(std::uint64_t more, std::chrono::seconds patience) const {
  const std::uint64_t wanted = acknowledged_count_ + more;
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (acknowledged_count_ < wanted && std::chrono::steady_clock::now() < give_up) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return acknowledged_count_ >= wanted;
}

void PaymentLoad::write(TestNetwork& network, unsigned number) {
  auto client = network.client(number % network.network().nodes() + 1);
  std::int64_t amount = 1 + number;
  std::string last_envelope, last_id;
  for (std::uint64_t i = 1; !stopping_; ++i) {
    const std::string envelope = network.transfer(amount);
    const auto transaction = ledger::Transaction::parse(envelope, network.genesis().transaction_limits());
    const std::string id = (*transaction)->id().hex();
    {
      const std::lock_guard lock(mutex_);
      amounts_[id] = amount;
    }
    amount = amount % 97 + 1;
    const auto answer = client.submit(envelope, tools::Wait::committed, std::chrono::seconds(5));
    if (answer && answer->accepted()) {
      {
        const std::lock_guard lock(mutex_);
        acknowledged_[id] = {answer->index.value_or(UINT64_MAX), answer->height};
      }
      ++acknowledged_count_;
      last_envelope = envelope;
      last_id = id;
    } else if (answer && answer->status == tools::SubmitStatus::rejected) {
      const std::lock_guard lock(mutex_);
      refused_.push_back(id + " " + answer->code + " " + answer->detail);
    }
    // Now and then the bytes of an acknowledged payment once more: the answer must be the first outcome.
    if (i % 50 == 0 && !last_envelope.empty()) {
      const auto again = client.submit(last_envelope, tools::Wait::committed, std::chrono::seconds(5));
      const std::lock_guard lock(mutex_);
      const Told& told = acknowledged_[last_id];
      if (again && (again->status == tools::SubmitStatus::rejected || (again->accepted() && again->index != told.index)))
        refused_.push_back(last_id + " sent again: " + std::string(tools::name(again->status)) + " " + again->code + " index " +
                           std::to_string(again->index.value_or(UINT64_MAX)) + " instead of " + std::to_string(told.index));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void PaymentLoad::require_kept(TestNetwork& network) {
  const std::uint64_t top = network.settle();
  for (const std::string& refusal : refused_) UNSCOPED_INFO(refusal);
  REQUIRE(refused_.empty());
  REQUIRE(acknowledged_.size() >= 30);  // fewer shows nothing
  std::cout << acknowledged_.size() << " payments acknowledged of " << amounts_.size() << " sent, height " << top << std::endl;

  std::vector<AccountEntry> first;
  for (unsigned node = 1; node <= network.network().nodes(); ++node) {
    INFO("node " << node);
    const auto history = network.history(node, payer_account);
    if (first.empty()) first = history;
    REQUIRE(history == first);

    std::map<std::string, AccountEntry> by_id;
    std::int64_t paid = 0;
    for (const AccountEntry& entry : history) {
      INFO("entry " << entry.index << " " << entry.id);
      REQUIRE(by_id.emplace(entry.id, entry).second);
      if (const auto sent = amounts_.find(entry.id); sent != amounts_.end()) paid += sent->second;
    }
    for (const auto& [id, told] : acknowledged_) {
      INFO("acknowledged payment " << id);
      const auto found = by_id.find(id);
      REQUIRE(found != by_id.end());
      REQUIRE(found->second.index == told.index);
      REQUIRE(found->second.height == told.height);
    }
    REQUIRE(network.balance(node, payee_account) == paid);
    REQUIRE(network.balance(node, payer_account) == issued_amount - paid);
  }
  network.require_equal_roots(top, 200);
}

}  // namespace daftar::tests

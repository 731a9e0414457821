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

tools::Result<tools::SubmitAnswer> PaymentLoad::pay(TestNetwork& network, tools::ApiClient& client, std::int64_t amount,
                                                    std::chrono::milliseconds timeout) {
  const std::string envelope = network.transfer(amount);
  const auto transaction = ledger::Transaction::parse(envelope, network.genesis().transaction_limits());
  const std::string id = (*transaction)->id().hex();
  {
    const std::lock_guard lock(mutex_);
    amounts_[id] = amount;
  }
  auto answer = client.submit(envelope, tools::Wait::committed, timeout);
  if (answer && answer->accepted()) {
    {
      const std::lock_guard lock(mutex_);
      acknowledged_[id] = {answer->index.value_or(UINT64_MAX), answer->height};
      newest_ = {envelope, acknowledged_[id]};
    }
    ++acknowledged_count_;
  } else if (answer && answer->status == tools::SubmitStatus::rejected) {
    const std::lock_guard lock(mutex_);
    refused_.push_back(id + " " + answer->code + " " + answer->detail);
  } else {
    const std::lock_guard lock(mutex_);
    if (answer && answer->status == tools::SubmitStatus::unknown) unknown_[id] = envelope;
    else failed_.push_back(id + " " + (answer ? answer->code + " " + answer->sentence : answer.error().code + " " + answer.error().sentence));
  }
  return answer;
}

std::size_t PaymentLoad::resolve_unknown(TestNetwork& network) {
  for (const std::string& failure : failed_) UNSCOPED_INFO(failure);
  REQUIRE(failed_.empty());
  auto client = network.client();
  for (const auto& [id, envelope] : unknown_) {
    INFO("payment of unknown outcome " << id);
    const auto answer = client.submit(envelope, tools::Wait::committed, std::chrono::seconds(10));
    REQUIRE(answer);
    INFO(tools::name(answer->status) << " " << answer->code << " " << answer->detail);
    REQUIRE(answer->accepted());
    acknowledged_[id] = {answer->index.value_or(UINT64_MAX), answer->height};
  }
  return std::exchange(unknown_, {}).size();
}

tools::Result<tools::SubmitAnswer> PaymentLoad::pay_through(TestNetwork& network, unsigned node, std::chrono::milliseconds timeout) {
  auto client = network.client_of(node);
  return pay(network, client, 1, timeout);
}

void PaymentLoad::write(TestNetwork& network, unsigned number) {
  auto client = network.client(number % network.network().nodes() + 1);
  std::int64_t amount = 1 + number;
  Receipt last;
  for (std::uint64_t i = 1; !stopping_; ++i) {
    const auto answer = pay(network, client, amount, std::chrono::seconds(5));
    amount = amount % 97 + 1;
    if (answer && answer->accepted()) last = newest();
    // Now and then the bytes of an acknowledged payment once more: the answer must be the first outcome.
    if (i % 50 == 0 && !last.envelope.empty()) {
      const auto again = client.submit(last.envelope, tools::Wait::committed, std::chrono::seconds(5));
      const std::lock_guard lock(mutex_);
      if (again && (again->status == tools::SubmitStatus::rejected || (again->accepted() && again->index != last.told.index)))
        refused_.push_back(again->id + " sent again: " + std::string(tools::name(again->status)) + " " + again->code + " index " +
                           std::to_string(again->index.value_or(UINT64_MAX)) + " instead of " + std::to_string(last.told.index));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

PaymentLoad::Receipt PaymentLoad::newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

std::size_t PaymentLoad::missing(TestNetwork& network, unsigned node) {
  std::map<std::string, AccountEntry> by_id;
  for (const AccountEntry& entry : network.history(node, payer_account)) by_id[entry.id] = entry;
  std::size_t out = 0;
  for (const auto& [id, told] : acknowledged_) {
    const auto found = by_id.find(id);
    out += found == by_id.end() || found->second.index != told.index || found->second.height != told.height;
  }
  return out;
}

void PaymentLoad::require_kept(TestNetwork& network, const std::set<unsigned>& only) {
  const std::uint64_t top = network.settle(std::chrono::seconds(60), only);
  for (const std::string& refusal : refused_) UNSCOPED_INFO(refusal);
  REQUIRE(refused_.empty());
  REQUIRE(acknowledged_.size() >= 30);  // fewer shows nothing
  std::cout << acknowledged_.size() << " payments acknowledged of " << amounts_.size() << " sent, height " << top << std::endl;

  std::vector<AccountEntry> first;
  for (const unsigned node : network.nodes_or_all(only)) {
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
  network.require_equal_roots(top, 200, only);
}

}  // namespace daftar::tests

// One replica against a leader we play: what it refuses to take into its log (DESIGN §12.5, §12.6). Disks answer at once; nothing executes.
#include <catch2/catch.hpp>

#include "node/replica.h"
#include "tests/node/genesis_registry.h"

using namespace daftar;
using namespace daftar::node;
namespace c = daftar::consensus;

namespace {

constexpr std::uint64_t now_wall = 1'800'000'000'000;

class Follower {
 public:
  tests::SmallNetwork network{3};
  Replica replica;
  std::vector<Replica::Send> sent;
  std::vector<std::string> warnings;
  std::vector<Replica::Answer> answers;
  std::uint64_t written = 0;   // log records made durable
  std::uint64_t executed = 0;

  explicit Follower(const std::function<void(ReplicaOptions&)>& change = {}) : replica(network.genesis, network.checkpoint_keys[0], options(change), fresh(network)) {
    replica.set_time({now_wall, 1000});
  }

  static ReplicaOptions options(const std::function<void(ReplicaOptions&)>& change) {
    ReplicaOptions options{{{1}, 20, 4, 1 << 20, 16, 8 << 20, 42}, {}};
    options.waiting_max = 1000;
    if (change) change(options);
    return options;
  }

  static ReplicaRestored fresh(const tests::SmallNetwork& network) {
    ReplicaRestored restored;
    restored.raft.membership.voters = {{1}, {2}, {3}};
    restored.block_time_ms = network.genesis->content().time_ms();
    restored.block_hash = network.genesis->ledger_id();
    restored.registry = tests::genesis_registry(network);
    return restored;
  }

  /// What the pool, the disk and the links would do.
  void carry_out() {
    for (;;) {
      auto out = replica.take_output();
      bool more = false;
      for (auto& s : out.send) sent.push_back(std::move(s));
      for (auto& w : out.warnings) warnings.push_back(std::move(w));
      for (auto& a : out.answers) answers.push_back(std::move(a));
      executed += out.execute.size();
      for (auto& write : out.log_writes) {
        written += write.records.size();
        replica.log_written(write.batch);
        more = true;
      }
      for (auto& check : out.block_checks) {
        Replica::CheckedBlocks blocks = std::vector<std::shared_ptr<const ledger::Block>>{};
        for (auto& payload : check.payloads) {
          auto block = ledger::Block::parse(payload, {}, {});
          if (!block) {
            blocks = tl::make_unexpected(std::string("a block cannot be read"));
            break;
          }
          for (const auto& transaction : (*block)->transactions())
            if (!transaction->verify_signatures()) blocks = tl::make_unexpected(std::string("a forged transaction"));
          if (!blocks) break;
          blocks->push_back(*block);
        }
        replica.blocks_checked(check.ticket, std::move(blocks));
        more = true;
      }
      if (!more) return;
    }
  }

  std::shared_ptr<const ledger::Block> block(std::uint64_t height, const ledger::Digest& previous, std::uint64_t time_ms,
                                             std::vector<std::shared_ptr<const ledger::Transaction>> transactions = {}) const {
    return ledger::make_block(previous, height, time_ms, false, std::move(transactions));
  }

  void append(std::uint64_t from, std::uint64_t term, c::LogPosition previous, std::uint64_t commit,
              const std::vector<std::shared_ptr<const ledger::Block>>& blocks) {
    c::AppendRequest request{{term}, previous, {commit}, {}, 0};
    auto index = previous.index;
    for (const auto& b : blocks)
      request.entries.push_back({{term}, ++index, c::EntryKind::payload, std::make_shared<const std::string>(b->bytes())});
    replica.receive(from, PeerMessage{c::Message{request}});
    carry_out();
  }

  /// A leader without news.
  void heartbeat(std::uint64_t from, std::uint64_t term) { append(from, term, {}, 0, {}); }
  void refuse(std::uint64_t from, const ledger::Digest& id, ledger::Rejection rejection = {}) {
    replica.receive(from, PeerMessage{ForwardRefused{{{id, std::move(rejection), 500}}}});
    carry_out();
  }
  void tick(std::uint64_t monotonic_ms) {
    replica.tick({now_wall, monotonic_ms});
    carry_out();
  }
  std::size_t forwarded_to(std::uint64_t node) const {
    std::size_t items = 0;
    for (const auto& s : sent)
      if (const auto* forward = std::get_if<Forward>(&s.message); forward && s.to == node) items += forward->items.size();
    return items;
  }
  /// Wins the election it is waiting for: its peers grant whatever it asks.
  void lead() {
    for (int i = 0; i < 200 && replica.status().role != "leader"; ++i) {
      tick(1000);
      for (const auto& s : std::exchange(sent, {}))
        if (const auto* m = std::get_if<c::Message>(&s.message))
          if (const auto* vote = std::get_if<c::VoteRequest>(m)) {
            replica.receive(s.to, PeerMessage{c::Message{c::VoteReply{vote->pre ? c::Term{vote->term.value - 1} : vote->term, vote->term, vote->pre, true}}});
            carry_out();
          }
    }
    REQUIRE(replica.status().role == "leader");
  }

  std::size_t acknowledged() const {  // highest match promised
    std::size_t match = 0;
    for (const auto& s : sent)
      if (const auto* m = std::get_if<c::Message>(&s.message))
        if (const auto* reply = std::get_if<c::AppendReply>(m); reply && reply->success) match = std::max<std::size_t>(match, reply->match.value);
    return match;
  }
  const ledger::Digest& base() const { return network.genesis->ledger_id(); }
};

}  // namespace

TEST_CASE("an honest block is written, then acknowledged, and executed once committed") {
  Follower f;
  const auto b1 = f.block(1, f.base(), now_wall, {f.network.issue("acme/UZS", 5, "s1")});
  f.append(2, 1, {}, 0, {b1});
  REQUIRE(f.written == 1);
  REQUIRE(f.acknowledged() == 1);
  REQUIRE(f.executed == 0);
  f.append(2, 1, {{1}, {1}}, 1, {});
  REQUIRE(f.executed == 1);
}

TEST_CASE("a block dated a year ahead is never written or acknowledged, and its leader is not heard for that term") {
  Follower f;
  const std::uint64_t year_ms = 365ull * 24 * 3600 * 1000;
  f.append(2, 1, {}, 0, {f.block(1, f.base(), now_wall + year_ms)});
  REQUIRE(f.written == 0);
  REQUIRE(f.acknowledged() == 0);
  REQUIRE(f.warnings.size() == 1);
  REQUIRE(f.warnings[0].find("ahead of this node's clock") != std::string::npos);
  f.append(2, 1, {}, 0, {f.block(1, f.base(), now_wall)});
  REQUIRE(f.written == 0);
  // Another leader, of a later term, is taken.
  f.append(3, 2, {}, 0, {f.block(1, f.base(), now_wall)});
  REQUIRE(f.written == 1);
  REQUIRE(f.acknowledged() == 1);
}

TEST_CASE("what is committed already is never judged by a local clock") {
  Follower f;
  f.append(2, 1, {}, 1, {f.block(1, f.base(), now_wall + 3'600'000)});
  REQUIRE(f.written == 1);
  REQUIRE(f.executed == 1);
}

TEST_CASE("a forged transaction in a block is refused before it is written, and others may lead") {
  Follower f;
  const auto honest = f.network.issue("acme/UZS", 5, "s1");
  auto signature = honest->signatures()[0];
  signature.signature.bytes[1] ^= 4;
  auto forged = ledger::Transaction::parse(ledger::make_envelope(honest->body_bytes(), {signature}), {});
  REQUIRE(forged);
  f.append(2, 1, {}, 0, {f.block(1, f.base(), now_wall, {*forged})});
  REQUIRE(f.written == 0);
  REQUIRE(f.acknowledged() == 0);
  f.append(3, 2, {}, 0, {f.block(1, f.base(), now_wall, {honest})});
  REQUIRE(f.written == 1);
}

TEST_CASE("a block that does not follow the one before is refused: hash, height, time") {
  const auto refused = [](auto make) {
    Follower f;
    const auto b1 = f.block(1, f.base(), now_wall - 10);
    f.append(2, 1, {}, 0, {b1});
    REQUIRE(f.written == 1);
    f.append(2, 1, {{1}, {1}}, 0, {make(f, *b1)});
    CHECK(f.written == 1);
    REQUIRE(f.warnings.size() == 1);
    REQUIRE(f.warnings[0].find("does not follow block 1") != std::string::npos);
  };
  refused([](Follower& f, const ledger::Block&) { return f.block(2, ledger::sha256("else"), now_wall); });
  refused([](Follower& f, const ledger::Block& b1) { return f.block(3, b1.hash(), now_wall); });
  refused([](Follower& f, const ledger::Block& b1) { return f.block(2, b1.hash(), now_wall - 10); });
}

TEST_CASE("messages of one link are taken in their order, however long the check of an earlier one takes") {
  Follower f;
  const auto b1 = f.block(1, f.base(), now_wall - 10);
  const auto b2 = f.block(2, b1->hash(), now_wall - 9);
  const auto request = [](c::LogPosition previous, const ledger::Block& b) {
    return PeerMessage{c::Message{c::AppendRequest{{1}, previous, {0}, {{{1}, previous.index + 1, c::EntryKind::payload, std::make_shared<const std::string>(b.bytes())}}, 0}}};
  };
  f.replica.receive(2, request({}, *b1));
  f.replica.receive(2, request({{1}, {1}}, *b2));
  auto out = f.replica.take_output();
  REQUIRE(out.block_checks.size() == 2);
  const auto checked = [](const Replica::BlockCheck& check) {
    return std::vector<std::shared_ptr<const ledger::Block>>{*ledger::Block::parse(check.payloads[0], {}, {})};
  };
  f.replica.blocks_checked(out.block_checks[1].ticket, checked(out.block_checks[1]));
  REQUIRE(f.replica.take_output().log_writes.empty());
  f.replica.blocks_checked(out.block_checks[0].ticket, checked(out.block_checks[0]));
  f.carry_out();
  REQUIRE(f.written == 2);
  REQUIRE(f.acknowledged() == 2);
}

TEST_CASE("a client's deadline gives unknown, and the transaction may still be looked up later") {
  Follower f;
  f.replica.submit(9, f.network.issue("acme/UZS", 5, "s1"), WaitFor::committed, 100);
  f.replica.tick({now_wall, 1050});
  REQUIRE(f.replica.take_output().answers.empty());
  f.replica.tick({now_wall, 1100});
  const auto out = f.replica.take_output();
  REQUIRE(out.answers.size() == 1);
  REQUIRE(out.answers[0].client == 9);
  REQUIRE(out.answers[0].reply.status == SubmitReply::Status::unknown);
}

TEST_CASE("a transaction given while there is no leader is forwarded when one appears") {
  Follower f;
  const auto transaction = f.network.issue("acme/UZS", 5, "s1");
  f.replica.submit(9, transaction, WaitFor::certified, 5000);
  f.carry_out();
  for (const auto& s : f.sent) REQUIRE_FALSE(std::holds_alternative<Forward>(s.message));
  f.append(3, 1, {}, 0, {});
  const Forward* forward = nullptr;
  for (const auto& s : f.sent)
    if (std::holds_alternative<Forward>(s.message)) {
      REQUIRE(s.to == 3);
      forward = &std::get<Forward>(s.message);
    }
  REQUIRE(forward);
  REQUIRE(forward->items.at(0).envelope == transaction->envelope());
  REQUIRE(forward->items.at(0).certified);
}

TEST_CASE("the only leader that was asked refuses: the client hears it") {
  Follower f;
  f.heartbeat(2, 1);
  const auto first = f.network.issue("acme/UZS", 5, "s1"), second = f.network.issue("acme/UZS", 5, "s2");
  f.replica.submit(7, first, WaitFor::committed, 5000);
  f.replica.submit(8, second, WaitFor::committed, 5000);
  f.carry_out();
  REQUIRE(f.forwarded_to(2) == 2);
  f.refuse(2, first->id());
  f.refuse(2, second->id(), {ledger::RejectionCode::expired, "too late"});
  REQUIRE(f.answers.size() == 2);
  REQUIRE(f.answers[0].reply.status == SubmitReply::Status::busy);
  REQUIRE(f.answers[1].reply.status == SubmitReply::Status::rejected);
  REQUIRE(f.answers[1].reply.rejection.detail == "too late");
}

TEST_CASE("a late refusal by a former leader is not an answer: the present leader may order the transaction") {
  Follower f;
  f.heartbeat(2, 1);
  const auto transaction = f.network.issue("acme/UZS", 5, "s1");
  f.replica.submit(7, transaction, WaitFor::committed, 5000);
  f.carry_out();
  f.heartbeat(3, 2);
  REQUIRE(f.forwarded_to(3) == 1);
  f.refuse(2, transaction->id());
  f.refuse(2, transaction->id(), {ledger::RejectionCode::expired, ""});
  REQUIRE(f.answers.empty());
}

TEST_CASE("a refusal by the present leader is not an answer when a former one may have ordered the transaction, it is offered again") {
  Follower f;
  f.heartbeat(2, 1);
  const auto transaction = f.network.issue("acme/UZS", 5, "s1");
  f.replica.submit(7, transaction, WaitFor::committed, 5000);
  f.carry_out();
  f.heartbeat(3, 2);
  REQUIRE(f.forwarded_to(3) == 1);
  f.refuse(3, transaction->id());
  REQUIRE(f.answers.empty());
  f.tick(1100);
  REQUIRE(f.forwarded_to(3) == 1);
  f.tick(1300);
  REQUIRE(f.forwarded_to(3) == 2);
  f.tick(6100);
  REQUIRE(f.answers.size() == 1);
  REQUIRE(f.answers[0].reply.status == SubmitReply::Status::unknown);
}

TEST_CASE("a new leader whose own queue is full does not say busy for what it had forwarded to the one before") {
  Follower f([](ReplicaOptions& options) { options.mempool.transactions_max = 0; });
  f.heartbeat(2, 1);
  const auto forwarded = f.network.issue("acme/UZS", 5, "s1"), fresh = f.network.issue("acme/UZS", 5, "s2");
  f.replica.submit(7, forwarded, WaitFor::committed, 60'000);
  f.carry_out();
  REQUIRE(f.forwarded_to(2) == 1);
  f.lead();
  f.replica.submit(8, fresh, WaitFor::committed, 60'000);
  f.carry_out();
  REQUIRE(f.answers.size() == 1);
  REQUIRE(f.answers[0].client == 8);
  REQUIRE(f.answers[0].reply.status == SubmitReply::Status::busy);
}

TEST_CASE("one member's waiting transactions are bounded, and all of them by count and bytes, another client of one under way hears unknown") {
  Follower f([](ReplicaOptions& options) {
    options.waiting_max = 4;
    options.waiting_of_member_max = 2;
  });
  std::vector<std::shared_ptr<const ledger::Transaction>> transactions;
  for (int i = 0; i < 3; ++i) transactions.push_back(f.network.transfer("acme", "baraka", 1));
  for (std::size_t i = 0; i < 3; ++i) f.replica.submit(i, transactions[i], WaitFor::committed, 5000);
  f.carry_out();
  REQUIRE(f.answers.size() == 1);
  REQUIRE(f.answers[0].client == 2);
  REQUIRE(f.answers[0].reply.rejection.detail.find("this member") == 0);
  f.replica.submit(3, f.network.transfer("baraka", "acme", 1), WaitFor::committed, 5000);
  f.replica.submit(4, transactions[0], WaitFor::committed, 5000);
  f.carry_out();
  REQUIRE(f.answers.size() == 1);
  f.replica.submit(5, f.network.transfer("baraka", "acme", 1), WaitFor::committed, 5000);
  f.replica.submit(6, transactions[0], WaitFor::committed, 5000);
  f.carry_out();
  REQUIRE(f.answers.size() == 3);
  REQUIRE(f.answers[1].reply.status == SubmitReply::Status::busy);
  REQUIRE(f.answers[2].reply.status == SubmitReply::Status::unknown);
  f.tick(6000);
  REQUIRE(f.answers.size() == 7);
  f.replica.submit(7, transactions[2], WaitFor::committed, 5000);
  f.carry_out();
  REQUIRE(f.answers.size() == 7);

  Follower small([&](ReplicaOptions& options) { options.waiting_bytes_max = transactions[0]->envelope().size() + 10; });
  small.replica.submit(1, transactions[0], WaitFor::committed, 5000);
  small.replica.submit(2, transactions[1], WaitFor::committed, 5000);
  small.carry_out();
  REQUIRE(small.answers.size() == 1);
  REQUIRE(small.answers[0].reply.status == SubmitReply::Status::busy);
}

TEST_CASE("a leader whose clock ran ahead is heard again after three election timeouts, one that sent a forged block never in its term") {
  Follower f;
  f.append(2, 1, {}, 0, {f.block(1, f.base(), now_wall + 3'600'000)});
  REQUIRE(f.written == 0);
  for (int i = 0; i < 59; ++i) f.replica.tick({now_wall, 1000});
  f.append(2, 1, {}, 0, {f.block(1, f.base(), now_wall)});
  REQUIRE(f.written == 0);
  f.replica.tick({now_wall, 1000});
  f.append(2, 1, {}, 0, {f.block(1, f.base(), now_wall)});
  REQUIRE(f.written == 1);

  Follower g;
  g.replica.receive(2, PeerMessage{c::Message{c::AppendRequest{{1}, {}, {0}, {{{1}, {1}, c::EntryKind::payload, std::make_shared<const std::string>("no block")}}, 0}}});
  g.carry_out();
  for (int i = 0; i < 1000; ++i) g.replica.tick({now_wall, 1000});
  g.append(2, 1, {}, 0, {g.block(1, g.base(), now_wall)});
  REQUIRE(g.written == 0);
}

TEST_CASE("certified is answered when the certificate is stored, not before") {
  Follower f;
  SubmitReply committed;
  committed.status = SubmitReply::Status::committed;
  committed.entry_index = 3;
  f.replica.await_certificate(9, committed, 5000);
  f.replica.certificate_stored(3);
  f.carry_out();
  REQUIRE(f.answers.empty());
  f.replica.certificate_stored(4);
  f.carry_out();
  REQUIRE(f.answers.size() == 1);
  REQUIRE(f.answers[0].reply.status == SubmitReply::Status::certified);
}

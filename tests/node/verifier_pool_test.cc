// Who is served first, and what is too much.
#include <catch2/catch.hpp>

#include <future>

#include "node/verifier_pool.h"

using daftar::node::VerifierPool;

TEST_CASE("blocks are checked before what clients asked earlier") {
  VerifierPool pool(1);
  std::promise<void> go, done;
  std::string order;
  pool.run(VerifierPool::For::clients, [&] { go.get_future().wait(); });
  pool.run(VerifierPool::For::clients, [&] { order += 'c'; });
  pool.run(VerifierPool::For::clients, [&] { order += 'd'; done.set_value(); });
  pool.run(VerifierPool::For::blocks, [&] { order += 'b'; });
  go.set_value();
  done.get_future().wait();
  REQUIRE(order == "bcd");
}

TEST_CASE("a pool with seconds of clients' work before it says so") {
  VerifierPool pool(1);
  std::promise<void> started, go;
  pool.run(VerifierPool::For::clients, [&] {
    started.set_value();
    go.get_future().wait();
  });
  started.get_future().wait();
  std::promise<void> last;
  for (int i = 0; i < 4095; ++i) pool.run(VerifierPool::For::clients, [] {});
  pool.run(VerifierPool::For::blocks, [] {});
  REQUIRE_FALSE(pool.overloaded());
  pool.run(VerifierPool::For::clients, [&] { last.set_value(); });
  REQUIRE(pool.overloaded());
  go.set_value();
  last.get_future().wait();
  REQUIRE_FALSE(pool.overloaded());
}

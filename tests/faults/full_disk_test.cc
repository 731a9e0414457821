// The disk under one node fills up: the node stops with a sentence, the others go on, and when there is space again it catches up.
#include <iostream>

#include "tests/end_to_end/payment_load.h"
#include "tests/faults/last_words.h"
#include "tests/faults/leaders.h"
#include "tests/faults/mounted_disk.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

/// Takes all space that is left, to the last byte.
void fill(const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary);
  for (std::string bytes(1u << 20, 'x'); !bytes.empty();) {
    if (out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())) && out.flush()) continue;
    out.clear();
    bytes.resize(bytes.size() / 2);
  }
}

}  // namespace

TEST_CASE("a node whose disk is full stops with one sentence, and catches up when there is space again") {
  const auto disk = MountedDisk::small(300);
  if (!disk) return skipped("a node whose disk is full", disk.error());
  constexpr unsigned node = 2;
  TestNetwork network({{{"storage.memtable_mib", "4"}}, [&](tools::LocalNetwork& made) { (*disk)->carry_data_of(made, node); }});
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(30, std::chrono::seconds(60)));
  LastWords words(network.network(), node);
  const auto ballast = (*disk)->mount_point() / "ballast";
  fill(ballast);

  tools::NodeConnection connection(network.network().endpoints()[0]);
  for (int request = 0; request < 400 && network.network().running(node); ++request) {
    std::string frames;
    for (int i = 0; i < 50; ++i) tools::add_bulk_frame(frames, network.transfer(1));
    if (!connection.submit_bulk(frames, tools::Wait::committed, std::chrono::seconds(10), [](const tools::BulkLine&) {}))
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const auto status = words.wait_for_end(std::chrono::seconds(10));
  INFO("it said:\n" << words.all());
  REQUIRE(status);
  CHECK(*status == Exit::stopped_by_disk);
  REQUIRE(words.sentences().size() == 1);
  CHECK(words.sentences().front().find("disk full") != std::string::npos);
  std::cout << words.sentences().front() << std::endl;
  CHECK(load.wait_for(20, std::chrono::seconds(30)));

  // Without space it does not start, or stops again: in either case with a sentence.
  LastWords again(network.network(), node);
  REQUIRE(network.network().start_node(node));
  std::this_thread::sleep_for(std::chrono::seconds(1));
  std::filesystem::remove(ballast);
  if (const auto second = again.wait_for_end(std::chrono::seconds(1))) {
    INFO("full, it said:\n" << again.all());
    CHECK(*second != Exit::stopped_on_request);
    CHECK(again.sentences().size() == 1);
    REQUIRE(network.network().start_node(node));
  }
  network.wait_ready();
  CHECK(load.wait_for(20, std::chrono::seconds(30)));
  load.stop();
  network.require_equal_roots(network.settle(), 100);
  CHECK(load.missing(network, node) == 0);
}

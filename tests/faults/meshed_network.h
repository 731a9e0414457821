// A network of processes with a proxy in each direction of each of its links.
#pragma once
#include "tests/end_to_end/test_network.h"
#include "tests/harness/link_mesh.h"

namespace daftar::tests {

struct MeshedNetwork {
  explicit MeshedNetwork(std::uint64_t seed) : network({{}, [&](tools::LocalNetwork& made) { mesh.route(made, seed); }}) {}
  LinkMesh mesh;
  TestNetwork network;
};

}  // namespace daftar::tests

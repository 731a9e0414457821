// A proxy in every link of a network of processes, one for each direction: a node sends on the link that it dialled, so the proxy from A to B
// carries what A says to B, and holding it alone is a one-way cut.
#pragma once
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/harness/tcp_proxy.h"
#include "tools/local_network.h"

namespace daftar::tests {

inline std::uint16_t link_port(const tools::LocalNetwork& network, unsigned node) {
  std::ifstream in(network.dir() / "network.json");
  const auto json = nlohmann::json::parse(in);
  return json.at("nodes").at(node - 1).at("link_port").get<std::uint16_t>();
}

class LinkMesh {
 public:
  /// Of a network that was made and not started: every node is told to dial every other through a proxy of its own.
  void route(tools::LocalNetwork& network, std::uint64_t seed) {
    for (unsigned node = 1; node <= network.nodes(); ++node) {
      const auto file = network.node_dir(node) / "config.toml";
      std::ifstream in(file);
      std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      for (unsigned other = 1; other <= network.nodes(); ++other) {
        if (other == node) continue;
        const std::uint16_t port = link_port(network, other);
        auto& proxy = proxies_[{node, other}] = std::make_unique<TcpProxy>(port, seed + 10 * node + other);
        const std::string address = "\"127.0.0.1:" + std::to_string(port) + "\"";
        const std::size_t at = text.find(address, text.find("peers"));
        if (at == std::string::npos) throw std::runtime_error(file.string() + " names no peer at " + address);
        text.replace(at, address.size(), "\"127.0.0.1:" + std::to_string(proxy->port()) + "\"");
      }
      std::ofstream(file, std::ios::trunc) << text;
    }
  }

  TcpProxy& link(unsigned from, unsigned to) { return *proxies_.at({from, to}); }
  template <class F>
  void each(F change) {
    for (auto& [ends, proxy] : proxies_) change(*proxy);
  }
  /// Nothing passes between `node` and the others, either way; silently.
  void isolate(unsigned node) {
    for (auto& [ends, proxy] : proxies_)
      if (ends.first == node || ends.second == node) proxy->hold(true);
  }
  void heal() {
    each([](TcpProxy& proxy) {
      proxy.hold(false);
      proxy.cut(false);
    });
  }

 private:
  std::map<std::pair<unsigned, unsigned>, std::unique_ptr<TcpProxy>> proxies_;
};

}  // namespace daftar::tests

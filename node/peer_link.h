// Links between nodes: TLS 1.3 over TCP, keys pinned to the ledger's registry (DESIGN §12.4). A node dials every peer and sends on the
// link it dialled; what it receives comes on links that peers dialled. Lost links are dialled again for ever. Delivery is at most once and
// in order per link; a queue that grows beyond its bound drops what is newest, as a network may: Raft repeats.
// One thread of its own moves the bytes; send() from any thread.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ledger/expected.h"
#include "ledger/genesis.h"
#include "node/node.h"
#include "node/peer_codec.h"
#include "node/registry.h"
#include "node/tls.h"

namespace daftar::node {

/// Another node as the registry, or the configuration of a node that is far behind it, has it.
struct LinkPeer {
  std::uint32_t node = 0;
  ledger::PublicKey link_key;
  std::string host;             // empty: not known; it may dial us, and is not heard before we can answer
  std::uint16_t port = 0;
  /// It was removed: dialled for a while only, now and when it comes back, so that it can be told.
  bool removed = false;
};

/// All nodes of the registry with the addresses it names, or, before those, the configured ones.
std::vector<LinkPeer> link_peers(const Registry& registry, const std::vector<PeerAddress>& configured);

struct PeerNetworkOptions {
  std::uint32_t self = 0;
  std::shared_ptr<const ledger::Genesis> genesis;
  std::string listen_host;
  std::uint16_t listen_port = 0;
  std::vector<LinkPeer> peers;
  std::size_t queue_bytes_max = 64u << 20;   // per peer
  std::uint64_t process = 0;                 // drawn by this process; peers see by it that their links lead to another one
};

class PeerNetwork {
 public:
  /// Called on the link thread; must not block.
  struct Handlers {
    /// The first word on a link from `from`: whatever an earlier process of it sent has been handed over before, or is lost.
    std::function<void(std::uint64_t from, std::uint64_t process)> greeted;
    std::function<void(std::uint64_t from, PeerMessage message)> message;
    std::function<void(std::uint64_t node)> connected;      // our link to it is up: repeat what it may have missed
    std::function<void(std::string)> warning;
  };
  static Expected<std::unique_ptr<PeerNetwork>, std::string> open(PeerNetworkOptions options, const LinkIdentity& identity, Handlers handlers);
  ~PeerNetwork();
  void stop();

  /// Nodes that came or whose place changed; those not named stay as they are. A key that is not a peer's has no link. Any thread.
  void set_peers(std::vector<LinkPeer> peers);
  void send(std::uint64_t to, PeerMessage message);
  bool connected(std::uint64_t node) const;
  /// The peers, without those that were removed; ascending.
  std::vector<std::uint32_t> nodes() const;
  std::uint16_t port() const;
  std::uint64_t bytes_sent() const;
  std::uint64_t bytes_received() const;

 private:
  struct Impl;
  explicit PeerNetwork(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace daftar::node

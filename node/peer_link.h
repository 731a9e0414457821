// Links between validators: TLS 1.3 over TCP, keys pinned to the ledger's registry (DESIGN §12.4). A node dials every peer and sends on the
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
#include "node/tls.h"

namespace daftar::node {

struct PeerNetworkOptions {
  std::uint32_t self = 0;
  std::shared_ptr<const ledger::Genesis> genesis;
  std::string listen_host;
  std::uint16_t listen_port = 0;
  std::vector<PeerAddress> peers;
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

  void send(std::uint64_t to, PeerMessage message);
  bool connected(std::uint64_t node) const;
  std::uint16_t port() const;
  std::uint64_t bytes_sent() const;
  std::uint64_t bytes_received() const;

 private:
  struct Impl;
  explicit PeerNetwork(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace daftar::node

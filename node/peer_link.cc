#include "node/peer_link.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "node/as_result.h"
#include "node/config.h"
#include "node/thread_name.h"

namespace daftar::node {
namespace asio = boost::asio;
using asio::ip::tcp;
using TlsStream = asio::ssl::stream<tcp::socket>;
namespace {

constexpr std::chrono::seconds handshake_deadline{5};
constexpr std::chrono::milliseconds redial_first{20}, redial_last{1000};
constexpr std::chrono::seconds removed_dialled_for{30};
constexpr std::size_t write_bytes_max = 1u << 20;     // frames gathered into one write
constexpr std::size_t handshakes_max = 256;           // connections that have not yet said who they are,
constexpr std::size_t handshakes_of_address_max = 16; // of them from one address: one silent host does not keep the others out

std::uint32_t read_length(const unsigned char* from) {
  return std::uint32_t{from[0]} << 24 | std::uint32_t{from[1]} << 16 | std::uint32_t{from[2]} << 8 | from[3];
}

void append_frame(std::string& to, const PeerMessage& message) {
  const std::string body = encode_peer_message(message);
  const auto size = static_cast<std::uint32_t>(body.size());
  const char length[4] = {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size)};
  to.append(length, 4);
  to.append(body);
}

/// Closes a socket when its time is up; disarmed by destruction. The socket must outlive it.
class Deadline {
 public:
  Deadline(tcp::socket& socket, std::chrono::steady_clock::duration after) : timer_(socket.get_executor()) {
    timer_.expires_after(after);
    timer_.async_wait([&socket, armed = armed_](boost::system::error_code error) {
      boost::system::error_code ignored;
      if (!error && *armed) socket.close(ignored);
    });
  }
  ~Deadline() { *armed_ = false; }  // a timer that has fired already cannot be cancelled, only disarmed

 private:
  asio::steady_timer timer_;
  std::shared_ptr<bool> armed_ = std::make_shared<bool>(true);
};

void tune(tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);         // heartbeats and acknowledgements must not wait for company
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  // A link that has lost packets for so long is closed and dialled anew, instead of waiting out TCP's doubling pauses after a partition.
  const int unacknowledged_ms = 3000;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
}

}  // namespace

std::vector<LinkPeer> link_peers(const Registry& registry, const std::vector<PeerAddress>& configured) {
  std::vector<LinkPeer> peers;
  for (const auto& record : registry.nodes) {
    LinkPeer peer{record.number, record.link_key, {}, 0, record.standing == contracts::NodeStanding::removed};
    const auto known = std::find_if(configured.begin(), configured.end(), [&](const auto& address) { return address.node == record.number; });
    if (known != configured.end()) {
      peer.host = known->host;
      peer.port = known->port;
    } else if (const auto address = parse_host_port(record.link_address)) {
      peer.host = address->host;
      peer.port = address->port;
    }
    peers.push_back(std::move(peer));
  }
  // Pinned by the configuration: of a node that the ledger, as far as it is executed here, does not know yet.
  for (const auto& address : configured)
    if (address.link_key && registry.find(address.node) == nullptr) peers.push_back({address.node, *address.link_key, address.host, address.port, false});
  return peers;
}

struct PeerNetwork::Impl {
  struct Peer {
    LinkPeer place;                              // guarded by peers_mutex
    bool dialled = false;                        // a coroutine looks after the link; link thread only
    std::chrono::steady_clock::time_point dialled_until = std::chrono::steady_clock::time_point::max();  // link thread only
    std::mutex mutex;
    std::deque<PeerMessage> queue;
    std::size_t queue_bytes = 0;
    std::atomic<bool> connected{false};
    std::unique_ptr<asio::steady_timer> wake;    // of the writer; touched on the link thread only
    std::uint64_t dropped = 0;
  };

  PeerNetworkOptions options;
  Handlers handlers;
  asio::io_context context{1};
  std::optional<tcp::acceptor> acceptor;
  asio::ssl::context server_tls, client_tls;
  mutable std::shared_mutex peers_mutex;                       // who is there; peers are never taken out
  std::map<std::uint64_t, std::unique_ptr<Peer>> peers;
  std::map<std::uint64_t, std::weak_ptr<TlsStream>> inbound;   // the one living link from each peer
  std::size_t handshakes = 0;
  std::map<asio::ip::address, std::size_t> handshakes_of;      // only addresses that have some
  std::atomic<std::uint64_t> sent{0}, received{0};
  std::atomic<bool> stopping{false};
  std::thread thread;

  Impl(PeerNetworkOptions o, const LinkIdentity& identity, Handlers h)
      : options(std::move(o)),
        handlers(std::move(h)),
        server_tls(server_context(identity, ClientAuth::required, [this](const ledger::PublicKey& key) { return node_of(key) != 0; })),
        client_tls(client_context(&identity, [this](const ledger::PublicKey& key) { return node_of(key) != 0; })) {}

  /// 0: not the link key of a peer.
  std::uint32_t node_of(const ledger::PublicKey& key) const {
    const std::shared_lock lock(peers_mutex);
    for (const auto& [node, peer] : peers)
      if (peer->place.link_key == key) return peer->place.node;
    return 0;
  }

  Peer* find(std::uint64_t node) const {
    const std::shared_lock lock(peers_mutex);
    const auto it = peers.find(node);
    return it == peers.end() ? nullptr : it->second.get();
  }

  LinkPeer place_of(const Peer& peer) const {
    const std::shared_lock lock(peers_mutex);
    return peer.place;
  }

  /// Link thread, or before it runs.
  void take_peers(const std::vector<LinkPeer>& places) {
    for (const auto& place : places) {
      if (place.node == options.self) continue;
      Peer* peer;
      {
        const std::unique_lock lock(peers_mutex);
        auto& slot = peers[place.node];
        if (!slot) slot = std::make_unique<Peer>();
        peer = slot.get();
        const bool address_known = !place.host.empty();
        const LinkPeer before = std::exchange(peer->place, place);
        if (!address_known) {
          peer->place.host = before.host;
          peer->place.port = before.port;
        }
      }
      look_after(*peer);
    }
  }

  /// From now on the peer is dialled: for ever, or for a while if it was removed.
  void look_after(Peer& peer) {
    const LinkPeer place = place_of(peer);
    peer.dialled_until = place.removed ? std::chrono::steady_clock::now() + removed_dialled_for : std::chrono::steady_clock::time_point::max();
    if (peer.dialled || place.host.empty()) return;
    peer.dialled = true;
    asio::co_spawn(context, dial(peer), asio::detached);
  }

  void warn(std::string what) {
    if (handlers.warning) handlers.warning(std::move(what));
  }

  // ---- sending

  asio::awaitable<void> dial(Peer& peer) {
    auto pause = redial_first;
    asio::steady_timer timer(context);
    peer.wake = std::make_unique<asio::steady_timer>(context);
    while (!stopping && std::chrono::steady_clock::now() < peer.dialled_until) {
      if (co_await serve_outbound(peer)) pause = redial_first;
      peer.connected = false;
      if (stopping) co_return;
      timer.expires_after(pause);
      co_await timer.async_wait(as_result);
      pause = std::min(pause * 2, redial_last);
    }
    peer.dialled = false;
  }

  /// One link from dialling to its end; true if it was up.
  asio::awaitable<bool> serve_outbound(Peer& peer) {
    auto link = std::make_shared<OutboundLink>(context, client_tls);
    auto& stream = link->stream;
    const LinkPeer place = place_of(peer);
    {
      Deadline deadline(stream.next_layer(), handshake_deadline);
      tcp::resolver resolver(context);
      auto [resolve_error, endpoints] = co_await resolver.async_resolve(place.host, std::to_string(place.port), as_result);
      if (resolve_error) co_return false;
      auto [connect_error, endpoint] = co_await asio::async_connect(stream.next_layer(), endpoints, as_result);
      if (connect_error) co_return false;
      tune(stream.next_layer());
      auto [tls_error] = co_await stream.async_handshake(TlsStream::client, as_result);
      if (tls_error) co_return false;
    }
    const auto key = peer_public_key(stream.native_handle());
    if (!key || *key != place.link_key) {
      warn("at the address of node " + std::to_string(place.node) + " answers somebody with another link key; not used");
      co_return false;
    }
    std::string out;
    append_frame(out, Hello{peer_protocol, options.genesis->ledger_id(), 0, options.self, options.process});
    {
      // What was queued while the link was down is stale: Raft has repeated it or will.
      std::lock_guard lock(peer.mutex);
      peer.queue.clear();
      peer.queue_bytes = 0;
    }
    peer.connected = true;
    if (handlers.connected) handlers.connected(place.node);
    asio::co_spawn(context, watch(link, peer), asio::detached);
    while (link->alive && !stopping) {
      gather(peer, out);
      if (out.empty()) {
        peer.wake->expires_at(asio::steady_timer::time_point::max());
        co_await peer.wake->async_wait(as_result);
        continue;
      }
      auto [error, written] = co_await asio::async_write(stream, asio::buffer(out), as_result);
      if (error) break;
      sent += written;
      out.clear();
    }
    peer.connected = false;
    link->close();
    co_return true;
  }

  struct OutboundLink {
    OutboundLink(asio::io_context& context, asio::ssl::context& tls) : stream(context, tls) {}
    void close() {
      alive = false;
      boost::system::error_code ignored;
      stream.lowest_layer().close(ignored);
    }
    TlsStream stream;
    bool alive = true;
  };

  /// Peers send nothing on a link we dialled: a read that ends means the link is gone, long before a write would notice.
  asio::awaitable<void> watch(std::shared_ptr<OutboundLink> link, Peer& peer) {
    char byte;
    co_await link->stream.async_read_some(asio::buffer(&byte, 1), as_result);
    link->close();
    peer.wake->cancel();
  }

  void gather(Peer& peer, std::string& out) {
    std::deque<PeerMessage> taken;
    {
      std::lock_guard lock(peer.mutex);
      std::size_t bytes = 0;
      while (!peer.queue.empty() && bytes < write_bytes_max) {
        bytes += byte_weight(peer.queue.front());
        taken.push_back(std::move(peer.queue.front()));
        peer.queue.pop_front();
      }
      peer.queue_bytes -= std::min(peer.queue_bytes, bytes);
    }
    for (const auto& message : taken) append_frame(out, message);
  }

  void enqueue(std::uint64_t to, PeerMessage message) {
    Peer* const known = find(to);
    if (!known || !known->connected) return;
    Peer& peer = *known;
    bool was_empty;
    {
      std::lock_guard lock(peer.mutex);
      const std::size_t bytes = byte_weight(message);
      if (peer.queue_bytes + bytes > options.queue_bytes_max) {
        ++peer.dropped;
        return;
      }
      was_empty = peer.queue.empty();
      peer.queue_bytes += bytes;
      peer.queue.push_back(std::move(message));
    }
    if (was_empty) asio::post(context, [&peer] { peer.wake->cancel(); });
  }

  // ---- receiving

  asio::awaitable<void> accept() {
    while (!stopping) {
      tcp::socket socket(context);
      auto [error] = co_await acceptor->async_accept(socket, as_result);
      if (stopping) co_return;
      if (error) {
        asio::steady_timer timer(context, std::chrono::milliseconds(100));  // out of descriptors: not a reason to spin
        co_await timer.async_wait(as_result);
        continue;
      }
      boost::system::error_code gone;
      const auto remote = socket.remote_endpoint(gone);
      if (gone || handshakes >= handshakes_max) continue;  // dropped: the socket closes
      auto& of_address = handshakes_of[remote.address()];
      if (of_address >= handshakes_of_address_max) continue;
      tune(socket);
      ++handshakes;
      ++of_address;
      asio::co_spawn(context, serve_inbound(std::make_shared<TlsStream>(std::move(socket), server_tls), remote.address()), asio::detached);
    }
  }

  asio::awaitable<void> serve_inbound(std::shared_ptr<TlsStream> stream, asio::ip::address address) {
    std::uint64_t process = 0;
    const std::uint32_t from = co_await greet(*stream, process);
    --handshakes;
    if (auto it = handshakes_of.find(address); --it->second == 0) handshakes_of.erase(it);
    if (from == 0) co_return;
    if (auto old = inbound[from].lock()) {
      boost::system::error_code ignored;
      old->lowest_layer().close(ignored);
    }
    inbound[from] = stream;
    look_after(*find(from));
    if (handlers.greeted) handlers.greeted(from, process);
    while (!stopping) {
      auto message = co_await read_message(*stream);
      if (!message || inbound[from].lock() != stream) co_return;  // nothing of an older link after the greeting on a newer one
      if (std::holds_alternative<Hello>(*message)) co_return warn("node " + std::to_string(from) + " greeted twice; link dropped");
      handlers.message(from, std::move(*message));
    }
  }

  /// TLS and Hello, in time: the node that dialled, or 0.
  asio::awaitable<std::uint32_t> greet(TlsStream& stream, std::uint64_t& process) {
    Deadline deadline(stream.next_layer(), handshake_deadline);
    auto [error] = co_await stream.async_handshake(TlsStream::server, as_result);
    if (error) co_return 0u;
    const auto key = peer_public_key(stream.native_handle());
    const std::uint32_t node = key ? node_of(*key) : 0;
    if (node == 0) co_return 0u;
    auto first = co_await read_message(stream);
    if (!first) co_return 0u;
    const auto* hello = std::get_if<Hello>(&*first);
    std::string why;
    if (!hello || hello->node != node)
      why = "does not say who its key says it is";
    else if (hello->protocol != peer_protocol)
      why = "speaks peer protocol " + std::to_string(hello->protocol) + ", this node " + std::to_string(peer_protocol);
    else if (hello->ledger_id != options.genesis->ledger_id() || hello->epoch != 0)
      why = "belongs to another ledger or epoch (" + hello->ledger_id.hex().substr(0, 16) + ", epoch " + std::to_string(hello->epoch) + ")";
    if (why.empty()) process = hello->process;
    if (why.empty()) co_return node;
    warn("refused a link from node " + std::to_string(node) + ": it " + why);
    co_return 0u;
  }

  asio::awaitable<std::optional<PeerMessage>> read_message(TlsStream& stream) {
    unsigned char length[4];
    auto [head_error, head] = co_await asio::async_read(stream, asio::buffer(length), as_result);
    if (head_error) co_return std::nullopt;
    const std::uint32_t size = read_length(length);
    if (size > frame_bytes_max) {
      warn("a peer announced a frame of " + std::to_string(size) + " bytes, more than " + std::to_string(frame_bytes_max) + "; link dropped");
      co_return std::nullopt;
    }
    std::string body(size, '\0');
    auto [body_error, read] = co_await asio::async_read(stream, asio::buffer(body), as_result);
    if (body_error) co_return std::nullopt;
    received += head + read;
    auto message = decode_peer_message(body);
    if (!message) {
      warn("a peer sent what cannot be read (" + message.error() + "); link dropped");
      co_return std::nullopt;
    }
    co_return std::move(*message);
  }
};

PeerNetwork::PeerNetwork(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Expected<std::unique_ptr<PeerNetwork>, std::string> PeerNetwork::open(PeerNetworkOptions options, const LinkIdentity& identity,
                                                                      Handlers handlers) {
  auto impl = std::make_unique<Impl>(std::move(options), identity, std::move(handlers));
  auto& o = impl->options;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(o.listen_host, error);
  if (error) return tl::make_unexpected("link.listen: '" + o.listen_host + "' is not an IP address");
  impl->acceptor.emplace(impl->context);
  auto& acceptor = *impl->acceptor;
  acceptor.open(address.is_v6() ? tcp::v6() : tcp::v4(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind({address, o.listen_port}, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return tl::make_unexpected("cannot listen for peers on " + o.listen_host + ":" + std::to_string(o.listen_port) + ": " + error.message());
  auto* raw = impl.get();
  raw->take_peers(o.peers);
  asio::co_spawn(raw->context, raw->accept(), asio::detached);
  raw->thread = std::thread([raw] { name_this_thread("links"), raw->context.run(); });
  return std::unique_ptr<PeerNetwork>(new PeerNetwork(std::move(impl)));
}

PeerNetwork::~PeerNetwork() { stop(); }

void PeerNetwork::stop() {
  if (impl_->stopping.exchange(true)) return;
  impl_->context.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void PeerNetwork::send(std::uint64_t to, PeerMessage message) { impl_->enqueue(to, std::move(message)); }

void PeerNetwork::set_peers(std::vector<LinkPeer> peers) {
  asio::post(impl_->context, [impl = impl_.get(), peers = std::move(peers)] { impl->take_peers(peers); });
}

bool PeerNetwork::connected(std::uint64_t node) const {
  const auto* peer = impl_->find(node);
  return peer && peer->connected;
}

std::vector<std::uint32_t> PeerNetwork::nodes() const {
  const std::shared_lock lock(impl_->peers_mutex);
  std::vector<std::uint32_t> nodes;
  for (const auto& [node, peer] : impl_->peers)
    if (!peer->place.removed) nodes.push_back(peer->place.node);
  return nodes;
}

std::uint16_t PeerNetwork::port() const { return impl_->acceptor->local_endpoint().port(); }
std::uint64_t PeerNetwork::bytes_sent() const { return impl_->sent; }
std::uint64_t PeerNetwork::bytes_received() const { return impl_->received; }

}  // namespace daftar::node

// A TCP relay on loopback that can damage, hold up or cut what passes: for tests of links between processes. One thread; connections are
// relayed both ways.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace daftar::tests {

class TcpProxy {
 public:
  /// Listens on a port of 127.0.0.1 that the system gives and relays to `target_port` there.
  TcpProxy(std::uint16_t target_port, std::uint64_t seed) : target_port_(target_port), random_(seed) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("the proxy cannot listen");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~TcpProxy() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
  }
  TcpProxy(const TcpProxy&) = delete;

  std::uint16_t port() const { return port_; }
  /// From now on, of every `chunks` pieces relayed about one has one bit flipped; 0: none.
  void flip_bits(unsigned chunks) { flip_every_ = chunks; }
  std::uint64_t flipped() const { return flipped_; }
  /// While true, nothing passes either way and nobody is told: as when packets are lost. What waits comes through afterwards, late.
  void hold(bool held) { held_ = held; }
  /// While true, connections are closed, new ones at once: as when the other host answers that nobody is there.
  void cut(bool cut) { cut_ = cut; }
  std::uint64_t relayed_bytes() const { return relayed_; }

 private:
  struct Pair {
    int ends[2];
    std::string waiting[2];  // read from ends[i], not yet written to the other
    bool dead = false;
  };

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  void run() {
    std::list<Pair> pairs;
    while (!stopping_) {
      const bool held = held_, cut = cut_;
      std::vector<pollfd> wanted{{listener_, POLLIN, 0}};
      for (const Pair& pair : pairs)
        for (int i = 0; i < 2; ++i) {
          short events = 0;
          if (pair.waiting[i].empty()) events |= POLLIN;
          if (!pair.waiting[1 - i].empty()) events |= POLLOUT;
          wanted.push_back({held ? -1 : pair.ends[i], events, 0});  // poll leaves out what is negative
        }
      ::poll(wanted.data(), wanted.size(), held || cut ? 5 : 50);
      std::size_t at = 1;
      for (Pair& pair : pairs) {
        if (cut) pair.dead = true;
        for (int i = 0; i < 2; ++i) {
          const short happened = wanted[at++].revents;
          if (held_) continue;  // asked anew: nothing may pass after hold(true) has returned
          if ((happened & (POLLIN | POLLHUP | POLLERR)) != 0 && pair.waiting[i].empty()) take(pair, i);
          give(pair, 1 - i);
        }
      }
      if ((wanted[0].revents & POLLIN) != 0) accept_one(pairs);
      pairs.remove_if([](Pair& pair) {
        if (pair.dead)
          for (const int end : pair.ends) ::close(end);
        return pair.dead;
      });
    }
    for (Pair& pair : pairs)
      for (const int end : pair.ends) ::close(end);
  }

  void accept_one(std::list<Pair>& pairs) {
    const int from = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (from < 0) return;
    if (cut_) {
      ::close(from);
      return;
    }
    const int to = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(target_port_);
    if (to < 0 || ::connect(to, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(from);
      if (to >= 0) ::close(to);
      return;
    }
    pairs.push_back({{from, to}, {}, false});
  }

  void take(Pair& pair, int from) {
    char buffer[16384];
    const ssize_t got = ::recv(pair.ends[from], buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      pair.dead = true;
      return;
    }
    const unsigned every = flip_every_;
    if (every != 0 && random_() % every == 0) {
      buffer[random_() % static_cast<std::uint64_t>(got)] ^= static_cast<char>(1u << random_() % 8);
      ++flipped_;
    }
    relayed_ += static_cast<std::uint64_t>(got);
    pair.waiting[from].assign(buffer, static_cast<std::size_t>(got));
  }

  /// Writes what was read from ends[from] to the other end.
  void give(Pair& pair, int from) {
    std::string& bytes = pair.waiting[from];
    if (bytes.empty() || pair.dead) return;
    const ssize_t sent = ::send(pair.ends[1 - from], bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) pair.dead = true;
    if (sent > 0) bytes.erase(0, static_cast<std::size_t>(sent));
  }

  std::uint16_t target_port_, port_ = 0;
  std::mt19937_64 random_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false}, held_{false}, cut_{false};
  std::atomic<unsigned> flip_every_{0};
  std::atomic<std::uint64_t> flipped_{0}, relayed_{0};
  std::thread thread_;
};

}  // namespace daftar::tests

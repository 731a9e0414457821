// A blocking byte stream to one node, with a deadline on every wait; TLS 1.3 with one pinned Ed25519 key, or plain.
// Fits Boost.Beast's SyncReadStream. One thread at a time.
#pragma once
#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/keys.h"
#include "tools/error.h"

struct ssl_st;
struct ssl_ctx_st;

namespace daftar::tools {

class NodeStream {
 public:
  using Clock = std::chrono::steady_clock;

  /// `pin`: the key the server's certificate must hold; nothing: plain TCP. Error codes: unreachable, wrong_link_key.
  static Result<NodeStream> connect(const std::string& host, std::uint16_t port, const std::optional<ledger::PublicKey>& pin,
                                    std::chrono::milliseconds patience);
  NodeStream(NodeStream&& other) noexcept;
  NodeStream& operator=(NodeStream&& other) noexcept;
  NodeStream(const NodeStream&) = delete;
  NodeStream& operator=(const NodeStream&) = delete;
  ~NodeStream();

  void deadline(Clock::time_point when) { deadline_ = when; }
  /// True when the peer has closed or sent something unasked: the connection is of no more use for a new request.
  bool stale() const;

  /// False on error or deadline.
  bool write_all(std::string_view bytes);
  /// 0 at the end of the stream; nothing on error or deadline.
  std::optional<std::size_t> read_some(char* into, std::size_t size);

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, boost::system::error_code& ec) {
    for (auto it = boost::asio::buffer_sequence_begin(buffers); it != boost::asio::buffer_sequence_end(buffers); ++it) {
      const boost::asio::mutable_buffer buffer(*it);
      if (buffer.size() == 0) continue;
      const auto got = read_some(static_cast<char*>(buffer.data()), buffer.size());
      if (!got) ec = boost::system::errc::make_error_code(boost::system::errc::timed_out);
      else if (*got == 0) ec = end_of_stream();
      else ec = {};
      return got.value_or(0);
    }
    ec = {};
    return 0;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    boost::system::error_code ec;
    const std::size_t got = read_some(buffers, ec);
    if (ec) throw boost::system::system_error(ec);
    return got;
  }

 private:
  NodeStream() = default;
  static boost::system::error_code end_of_stream();
  bool wait(short events);
  void close();
  int fd_ = -1;
  ssl_ctx_st* context_ = nullptr;
  ssl_st* ssl_ = nullptr;
  Clock::time_point deadline_{};
};

}  // namespace daftar::tools

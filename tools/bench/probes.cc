#include "tools/bench/probes.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "ledger/check.h"
#include "ledger/encoding.h"
#include "ledger/keys.h"
#include "ledger/transaction.h"

namespace daftar::bench {
namespace {

[[noreturn]] void throw_errno(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

struct OpenFile {
  explicit OpenFile(std::string file) : path(std::move(file)), descriptor(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)) {
    if (descriptor < 0) throw_errno("open " + path);
  }
  ~OpenFile() {
    ::close(descriptor);
    ::unlink(path.c_str());
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  std::string path;
  int descriptor;
};

}  // namespace

LatencyHistogram measure_fdatasync(const std::string& directory, unsigned times) {
  OpenFile file(directory + "/fdatasync-probe");
  const std::string block(4096, 'd');
  LatencyHistogram latencies;
  for (unsigned i = 0; i < times; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const ssize_t written = ::write(file.descriptor, block.data(), block.size());
    if (written != static_cast<ssize_t>(block.size())) throw_errno("write " + file.path);
    if (::fdatasync(file.descriptor) != 0) throw_errno("fdatasync " + file.path);
    latencies.record(std::chrono::steady_clock::now() - start);
  }
  return latencies;
}

double measure_verify_per_second(std::chrono::milliseconds duration) {
  struct Sample {
    ledger::PublicKey key;
    std::string message;
    ledger::Signature signature;
  };
  constexpr std::size_t samples_count = 8192;  // more than the caches hold of keys and messages together
  constexpr std::size_t message_size = 160;    // as long as the signing bytes of a transfer
  std::vector<Sample> samples;
  samples.reserve(samples_count);
  for (std::size_t i = 0; i < samples_count; ++i) {
    ledger::Writer seed_text;
    seed_text.u64(i);
    const auto key = ledger::SigningKey::from_seed(ledger::sha256("daftar-bench/verify-probe", seed_text.str()).view());
    DAFTAR_CHECK(key.has_value());
    std::string message = seed_text.take() + std::string(message_size - 8, 'm');
    const ledger::Signature signature = key->sign(message);
    samples.push_back({key->public_key(), std::move(message), signature});
  }
  std::uint64_t verified = 0;
  const auto start = std::chrono::steady_clock::now();
  auto now = start;
  while (now - start < duration) {
    for (int i = 0; i < 64; ++i) {
      const Sample& sample = samples[verified % samples_count];
      DAFTAR_CHECK(ledger::verify(sample.key, sample.message, sample.signature));
      ++verified;
    }
    now = std::chrono::steady_clock::now();
  }
  return static_cast<double>(verified) / std::chrono::duration<double>(now - start).count();
}

}  // namespace daftar::bench

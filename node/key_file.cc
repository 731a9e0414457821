#include "node/key_file.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "ledger/check.h"

namespace daftar::node {
namespace {

struct Descriptor {
  int fd;
  explicit Descriptor(int f) : fd(f) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

Unexpected<std::string> fault(const std::filesystem::path& file, const std::string& what) {
  return Unexpected<std::string>("key file " + file.string() + ": " + what);
}

}  // namespace

Expected<std::string, std::string> read_seed_file(const std::filesystem::path& file) {
  const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (in.fd < 0) return fault(file, std::strerror(errno));
  struct stat status {};
  if (::fstat(in.fd, &status) != 0) return fault(file, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return fault(file, "is not a regular file");
  if ((status.st_mode & 077) != 0) return fault(file, "may be used by others than its owner; run chmod 600 on it");
  std::array<char, 80> text{};
  const ssize_t size = ::read(in.fd, text.data(), text.size());
  std::string seed(32, '\0');
  std::size_t written = 0;
  const char* end = nullptr;
  const bool good = size >= 64 && size <= 65 && (size == 64 || text[64] == '\n') &&
                    sodium_hex2bin(reinterpret_cast<unsigned char*>(seed.data()), seed.size(), text.data(), 64, nullptr, &written, &end) == 0 &&
                    written == 32 && end == text.data() + 64;
  sodium_memzero(text.data(), text.size());
  if (!good) return fault(file, "does not hold 64 hexadecimal digits and a line end");
  return seed;
}

Expected<void, std::string> write_seed_file(const std::filesystem::path& file, std::string_view seed) {
  DAFTAR_CHECK(seed.size() == 32);
  const Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (out.fd < 0) return fault(file, errno == EEXIST ? "is there already; a key is never replaced" : std::strerror(errno));
  std::array<char, 65> text{};
  sodium_bin2hex(text.data(), text.size(), reinterpret_cast<const unsigned char*>(seed.data()), seed.size());
  text[64] = '\n';
  const bool good = ::write(out.fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(out.fd) == 0;
  const int error = errno;
  sodium_memzero(text.data(), text.size());
  if (!good) return fault(file, std::strerror(error));
  return {};
}

}  // namespace daftar::node

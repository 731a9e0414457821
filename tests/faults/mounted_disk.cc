#include "tests/faults/mounted_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace daftar::tests {
namespace {

// linux/fs.h has them only in later kernels than Debian 12's headers; ext4 has known them since 4.13.
constexpr unsigned long shutdown_request = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t no_log_flush = 2;

/// Mounts of this process and of what it starts are nobody else's from here on.
Expected<void, std::string> leave_mount_namespace() {
  static const int failure = ::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ? errno : 0;
  if (failure != 0) return tl::make_unexpected(std::string("no mount namespace of its own: ") + std::strerror(failure));
  return {};
}

/// Runs it in a shell; what it printed when it failed.
Expected<void, std::string> shell(const std::string& command) {
  FILE* const output = ::popen((command + " 2>&1").c_str(), "r");
  if (output == nullptr) return tl::make_unexpected("no shell");
  std::string text;
  char buffer[512];
  while (std::fgets(buffer, sizeof buffer, output) != nullptr) text += buffer;
  const int status = ::pclose(output);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return tl::make_unexpected("`" + command.substr(0, command.find(' ')) + "` failed: " + text);
}

}  // namespace

Expected<std::unique_ptr<MountedDisk>, std::string> MountedDisk::small(unsigned mib) {
  std::unique_ptr<MountedDisk> disk(new MountedDisk);
  disk->mount_command_ = "mount -t tmpfs -o size=" + std::to_string(mib) + "m daftar-test " + disk->mount_point().string();
  std::filesystem::create_directory(disk->mount_point());
  if (auto done = disk->mount(); !done) return tl::make_unexpected(done.error());
  return disk;
}

Expected<std::unique_ptr<MountedDisk>, std::string> MountedDisk::with_power(unsigned mib) {
  std::unique_ptr<MountedDisk> disk(new MountedDisk);
  const std::string image = disk->folder_ / "image";
  // commit: seconds between the journal's own commits; writeback: a commit writes no file's data, so that the sync of one file makes no other
  // durable by accident. The loop device goes when the file system is unmounted.
  disk->mount_command_ = "mount -o loop,commit=600,data=writeback " + image + " " + disk->mount_point().string();
  std::filesystem::create_directory(disk->mount_point());
  if (auto made = shell("truncate -s " + std::to_string(mib) + "M " + image); !made) return tl::make_unexpected(made.error());
  if (auto made = shell("mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 " + image); !made) return tl::make_unexpected(made.error());
  if (auto done = disk->mount(); !done) return tl::make_unexpected(done.error());
  return disk;
}

MountedDisk::~MountedDisk() {
  if (mounted_) ::umount2(mount_point().c_str(), MNT_DETACH);
}

Expected<void, std::string> MountedDisk::mount() {
  if (auto own = leave_mount_namespace(); !own) return own;
  auto done = shell(mount_command_);
  mounted_ = done.has_value();
  return done;
}

void MountedDisk::unmount() {
  for (int attempt = 0; ::umount(mount_point().c_str()) != 0; ++attempt) {
    if (attempt == 200) throw std::runtime_error("the disk cannot be unmounted: " + std::string(std::strerror(errno)));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  mounted_ = false;
}

void MountedDisk::carry_data_of(tools::LocalNetwork& network, unsigned node) const {
  std::filesystem::create_directory(mount_point() / "data");
  std::filesystem::create_directory_symlink(mount_point() / "data", network.node_dir(node) / "data");
}

void MountedDisk::cut_power() {
  const int fd = ::open(mount_point().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::uint32_t how = no_log_flush;
  const int failed = fd < 0 ? -1 : ::ioctl(fd, shutdown_request, &how);
  const int why = errno;
  if (fd >= 0) ::close(fd);
  if (failed != 0) throw std::runtime_error(std::string("the power cannot be cut: ") + std::strerror(why));
}

void MountedDisk::restore_power() {
  unmount();
  if (auto done = mount(); !done) throw std::runtime_error(done.error());
}

}  // namespace daftar::tests

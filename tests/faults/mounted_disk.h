// File systems of a test's own under the data folders of nodes: a small one that fills up, and one whose power can be cut. They are mounted in
// a mount namespace of the test and of the nodes it starts, so that nothing stays mounted when these have ended, however they ended.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "ledger/expected.h"
#include "tests/harness/temporary_folder.h"
#include "tools/local_network.h"

namespace daftar::tests {

class MountedDisk {
 public:
  /// In memory, of this size. The sentence says what the machine forbids.
  static Expected<std::unique_ptr<MountedDisk>, std::string> small(unsigned mib);
  /// ext4 in a file on a loop device; the kernel writes nothing back by itself for minutes.
  static Expected<std::unique_ptr<MountedDisk>, std::string> with_power(unsigned mib);
  ~MountedDisk();
  MountedDisk(const MountedDisk&) = delete;

  std::filesystem::path mount_point() const { return folder_ / "mounted"; }
  /// `node`, made and not started yet, keeps its data here. The disk must outlive the node.
  void carry_data_of(tools::LocalNetwork& network, unsigned node) const;
  /// Now: what was not synced is gone; every later call fails. Only of with_power().
  void cut_power();
  /// After the processes that used it have ended: the file system is mounted anew from what the disk holds.
  void restore_power();

 private:
  MountedDisk() = default;
  Expected<void, std::string> mount();
  void unmount();
  TemporaryFolder folder_;
  std::string mount_command_;
  bool mounted_ = false;
};

}  // namespace daftar::tests

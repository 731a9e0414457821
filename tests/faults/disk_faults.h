// The disk of one daftard, broken and mended while it runs: the control file of shim/disk_shim.cc.
#pragma once
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace daftar::tests {

class DiskFaults {
 public:
  /// `control`: a file of this node alone; made by set().
  explicit DiskFaults(std::filesystem::path control) : control_(std::move(control)) {}

  /// Words to put before daftard (LocalNetwork::wrap_node).
  std::vector<std::string> wrapper() const { return {"env", std::string("LD_PRELOAD=") + DAFTAR_DISK_SHIM, "DAFTAR_DISK_SHIM=" + control_.string()}; }

  /// From the node's next call on these rules hold instead of the earlier ones; their language: shim/disk_shim.cc.
  void set(const std::string& rules) {
    std::error_code absent;
    std::filesystem::remove(seen_file(), absent);
    const std::filesystem::path fresh = control_.string() + ".new";
    std::ofstream(fresh) << rules << "\n";
    std::filesystem::rename(fresh, control_);
  }
  void mend() { set(""); }

  /// How many calls were changed since set().
  std::size_t met() const {
    std::ifstream in(seen_file());
    std::size_t lines = 0;
    for (std::string line; std::getline(in, line);) ++lines;
    return lines;
  }

 private:
  std::filesystem::path seen_file() const { return control_.string() + ".seen"; }
  std::filesystem::path control_;
};

}  // namespace daftar::tests

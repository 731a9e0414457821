// Clients that read balances linearizably, from any node, while others pay. What they may see is the checker's business.
#pragma once
#include <string>
#include <vector>

#include "tests/simulation/environment.h"
#include "tests/simulation/machine.h"

namespace daftar::simulation {

class Readers {
 public:
  using Machines = std::vector<std::unique_ptr<Machine>>;
  Readers(Environment& environment, Machines& machines, std::uint64_t count);
  void begin();
  void close() { closing_ = true; }
  /// One read from each node, asked again until it is confirmed.
  void last_reads();
  bool all_answered() const;
  std::string who_waits() const;
  std::uint64_t confirmed() const { return confirmed_; }
  std::uint64_t unconfirmed() const { return unconfirmed_; }

 private:
  struct Reader {
    std::uint64_t node = 0;   // 0: any
    bool waits = false;
    std::uint64_t call = 0;
  };
  void think(std::size_t reader);
  void call(std::size_t reader);
  void hear(std::size_t reader, std::uint64_t call, bool confirmed);

  Environment& environment_;
  Machines& machines_;
  Chance chance_;
  std::vector<Reader> readers_;
  std::uint64_t confirmed_ = 0, unconfirmed_ = 0;
  bool closing_ = false;
};

}  // namespace daftar::simulation

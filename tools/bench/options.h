// The command line of daftar-bench.
#pragma once
#include <cstdint>
#include <string>

namespace daftar::bench {

enum class SubmitTo { leader, all };

struct Options {
  std::uint32_t nodes = 3;
  std::uint32_t seconds = 10;
  std::uint32_t warmup_s = 5;
  std::uint32_t keys = 100'000;
  std::uint32_t accounts = 1'000'000;
  std::uint32_t clients = 8;
  std::uint32_t batch = 200;
  std::uint64_t seed = 1;
  std::uint64_t sign = 0;            // transactions signed ahead; 0: as many as the verification limit could use up
  std::uint32_t single = 300;        // transactions of the lone client
  std::uint32_t receipts = 100;      // receipts verified afterwards
  std::string category = "none";     // or "services": then 12 % VAT is withheld from each transfer
  SubmitTo submit = SubmitTo::leader;
  std::uint32_t kills = 30;          // with failover: of leaders
  bool failover = false;             // measure fail-over instead of throughput
  std::uint32_t tick_ms = 50, heartbeat_ms = 100, election_timeout_ms = 1000;  // daftard's defaults, with which figures are for the record
  bool certified = false;
  bool plain_api = false;            // HTTP instead of HTTPS to the clients: to see what TLS costs; not the production configuration
  std::string directory;             // of the network; empty: a new one under the temporary directory
  std::string daftard;               // empty: beside daftar-bench
  bool keep = false;
  bool json = false;

  /// What the issue of figures for the record asks for; anything less is marked "short".
  bool full_size() const { return keys >= 100'000 && accounts >= 1'000'000; }
  bool default_timers() const { return tick_ms == 50 && heartbeat_ms == 100 && election_timeout_ms == 1000; }
};

/// Gives the exit code in `exit_code` and false when the program is to end at once (--help, or a mistake, already printed).
bool parse_options(int argc, char** argv, Options& options, int& exit_code);

}  // namespace daftar::bench

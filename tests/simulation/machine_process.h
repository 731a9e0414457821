// What dies with a process of a Machine. Internal to machine*.cc.
#pragma once
#include <map>

#include "tests/simulation/machine.h"

namespace daftar::simulation {

struct Machine::Process {
  std::unique_ptr<SimRaftLog> log;
  std::unique_ptr<SimStateStore> store;
  std::unique_ptr<node::Executor> executor;
  std::unique_ptr<node::Replica> replica;
  std::deque<node::Replica::LogWrite> log_queue;
  std::vector<consensus::LogRead> log_reads;
  bool log_busy = false;
  std::deque<node::ExecuteTask> execute_queue;
  bool executing = false;
  Millis executed_told = 0;            // when the replica hears of the newest executed block: a queue keeps their order
  std::map<node::ClientToken, Done> clients;
  std::map<node::ClientToken, std::function<void(bool)>> readers;
  node::ClientToken next_client = 1;
};

}  // namespace daftar::simulation

#include "node/metrics.h"

#include <prometheus/text_serializer.h>

#include <sstream>

namespace daftar::node {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

void add(std::vector<MetricFamily>& out, MetricType type, std::string name, std::string help, double value, std::vector<ClientMetric::Label> labels = {}) {
  if (out.empty() || out.back().name != name) {
    MetricFamily family;
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = type;
    out.push_back(std::move(family));
  }
  ClientMetric metric;
  metric.label = std::move(labels);
  if (type == MetricType::Counter) metric.counter.value = value;
  else metric.gauge.value = value;
  out.back().metric.push_back(std::move(metric));
}

std::vector<MetricFamily> of_status(const NodeStatus& s) {
  std::vector<MetricFamily> out;
  const auto gauge = [&](const char* name, const char* help, auto value) { add(out, MetricType::Gauge, std::string("daftar_") + name, help, static_cast<double>(value)); };
  const auto counter = [&](const char* name, const char* help, auto value) {
    add(out, MetricType::Counter, std::string("daftar_") + name + "_total", help, static_cast<double>(value));
  };
  gauge("ready", "1 when the node has executed all it knows to be committed and there is a leader", s.ready);
  gauge("stopped", "1 when the node has halted itself", !s.stopped_because.empty());
  gauge("is_leader", "1 on the leader", s.role == "leader");
  gauge("raft_term", "Raft term", s.term);
  gauge("raft_last_index", "Last entry of the Raft log", s.raft_last);
  gauge("raft_commit_index", "Last entry known to be committed", s.raft_commit);
  gauge("height", "Blocks executed", s.height);
  gauge("entries", "Size of the Merkle log", s.entries);
  gauge("certified_size", "Size of the Merkle log that the newest certificate covers", s.certified_size);
  gauge("block_time_seconds", "Time of the last executed block, since 1970", static_cast<double>(s.block_time_ms) / 1000);
  gauge("mempool_transactions", "Transactions waiting for a block", s.mempool_transactions);
  for (const auto& peer : s.peers)
    add(out, MetricType::Gauge, "daftar_peer_connected", "1 while the link to this validator is up", peer.connected, {{"peer", std::to_string(peer.node)}});
  for (const auto& peer : s.peers)
    add(out, MetricType::Gauge, "daftar_peer_match_index", "Last entry known to be on this validator's disk (leader only)", static_cast<double>(peer.match),
        {{"peer", std::to_string(peer.node)}});
  counter("fsyncs", "Durable writes of the Raft log", s.fsyncs);
  counter("blocks", "Blocks executed since the start", s.blocks);
  counter("state_flushes", "Flushes of the executed state", s.flushes);
  counter("seals", "Roots of the state put on the ledger; none before state proofs exist", s.seals);
  counter("certificates", "Certificates completed", s.certificates);
  counter("snapshots_installed", "Snapshots of the leader that took the place of state and log", s.snapshots_installed);
  counter("snapshot_sent_bytes", "Bytes of snapshots sent to other nodes", s.snapshot_bytes_sent);
  counter("snapshot_received_bytes", "Bytes of snapshots received", s.snapshot_bytes_received);
  counter("transactions_committed", "Transactions executed and accepted", s.committed);
  counter("transactions_rejected", "Transactions refused", s.rejected);
  counter("signatures_verified", "Signatures verified", s.signatures_verified);
  counter("link_sent_bytes", "Bytes sent to other nodes", s.bytes_sent);
  counter("link_received_bytes", "Bytes received from other nodes", s.bytes_received);
  return out;
}

}  // namespace

Metrics::Metrics()
    : requests_(prometheus::BuildCounter().Name("daftar_http_requests_total").Help("Requests answered, by route and status class").Register(registry_)),
      durations_(prometheus::BuildHistogram().Name("daftar_http_request_seconds").Help("From the header read to the answer written").Register(registry_)),
      refused_(prometheus::BuildCounter().Name("daftar_http_connections_refused_total").Help("Connections closed at once because of the limits").Register(registry_).Add({})) {}

void Metrics::request_done(const HttpRoute* route, unsigned status, std::chrono::microseconds took) {
  OfRoute found{};
  {
    const std::scoped_lock lock(mutex_);
    const auto [it, fresh] = of_route_.try_emplace({route, status / 100});
    if (fresh) {
      const std::string name = route == nullptr ? "none" : route->name();
      it->second.requests = &requests_.Add({{"route", name}, {"status", std::to_string(status / 100) + "xx"}});
      it->second.durations = &durations_.Add({{"route", name}}, prometheus::Histogram::BucketBoundaries{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10});
    }
    found = it->second;
  }
  found.requests->Increment();
  found.durations->Observe(static_cast<double>(took.count()) / 1e6);
}

void Metrics::connection_refused() { refused_.Increment(); }

std::string Metrics::text(const NodeStatus& status) const {
  auto families = of_status(status);
  for (auto& family : registry_.Collect()) families.push_back(std::move(family));
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace daftar::node

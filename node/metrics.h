// Counters and gauges for Prometheus: what the core reports of itself (NodeStatus) and what the HTTP server sees. Any thread.
#pragma once
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "node/http_server.h"
#include "node/service.h"

namespace daftar::node {

class Metrics final : public HttpObserver {
 public:
  Metrics();
  void request_done(const HttpRoute* route, unsigned status, std::chrono::microseconds took) override;
  void connection_refused() override;
  /// The Prometheus text format, version 0.0.4.
  std::string text(const NodeStatus& status) const;

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& durations_;
  prometheus::Counter& refused_;
  struct OfRoute {
    prometheus::Counter* requests;
    prometheus::Histogram* durations;
  };
  std::mutex mutex_;
  std::map<std::pair<const HttpRoute*, unsigned>, OfRoute> of_route_;   // by route and status class
};

}  // namespace daftar::node

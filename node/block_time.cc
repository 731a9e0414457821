#include "node/block_time.h"

#include <algorithm>
#include <vector>

#include "consensus/quorum.h"

namespace daftar::node {
namespace {
constexpr std::uint64_t complain_every_ms = 60'000;
}

std::optional<ClockRequest> QuorumClock::ask(Times now) {
  if (asked_ms_ && now.monotonic_ms < *asked_ms_ + ask_every_ms) return std::nullopt;
  asked_ms_ = now.monotonic_ms;
  return ClockRequest{now.monotonic_ms};
}

void QuorumClock::heard(consensus::NodeId from, const ClockReply& reply, Times now) {
  // From a time before this machine was started, its monotonic clock may have been further.
  if (reply.asked_ms > now.monotonic_ms) return;
  Reading& known = readings_[from];
  if (known.heard_ms == 0 || reply.asked_ms >= known.asked_ms) known = {reply.asked_ms, now.monotonic_ms, reply.wall_ms};
}

std::optional<std::uint64_t> QuorumClock::read(const consensus::Membership& voters, Times now) const {
  std::vector<std::uint64_t> scratch;
  const std::uint64_t reached = consensus::quorum_reached(
      voters,
      [&](consensus::NodeId voter) -> std::uint64_t {
        if (voter == self_) return now.wall_ms;
        const auto it = readings_.find(voter);
        if (it == readings_.end() || now.monotonic_ms > it->second.asked_ms + reading_ms_max) return 0;
        // As if it had been read only when its answer came: too low by the way back, never too high.
        return it->second.wall_ms + (now.monotonic_ms - it->second.heard_ms);
      },
      scratch);
  if (reached == 0) return std::nullopt;
  return reached;
}

std::optional<std::string> QuorumClock::complaint(std::uint64_t quorum_ms, std::uint64_t skew_ms, Times now) {
  const bool ahead = now.wall_ms > quorum_ms;
  const std::uint64_t off = ahead ? now.wall_ms - quorum_ms : quorum_ms - now.wall_ms;
  if (off <= skew_ms || (complained_ms_ && now.monotonic_ms < *complained_ms_ + complain_every_ms)) return std::nullopt;
  complained_ms_ = now.monotonic_ms;
  return "this node's clock is " + std::to_string(off / 1000) + " s " + (ahead ? "ahead of" : "behind") +
         " what a quorum of the validators' clocks have reached: blocks are dated by theirs; set this clock right";
}

std::uint64_t latest_block_time(std::uint64_t height, BlockMoment committed, std::uint64_t clock_ms, std::uint64_t skew_ms) {
  const std::uint64_t crawl = committed.time_ms + (height > committed.height ? height - committed.height : 0);
  return std::max(clock_ms + skew_ms, crawl);
}

bool Patience::refuses(bool inherited, Times now) {
  if (!since_ms_) since_ms_ = now.monotonic_ms;
  return !inherited || now.monotonic_ms < *since_ms_ + stands_still_ms_max;
}

}  // namespace daftar::node

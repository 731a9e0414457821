#include "consensus/memory.h"

#include <algorithm>
#include <utility>

namespace daftar::consensus {
namespace {

bool before(const Recollection& recollection, NodeId node) { return recollection.node < node; }

}  // namespace

Memory::Memory(std::vector<Recollection> restored) : all_(std::move(restored)) {
  std::sort(all_.begin(), all_.end(), [](const Recollection& a, const Recollection& b) { return a.node < b.node; });
}

Recollection& Memory::at(NodeId node) {
  const auto place = std::lower_bound(all_.begin(), all_.end(), node, before);
  if (place != all_.end() && place->node == node) return *place;
  return *all_.insert(place, Recollection{.node = node});
}

Recollection Memory::of(NodeId node) const {
  const auto place = std::lower_bound(all_.begin(), all_.end(), node, before);
  return place != all_.end() && place->node == node ? *place : Recollection{.node = node};
}

void Memory::saw(NodeId node, Term term) {
  Recollection& known = at(node);
  if (term <= known.term) return;
  known.term = term;
  ++changes_;
}

void Memory::saw(NodeId node, LogPosition held) {
  Recollection& known = at(node);
  if (held <= known.held) return;
  known.held = held;
  ++changes_;
}

void Memory::took(NodeId node, LogPosition offered) {
  Recollection& known = at(node);
  if (offered <= known.offered) return;
  known.offered = offered;
  ++changes_;
}

}  // namespace daftar::consensus

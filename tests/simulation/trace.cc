#include "tests/simulation/trace.h"

namespace daftar::simulation {

void Trace::mix(std::uint64_t what, std::string_view bytes) {
  mix(what, bytes.size());
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    std::uint64_t word = 0;
    for (std::size_t i = at; i < std::min(bytes.size(), at + 8); ++i) word = word << 8 | static_cast<std::uint8_t>(bytes[i]);
    step(word);
  }
}

void Trace::tell(const std::string& line) {
  if (!tells_) return;
  const std::string ms = std::to_string(schedule_.now());
  lines_.push_back(std::string(ms.size() < 8 ? 8 - ms.size() : 0, ' ') + ms + " ms  " + line);
  if (lines_.size() > lines_max) lines_.pop_front();
}

std::string Trace::story() const {
  std::string story;
  for (const auto& line : lines_) story += line + "\n";
  return story;
}

}  // namespace daftar::simulation

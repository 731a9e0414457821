#include "contracts/language/exploration.h"

#include <algorithm>

namespace daftar::contracts::language {

std::string told(const Event& event, const std::vector<std::string>& said) {
  std::string out = in_words(event);
  for (std::size_t i = 0; i < said.size(); ++i) out += (i == 0 ? ". " : "; ") + said[i];
  return out;
}

std::vector<std::string> Exploration::story(std::size_t node) const {
  std::vector<std::string> out;
  for (; node != 0; node = nodes_[node].before) out.push_back(nodes_[node].step.front());
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace daftar::contracts::language

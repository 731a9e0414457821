// The narrow interface through which contracts read the state. storage provides one; contracts and tests layer overlays on it.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace daftar::ledger {

/// Keys and values are bytes. Keys compare as unsigned bytes. A view does not change while it is read by one execution.
/// A failing disk does not come back as "absent": the implementation stops the node.
class StateView {
 public:
  virtual ~StateView() = default;
  virtual std::optional<std::string> get(std::string_view key) const = 0;
  /// Visits keys in [from, to) in ascending order until `visit` returns false.
  virtual void scan(std::string_view from, std::string_view to,
                    const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
  /// A hint: these are read next, most of them. Who has to fetch them from afar may fetch them together. Changes no answer.
  virtual void expect(std::vector<std::string> /*keys*/) const {}
};

}  // namespace daftar::ledger

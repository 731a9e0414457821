#include "tests/consensus/scenario_runner/runner.h"

#include "tests/consensus/scenario_runner/verbs.h"

namespace daftar::consensus::scenario {
namespace {

struct Act {
  Place at;
  Action action;
};

// Reads every command before any runs: a slip in the last line is found at once.
std::vector<std::vector<Act>> read_actions(const ScenarioText& scenario) {
  std::vector<std::vector<Act>> steps;
  for (const Step& step : scenario.steps) {
    auto& acts = steps.emplace_back();
    for (const Command& command : step.commands) {
      const Verb* verb = find_verb(command.name.text);
      if (!verb) expected("a verb (see raft-scenario --verbs)", command.name);
      Arguments arguments(command);
      Action action = verb->read(arguments);
      arguments.end();
      acts.push_back({command.name.at, std::move(action)});
    }
  }
  return steps;
}

std::string at(Place place) { return std::to_string(place.line) + ":" + std::to_string(place.column) + ": "; }

std::string difference(const Step& step, const std::string& output) {
  return at({static_cast<int>(step.expected_line) + 1, 1}) + "expected\n" + step.expected + "but the step printed\n" + output;
}

}  // namespace

Result run(std::string_view text, const std::function<void(int)>& on_command) {
  Place now{};
  Result result;
  try {
    const ScenarioText scenario = parse(text);
    const auto steps = read_actions(scenario);
    World world;
    std::vector<std::string> outputs;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      for (const Act& act : steps[i]) {
        now = act.at;
        if (on_command) on_command(now.line);
        act.action(world);
      }
      std::string output = world.take_output();
      if (output.empty()) output = "ok\n";
      if (result.verdict == Verdict::passed && output != scenario.steps[i].expected)
        result = {Verdict::differs, difference(scenario.steps[i], output), {}};
      outputs.push_back(std::move(output));
    }
    result.rewritten = with_expectations(scenario, outputs);
    return result;
  } catch (const Mistake& mistake) {
    return {Verdict::malformed, at(mistake.at) + mistake.what(), {}};
  } catch (const Unmet& unmet) {
    return {Verdict::unmet, at(now) + unmet.what(), {}};
  } catch (const Broken& broken) {
    return {Verdict::unsafe, at(now) + "unsafe: " + broken.what(), {}};
  }
}

}  // namespace daftar::consensus::scenario

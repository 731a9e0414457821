// Contract templates: written the one way, and checked. Asks no node.
#include <algorithm>

#include "contracts/language/formatter.h"
#include "contracts/language/judgement.h"
#include "tools/daftar/commands.h"
#include "tools/files.h"

namespace daftar::tools {
namespace language = contracts::language;
using nlohmann::json;

namespace {

struct TemplateArguments {
  std::vector<std::string> files;
  bool only_say = false;
};

Result<std::string> read_template(const std::string& file) { return read_file(file, language::limits::source_bytes); }

json judgement_json(const std::string& file, const language::Judgement& judgement) {
  json out = {{"file", file}, {"accepted", judgement.standing == language::Judgement::Standing::holds}, {"findings", json::array()}};
  if (!judgement.title.empty()) out["template"] = judgement.title;
  for (const auto& remark : judgement.remarks)
    out["findings"].push_back({{"property", remark.kind},
                               {"line", remark.place.line},
                               {"column", remark.place.column},
                               {"sentence", remark.sentence},
                               {"story", remark.story}});
  if (judgement.standing == language::Judgement::Standing::unreadable) return out;
  out["arrangements"] = judgement.verdict.arrangements;
  out["states"] = judgement.verdict.states;
  out["steps"] = judgement.verdict.steps;
  out["costs"] = json::array();
  for (const language::ActionCost& cost : judgement.verdict.costs) out["costs"].push_back({{"name", cost.name}, {"line", cost.place.line}, {"units", cost.units}});
  return out;
}

Exit exit_of(language::Judgement::Standing standing) {
  switch (standing) {
    case language::Judgement::Standing::holds: return Exit::ok;
    case language::Judgement::Standing::refused: return Exit::refused;
    case language::Judgement::Standing::unreadable: break;
  }
  return Exit::usage;
}

Result<Report> check_templates(const TemplateArguments& a) {
  Report report;
  report.data["files"] = json::array();
  for (const std::string& file : a.files) {
    auto source = read_template(file);
    if (!source) return Unexpected<ToolError>(source.error());
    const language::Judgement judgement = language::judge(*source);
    report.data["files"].push_back(judgement_json(file, judgement));
    for (std::string& line : language::in_words(file, judgement)) report.lines.push_back(std::move(line));
    report.exit = std::max(report.exit, exit_of(judgement.standing));   // 2 outweighs 1
  }
  return report;
}

Result<Report> format_templates(const TemplateArguments& a) {
  struct Changed { std::string file, text; };
  std::vector<Changed> changed;
  for (const std::string& file : a.files) {   // all are read before one is written
    auto source = read_template(file);
    if (!source) return Unexpected<ToolError>(source.error());
    const auto parsed = language::parse(*source);
    if (!parsed)
      return failure(Exit::usage, "syntax", file + ":" + std::to_string(parsed.error().place.line) + ":" + std::to_string(parsed.error().place.column) + ": " + parsed.error().sentence,
                     "Nothing was written.");
    if (std::string text = language::formatted(*parsed); text != *source) changed.push_back({file, std::move(text)});
  }
  Report report;
  report.data["changed"] = json::array();
  for (const Changed& one : changed) {
    if (!a.only_say)
      if (auto wrote = write_file(one.file, one.text); !wrote) return Unexpected<ToolError>(wrote.error());
    report.data["changed"].push_back(one.file);
    report.lines.push_back(one.file + (a.only_say ? ": would be written differently" : ": written"));
  }
  if (a.only_say && !changed.empty()) report.exit = Exit::refused;
  return report;
}

}  // namespace

void add_template_commands(Command app, Session& session) {
  Command templates = app.add_subcommand("template", "Contract templates: format and check them (asks nobody; the node does not execute templates yet)");
  templates.require_subcommand(1);
  auto a = arguments<TemplateArguments>();

  Command fmt = templates.add_subcommand("fmt", "Write template files the one way; lines and comments stay");
  fmt.add_option("files", a->files, "Template files, rewritten in place").required();
  fmt.add_flag("--check", a->only_say, "Write nothing; exit code 1 when a file would change");
  fmt.footer("Examples:\n  daftar template fmt contracts/templates/rental.template\n  daftar template fmt --check *.template");
  fmt.callback([&session, a] { session.action = [a] { return format_templates(*a); }; });

  Command check = templates.add_subcommand("check", "Prove what a template promises, or tell the shortest story of how it goes wrong");
  check.add_option("files", a->files, "Template files").required();
  check.footer("Examples:\n  daftar template check contracts/templates/rental.template\n  daftar template check --json *.template\n"
               "Exit code 0: every file holds; 1: a property does not; 2: a file cannot be read as a template. The properties: docs/template-language.md.");
  check.callback([&session, a] { session.action = [a] { return check_templates(*a); }; });
}

}  // namespace daftar::tools

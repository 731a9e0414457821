// Contract templates: written the one way, checked and compiled, which asks no node; and those that the ledger knows.
#include <algorithm>

#include "contracts/agreements/library.h"
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
  std::string id;              // NAME/VERSION, or the one file
  bool only_say = false, listing = false;
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

Result<Report> compile_template(const TemplateArguments& a) {
  auto source = read_template(a.id);
  if (!source) return Unexpected<ToolError>(source.error());
  const auto known = contracts::agreements::known_of(*source);
  if (!known) return failure(Exit::refused, "template", known.error(), "daftar template check tells the story.");
  Report report;
  report.data = {{"template", known->program.name + "/" + std::to_string(known->program.version)}, {"source", known->program.source.hex()}, {"program", known->digest.hex()},
                 {"bytes", language::encode(known->program).size()}, {"instructions", known->program.code.size()}};
  report.lines = {json_text(report.data, "template") + ": " + std::to_string(known->program.code.size()) + " instructions, " + report.data["bytes"].dump() + " bytes with its tables",
                  "source  " + known->program.source.hex(), "program " + known->digest.hex()};
  if (a.listing) report.lines.push_back(language::listing(known->program));
  return report;
}

std::vector<std::string> templates_view(const json& answer) {
  std::vector<std::vector<std::string>> rows = {{"template", "program", ""}};
  for (const json& one : answer.value("templates", json::array()))
    rows.push_back({json_text(one, "name") + "/" + one.value("version", json()).dump(), json_text(one, "program"),
                    one.value("stopped", false) ? "stopped: " + json_text(one, "stopped_because") : ""});
  return table(rows);
}

std::vector<std::string> source_view(const json& answer) { return {json_text(answer, "source")}; }

}  // namespace

void add_template_commands(Command app, Session& session) {
  Command templates = app.add_subcommand("template", "Contract templates: format, check and compile them, and those that the ledger knows");
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

  Command compile = templates.add_subcommand("compile", "The program that nodes make of a template, and its digest, which a genesis names");
  compile.add_option("file", a->id, "Template file").required();
  compile.add_flag("--listing", a->listing, "The code, one instruction in a line");
  compile.footer("Example:\n  daftar template compile --listing contracts/templates/rental.template");
  compile.callback([&session, a] { session.action = [a] { return compile_template(*a); }; });

  Command list = templates.add_subcommand("list", "The templates that the ledger knows");
  list.footer("Example:\n  daftar template list");
  list.callback([&session] { session.action = [&session] { return session.show("/v1/templates", templates_view); }; });

  Command show = templates.add_subcommand("show", "The text of one that the ledger knows");
  show.add_option("template", a->id, "NAME/VERSION").required();
  show.footer("Example:\n  daftar template show rental/1");
  show.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      const auto slash = a->id.find('/');
      if (slash == std::string::npos) return failure(Exit::usage, "template", "'" + a->id + "' is no template's name and version.", "Write NAME/VERSION, as in rental/1.");
      return session.show("/v1/templates/" + url_part(a->id.substr(0, slash)) + "/" + url_part(a->id.substr(slash + 1)), source_view);
    };
  });
}

}  // namespace daftar::tools

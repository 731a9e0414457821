#include "tools/daftar/command.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace daftar::tools {

CommandOption CommandOption::required() {
  option_->required();
  return *this;
}
CommandOption CommandOption::range(int from, int to) {
  option_->check(CLI::Range(from, to));
  return *this;
}
CommandOption CommandOption::one_of(std::vector<std::string> texts) {
  option_->check(CLI::IsMember(std::move(texts)));
  return *this;
}

Command Command::add_subcommand(const std::string& name, const std::string& help) { return *app_->add_subcommand(name, help); }
CommandOption Command::add_option(const std::string& name, std::string& value, const std::string& help) {
  return CommandOption(*app_->add_option(name, value, help));
}
CommandOption Command::add_option(const std::string& name, std::vector<std::string>& value, const std::string& help) {
  return CommandOption(*app_->add_option(name, value, help));
}
CommandOption Command::add_option(const std::string& name, int& value, const std::string& help) {
  return CommandOption(*app_->add_option(name, value, help));
}
CommandOption Command::add_option(const std::string& name, std::uint32_t& value, const std::string& help) {
  return CommandOption(*app_->add_option(name, value, help));
}
CommandOption Command::add_option(const std::string& name, std::uint64_t& value, const std::string& help) {
  return CommandOption(*app_->add_option(name, value, help));
}
void Command::add_flag(const std::string& name, bool& value, const std::string& help) { app_->add_flag(name, value, help); }
void Command::require_subcommand(int count) { app_->require_subcommand(count); }
void Command::footer(const std::string& text) { app_->footer(text); }
void Command::callback(std::function<void()> given) { app_->callback(std::move(given)); }

}  // namespace daftar::tools

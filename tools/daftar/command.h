// A command of `daftar` and its options, as the files of this folder declare them. What is behind it, CLI11, takes seconds to compile in
// every file that includes it: command.cc and main.cc alone do. These are handles; what they name belongs to the command line.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace daftar::tools {

class CommandOption {
 public:
  explicit CommandOption(CLI::Option& option) : option_(&option) {}
  CommandOption required();
  CommandOption range(int from, int to);   // both included
  CommandOption one_of(std::vector<std::string> texts);

 private:
  CLI::Option* option_;
};

class Command {
 public:
  Command(CLI::App& app) : app_(&app) {}  // NOLINT: the whole command line is a command
  Command add_subcommand(const std::string& name, const std::string& help);
  /// A name without dashes is an argument by its place. `value` lives as long as the command line.
  CommandOption add_option(const std::string& name, std::string& value, const std::string& help);
  CommandOption add_option(const std::string& name, std::vector<std::string>& value, const std::string& help);
  CommandOption add_option(const std::string& name, int& value, const std::string& help);
  CommandOption add_option(const std::string& name, std::uint32_t& value, const std::string& help);
  CommandOption add_option(const std::string& name, std::uint64_t& value, const std::string& help);
  void add_flag(const std::string& name, bool& value, const std::string& help);
  void require_subcommand(int count);
  void footer(const std::string& text);
  /// Called when the command was given.
  void callback(std::function<void()> given);

 private:
  CLI::App* app_;
};

}  // namespace daftar::tools

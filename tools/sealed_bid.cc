#include "tools/sealed_bid.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "contracts/language/seal.h"
#include "tools/files.h"

namespace daftar::tools {
namespace {

using contracts::language::Instruction;
using contracts::language::Op;
using contracts::language::Program;
using contracts::language::Value;
using nlohmann::json;

constexpr const char* kept_format = "daftar-sealed-bid";
constexpr std::size_t kept_bytes_max = 64 * 1024;

/// The first instruction from `at` on, up to where the code stops, that `meets`.
template <class Meets>
const Instruction* instruction_in(const Program& program, std::uint32_t at, const Meets& meets) {
  if (at == contracts::language::no_code) return nullptr;
  for (; program.code[at].op != Op::stop; ++at)
    if (meets(program.code[at])) return &program.code[at];
  return nullptr;
}

Value value_in(const json& one) {
  if (one.contains("number")) {
    const std::string text = one.at("number").get<std::string>();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? Value::of(number) : Value{};
  }
  const auto bytes = ledger::from_hex(one.at("bytes").get<std::string>());
  return bytes ? Value::of(*bytes) : Value{};
}

}  // namespace

ledger::Digest SealedBid::seal() const { return contracts::language::seal_of(contract.view(), member, values); }

SealingActs sealing_acts(const Program& program) {
  SealingActs found;
  const Instruction* opens = nullptr;
  for (const Program::Act& act : program.acts) {
    opens = instruction_in(program, act.place.when, [](const Instruction& i) { return i.op == Op::seals; });
    if (opens == nullptr) continue;
    found.reveals = act.name;
    found.sealed = program.sealed[opens->c].names;
    break;
  }
  if (opens == nullptr) return {};
  for (const Program::Act& act : program.acts) {
    const Instruction* gives = instruction_in(program, act.body, [&](const Instruction& i) {
      return i.op == Op::copy_to_field && i.b == opens->b && contracts::language::Source::unpack(i.c).kind == contracts::language::Source::Kind::parameter;
    });
    if (gives == nullptr) continue;
    found.seals = act.name;
    found.parameter = act.parameters[contracts::language::Source::unpack(gives->c).number].name;
    return found;
  }
  return {};
}

const Program::Slot* revealed_slot(const Program& program, const SealingActs& acts, const std::string& name) {
  for (const Program::Act& act : program.acts) {
    if (act.name != acts.reveals) continue;
    for (const Program::Slot& slot : act.parameters)
      if (slot.name == name) return &slot;
  }
  return nullptr;
}

std::string fresh_salt() {
  std::string salt(32, '\0');
  randombytes_buf(salt.data(), salt.size());
  return salt;
}

Result<void> keep_sealed_bid(const std::filesystem::path& file, const SealedBid& bid) {
  if (std::filesystem::exists(file)) return failure(Exit::usage, "file_exists", file.string() + " is there already.", "It may be the only way to reveal another bid: give another name.");
  json values = json::array();
  for (const auto& [name, value] : bid.values)
    values.push_back(value.form == Value::Form::number ? json{{"name", name}, {"number", std::to_string(value.number)}} : json{{"name", name}, {"bytes", ledger::to_hex(value.bytes)}});
  const json content{{"format", kept_format}, {"version", 1}, {"contract", bid.contract.hex()}, {"member", bid.member}, {"seal", bid.seal().hex()}, {"values", std::move(values)}};
  return write_file(file, content.dump(2) + "\n", 0600);
}

Result<SealedBid> kept_sealed_bid(const std::filesystem::path& file) {
  auto text = read_file(file, kept_bytes_max);
  if (!text) return Unexpected<ToolError>(text.error());
  const auto wrong = [&] { return failure(Exit::usage, "sealed_bid_file", file.string() + " is no sealed bid.", "It is the file that `daftar tender bid` wrote."); };
  const json content = json::parse(*text, nullptr, false);
  if (content.is_discarded() || !content.is_object() || content.value("format", json()) != kept_format || content.value("version", json()) != 1) return wrong();
  try {
    const auto contract = ledger::Digest::from_hex(content.at("contract").get<std::string>());
    if (!contract) return wrong();
    SealedBid bid{*contract, content.at("member").get<std::string>(), {}};
    for (const json& one : content.at("values")) {
      bid.values.emplace_back(one.at("name").get<std::string>(), value_in(one));
      if (!bid.values.back().second.given()) return wrong();
    }
    if (content.at("seal").get<std::string>() != bid.seal().hex()) return wrong();
    return bid;
  } catch (const json::exception&) {
    return wrong();
  }
}

}  // namespace daftar::tools

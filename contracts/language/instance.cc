#include "contracts/language/instance.h"

#include "ledger/encoding.h"

namespace daftar::contracts::language {
namespace {

/// The second knows who made an entry; without such entries it is never written.
constexpr std::uint8_t layout_closed = 1, layout_with_entries = 2;

void write(ledger::Writer& out, const Value& value) {
  out.u8(static_cast<std::uint8_t>(value.form));
  if (value.form == Value::Form::number) out.i64(value.number);
  if (value.form == Value::Form::bytes) out.bytes(value.bytes);
}

Value read_value(ledger::Reader& in) {
  switch (static_cast<Value::Form>(in.u8())) {
    case Value::Form::nothing: return {};
    case Value::Form::number: return Value::of(in.i64());
    case Value::Form::bytes: return Value::of(std::string(in.bytes()));
  }
  in.fail();
  return {};
}

/// Every element takes a byte at least, so a count is checked against what is left before memory is taken.
template <class Many, class Read>
void read_many(ledger::Reader& in, Many& out, const Read& read) {
  const std::uint32_t count = in.u32();
  if (count > in.left()) return in.fail();
  out.reserve(count);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) read();
}

template <class Many>
void write_count(ledger::Writer& out, const Many& many) {
  out.u32(static_cast<std::uint32_t>(many.size()));
}

void write(ledger::Writer& out, const std::vector<Value>& values) {
  write_count(out, values);
  for (const Value& value : values) write(out, value);
}

std::vector<Value> read_values(ledger::Reader& in) {
  std::vector<Value> out;
  read_many(in, out, [&] { out.push_back(read_value(in)); });
  return out;
}

}  // namespace

Instance begin(const Program& program, bool is_public, std::vector<bool> parties, std::vector<Value> terms, std::vector<std::vector<EntryState>> lists) {
  Instance instance;
  instance.is_public = is_public;
  instance.parties = std::move(parties);
  instance.terms = std::move(terms);
  instance.lists = std::move(lists);
  for (const Program::HeldTerm& held : program.held) {
    const bool known = held.list != no_list && held.list < instance.lists.size();
    instance.held.emplace_back(held.list == no_list ? 1 : known ? instance.lists[held.list].size() : 0);
  }
  return instance;
}

std::uint32_t join(const Program& program, Instance& instance, std::string member) {
  auto& entries = instance.lists[program.staged];
  EntryState entry;
  entry.member = std::move(member);
  for (const Program::Slot& slot : program.lists[program.staged].fields) entry.fields.push_back(slot.copied == no_slot ? Value{} : instance.terms[slot.copied]);
  entries.push_back(std::move(entry));
  for (std::size_t pot = 0; pot < program.held.size(); ++pot)
    if (program.held[pot].list == program.staged) instance.held[pot].push_back(0);
  return static_cast<std::uint32_t>(entries.size() - 1);
}

std::optional<std::uint32_t> entry_of(const Program& program, const Instance& instance, std::string_view member) {
  if (!program.entrant) return std::nullopt;
  const auto& entries = instance.lists[program.staged];
  for (std::uint32_t i = 0; i < entries.size(); ++i)
    if (entries[i].member == member) return i;
  return std::nullopt;
}

std::string encode(const Instance& instance) {
  bool joined = false;
  for (const auto& list : instance.lists)
    for (const EntryState& entry : list) joined = joined || !entry.member.empty();
  ledger::Writer out;
  out.reserve(256);
  out.u8(joined ? layout_with_entries : layout_closed);
  out.u16(instance.phase);
  out.boolean(instance.is_public);
  write_count(out, instance.parties);
  for (const bool given : instance.parties) out.boolean(given);
  write(out, instance.terms);
  write_count(out, instance.lists);
  for (const auto& list : instance.lists) {
    write_count(out, list);
    for (const EntryState& entry : list) {
      out.u8(entry.stage);
      if (joined) out.bytes(entry.member);
      write(out, entry.fields);
    }
  }
  write_count(out, instance.held);
  for (const auto& amounts : instance.held) {
    write_count(out, amounts);
    for (const ledger::MinorUnits amount : amounts) out.i64(amount);
  }
  write_count(out, instance.consents);
  for (const Consent& one : instance.consents) {
    out.u16(one.act);
    out.u16(one.party);
    out.u32(one.entry);
  }
  write_count(out, instance.postponed);
  for (const Postponed& one : instance.postponed) {
    out.u16(one.deadline);
    out.u32(one.entry);
    out.i64(one.until);
  }
  return out.take();
}

std::optional<Instance> decode_instance(std::string_view bytes) {
  ledger::Reader in(bytes);
  Instance instance;
  const std::uint8_t layout = in.u8();
  if (layout != layout_closed && layout != layout_with_entries) return std::nullopt;
  bool joined = false;
  instance.phase = in.u16();
  instance.is_public = in.boolean();
  read_many(in, instance.parties, [&] { instance.parties.push_back(in.boolean()); });
  instance.terms = read_values(in);
  read_many(in, instance.lists, [&] {
    auto& list = instance.lists.emplace_back();
    read_many(in, list, [&] {
      const std::uint8_t stage = in.u8();
      std::string member(layout == layout_with_entries ? in.bytes() : std::string_view());
      joined = joined || !member.empty();
      list.push_back({stage, read_values(in), std::move(member)});
    });
  });
  read_many(in, instance.held, [&] {
    auto& amounts = instance.held.emplace_back();
    read_many(in, amounts, [&] { amounts.push_back(in.i64()); });
  });
  read_many(in, instance.consents, [&] {
    const std::uint16_t act = in.u16(), party = in.u16();
    instance.consents.push_back({act, party, in.u32()});
  });
  read_many(in, instance.postponed, [&] {
    const std::uint16_t deadline = in.u16();
    const std::uint32_t entry = in.u32();
    instance.postponed.push_back({deadline, entry, in.i64()});
  });
  if (!in.done() || joined != (layout == layout_with_entries)) return std::nullopt;
  return instance;
}

}  // namespace daftar::contracts::language

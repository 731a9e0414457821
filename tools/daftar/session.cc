#include "tools/daftar/session.h"

#include <sodium.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <iostream>

#include "ledger/receipt.h"
#include "ledger/ids.h"
#include "ledger/money.h"
#include "tools/daftar/proved_templates.h"
#include "tools/daftar/prover.h"
#include "tools/files.h"

namespace daftar::tools {
namespace fs = std::filesystem;
namespace proto = ledger::proto;
using nlohmann::json;
using std::chrono::milliseconds;

namespace {

/// All of a descriptor, at most 1 MiB; closed afterwards.
Result<std::string> read_descriptor(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure(Exit::usage, "passphrase_fd", "Cannot read a passphrase from descriptor " + std::to_string(fd) + ".");
    if (got == 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > 1u << 20) return failure(Exit::usage, "passphrase_fd", "Descriptor " + std::to_string(fd) + " gives more than 1 MiB.");
  }
  sodium_memzero(buffer, sizeof buffer);
  ::close(fd);
  return text;
}

Result<Secret> ask_terminal(const std::string& prompt) {
  std::FILE* terminal = std::fopen("/dev/tty", "r+e");
  if (terminal == nullptr)
    return failure(Exit::usage, "passphrase", "A passphrase is needed and there is no terminal to ask on.", "Give it with --passphrase-fd N.");
  const int fd = ::fileno(terminal);
  termios before{};
  ::tcgetattr(fd, &before);
  termios quiet = before;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(fd, TCSAFLUSH, &quiet);
  std::fputs(prompt.c_str(), terminal);
  std::fflush(terminal);
  std::string line;
  line.reserve(1024);
  for (char c; line.size() < 1000 && ::read(fd, &c, 1) == 1 && c != '\n';) line += c;
  ::tcsetattr(fd, TCSAFLUSH, &before);
  std::fputs("\n", terminal);
  std::fclose(terminal);
  if (line.empty()) return failure(Exit::usage, "passphrase", "The passphrase is empty.");
  return Secret(std::move(line));
}

}  // namespace

fs::path Session::network_dir() const {
  if (!options.network.empty()) return options.network;
  if (const char* named = std::getenv("DAFTAR_NETWORK"); named != nullptr && *named != '\0') return named;
  std::error_code ec;
  if (fs::exists("daftar-network/network.json", ec)) return fs::absolute("daftar-network");
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return fs::path(home) / ".local/share/daftar/development";
  return "daftar-network";
}

Result<const NetworkDescription*> Session::network() {
  if (!network_ || network_->dir != fs::absolute(network_dir())) {
    auto read = read_network_description(network_dir());
    if (!read) return Unexpected<ToolError>(read.error());
    network_ = std::move(*read);
    genesis_.reset();
  }
  return &*network_;
}

Result<std::shared_ptr<const ledger::Genesis>> Session::genesis() {
  if (!options.genesis.empty()) return read_genesis(options.genesis);
  auto described = network();
  if (!described) return Unexpected<ToolError>(described.error());
  if (!genesis_) {
    auto read = read_genesis((*described)->genesis_file);
    if (!read) return read;
    genesis_ = std::move(*read);
  }
  return genesis_;
}

Result<const contracts::agreements::Library*> Session::templates() {
  auto content = genesis();
  if (!content) return Unexpected<ToolError>(content.error());
  const std::string id = (*content)->ledger_id().hex();
  if (!templates_.contains(id)) {
    auto found = contracts::agreements::Library::of_running((*content)->content());
    if (!found) return failure(Exit::usage, "genesis", "The genesis has a template that does not hold: " + found.error());
    templates_.emplace(id, std::move(*found));
  }
  auto& library = templates_.at(id);
  add_proved_templates(*this, library);
  return &library;
}

Result<ApiClient*> Session::client() {
  auto described = network();
  if (!described) return Unexpected<ToolError>(described.error());
  auto content = genesis();
  if (!content) return Unexpected<ToolError>(content.error());
  if (!client_ || client_dir_ != (*described)->dir.string()) {
    client_.emplace((*described)->endpoints, (*content)->ledger_id());
    client_dir_ = (*described)->dir.string();
    client_as_.clear();
  }
  if (client_as_ != options.as) {
    client_->read_as(std::nullopt);
    if (!options.as.empty()) {
      auto signer = key(options.as);
      if (!signer) return Unexpected<ToolError>(signer.error());
      client_->read_as(Reader{options.as, *signer});
    }
    client_as_ = options.as;
  }
  client_->read_linearizable(options.linearizable);
  return &*client_;
}

fs::path Session::keystores() const {
  if (!options.keys.empty()) return options.keys;
  if (const auto described = read_network_description(network_dir()); described && !described->keystores.empty()) return described->keystores;
  return network_dir() / "keys";
}

Result<const ledger::SigningKey*> Session::key(const std::string& member) {
  const fs::path file = keystore_file(member);
  const std::string name = file.string();
  if (auto it = keys_.find(name); it != keys_.end()) return &it->second.key;
  if (auto info = inspect_keystore(file); !info) return Unexpected<ToolError>(info.error());
  else if (info->member != member)
    return failure(Exit::usage, "keystore_member", "Keystore " + name + " belongs to " + info->member + ", not to " + member + ".");
  auto secret = passphrase(member, "Passphrase of " + member + ": ");
  if (!secret) return Unexpected<ToolError>(secret.error());
  auto unlocked = unlock_keystore(file, *secret);
  if (!unlocked) return Unexpected<ToolError>(unlocked.error());
  return &keys_.emplace(name, std::move(*unlocked)).first->second.key;
}

Result<Secret> Session::passphrase(const std::string& member, const std::string& prompt, bool again) {
  if (options.passphrases_fd >= 0) {
    auto text = read_descriptor(options.passphrases_fd);
    if (!text) return Unexpected<ToolError>(text.error());
    options.passphrases_fd = -1;
    for (std::size_t begin = 0; begin < text->size();) {
      const std::size_t end = std::min(text->find('\n', begin), text->size());
      const std::string_view line(text->data() + begin, end - begin);
      begin = end + 1;
      if (line.empty()) continue;
      const auto colon = line.find(':');
      if (colon == std::string_view::npos) return failure(Exit::usage, "passphrases_fd", "A line of --passphrases-fd is not MEMBER:PASSPHRASE.");
      passphrases_.emplace(std::string(line.substr(0, colon)), Secret(std::string(line.substr(colon + 1))));
    }
    sodium_memzero(text->data(), text->size());
  }
  if (options.passphrase_fd >= 0) {
    auto text = read_descriptor(options.passphrase_fd);
    if (!text) return Unexpected<ToolError>(text.error());
    options.passphrase_fd = -1;
    const std::size_t end = std::min(text->find('\n'), text->size());
    if (end == 0) return failure(Exit::usage, "passphrase", "The passphrase is empty.");
    one_passphrase_ = Secret(text->substr(0, end));
    sodium_memzero(text->data(), text->size());
  }
  if (const auto it = passphrases_.find(member); it != passphrases_.end()) return it->second.copy();
  if (one_passphrase_) return one_passphrase_->copy();
  auto typed = ask_terminal(prompt);
  if (typed && again) {
    auto second = ask_terminal("Once more: ");
    if (!second) return second;
    if (second->bytes() != typed->bytes()) return failure(Exit::usage, "passphrase", "The two passphrases differ.");
  }
  return typed;
}

Result<std::string> Session::sender() const {
  if (options.as.empty()) return failure(Exit::usage, "as", "Who acts? Name the member.", "Add --as MEMBER.");
  if (!ledger::is_member_id(options.as)) return failure(Exit::usage, "as", "'" + options.as + "' is no member id.");
  return options.as;
}

Result<bool> Session::confirm(const std::string& question) const {
  if (options.yes) return true;
  if (::isatty(0) == 0)
    return failure(Exit::usage, "confirmation", "This needs your word, and standard input is no terminal.", "Read what it says above, then add --yes.");
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

CurrencyLookup Session::currency_lookup() {
  return [this](const std::string& id) -> std::string {
    if (const auto it = currencies_.find(id); it != currencies_.end()) return it->second;
    const bool contract = ledger::Digest::from_hex(id).has_value();
    const auto found = get((contract ? "/v1/contracts/" : "/v1/budget/lines/") + url_part(id));
    std::string currency = found && found->is_object() ? json_text(*found, "currency") : "";
    if (currency.empty() && !contract)
      if (const auto revenue = get("/v1/budget/revenue/" + url_part(id)); revenue && revenue->is_object()) currency = json_text(*revenue, "currency");
    if (!currency.empty()) currencies_[id] = currency;
    return currency;
  };
}

/// What a transaction is about to make cannot be asked of the network: it says its currency itself.
void Session::learn_currencies(const std::string& envelope) {
  const auto parsed = ledger::Transaction::parse(envelope, {.bytes_max = 8u << 20, .operations_max = 100'000, .signatures_max = 64}, true);
  if (!parsed) return;
  for (const auto& operation : (*parsed)->body().operations()) {
    if (operation.has_draft_contract()) currencies_[(*parsed)->id().hex()] = operation.draft_contract().currency();
    if (operation.has_approve_revenue_line())
      if (const auto account = ledger::parse_account(operation.approve_revenue_line().account())) currencies_[operation.approve_revenue_line().line()] = std::string(account->currency);
    if (operation.has_approve_budget_line()) currencies_[operation.approve_budget_line().line()] = operation.approve_budget_line().currency();
  }
}

Result<ledger::Entry> Session::proved_entry(const std::string& id) {
  auto prover = Prover::open(*this);   // the validators of now: those of the genesis may have left
  if (!prover) return Unexpected<ToolError>(prover.error());
  const auto receipt = prover->fetch(id, std::chrono::seconds(options.timeout_s));
  if (!receipt) return Unexpected<ToolError>(receipt.error());
  const auto proved = prover->verify(*receipt);
  if (!proved) return failure(Exit::refused, "receipt", "The node's proof of the entry does not hold: " + proved.error().sentence, "Ask another node; do not sign.");
  if (proved->entry.id.hex() != id) return failure(Exit::refused, "receipt", "The node's proof is of another entry than " + id + ".", "Ask another node; do not sign.");
  return proved->entry;
}

Result<std::shared_ptr<const ledger::Transaction>> Session::proved_transaction(const std::string& id) {
  const auto entry = proved_entry(id);
  if (!entry) return Unexpected<ToolError>(entry.error());
  const auto parsed = ledger::Transaction::parse(entry->envelope, {.bytes_max = 8u << 20, .operations_max = 100'000, .signatures_max = 64}, true);
  if (!parsed || (*parsed)->id().hex() != id)
    return failure(Exit::refused, "receipt", "The node's proof is of another transaction than " + id + ".", "Ask another node; do not sign.");
  return *parsed;
}

Result<json> Session::get(const std::string& target) {
  auto api = client();
  if (!api) return Unexpected<ToolError>(api.error());
  return (*api)->get(target);
}

Result<Report> Session::show(const std::string& target, std::vector<std::string> (*view)(const json&)) {
  auto found = get(target);
  if (!found) return Unexpected<ToolError>(found.error());
  return Report{*found, view(*found), Exit::ok};
}

Result<Report> Session::preview(const std::string& envelope) {
  learn_currencies(envelope);
  auto words = describe_envelope(envelope, currency_lookup());
  if (!words) return Unexpected<ToolError>(words.error());
  auto api = client();
  if (!api) return Unexpected<ToolError>(api.error());
  auto result = (*api)->dry_run(envelope);
  if (!result) return Unexpected<ToolError>(result.error());
  Report report;
  report.data = {{"result", *result}};
  report.lines = std::move(*words);
  if (result->value("ok", json()) == true) {
    report.lines.push_back("If it were executed now:");
    for (const std::string& line : describe_result(*result, currency_lookup())) report.lines.push_back("  " + line);
  } else {
    report.exit = Exit::refused;
    const std::string detail = json_text(*result, "detail");
    report.lines.push_back("If it were executed now it would be refused: " + json_text(*result, "code") + (detail.empty() ? "" : " (" + detail + ")"));
    for (const char* words_of : {"sentence", "advice"})
      if (const std::string text = json_text(*result, words_of); !text.empty()) report.lines.push_back(text);
  }
  return report;
}

Result<Report> Session::submit(const std::string& envelope) {
  auto api = client();
  if (!api) return Unexpected<ToolError>(api.error());
  auto answer = (*api)->submit(envelope, options.wait == "certified" ? Wait::certified : Wait::committed, std::chrono::seconds(options.timeout_s));
  if (!answer) return Unexpected<ToolError>(answer.error());
  // Our own reading of the bytes, not the node's word.
  if (const auto parsed = ledger::Transaction::parse(envelope, {.bytes_max = 8u << 20, .operations_max = 100'000, .signatures_max = 64}, true); parsed)
    answer->id = (*parsed)->id().hex();
  Report report;
  report.data = {{"status", name(answer->status)}, {"id", answer->id}};
  if (answer->height != 0) report.data["height"] = answer->height;
  if (answer->index) report.data["index"] = *answer->index;
  if (!answer->result.is_null()) report.data["result"] = answer->result;
  if (answer->accepted()) {
    report.lines.push_back(std::string(name(answer->status)) + " in block " + std::to_string(answer->height) +
                           (answer->index ? " as entry " + std::to_string(*answer->index) : "") + ": " + answer->id);
    return report;
  }
  report.data["error"] = {{"code", answer->code}, {"sentence", answer->sentence}, {"advice", answer->advice}, {"detail", answer->detail}};
  report.exit = answer->status == SubmitStatus::rejected ? Exit::refused : answer->status == SubmitStatus::busy ? Exit::unreachable : Exit::unknown_outcome;
  report.lines.push_back(std::string(name(answer->status)) + " " + answer->code + ": " + answer->sentence +
                         (answer->detail.empty() ? "" : " (" + answer->detail + ")"));
  if (!answer->advice.empty()) report.lines.push_back(answer->advice);
  report.lines.push_back("id " + answer->id);
  return report;
}

Result<Report> Session::transact(std::vector<proto::Operation> operations) {
  auto who = sender();
  if (!who) return Unexpected<ToolError>(who.error());
  auto content = genesis();
  if (!content) return Unexpected<ToolError>(content.error());
  auto valid_for = parse_duration(options.valid_for);
  if (!valid_for) return Unexpected<ToolError>(valid_for.error());
  const std::string body = make_body(**content, *who, operations, {.valid_for = *valid_for});
  const std::string draft = ledger::make_envelope(body, {});
  if (!options.out.empty()) {
    auto words = describe_envelope(draft);
    if (!words) return Unexpected<ToolError>(words.error());
    if (auto wrote = write_transaction_file(options.out, draft); !wrote) return Unexpected<ToolError>(wrote.error());
    Report report;
    report.data = {{"id", ledger::transaction_id(body).hex()}, {"file", options.out}, {"signed", false}};
    report.lines = std::move(*words);
    report.lines.push_back("Written to " + options.out + ". Sign it where the key is: daftar tx sign " + options.out + " --as " + *who);
    return report;
  }
  std::vector<std::string> shown;
  if (!options.no_preview) {
    auto before = preview(draft);
    if (!before) return before;
    shown = before->lines;
    if (before->exit != Exit::ok) {
      const json& result = before->data["result"];
      before->data["status"] = "not_sent";
      before->data["error"] = {{"code", json_text(result, "code")}, {"sentence", json_text(result, "sentence")},
                               {"advice", json_text(result, "advice")}, {"detail", json_text(result, "detail")}};
      before->lines.push_back("Nothing was sent.");
      return before;
    }
    if (!options.yes) {
      for (const std::string& line : shown) std::cerr << line << "\n";
      auto agreed = confirm("Sign and send this?");
      if (!agreed) return Unexpected<ToolError>(agreed.error());
      if (!*agreed) return failure(Exit::usage, "not_confirmed", "Nothing was signed or sent.");
      shown.clear();
    }
  }
  auto signer = key(*who);
  if (!signer) return Unexpected<ToolError>(signer.error());
  auto report = submit(sign_body(body, {*signer}));
  if (report && report->exit == Exit::ok && !options.no_preview)
    report->lines.insert(report->lines.begin(), shown.begin(), shown.end());
  return report;
}

void add_transaction_options(Command command, Session& session) {
  command.add_option("--out", session.options.out, "Write the unsigned transaction to this file and send nothing (for `daftar tx sign`)");
  command.add_option("--wait", session.options.wait, "Until it is `committed` (default) or `certified` by a quorum of validators")
      .one_of({"committed", "certified"});
  command.add_option("--timeout", session.options.timeout_s, "Seconds to wait for the outcome (default 10)").range(1, 600);
  command.add_option("--valid-for", session.options.valid_for, "How long the ledger may take it: 90s, 15m, 1h (default), 12h");
  command.add_flag("--no-preview", session.options.no_preview, "Send without a dry run and without asking (for scripts)");
}

// --- arguments ------------------------------------------------------------------------------------------------------

Result<std::string> parse_hex32(const std::string& what, const std::string& text) {
  auto raw = ledger::from_hex(text);
  if (!raw || raw->size() != 32) return failure(Exit::usage, "id", "'" + text + "' is no " + what + ".", "It has 64 hexadecimal digits.");
  return std::move(*raw);
}

std::string full_account(const std::string& text, const std::string& currency) {
  return text.find('/') == std::string::npos ? ledger::account_id(text, currency) : text;
}

std::string url_part(const std::string& text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

// --- text -----------------------------------------------------------------------------------------------------------

namespace {
std::size_t width(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8)
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++count;
  return count;
}

bool is_integer_text(const std::string& text) {
  const std::size_t from = !text.empty() && text[0] == '-' ? 1 : 0;
  return text.size() > from && text.size() < 21 && text.find_first_not_of("0123456789", from) == std::string::npos;
}

bool is_money_key(std::string_view key) {
  for (const char* other : {"id", "tax_id", "year", "code", "index", "height", "function_code", "economic_code", "programme", "title", "reference", "text"})
    if (key == other) return false;
  return true;
}

std::string scalar(const std::string& key, const json& value, const std::string& currency) {
  if (!value.is_string()) return value.is_null() ? "-" : value.dump();
  const auto& text = value.get_ref<const std::string&>();
  if (!currency.empty() && is_integer_text(text) && is_money_key(key)) {
    std::int64_t amount = 0;
    std::from_chars(text.data(), text.data() + text.size(), amount);
    return money_text(amount, currency);
  }
  return text.empty() ? "-" : text;
}

void render_into(std::vector<std::string>& lines, const json& value, const std::string& indent, std::string currency) {
  if (value.is_object()) {
    if (const std::string own = json_text(value, "currency"); !own.empty()) currency = own;
    std::size_t widest = 0;
    for (const auto& [key, element] : value.items())
      if (!element.is_structured()) widest = std::max(widest, width(key));
    for (const auto& [key, element] : value.items()) {
      if (element.is_structured()) {
        if (element.empty()) continue;
        if (element.is_array() && !element.front().is_structured()) {
          std::string joined;
          for (const json& one : element) joined += (joined.empty() ? "" : ", ") + scalar(key, one, "");
          lines.push_back(indent + key + ": " + joined);
          continue;
        }
        lines.push_back(indent + key + ":");
        render_into(lines, element, indent + "  ", currency);
      } else {
        lines.push_back(indent + key + ":" + std::string(widest - width(key) + 1, ' ') + scalar(key, element, currency));
      }
    }
  } else if (value.is_array()) {
    // Objects of scalars with the same keys make a table.
    bool flat = !value.empty();
    for (const json& element : value) {
      flat = flat && element.is_object() && element.size() == value.front().size() && element.size() <= 9;
      if (!flat) break;
      for (const auto& [key, field] : element.items())
        flat = flat && !field.is_structured() && value.front().contains(key) && scalar(key, field, "").size() <= 72;
    }
    if (flat) {
      std::vector<std::vector<std::string>> rows(1);
      for (const auto& [key, field] : value.front().items()) rows[0].push_back(key);
      for (const json& element : value) {
        const std::string own = json_text(element, "currency");
        std::vector<std::string> row;
        for (const std::string& key : rows[0]) row.push_back(scalar(key, element[key], own.empty() ? currency : own));
        rows.push_back(std::move(row));
      }
      for (const std::string& line : table(rows)) lines.push_back(indent + line);
      return;
    }
    for (const json& element : value) {
      if (!element.is_structured()) {
        lines.push_back(indent + "- " + scalar("", element, ""));
      } else {
        const std::size_t first = lines.size();
        render_into(lines, element, indent + "  ", currency);
        if (lines.size() > first) lines[first].replace(indent.size(), 2, "- ");
      }
    }
  } else {
    lines.push_back(indent + scalar("", value, currency));
  }
}
}  // namespace

std::vector<std::string> table(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right_aligned) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], width(row[i]));
    }
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - width(row[i]), ' ');
      const bool right = i < right_aligned.size() && right_aligned[i];
      line += (i == 0 ? "" : "  ") + (right ? pad + row[i] : row[i] + pad);
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> render(const json& value) {
  std::vector<std::string> lines;
  render_into(lines, value, "", "");
  return lines;
}

std::string json_text(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::int64_t json_amount(const json& object, const char* key) {
  if (!object.is_object()) return 0;
  const auto it = object.find(key);
  if (it == object.end()) return 0;
  if (it->is_number_integer()) return it->get<std::int64_t>();
  const std::string text = json_text(object, key);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// --- files ----------------------------------------------------------------------------------------------------------

Result<void> write_transaction_file(const fs::path& file, std::string_view envelope) {
  const json document = {{"format", "daftar-transaction"}, {"version", 1}, {"envelope", ledger::to_base64(envelope)}};
  return write_file(file, document.dump(2) + "\n", 0600);
}

Result<std::string> read_transaction_file(const fs::path& file) {
  auto text = read_file(file, 16u << 20);
  if (!text) return text;
  const json document = json::parse(*text, nullptr, false);
  if (json_text(document, "format") != "daftar-transaction" || document.value("version", json()) != 1)
    return failure(Exit::usage, "transaction_file", file.string() + " is no transaction file of version 1.", "They are written with --out.");
  auto envelope = ledger::from_base64(json_text(document, "envelope"));
  if (!envelope) return failure(Exit::usage, "transaction_file", file.string() + ": 'envelope' is not base64.");
  return std::move(*envelope);
}

}  // namespace daftar::tools

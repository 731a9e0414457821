// What the commands of one run share: options, network, connections, and the keys that were unlocked (each keystore once).
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "contracts/agreements/library.h"
#include "ledger/entry.h"
#include "tools/api_client.h"
#include "tools/daftar/command.h"
#include "tools/error.h"
#include "tools/keystore.h"
#include "tools/local_network.h"
#include "tools/values.h"
#include "tools/wallet.h"

namespace daftar::tools {

/// What a command has to say: `data` for --json, `lines` for people.
struct Report {
  nlohmann::json data = nlohmann::json::object();
  std::vector<std::string> lines;
  Exit exit = Exit::ok;
};
using Action = std::function<Result<Report>()>;

struct Options {
  std::string network, as, keys, genesis;
  bool json = false, yes = false, no_color = false, linearizable = false;
  int passphrase_fd = -1, passphrases_fd = -1;
  // of commands that make a transaction
  std::string out, wait = "committed", valid_for = "1h";
  unsigned timeout_s = 10;
  bool no_preview = false;
};

class Session {
 public:
  Options options;
  Action action;   // set by the command that was parsed

  std::filesystem::path network_dir() const;
  Result<const NetworkDescription*> network();
  Result<std::shared_ptr<const ledger::Genesis>> genesis();
  /// The templates of this ledger, from its genesis: no node is asked, so none can show another text.
  Result<const contracts::agreements::Library*> templates();
  /// Signed reads in the name of --as when it is given and its keystore is there.
  Result<ApiClient*> client();
  Result<const ledger::SigningKey*> key(const std::string& member);
  std::filesystem::path keystores() const;
  std::filesystem::path keystore_file(const std::string& member) const { return keystores() / (member + ".json"); }
  /// From --passphrases-fd, --passphrase-fd or the terminal (without echo). `again`: ask twice when it is typed.
  Result<Secret> passphrase(const std::string& member, const std::string& prompt, bool again = false);
  /// The member of --as; an error when it is missing.
  Result<std::string> sender() const;
  /// Yes on a terminal; true at once with --yes.
  Result<bool> confirm(const std::string& question) const;

  /// Body → words and dry run → confirmation → signature → submission (or a file with --out).
  Result<Report> transact(std::vector<ledger::proto::Operation> operations);
  /// Signed bytes to the network, and what came of it in words.
  Result<Report> submit(const std::string& envelope);
  Result<Report> preview(const std::string& envelope);

  /// An entry as its receipt proves it: that it stands in the certified log, with its result.
  Result<ledger::Entry> proved_entry(const std::string& id);
  /// A transaction as its receipt proves it, checked here: no single node can show one and have another acted on.
  Result<std::shared_ptr<const ledger::Transaction>> proved_transaction(const std::string& id);

  Result<nlohmann::json> get(const std::string& target);
  /// A read that is only fetched and shown: the answer, and how `view` lays it out for people.
  Result<Report> show(const std::string& target, std::vector<std::string> (*view)(const nlohmann::json&));
  CurrencyLookup currency_lookup();

 private:
  void learn_currencies(const std::string& envelope);

  std::optional<NetworkDescription> network_;
  std::shared_ptr<const ledger::Genesis> genesis_;
  std::map<std::string, contracts::agreements::Library> templates_;   // by ledger id
  std::optional<ApiClient> client_;
  std::string client_dir_, client_as_;
  std::map<std::string, UnlockedKey> keys_;
  std::optional<Secret> one_passphrase_;
  std::map<std::string, Secret> passphrases_;
  std::map<std::string, std::string> currencies_;
};

/// --out, --wait, --timeout, --valid-for, --no-preview
void add_transaction_options(Command command, Session& session);

// Reading arguments. Each error names the argument.
Result<std::string> parse_hex32(const std::string& what, const std::string& text);          // 32 raw bytes
/// `acme` → acme/UZS; `acme/UZS/payroll` stays.
std::string full_account(const std::string& text, const std::string& currency);
/// Percent-encoded for one segment of a path or a query value.
std::string url_part(const std::string& text);

// Text for people.
std::vector<std::string> table(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right_aligned = {});
/// Indented `key: value` lines; amounts of objects that name a currency are shown as money.
std::vector<std::string> render(const nlohmann::json& value);
std::string json_text(const nlohmann::json& object, const char* key);
std::int64_t json_amount(const nlohmann::json& object, const char* key);

/// The files of unsigned and signed transactions: JSON {"format":"daftar-transaction","version":1,"envelope":base64}.
Result<void> write_transaction_file(const std::filesystem::path& file, std::string_view envelope);
Result<std::string> read_transaction_file(const std::filesystem::path& file);

}  // namespace daftar::tools

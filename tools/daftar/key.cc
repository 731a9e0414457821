#include "tools/daftar/commands.h"

namespace daftar::tools {
namespace fs = std::filesystem;
using nlohmann::json;

void add_key_commands(Command app, Session& session) {
  Command key = app.add_subcommand("key", "Private keys, each in an encrypted file (Argon2id, XChaCha20-Poly1305)");
  key.require_subcommand(1);
  struct Arguments { std::string member; int new_passphrase_fd = -1; };
  auto a = arguments<Arguments>();

  Command make = key.add_subcommand("new", "Make a key pair for a member; the public key is what a registrar registers");
  make.add_option("member", a->member, "Member id, e.g. acme-build").required();
  make.footer("Example:\n  daftar key new acme-build --keys ~/keys");
  make.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      auto secret = session.passphrase(a->member, "New passphrase for " + a->member + ": ", true);
      if (!secret) return Unexpected<ToolError>(secret.error());
      const auto made = ledger::SigningKey::generate();
      const fs::path file = session.keystore_file(a->member);
      if (auto wrote = write_keystore(file, a->member, made, *secret); !wrote) return Unexpected<ToolError>(wrote.error());
      Report report;
      report.data = {{"member", a->member}, {"public_key", made.public_key().hex()}, {"file", file.string()}};
      report.lines = {"Key of " + a->member + ": " + made.public_key().hex(), "Kept in " + file.string() + ". Keep a copy of it: nobody can restore it."};
      return report;
    };
  });

  Command show = key.add_subcommand("show", "The public key and parameters of a keystore; asks for no passphrase");
  show.add_option("member", a->member, "Member id").required();
  show.footer("Example:\n  daftar key show acme-build");
  show.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      const fs::path file = session.keystore_file(a->member);
      auto info = inspect_keystore(file);
      if (!info) return Unexpected<ToolError>(info.error());
      Report report;
      report.data = {{"member", info->member}, {"public_key", info->public_key.hex()}, {"file", file.string()},
                     {"kdf", {{"name", "argon2id"}, {"memory_bytes", info->memory_bytes}, {"passes", info->passes}}}};
      report.lines = render(report.data);
      return report;
    };
  });

  Command list = key.add_subcommand("list", "All keystores of the folder");
  list.footer("Example:\n  daftar key list --network ./daftar-network");
  list.callback([&session] {
    session.action = [&session]() -> Result<Report> {
      Report report;
      report.data = {{"folder", session.keystores().string()}, {"keys", json::array()}};
      std::vector<fs::path> files;
      std::error_code ec;
      for (const auto& entry : fs::directory_iterator(session.keystores(), ec))
        if (entry.path().extension() == ".json") files.push_back(entry.path());
      if (ec) return failure(Exit::usage, "keys", "Cannot read folder " + session.keystores().string() + ": " + ec.message() + ".");
      std::sort(files.begin(), files.end());
      for (const fs::path& file : files) {
        auto info = inspect_keystore(file);
        if (info) report.data["keys"].push_back({{"member", info->member}, {"public_key", info->public_key.hex()}});
        else report.lines.push_back(info.error().sentence);
      }
      for (const std::string& line : render(report.data)) report.lines.push_back(line);
      return report;
    };
  });

  Command change = key.add_subcommand("change-passphrase", "Encrypt a keystore under another passphrase");
  change.add_option("member", a->member, "Member id").required();
  change.add_option("--new-passphrase-fd", a->new_passphrase_fd, "Read the new passphrase from this descriptor (the old one: --passphrase-fd)").range(0, 1023);
  change.footer("Example:\n  daftar key change-passphrase acme-build");
  change.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      auto before = session.passphrase(a->member, "Old passphrase of " + a->member + ": ");
      if (!before) return Unexpected<ToolError>(before.error());
      Session fresh;  // so that the old passphrase is not taken for the new one
      fresh.options.passphrase_fd = a->new_passphrase_fd;
      auto after = fresh.passphrase(a->member, "New passphrase of " + a->member + ": ", true);
      if (!after) return Unexpected<ToolError>(after.error());
      const fs::path file = session.keystore_file(a->member);
      if (auto changed = change_passphrase(file, *before, *after); !changed) return Unexpected<ToolError>(changed.error());
      Report report;
      report.data = {{"member", a->member}, {"file", file.string()}};
      report.lines = {"The passphrase of " + file.string() + " was changed."};
      return report;
    };
  });
}

}  // namespace daftar::tools

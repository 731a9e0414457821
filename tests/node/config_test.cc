// The configuration of a node: what is refused, with which sentence; key files; a new node's folder.
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "node/config.h"
#include "node/key_file.h"
#include "tests/harness/small_network.h"

using namespace daftar;
using namespace daftar::node;
namespace fs = std::filesystem;

namespace {

const std::string good = R"(
[node]
id = 1
data_dir = "data"
[network]
genesis = "genesis.pb"
peers = [{ node = 2, address = "127.0.0.1:7002" }, { node = 3, address = "[::1]:7003" }]
[link]
listen = "127.0.0.1:7001"
key_file = "/keys/link.key"
[checkpoint]
key_file = "checkpoint.key"
)";

/// All sentences, joined; "good" when there is none.
std::string judge(const std::string& text) {
  const auto parsed = parse_config(text, "config.toml", "/etc/daftar");
  if (parsed) return "good";
  std::string out;
  for (const auto& fault : parsed.error()) out += fault + "\n";
  return out;
}

void write(const fs::path& file, const std::string& text, mode_t mode = 0600) {
  std::ofstream(file, std::ios::binary) << text;
  REQUIRE(::chmod(file.c_str(), mode) == 0);
}

}  // namespace

TEST_CASE("a configuration is read with its defaults, relative paths are relative to its folder") {
  const auto config = parse_config(good, "config.toml", "/etc/daftar").value();
  CHECK(config.node == 1);
  CHECK(config.data_dir == "/etc/daftar/data");
  CHECK(config.link_key_file == "/keys/link.key");
  CHECK(config.checkpoint_key_file == "/etc/daftar/checkpoint.key");
  REQUIRE(config.peers.size() == 2);
  CHECK(config.peers[1].host == "::1");
  CHECK(config.peers[1].port == 7003);
  CHECK(config.api_tls);
  CHECK(config.api_listen.host == "127.0.0.1");
  CHECK(config.election_timeout == std::chrono::seconds(1));
  CHECK(config.memtable_mib == 64);
  CHECK(config.log_file.empty());
}

TEST_CASE("each wrong configuration is refused with a sentence that names the place") {
  struct Row {
    std::string text, expected;
  };
  const std::vector<Row> rows = {
      {good + "[raft]\ntick_sm = 5\n", "config.toml line 14: there is no option raft.tick_sm"},
      {good + "[rafft]\ntick_ms = 5\n", "there is no section [rafft]"},
      {"id = 1\n" + good, "line 1: there is no section [id]"},
      {good + "[raft]\ntick_ms = \"5\"\n", "raft.tick_ms must be a whole number from 5 to 1000"},
      {good + "[raft]\ntick_ms = 5.5\n", "raft.tick_ms must be a whole number"},
      {good + "[raft]\ntick_ms = 0\n", "raft.tick_ms must be a whole number"},
      {good + "[raft]\nheartbeat_ms = 600\n", "raft.heartbeat_ms must be at most half of raft.election_timeout_ms"},
      {good + "[raft]\ntick_ms = 200\n", "raft.tick_ms must not be longer than raft.heartbeat_ms"},
      {good + "[api]\nlisten = \"0.0.0.0:8000\"\ntls = false\n", "api.tls = false is allowed on a loopback address only"},
      {good + "[api]\nlisten = \"localhost:8000\"\n", "api.listen must name an IP address"},
      {good + "[api]\nlisten = \"127.0.0.1\"\n", "api.listen must be \"host:port\""},
      {good + "[api]\nlisten = \"::1:80\"\n", "api.listen must be \"host:port\""},
      {good + "[api]\nlisten = \"127.0.0.1:65536\"\n", "api.listen has no port from 0 to 65535"},
      {good + "[api]\ntls = \"yes\"\n", "api.tls must be true or false"},
      {good + "[api]\nthreads = 0\n", "api.threads must be a whole number from 1 to 64"},
      {good + "[log]\nlevel = \"loud\"\n", "log.level must be one of"},
      {"[node]\nid = 1\n", "link.key_file is missing"},
      {"", "node.id is missing"},
      {"[node\n", "config.toml line 1: "},
      {good + "[node]\nid = 2\n", "config.toml line "},
  };
  CHECK(judge(good) == "good");
  for (const auto& row : rows) {
    INFO(row.text);
    const std::string said = judge(row.text);
    INFO(said);
    CHECK(said.find(row.expected) != std::string::npos);
  }
  const auto with_peers = [&](const std::string& peers) {
    std::string text = good;
    const auto begin = text.find("peers = "), end = text.find('\n', begin);
    return judge(text.replace(begin, end - begin, "peers = " + peers));
  };
  CHECK(with_peers("[{ node = 1, address = \"h:1\" }]").find("which is this node") != std::string::npos);
  CHECK(with_peers("[{ node = 2, address = \"h:1\" }, { node = 2, address = \"h:2\" }]").find("names peer 2 twice") != std::string::npos);
  CHECK(with_peers("[{ node = 2, address = \"h:0\" }]").find("with port 0") != std::string::npos);
  CHECK(with_peers("[{ node = 2 }]").find("exactly node and address") != std::string::npos);
  CHECK(with_peers("[\"h:1\"]").find("exactly node and address") != std::string::npos);
  CHECK(with_peers("[{ node = 0, address = \"h:1\" }]").find("not a whole number from 1") != std::string::npos);
  CHECK(read_config("/nonexistent/config.toml").error().front().find("cannot read") != std::string::npos);
}

TEST_CASE("every option stands in the operators' guide with its default") {
  std::ifstream in(std::string(DAFTAR_SOURCE_DIR) + "/docs/operators.md");
  std::ostringstream guide;
  guide << in.rdbuf();
  for (const auto& option : option_texts()) {
    const std::string row = "| `" + option.section + "." + option.key + "` | " + option.unit + " | " + option.default_text + " | " + option.effect + " |";
    INFO(row);
    CHECK(guide.str().find(row) != std::string::npos);
  }
}

TEST_CASE("a key file is 64 hex digits that nobody else may read") {
  const tests::TemporaryFolder directory;
  const fs::path file = directory / "link.key";
  const std::string seed(32, '\x5a');
  REQUIRE(write_seed_file(file, seed).has_value());
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(read_seed_file(file).value() == seed);
  CHECK(write_seed_file(file, seed).error().find("never replaced") != std::string::npos);
  for (const mode_t mode : {0640u, 0604u, 0620u, 0601u}) {
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    CHECK(read_seed_file(file).error().find("chmod 600") != std::string::npos);
  }
  const std::string hex(64, 'a');
  for (const std::string& text : {std::string(), std::string(63, 'a'), hex + "a", hex + "\n\n", std::string(63, 'a') + "g", " " + hex, std::string(1000, 'a')}) {
    INFO(text);
    write(file, text);
    CHECK(read_seed_file(file).error().find("64 hexadecimal digits") != std::string::npos);
  }
  write(file, hex);
  CHECK(read_seed_file(file).has_value());
  CHECK(read_seed_file(directory.path()).error().find("not a regular file") != std::string::npos);
  CHECK_FALSE(read_seed_file(directory / "absent").has_value());
}

TEST_CASE("init makes a folder that loads, only with the keys of the genesis, and replaces nothing") {
  const tests::TemporaryFolder directory;
  const tests::SmallNetwork network(3);
  const fs::path dir = directory.path();
  write(dir / "genesis.pb", network.genesis->bytes());
  REQUIRE(write_seed_file(dir / "l", network.link_keys[1].seed()).has_value());
  REQUIRE(write_seed_file(dir / "c", network.checkpoint_keys[1].seed()).has_value());
  InitRequest request;
  request.genesis = dir / "genesis.pb";
  request.dir = dir / "node-2";
  request.link_seed_file = dir / "l";
  request.checkpoint_seed_file = dir / "c";
  request.node = 2;
  request.peers = {"1=10.0.0.1:7000", "3=node3.example:7000"};

  const auto refused = [&](auto change, const std::string& expected) {
    InitRequest other = request;
    change(other);
    const auto made = init_node(other);
    REQUIRE_FALSE(made.has_value());
    INFO(made.error());
    CHECK(made.error().find(expected) != std::string::npos);
    CHECK_FALSE(fs::exists(request.dir));
  };
  refused([](InitRequest& r) { r.node = 0; }, "--node must be 1 or more");
  refused([](InitRequest& r) { r.node = 4; }, "name the member who operates it with --operator");
  refused([](InitRequest& r) { r.link_seed_file.clear(); }, "node 2 stands in the genesis: give its keys");
  refused([](InitRequest& r) { r.node = 1; }, "is not the link key that the genesis names for node 1");
  refused([](InitRequest& r) { std::swap(r.link_seed_file, r.checkpoint_seed_file); }, "is not the link key");
  refused([](InitRequest& r) { r.peers.pop_back(); }, "must name all other validators: 2, not 1");
  refused([](InitRequest& r) { r.peers[0] = "x"; }, "NODE=HOST:PORT");
  refused([](InitRequest& r) { r.peers[0] = "1=nowhere"; }, "host:port");
  refused([](InitRequest& r) { r.peers[0] = "2=h:1"; }, "which is this node");
  refused([](InitRequest& r) { r.api_listen = "0.0.0.0:8000"; r.api_tls = false; }, "loopback");
  refused([&](InitRequest& r) { r.genesis = dir / "l"; }, "is no genesis");

  const auto made = init_node(request);
  REQUIRE(made.has_value());
  const auto config = read_config(*made);
  REQUIRE(config.has_value());
  CHECK(config->data_dir == request.dir / "data");
  const auto options = load_node_options(*config);
  REQUIRE(options.has_value());
  CHECK(options->node == 2);
  CHECK(options->link_seed == network.link_keys[1].seed());
  CHECK(options->genesis->ledger_id() == network.genesis->ledger_id());
  CHECK(fs::status(request.dir).permissions() == fs::perms::owner_all);
  CHECK(init_node(request).error().find("nothing is replaced") != std::string::npos);
}

TEST_CASE("init of a node that the genesis does not name makes its keys and says the public part") {
  const tests::TemporaryFolder directory;
  const tests::SmallNetwork network(3);
  const fs::path dir = directory.path();
  write(dir / "genesis.pb", network.genesis->bytes());
  InitRequest request;
  request.genesis = dir / "genesis.pb";
  request.dir = dir / "node-5";
  request.node = 5;
  request.operator_member = "operator-5";
  request.link_listen = "127.0.0.1:7005";
  const std::string pinned = ledger::SigningKey::generate().public_key().hex();
  request.peers = {"1=10.0.0.1:7000", "4=[2001:db8::4]:7000=" + pinned};
  const auto refused = [&](auto change, const std::string& expected) {
    InitRequest other = request;
    change(other);
    const auto made = init_node(other);
    REQUIRE_FALSE(made.has_value());
    INFO(made.error());
    CHECK(made.error().find(expected) != std::string::npos);
    CHECK_FALSE(fs::exists(request.dir));
  };
  refused([](InitRequest& r) { r.operator_member = "No Member"; }, "--operator");
  refused([](InitRequest& r) { r.link_listen = "0.0.0.0:0"; }, "--link-address");
  refused([](InitRequest& r) { r.link_address = "nowhere"; }, "--link-address");
  refused([](InitRequest& r) { r.peers.clear(); }, "at least one node");
  refused([](InitRequest& r) { r.peers[1] = "4=10.0.0.4:7000"; }, "give its link_key");
  refused([](InitRequest& r) { r.peers[1] = "4=10.0.0.4:7000=abc"; }, "64 hexadecimal digits");
  refused([&](InitRequest& r) { r.peers[0] = "1=10.0.0.1:7000=" + pinned; }, "another link_key than the genesis");
  refused([](InitRequest& r) { r.link_seed_file = "/nonexistent"; }, "/nonexistent");

  const auto made = init_node(request);
  INFO((made ? "" : made.error()));
  REQUIRE(made.has_value());
  const auto config = read_config(*made);
  REQUIRE(config.has_value());
  const auto options = load_node_options(*config);
  REQUIRE(options.has_value());
  CHECK(options->node == 5);
  REQUIRE(options->peers.size() == 2);
  CHECK(options->peers[1].host == "2001:db8::4");
  CHECK(options->peers[1].link_key->hex() == pinned);
  std::ifstream in(request.dir / "node.json");
  const auto shown = nlohmann::json::parse(in);
  CHECK(shown == nlohmann::json{{"format", "daftar-node"}, {"version", 1}, {"ledger_id", network.genesis->ledger_id().hex()}, {"node", 5}, {"operator", "operator-5"},
                                {"link_key", ledger::SigningKey::from_seed(options->link_seed)->public_key().hex()},
                                {"checkpoint_key", ledger::SigningKey::from_seed(options->checkpoint_seed)->public_key().hex()}, {"link_address", "127.0.0.1:7005"}});
  CHECK(options->link_seed != options->checkpoint_seed);
  CHECK(init_node(request).error().find("nothing is replaced") != std::string::npos);
}

TEST_CASE("a configuration whose parts do not belong together is refused before anything starts") {
  const tests::TemporaryFolder directory;
  const tests::SmallNetwork network(2), other(2);
  const fs::path dir = directory.path();
  write(dir / "genesis.pb", network.genesis->bytes());
  REQUIRE(write_seed_file(dir / "link.key", network.link_keys[0].seed()).has_value());
  REQUIRE(write_seed_file(dir / "checkpoint.key", network.checkpoint_keys[0].seed()).has_value());
  Config config;
  config.node = 1;
  config.genesis = dir / "genesis.pb";
  config.link_key_file = dir / "link.key";
  config.checkpoint_key_file = dir / "checkpoint.key";
  config.peers = {{2, "127.0.0.1", 7002}};
  REQUIRE(load_node_options(config).has_value());
  const auto refused = [&](auto change, const std::string& expected) {
    Config wrong = config;
    change(wrong);
    const auto loaded = load_node_options(wrong);
    REQUIRE_FALSE(loaded.has_value());
    INFO(loaded.error());
    CHECK(loaded.error().find(expected) != std::string::npos);
  };
  refused([](Config& c) { c.node = 3; c.peers.clear(); }, "must name at least one node");
  refused([](Config& c) { c.peers.clear(); }, "must name all other validators");
  refused([](Config& c) { c.peers[0].node = 5; }, "names node 5");
  refused([&](Config& c) { c.peers[0].link_key = network.link_keys[0].public_key(); }, "names node 2 with another link_key than the genesis");
  config.peers.push_back({5, "127.0.0.1", 7005, ledger::SigningKey::generate().public_key()});   // a later node, pinned
  REQUIRE(load_node_options(config).has_value());
  CHECK(load_node_options(config)->peers[1].link_key == config.peers[1].link_key);
  config.peers.pop_back();
  refused([](Config& c) { std::swap(c.link_key_file, c.checkpoint_key_file); }, "is not the link key");
  refused([](Config& c) { c.genesis = "/nonexistent"; }, "cannot read the genesis");
  write(dir / "genesis.pb", other.genesis->bytes());
  CHECK(load_node_options(config).error().find("is not the link key that the genesis names") != std::string::npos);
}

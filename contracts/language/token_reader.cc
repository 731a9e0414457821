#include "contracts/language/token_reader.h"

#include <charconv>

namespace daftar::contracts::language {
namespace {

std::string shown(const Token& token) {
  if (token.kind == TokenKind::end) return "the end of the file";
  if (token.kind == TokenKind::text) return "a text";
  std::string out = "`" + std::string(token.spelling) + "`";
  if (token.kind == TokenKind::keyword) out += " (a word of the language)";
  return out;
}

}  // namespace

TokenReader::TokenReader(const std::vector<Token>& tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind == TokenKind::comment) continue;
    read_.push_back(tokens[i]);
    index_of_.push_back(i);
  }
  at_ = read_.begin();
}

bool TokenReader::sees(std::string_view spelling) const {
  return (at_->kind == TokenKind::keyword || at_->kind == TokenKind::symbol) && at_->spelling == spelling;
}

bool TokenReader::accept(std::string_view spelling) {
  if (!sees(spelling)) return false;
  ++at_;
  return true;
}

void TokenReader::expect(std::string_view spelling, std::string_view where) {
  if (!accept(spelling)) fail("`" + std::string(spelling) + "` " + std::string(where));
}

std::string TokenReader::expect_name(std::string_view what) { return std::string(expect(TokenKind::name, what)); }

std::string_view TokenReader::take() {
  const std::string_view spelling = at_->spelling;
  if (!ended()) ++at_;
  return spelling;
}

std::string_view TokenReader::expect(TokenKind kind, std::string_view what) {
  if (at_->kind != kind) {
    fail(what);
    return {};
  }
  return take();
}

std::string TokenReader::expect_text(std::string_view what) {
  if (!sees(TokenKind::text)) {
    fail(what);
    return {};
  }
  std::string out;
  while (sees(TokenKind::text)) {
    if (!out.empty()) out += ' ';
    out += text_value(*at_++);
  }
  return out;
}

std::int64_t TokenReader::expect_integer(std::string_view what, std::int64_t most) {
  const Place where = place();
  const std::string_view spelling = expect(TokenKind::number, what);
  std::int64_t value = 0;
  const auto [stopped, error] = std::from_chars(spelling.data(), spelling.data() + spelling.size(), value);
  if (fault_) return 0;
  if (error != std::errc{} || stopped != spelling.data() + spelling.size() || value > most)
    fail_at(where, "expected " + std::string(what) + ": a whole number up to " + std::to_string(most) + ", found `" + std::string(spelling) + "`");
  return value;
}

void TokenReader::fail(std::string_view expected) { fail_at(place(), "expected " + std::string(expected) + ", found " + shown(*at_)); }

void TokenReader::fail_at(Place place, std::string sentence) {
  if (!fault_) fault_ = Fault{place, std::move(sentence)};
  at_ = read_.end() - 1;
}

TokenReader::Deeper::Deeper(TokenReader& reader) : reader_(reader) {
  if (++reader_.depth_ > limits::nesting)
    reader_.fail_at(reader_.place(), "nested more than " + std::to_string(limits::nesting) + " deep");
}

}  // namespace daftar::contracts::language

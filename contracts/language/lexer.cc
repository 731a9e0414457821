#include "contracts/language/lexer.h"

#include <algorithm>
#include <array>

#include "ledger/ascii.h"
#include "ledger/utf8.h"

namespace daftar::contracts::language {
namespace {

constexpr std::array<std::string_view, 77> sorted_keywords = {
    "account", "action", "all", "and", "any", "as", "at", "because", "become", "becomes", "budget", "by", "category", "choice", "clause",
    "conclude", "contract", "date", "day", "days", "deadline", "digest", "does", "duration", "each", "else", "end", "ended", "entrant",
    "first", "for", "from", "fund", "given", "hold", "hour", "hours", "if", "in", "is", "joins", "later", "let", "line", "list", "max",
    "min", "money", "no", "not", "now", "of", "on", "optional", "or", "party", "pay", "per", "phases", "prevails", "prose", "public", "rate",
    "refund", "release", "require", "rest", "seals", "set", "stages", "template", "term", "text", "to", "up", "version", "when"};

bool is_name_start(char c) { return ledger::is_lower(c); }
bool is_name_part(char c) { return ledger::is_lower(c) || ledger::is_digit(c) || c == '_'; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Expected<std::vector<Token>, Fault> run() {
    std::vector<Token> out;
    while (true) {
      skip_blanks();
      const Place place = place_;
      const std::size_t begin = at_;
      if (at_ == source_.size()) {
        out.push_back({TokenKind::end, {}, place, at_});
        return out;
      }
      const auto kind = take();
      if (!kind) return Unexpected<Fault>(kind.error());
      const std::string_view spelling = source_.substr(begin, at_ - begin);
      place_.column += columns(spelling);
      out.push_back({*kind, spelling, place, at_});
    }
  }

 private:
  using Taken = Expected<TokenKind, Fault>;
  static Unexpected<Fault> fault(Place place, std::string sentence) { return Unexpected<Fault>(Fault{place, std::move(sentence)}); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }

  static std::uint32_t columns(std::string_view text) {
    return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  }

  void skip_blanks() {
    for (; at_ < source_.size(); ++at_) {
      const char c = source_[at_];
      if (c == '\n') place_ = {place_.line + 1, 1};
      else if (c == ' ' || c == '\t' || c == '\r') place_.column += 1;
      else return;
    }
  }

  Taken take() {
    const char c = peek();
    if (c == '#') {
      while (at_ < source_.size() && peek() != '\n') ++at_;
      return TokenKind::comment;
    }
    if (c == '"') return take_text();
    if (ledger::is_digit(c)) return take_number();
    if (is_name_start(c)) return take_word();
    for (const std::string_view symbol : {"..", "<=", ">=", "!="})
      if (source_.substr(at_, 2) == symbol) {
        at_ += 2;
        return TokenKind::symbol;
      }
    if (std::string_view("{}(),:.+-=<>%").find(c) != std::string_view::npos) {
      ++at_;
      return TokenKind::symbol;
    }
    return fault(place_, "no word, number or sign begins here; names are written in small Latin letters, digits and _");
  }

  Taken take_word() {
    const std::size_t begin = at_;
    while (is_name_part(peek())) ++at_;
    const std::string_view word = source_.substr(begin, at_ - begin);
    if (word.size() > limits::name_bytes) return fault(place_, "a name has at most " + std::to_string(limits::name_bytes) + " characters");
    return std::binary_search(sorted_keywords.begin(), sorted_keywords.end(), word) ? TokenKind::keyword : TokenKind::name;
  }

  Taken take_number() {
    const std::size_t begin = at_;
    while (ledger::is_digit(peek())) ++at_;
    if (at_ - begin == 4 && peek() == '-' && ledger::is_digit(peek(1))) {
      at_ += 1;
      while (ledger::is_digit(peek()) || (peek() == '-' && ledger::is_digit(peek(1)))) ++at_;
      return TokenKind::date;
    }
    if (peek() == '.' && ledger::is_digit(peek(1))) {
      ++at_;
      while (ledger::is_digit(peek())) ++at_;
    }
    if (at_ - begin > 18) return fault(place_, "a number has at most 18 digits");
    return TokenKind::number;
  }

  Taken take_text() {
    for (++at_; at_ < source_.size() && peek() != '\n'; ++at_) {
      if (peek() == '"') {
        ++at_;
        return TokenKind::text;
      }
      if (peek() != '\\') continue;
      if (const char next = peek(1); next != '"' && next != '\\' && next != 'n') return fault(place_, "in this text a \\ is followed by none of \" \\ n");
      ++at_;
    }
    return fault(place_, "this text does not end on its line; longer texts are written as several, one after the other");
  }

  std::string_view source_;
  std::size_t at_ = 0;
  Place place_;
};

}  // namespace

std::span<const std::string_view> keywords() { return sorted_keywords; }

Expected<std::vector<Token>, Fault> tokens_of(std::string_view source) {
  if (source.size() > limits::source_bytes)
    return Unexpected<Fault>(Fault{{}, "a template has at most " + std::to_string(limits::source_bytes) + " bytes"});
  if (!ledger::is_utf8(source) || source.find('\0') != std::string_view::npos) return Unexpected<Fault>(Fault{{}, "the file is not UTF-8 text"});
  return Lexer(source).run();
}

std::string text_value(const Token& token) {
  std::string out;
  const std::string_view inside = token.spelling.substr(1, token.spelling.size() - 2);
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '\\') out += inside[i];
    else out += inside[++i] == 'n' ? '\n' : inside[i];
  }
  return out;
}

}  // namespace daftar::contracts::language

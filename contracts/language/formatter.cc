#include "contracts/language/formatter.h"

#include <algorithm>

namespace daftar::contracts::language {
namespace {

bool no_blank_before(const Token& token) {
  return token.kind == TokenKind::symbol && (token.spelling == "," || token.spelling == ")" || token.spelling == ":" || token.spelling == "." || token.spelling == ".." ||
                                             token.spelling == "%");
}
bool no_blank_after(const Token& token) {
  return token.kind == TokenKind::symbol && (token.spelling == "(" || token.spelling == "." || token.spelling == "..");
}

/// `action pay(`, `max(`; but `and (`.
bool is_called(const Token& before, const Token& bracket) {
  return bracket.kind == TokenKind::symbol && bracket.spelling == "(" &&
         (before.kind == TokenKind::name || before.spelling == "max" || before.spelling == "min");
}

bool is_sign(const Token& token, std::string_view sign) { return token.kind == TokenKind::symbol && token.spelling == sign; }

std::string_view without_blanks_behind(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

}  // namespace

std::string formatted(const Parsed& parsed) {
  std::string out;
  unsigned blocks = 0;   // open braces
  const std::vector<Token>& tokens = parsed.tokens;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {   // the last one is the end
    const Token& token = tokens[i];
    const bool begins = parsed.begins.contains(i);
    if (is_sign(token, "}")) --blocks;
    if (i > 0) {
      const Token& before = tokens[i - 1];
      const std::uint32_t lines = token.place.line - before.place.line;
      const bool breaks = lines > 0 || (begins && blocks == 0);
      if (!breaks) {
        const bool apart = !(no_blank_before(token) || no_blank_after(before) || is_called(before, token));
        if (token.kind == TokenKind::comment) out += "  ";
        else if (apart) out += ' ';
      } else {
        const bool first_in_block = is_sign(before, "{"), last_in_block = is_sign(token, "}");
        out += lines > 1 && !first_in_block && !last_in_block ? "\n\n" : "\n";
        const bool continues = !begins && !last_in_block && token.kind != TokenKind::comment;
        out.append(2 * blocks + (continues ? 4 : 0), ' ');
      }
    }
    out += token.kind == TokenKind::comment ? without_blanks_behind(token.spelling) : token.spelling;
    if (is_sign(token, "{")) ++blocks;
  }
  return out + "\n";
}

}  // namespace daftar::contracts::language

// A template's text as tokens. Comments are tokens, too: the formatter keeps them, the parser passes over them.
#pragma once
#include <span>
#include <string_view>

#include "contracts/language/source.h"
#include "ledger/expected.h"

namespace daftar::contracts::language {

enum class TokenKind : std::uint8_t { name, keyword, number, date, text, symbol, comment, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view spelling;   // into the source; of a text with its quotation marks
  Place place;
  std::size_t after = 0;       // offset of the byte behind it
};

/// Words that no party, term or action can be called by; sorted.
std::span<const std::string_view> keywords();

/// The last token is `end`. `source` must outlive the tokens. Faults: too long, not UTF-8, a character that begins nothing, a text that does not
/// end on its line, an unknown escape, a name that is too long.
Expected<std::vector<Token>, Fault> tokens_of(std::string_view source);

/// What a text token says: without its marks, escapes \" \\ \n replaced.
std::string text_value(const Token& token);

}  // namespace daftar::contracts::language

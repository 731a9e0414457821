// What the parsing functions share: the tokens without comments, one of them next, and the first fault. After a fault the reader stands at the end,
// so every loop ends and every further expectation is void: the functions return whatever they have, and parse() throws it away.
#pragma once
#include <set>

#include "contracts/language/lexer.h"
#include "contracts/language/tree.h"

namespace daftar::contracts::language {

class TokenReader {
 public:
  explicit TokenReader(const std::vector<Token>& tokens);

  const Token& next() const { return *at_; }
  Place place() const { return at_->place; }
  bool ended() const { return at_->kind == TokenKind::end; }
  bool sees(std::string_view spelling) const;         // a keyword or sign
  bool sees(TokenKind kind) const { return at_->kind == kind; }
  bool accept(std::string_view spelling);
  void expect(std::string_view spelling, std::string_view where);
  /// A name that is not a keyword.
  std::string expect_name(std::string_view what);
  std::string_view take();
  /// The token of `kind`, or a fault that says what was expected.
  std::string_view expect(TokenKind kind, std::string_view what);
  std::string expect_text(std::string_view what);     // one or more texts, joined by spaces
  std::int64_t expect_integer(std::string_view what, std::int64_t most);

  void fail(std::string_view expected);               // "expected X, found Y"
  void fail_at(Place place, std::string sentence);
  const std::optional<Fault>& fault() const { return fault_; }

  void begin() { begins_.insert(index_of_[static_cast<std::size_t>(at_ - read_.begin())]); }
  std::set<std::size_t> take_begins() { return std::move(begins_); }

  /// Nested one deeper for its lifetime; a fault beyond limits::nesting.
  class Deeper {
   public:
    explicit Deeper(TokenReader& reader);
    ~Deeper() { --reader_.depth_; }
    Deeper(const Deeper&) = delete;

   private:
    TokenReader& reader_;
  };

 private:
  std::vector<Token> read_;
  std::vector<std::size_t> index_of_;                 // in the tokens with comments
  std::vector<Token>::const_iterator at_;
  std::set<std::size_t> begins_;
  std::optional<Fault> fault_;
  unsigned depth_ = 0;
};

// parser_expressions.cc
Expression read_sum(TokenReader& r);
Expression read_condition(TokenReader& r);
/// `rate`, `duration` and `text` have ranges; `parameter`: money needs `up to`, nothing is optional or later.
Type read_type(TokenReader& r, bool parameter);
/// 2026-01-31 as milliseconds since 1970.
std::optional<std::int64_t> date_ms(std::string_view spelling);

// parser_statements.cc
std::vector<Statement> read_block(TokenReader& r);
Entry read_entry(TokenReader& r);                     // variable "of" list [ "in" stages ]
std::vector<std::string> read_names(TokenReader& r, std::string_view what);

}  // namespace daftar::contracts::language

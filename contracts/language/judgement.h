// A template from its text to a judgement, in one call: for `daftar template check` and for the tests.
#pragma once
#include "contracts/language/checker.h"

namespace daftar::contracts::language {

struct Judgement {
  enum class Standing : std::uint8_t { holds, refused, unreadable };   // unreadable: a mistake of syntax or types; nothing was checked
  struct Remark {
    std::string kind;                 // "syntax", "type" or the name of a property
    Place place;
    std::string sentence;
    std::vector<std::string> story;
  };
  Standing standing = Standing::unreadable;
  std::string title;                  // "service/1"; empty when the text cannot be parsed
  std::vector<Remark> remarks;        // empty exactly when it holds
  Verdict verdict;                    // its findings are among the remarks
};

Judgement judge(std::string_view source);

/// What a person reads: `file:line:column: kind: sentence`, the story numbered below it; or one line that says what holds.
std::vector<std::string> in_words(std::string_view file, const Judgement& judgement);

}  // namespace daftar::contracts::language

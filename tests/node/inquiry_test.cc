// When a node that has started may take part (node/inquiry.h).
#include <catch2/catch.hpp>

#include "node/inquiry.h"

using daftar::node::Inquiry;

namespace {
void let_grace_pass(Inquiry& inquiry) {
  for (int i = 0; i < 40; ++i) inquiry.tick();
}
}  // namespace

TEST_CASE("when all others have answered, a node takes part at once") {
  Inquiry inquiry(100, 40, GENERATE(false, true));
  inquiry.ask({2, 3}, true);
  CHECK(inquiry.silent() == std::vector<Inquiry::Node>{2, 3});
  CHECK(inquiry.answered(3, 100));
  CHECK_FALSE(inquiry.may_end());
  CHECK(inquiry.silent() == std::vector<Inquiry::Node>{2});
  CHECK(inquiry.answered(2, 100));
  CHECK(inquiry.may_end());
}

TEST_CASE("answers to another process's questions count for nothing") {
  Inquiry inquiry(100, 40, false);
  inquiry.ask({2}, true);
  CHECK_FALSE(inquiry.answered(2, 99));
  CHECK_FALSE(inquiry.answered(2, 101));
  CHECK_FALSE(inquiry.may_end());
}

TEST_CASE("without a sign of a loss, who is silent for the grace is not waited for") {
  Inquiry inquiry(100, 40, false);
  inquiry.ask({2, 3}, true);
  for (int i = 0; i < 39; ++i) inquiry.tick();
  CHECK_FALSE(inquiry.may_end());
  inquiry.tick();
  CHECK(inquiry.may_end());
}

TEST_CASE("after a loss, a majority without this node must answer a question asked after the grace") {
  Inquiry inquiry(100, 40, true);
  inquiry.ask({2, 3, 4, 5}, true);
  for (const Inquiry::Node node : {2, 3, 4}) inquiry.answered(node, 100);
  let_grace_pass(inquiry);
  CHECK(inquiry.question() == 101);
  CHECK_FALSE(inquiry.may_end());
  CHECK(inquiry.silent() == std::vector<Inquiry::Node>{2, 3, 4, 5});
  inquiry.answered(2, 101);
  inquiry.answered(3, 101);
  inquiry.answered(4, 100);  // late, to the first question
  CHECK_FALSE(inquiry.may_end());
  inquiry.answered(4, 101);
  CHECK(inquiry.may_end());
}

TEST_CASE("of three, both others must answer after a loss, however long it takes") {
  Inquiry inquiry(100, 40, true);
  inquiry.ask({2, 3}, true);
  let_grace_pass(inquiry);
  inquiry.answered(2, 101);
  for (int i = 0; i < 1000; ++i) inquiry.tick();
  CHECK_FALSE(inquiry.may_end());
  inquiry.answered(3, 101);
  CHECK(inquiry.may_end());
}

TEST_CASE("a node that does not vote needs the answers of a majority of those who do") {
  Inquiry inquiry(100, 40, true);
  inquiry.ask({1, 2, 3}, false);
  let_grace_pass(inquiry);
  inquiry.answered(1, 101);
  CHECK_FALSE(inquiry.may_end());
  inquiry.answered(3, 101);
  CHECK(inquiry.may_end());
}

TEST_CASE("a loss found by the first answer makes a node wait for the others") {
  Inquiry inquiry(100, 40, false);
  inquiry.ask({2, 3}, true);
  inquiry.answered(2, 100);
  inquiry.loss_found();
  let_grace_pass(inquiry);
  CHECK_FALSE(inquiry.may_end());
}

TEST_CASE("a single validator asks nobody") {
  Inquiry inquiry(100, 40, false);
  inquiry.ask({}, true);
  CHECK(inquiry.may_end());
}

TEST_CASE("asked anew, all are silent again, and only answers to the new question are of it") {
  Inquiry inquiry(100, 40, true);
  inquiry.ask({2, 3}, true);
  inquiry.answered(2, 100);
  inquiry.answered(3, 100);
  inquiry.end();
  inquiry.ask_anew();
  CHECK(inquiry.question() == 101);
  CHECK(inquiry.silent() == std::vector<Inquiry::Node>{2, 3});
  CHECK(inquiry.others() == std::vector<Inquiry::Node>{2, 3});
  CHECK(inquiry.answered(2, 100));   // late: still heard
  CHECK(inquiry.silent() == std::vector<Inquiry::Node>{2, 3});
  CHECK(inquiry.answered(2, 101));
  CHECK(inquiry.silent() == std::vector<Inquiry::Node>{3});
}

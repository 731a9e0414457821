// After each start, before it promises anything, a node asks the others what it may have forgotten: its disk may be an older copy, an empty
// one, or one that had to be repaired (DESIGN §12.7; docs/consensus.md, "Old, empty and damaged disks"). Who was asked, who has answered, and
// when it may take part. Pure: knows nodes by number and time as ticks; the answers' contents are the core's business.
//
// - All other voters have answered: at once. With all nodes up that takes milliseconds.
// - Some are silent: after a grace of two election timeouts, in which a vote that an earlier process gave comes to nothing, and a leader
//   that lost its majority steps down. A node with no sign of a loss then takes part with the answers it has.
// - One that knows of a loss asks once more then, and waits for a majority of the voters without itself, for as long as it takes.
//
// As long as it is not whole again, it asks on, round after round: each begins when all have answered the one before, with another question
// (Raft::round()).
#pragma once
#include <cstdint>
#include <set>
#include <vector>

namespace daftar::node {

class Inquiry {
 public:
  using Node = std::uint64_t;
  /// `question`: numbers of questions begin here. `loss_known`: the disk is known to lack something.
  Inquiry(std::uint64_t question, std::uint64_t grace_ticks, bool loss_known)
      : first_question_(question), question_(question), grace_ticks_(grace_ticks), loss_known_(loss_known) {}

  /// The voters without this node, as far as it knows, and whether it is one itself; may change.
  void ask(std::vector<Node> others, bool votes) {
    others_ = std::move(others);
    votes_ = votes;
  }
  void tick();
  /// False: not an answer to a question of this process.
  bool answered(Node from, std::uint64_t question);
  void loss_found() { loss_known_ = true; }
  /// From now on another question is asked, of all.
  void ask_anew();

  std::uint64_t question() const { return question_; }
  bool over() const { return over_; }                  ///< never unsaid
  bool may_end() const;
  void end() { over_ = true; }
  bool grace_is_over() const { return ticks_ >= grace_ticks_; }
  bool loss_known() const { return loss_known_; }
  const std::vector<Node>& others() const { return others_; }
  /// Those who have not answered the present question, ascending. Also after the end: what they remember may come late.
  std::vector<Node> silent() const;

 private:
  std::vector<Node> others_;
  bool votes_ = true;
  std::uint64_t first_question_, question_;
  std::uint64_t grace_ticks_, ticks_ = 0;
  bool loss_known_;
  bool over_ = false;
  std::set<Node> ever_, now_;                          // answered any question, the present one
};

}  // namespace daftar::node

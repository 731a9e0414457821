// Whether somebody is left who can decide. Roles that decide come from the genesis and from governed changes only, so who may have one is known without looking at all members.
#pragma once
#include "contracts/context.h"
#include "contracts/governance/policy.h"

namespace daftar::contracts::governance {

/// Members to whom governed changes have ever given a role that decides. Those of the genesis are not here.
struct Deciders {
  std::vector<std::string> members;
};
template <class A, RecordOf<Deciders> R>
void fields(A& a, R& r) {
  a(r.members);
}

/// Refuses (nobody_left_to_decide) what would leave a kind of change that can be decided now, or a change of the nodes, without enough members who are not suspended and
/// have the roles, with `policies` in force and `changed`, if given, in the place of the member of its id.
Outcome judge_deciders(const Context& c, const Policies& policies, const Member* changed);

/// Remembers the member if it decides.
void note_decider(Context& c, const Member& member);

}  // namespace daftar::contracts::governance

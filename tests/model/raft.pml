/* The heart of the protocol for spin: elections, replication, commit and, with MEMBERSHIP, joint consensus (thesis 3, 4.3), for three nodes.
 *
 * Every step of a node is one atomic transition. What is abstracted, and why nothing unsafe is lost by it:
 * - Time is left out: any node may campaign at any moment. Pre-vote (9.6), leader stickiness (4.2.3) and check-quorum (6.2) only
 *   make some of these campaigns rarer.
 * - A message is lost by not being sent, repeated by being sent twice, late by staying in `net`: sends and replies are optional.
 * - A refusal's one effect on safety, news of a later term, is the step `hear`. Instead of keeping next indexes, a leader sends from any place.
 * - A follower handles a message, syncs and answers in one step: a crash in between is a message lost and then a crash. A leader's own
 *   entries are written while its offers travel (10.2.1), so their sync is a step of its own.
 * - Down is doing nothing: a crash and the restart are one step.
 * - An append carries at most one entry. Commit indexes are lost in a crash, as in figure 3.1.
 *
 * - Votes, and replies to appends, are at once with the node that asked. That it counts them is a step of its own, at any later moment, which is
 *   all that lateness could do; a request for votes that is late finds its sender's election over. With TRAVEL they are messages like appends.
 * - No two equal messages are in flight at once, and appends of terms that their receiver has left, which it would drop, are dropped at once.
 *
 * Bounds: TERMS (1..TERMS), ENTRIES (length of a log), FLIGHT (messages in flight), CRASHES (in the whole run).
 * BROKEN_... plants one mistake; WITNESS_... turns an aim into an assertion whose violation is the wanted example. tests/model/run knows them all.
 */
#ifndef TERMS
#define TERMS 3
#endif
#ifndef ENTRIES
#define ENTRIES 2
#endif
#ifndef FLIGHT
#define FLIGHT 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif

/* Planted mistakes: none unless asked for. */
#ifndef BROKEN_QUORUM_OVER_UNION
#define BROKEN_QUORUM_OVER_UNION 0
#endif
#ifndef BROKEN_OLD_VOTERS_IGNORED
#define BROKEN_OLD_VOTERS_IGNORED 0
#endif
#ifndef BROKEN_VOTE_FORGOTTEN
#define BROKEN_VOTE_FORGOTTEN 0
#endif
#ifndef BROKEN_VOTE_FOR_OLD_TERM
#define BROKEN_VOTE_FOR_OLD_TERM 0
#endif
#ifndef BROKEN_VOTE_FOR_ANY_LOG
#define BROKEN_VOTE_FOR_ANY_LOG 0
#endif
#ifndef BROKEN_LATE_VOTE_COUNTED
#define BROKEN_LATE_VOTE_COUNTED 0
#endif
#ifndef BROKEN_PREVIOUS_NOT_CHECKED
#define BROKEN_PREVIOUS_NOT_CHECKED 0
#endif
#ifndef BROKEN_MATCHING_SUFFIX_TRUNCATED
#define BROKEN_MATCHING_SUFFIX_TRUNCATED 0
#endif
#ifndef BROKEN_COMMIT_BEYOND_CHECKED
#define BROKEN_COMMIT_BEYOND_CHECKED 0
#endif
#ifndef BROKEN_ACK_BEFORE_SYNC
#define BROKEN_ACK_BEFORE_SYNC 0
#endif
#ifndef BROKEN_OWN_COPY_COUNTED_UNSYNCED
#define BROKEN_OWN_COPY_COUNTED_UNSYNCED 0
#endif
#ifndef BROKEN_OLD_TERM_COMMITTED_BY_COUNTING
#define BROKEN_OLD_TERM_COMMITTED_BY_COUNTING 0
#endif
#ifndef BROKEN_SECOND_CHANGE_WHILE_PENDING
#define BROKEN_SECOND_CHANGE_WHILE_PENDING 0
#endif
#ifndef BROKEN_NO_JOINT_CONFIGURATION
#define BROKEN_NO_JOINT_CONFIGURATION 0
#endif
#ifndef BROKEN_CONFIGURATION_KEPT_WHEN_DROPPED
#define BROKEN_CONFIGURATION_KEPT_WHEN_DROPPED 0
#endif

#define N 3
#define NOBODY 3
#define bit_of(node) (1 << (node))
#define has(set, node) (((set) >> (node)) & 1)
#define size_of(set) (has(set, 0) + has(set, 1) + has(set, 2))
#define majority(set, voters) (2 * size_of((set) & (voters)) > size_of(voters))

/* An entry: its term, the leader that made it (what tells the entries of two leaders of one term apart) and the configuration it brings into
 * force, 0 if none. An entry of 0 is no entry; place 0 of a log stays empty. */
#define entry(term, leader, config) ((config) << 5 | (leader) << 3 | (term))
#define term_of(e) ((e) & 7)
#define config_of(e) ((e) >> 5)

/* A message is a number, 0 is none:  commit:3 entry:8 previous term:3 previous index:3 term:3 to:2 from:2 kind:3. A vote request has its last
 * position in `previous`, an append reply its match in `previous index`. */
#define VOTE_REQUEST 1
#define VOTE 2
#define APPEND 3
#define APPENDED 4
#define message(kind, from, to, term, index, index_term, e, commit) \
  ((kind) | (from) << 3 | (to) << 5 | (term) << 7 | (index) << 10 | (index_term) << 13 | (e) << 16 | (commit) << 24)
#define m_kind(m) ((m) & 7)
#define m_from(m) (((m) >> 3) & 3)
#define m_to(m) (((m) >> 5) & 3)
#define m_term(m) (((m) >> 7) & 7)
#define m_index(m) (((m) >> 10) & 7)
#define m_index_term(m) (((m) >> 13) & 7)
#define m_entry(m) (((m) >> 16) & 255)
#define m_commit(m) (((m) >> 24) & 7)

/* Configurations, in the order in which they follow each other: 0 is the one at the start, of the voters OLD; then over to NEW and back to OLD.
 * Odd ones are joint. */
#ifdef MEMBERSHIP
#define CONFIGS 4
#define before(config) (((config) == 0 || (config) == 1 || (config) == 4) -> OLD : NEW)
#define after(config) (((config) == 0 || (config) == 3 || (config) == 4) -> OLD : NEW)
#else
#define before(config) 7
#define after(config) 7
#endif
#define voters_of(config) (before(config) | after(config))
#if BROKEN_QUORUM_OVER_UNION
#define quorum(set, config) majority(set, voters_of(config))
#elif BROKEN_OLD_VOTERS_IGNORED
#define quorum(set, config) majority(set, after(config))
#else
#define quorum(set, config) (majority(set, before(config)) && majority(set, after(config)))
#endif

#define FOLLOWER 0
#define CANDIDATE 1
#define LEADER 2

typedef Disk {
  byte term;
  byte vote = NOBODY;
  byte last;
  byte log[ENTRIES + 1];
};
typedef Node {
  byte role;
  byte term;
  byte vote = NOBODY;
  byte last;             /* index of the last entry */
  byte log[ENTRIES + 1]; /* from 1; 0 above last */
  byte commit;
  byte votes;            /* a candidate's, as a set; else 0 */
  byte match[N];         /* a leader's; else 0 */
#ifdef MEMBERSHIP
  byte config;           /* the one in force */
#endif
};
Node node[N];
Disk disk[N];
int net[FLIGHT];         /* sorted, so that equal sets of messages are equal states */
byte crashes;

/* What the properties are about. */
byte leader_of[TERMS + 1];     /* node + 1; 0: nobody yet */
byte committed[ENTRIES + 1];   /* what some node's commit index has covered, for ever; 0: nothing yet */
byte committed_in[ENTRIES + 1]; /* the term of the leader that did so first */
bool election_safety = true, log_matching = true, leader_completeness = true, state_machine_safety = true;
/* What the search must be able to reach: else the properties would hold because nothing happens. */
#ifdef WITNESS_COMMITTED_EVERYWHERE
#define WITNESS (node[0].commit == 2 && node[1].commit == 2 && node[2].commit == 2)
#endif
#ifdef WITNESS_COMMITTED_BY_A_LATER_TERM
#define WITNESS (term_of(committed[1]) == 1 && committed_in[1] == 2)
#endif
#ifdef WITNESS_MEMBERSHIP_CHANGED
#define WITNESS (config_of(committed[3]) == 2)
#endif
#ifdef WITNESS
bool unseen = true;
#endif

#ifdef MEMBERSHIP
#define in_force(i) node[i].config
#else
#define in_force(i) 0
#endif

/* ---- scratch of one step: written before it is read, and no part of the state */
hidden int m;
hidden int swap;
hidden byte k, j, from, place, bound, set;
hidden byte good;

/* Puts m into the network. */
inline send() {
  k = 0;
  do
  :: k < FLIGHT -> if :: m > net[k] -> swap = net[k]; net[k] = m; m = swap :: else fi; k++
  :: else -> break
  od
}
#define room (net[FLIGHT - 1] == 0)
#define travels(message) (net[0] == (message) || net[FLIGHT / 2] == (message) || net[FLIGHT - 1] == (message)) /* FLIGHT <= 3 */

inline take(slot) {
  m = net[slot];
  k = slot;
  do
  :: k < FLIGHT - 1 -> net[k] = net[k + 1]; k++
  :: else -> break
  od;
  net[FLIGHT - 1] = 0
}

/* ---- properties */

inline check_log_matching(i) {
  j = 0;
  do
  :: j < N ->
     good = true;
     k = 1;
     do
     :: k <= ENTRIES ->
        good = good && node[i].log[k] == node[j].log[k];
        if
        :: !good && node[i].log[k] && term_of(node[i].log[k]) == term_of(node[j].log[k]) -> log_matching = false
        :: else
        fi;
        k++
     :: else -> break
     od;
     j++
  :: else -> break
  od;
  assert(log_matching)
}

inline check_leader(i) {
  election_safety = leader_of[node[i].term] == 0 || leader_of[node[i].term] == i + 1;
  assert(election_safety);
  leader_of[node[i].term] = i + 1;
  k = 1;
  do
  :: k <= ENTRIES ->
     if :: committed[k] && committed_in[k] < node[i].term && node[i].log[k] != committed[k] -> leader_completeness = false :: else fi;
     k++
  :: else -> break
  od;
  assert(leader_completeness)
}

/* Commits of i in (node[i].commit, through]. */
inline commit_through(i, through) {
  do
  :: node[i].commit < through ->
     node[i].commit++;
     k = node[i].commit;
     state_machine_safety = committed[k] == 0 || committed[k] == node[i].log[k];
     assert(state_machine_safety);
     if :: committed[k] == 0 -> committed[k] = node[i].log[k]; committed_in[k] = node[i].term :: else fi;
     /* A leader of a later term may have been elected before this was known. */
     j = 0;
     do
     :: j < N ->
        if
        :: node[j].role == LEADER && node[j].term > committed_in[k] && node[j].log[k] != committed[k] -> leader_completeness = false
        :: else
        fi;
        j++
     :: else -> break
     od;
     assert(leader_completeness)
  :: else -> break
  od
}

/* ---- state of a node */

inline find_config(i) {
#ifdef MEMBERSHIP
  node[i].config = 0;
  k = 1;
  do
  :: k <= ENTRIES -> if :: config_of(node[i].log[k]) -> node[i].config = config_of(node[i].log[k]) :: else fi; k++
  :: else -> break
  od
#else
  skip
#endif
}

inline persist(i) {
  disk[i].term = node[i].term;
  disk[i].vote = node[i].vote;
  disk[i].last = node[i].last;
  k = 1;
  do
  :: k <= ENTRIES -> disk[i].log[k] = node[i].log[k]; k++
  :: else -> break
  od
}

/* What i is too far for by now. */
inline drop_old_appends(i) {
  place = FLIGHT;
  do
  :: place > 0 ->
     place--;
     if :: m_kind(net[place]) == APPEND && m_to(net[place]) == i && m_term(net[place]) < node[i].term -> take(place) :: else fi
  :: else -> break
  od
}

inline lose_role(i) {
  node[i].role = FOLLOWER;
  node[i].votes = 0;
  node[i].match[0] = 0;
  node[i].match[1] = 0;
  node[i].match[2] = 0
}

inline follow(i, t) {
  lose_role(i);
  if :: t > node[i].term -> node[i].term = t; node[i].vote = NOBODY :: else fi
}

inline append(i, e) {
  node[i].last++;
  node[i].log[node[i].last] = e;
#if defined(MEMBERSHIP) && BROKEN_CONFIGURATION_KEPT_WHEN_DROPPED
  if :: config_of(e) -> node[i].config = config_of(e) :: else fi;
#else
  find_config(i);
#endif
  check_log_matching(i)
}

/* Drops everything above `last`. */
inline truncate(i, new_last) {
  do
  :: node[i].last > new_last -> node[i].log[node[i].last] = 0; node[i].last--
  :: else -> break
  od;
#if !BROKEN_CONFIGURATION_KEPT_WHEN_DROPPED
  find_config(i)
#endif
}

inline restart(i) {
  lose_role(i);
  node[i].term = disk[i].term;
  if :: BROKEN_VOTE_FORGOTTEN -> disk[i].vote = NOBODY :: else fi;
  node[i].vote = disk[i].vote;
  node[i].last = disk[i].last;
  k = 1;
  do
  :: k <= ENTRIES -> node[i].log[k] = disk[i].log[k]; k++
  :: else -> break
  od;
  node[i].commit = 0;
  find_config(i)
}

/* ---- answers, in m */

inline on_vote(i) {
  if
  :: node[i].role == CANDIDATE && (m_term(m) == node[i].term || BROKEN_LATE_VOTE_COUNTED) ->
     node[i].votes = node[i].votes | bit_of(m_from(m))
  :: else
  fi
}

inline on_appended(i) {
  if
  :: node[i].role == LEADER && m_term(m) == node[i].term && m_index(m) > node[i].match[m_from(m)] ->
     node[i].match[m_from(m)] = m_index(m)
  :: else
  fi
}

inline answer(to) {
#ifdef TRAVEL
  if :: room && !travels(m) -> send() :: else fi
#else
  if :: m_kind(m) == VOTE -> on_vote(to) :: else -> on_appended(to) fi
#endif
}

/* ---- elections (3.4, 3.6.1) */

inline campaign(i) {
  lose_role(i);
  node[i].term++;
  node[i].vote = i;
  node[i].role = CANDIDATE;
  node[i].votes = bit_of(i);
  persist(i)
}

inline become_leader(i) {
  lose_role(i);
  node[i].role = LEADER;
  check_leader(i);
  append(i, entry(node[i].term, i, 0)) /* the no-op (6.4) */
}

inline on_vote_request(i, reply) {
  from = m_from(m);
  place = m_term(m);
  if :: m_term(m) > node[i].term -> follow(i, m_term(m)) :: else fi;
  good = node[i].vote == NOBODY || node[i].vote == from;
  good = good && (m_term(m) == node[i].term || BROKEN_VOTE_FOR_OLD_TERM);
  bound = term_of(node[i].log[node[i].last]);
  good = good && (m_index_term(m) > bound || (m_index_term(m) == bound && m_index(m) >= node[i].last) || BROKEN_VOTE_FOR_ANY_LOG);
  if :: good -> node[i].vote = from :: else fi;
  persist(i);
  m = message(VOTE, i, from, place, 0, 0, 0, 0);
  if :: good && reply -> answer(from) :: else fi
}

/* ---- replication (3.5) and commit (3.6.2) */

inline on_append(i, reply) {
  from = m_from(m);
  if
  :: m_term(m) >= node[i].term ->
     if :: m_term(m) > node[i].term || node[i].role == CANDIDATE -> follow(i, m_term(m)) :: else fi;
     place = m_index(m);
     if
     :: place <= node[i].last && (term_of(node[i].log[place]) == m_index_term(m) || BROKEN_PREVIOUS_NOT_CHECKED) ->
        swap = m_commit(m); /* m is free from here on */
        if
        :: m_entry(m) ->
           place++;
           if
           :: place > node[i].last || term_of(node[i].log[place]) != term_of(m_entry(m)) -> truncate(i, place - 1); append(i, m_entry(m))
           :: else -> if :: BROKEN_MATCHING_SUFFIX_TRUNCATED -> truncate(i, place) :: else fi
           fi
        :: else
        fi;
        /* Figure 3.1, step 5: what lies beyond the checked entries may be a deposed leader's. */
        bound = (BROKEN_COMMIT_BEYOND_CHECKED -> node[i].last : place);
        bound = (swap < bound -> swap : bound);
        commit_through(i, bound);
        if :: !BROKEN_ACK_BEFORE_SYNC -> persist(i) :: else fi;
        m = message(APPENDED, i, from, node[i].term, place, 0, 0, 0);
        if :: reply -> answer(from) :: else fi
     :: else -> persist(i)
     fi
  :: else
  fi
}

/* Finds `bound`, the highest index a leader may commit; 0 if none. */
inline count_copies(i) {
  bound = 0;
  place = 1;
  do
  :: place <= node[i].last ->
     set = ((disk[i].last >= place || BROKEN_OWN_COPY_COUNTED_UNSYNCED) -> bit_of(i) : 0);
     j = 0;
     do
     :: j < N -> if :: j != i && node[i].match[j] >= place -> set = set | bit_of(j) :: else fi; j++
     :: else -> break
     od;
     if
     :: quorum(set, in_force(i)) && (term_of(node[i].log[place]) == node[i].term || BROKEN_OLD_TERM_COMMITTED_BY_COUNTING) -> bound = place
     :: else
     fi;
     place++
  :: else -> break
  od
}

inline deliver(i, slot, reply) {
  take(slot);
  if
  :: m_kind(m) == VOTE_REQUEST -> on_vote_request(i, reply)
  :: m_kind(m) == VOTE -> on_vote(i)
  :: m_kind(m) == APPEND -> on_append(i, reply)
  :: else -> on_appended(i)
  fi
}
#define answers(message) (m_kind(message) == VOTE_REQUEST || m_kind(message) == APPEND)
#define due(slot) (net[slot] && m_to(net[slot]) == self && (slot == 0 || net[slot] != net[(slot > 0 -> slot - 1 : 0)]))

/* ---- membership (4.3) */

#ifdef MEMBERSHIP
#define is_joint(config) ((config) & 1)
/* Where the entry of the configuration in force stands; 0: it is the one at the start. */
inline find_config_place(i) {
  place = 0;
  k = 1;
  do
  :: k <= ENTRIES -> if :: config_of(node[i].log[k]) == node[i].config && node[i].config -> place = k :: else fi; k++
  :: else -> break
  od
}

/* One change at a time, and only once an entry of the leader's own term is committed; the joint configuration is left when it is committed. */
inline change_membership(i) {
  find_config_place(i);
  good = node[i].commit >= place && term_of(node[i].log[node[i].commit]) == node[i].term || BROKEN_SECOND_CHANGE_WHILE_PENDING;
  if :: good -> append(i, entry(node[i].term, i, node[i].config + 1 + BROKEN_NO_JOINT_CONFIGURATION)) :: else fi
}
#endif

/* ---- what may happen */

/* Nodes are alike, so they may be numbered in the order in which they first do something. */
#ifdef MEMBERSHIP
#define may_act(i) true
#else
#define may_act(i) ((i) == 0 || node[((i) > 0 -> (i) - 1 : 0)].term > 0)
#endif
/* FOCUS, for mistakes that show only in long stories: node 0 leads the odd terms, node 1 the even ones, clients propose
 * nothing, and node 2 hears of nothing but votes. */
#ifdef FOCUS
#define may_lead_next(i) ((i) == (node[i].term & 1))
#define may_propose false
#define may_hear(i) ((i) != 2)
#else
#define may_lead_next(i) true
#define may_propose true
#define may_hear(i) true
#endif
#define is_voter(i) has(voters_of(in_force(i)), i)
#define behind(i) (node[i].term < node[0].term || node[i].term < node[1].term || node[i].term < node[2].term)
#define unsynced(i) (disk[i].last != node[i].last || disk[i].log[disk[i].last] != node[i].log[disk[i].last])

inline hear(i) {
  j = 0;
  bound = 0;
  do
  :: j < N -> if :: node[j].term > bound -> bound = node[j].term :: else fi; j++
  :: else -> break
  od;
  follow(i, bound);
  persist(i)
}

#define vote_request(to) message(VOTE_REQUEST, self, to, node[self].term, node[self].last, term_of(node[self].log[node[self].last]), 0, 0)
#define append_from(previous, to) message(APPEND, self, to, node[self].term, previous, term_of(node[self].log[previous]), \
  (previous < node[self].last -> node[self].log[(previous < ENTRIES -> previous + 1 : 0)] : 0), node[self].commit)

/* Each ends in a skip: a loop may not be the last statement of a d_step. */
#ifdef TRAVEL
#define ASKS(to) :: d_step { to != self && node[self].role == CANDIDATE && !has(node[self].votes, to) && room && !travels(vote_request(to)) -> \
  m = vote_request(to); send(); skip }
#else
#define ASKS(to) :: d_step { to != self && node[self].role == CANDIDATE && !has(node[self].votes, to) && may_act(to) -> \
  m = vote_request(to); on_vote_request(to, true); drop_old_appends(to); skip }
#endif
/* The entry after `previous`; with previous == last an empty one, which tells of commits. */
#define OFFERS(to, previous) :: d_step { to != self && may_hear(to) && node[self].role == LEADER && node[to].term <= node[self].term && \
    previous <= node[self].last && room && !travels(append_from(previous, to)) -> \
  m = append_from(previous, to); send(); skip }
#ifdef TRAVEL
#define RECEIVES(slot) \
  :: d_step { due(slot) && may_act(self) -> deliver(self, slot, true); drop_old_appends(self); skip } \
  :: d_step { due(slot) && may_act(self) && answers(net[slot]) -> deliver(self, slot, false); drop_old_appends(self); skip }
#else
#define RECEIVES(slot) \
  :: d_step { due(slot) && may_act(self) -> deliver(self, slot, true); drop_old_appends(self); skip }
#endif

active [N] proctype member() {
  byte self = _pid;
end: /* where the bounds allow nothing more */
  do
  :: d_step { node[self].role != LEADER && node[self].term < TERMS && is_voter(self) && may_act(self) && may_lead_next(self) -> campaign(self); drop_old_appends(self); skip }
  ASKS(0)
  ASKS(1)
  ASKS(2)
  :: d_step { node[self].role == CANDIDATE && node[self].last < ENTRIES && quorum(node[self].votes, in_force(self)) -> become_leader(self); skip }
  :: d_step { may_propose && node[self].role == LEADER && node[self].last < ENTRIES -> append(self, entry(node[self].term, self, 0)); skip }
  OFFERS(0, 0)
  OFFERS(1, 0)
  OFFERS(2, 0)
  OFFERS(0, 1)
  OFFERS(1, 1)
  OFFERS(2, 1)
#if ENTRIES > 1
  OFFERS(0, 2)
  OFFERS(1, 2)
  OFFERS(2, 2)
#endif
#if ENTRIES > 2
  OFFERS(0, 3)
  OFFERS(1, 3)
  OFFERS(2, 3)
#endif
#if ENTRIES > 3
  OFFERS(0, 4)
  OFFERS(1, 4)
  OFFERS(2, 4)
#endif
  :: d_step { node[self].role == LEADER && node[self].commit < node[self].last ->
       count_copies(self);
       commit_through(self, bound); skip }
  RECEIVES(0)
#if FLIGHT > 1
  RECEIVES(1)
#endif
#if FLIGHT > 2
  RECEIVES(2)
#endif
  :: d_step { unsynced(self) -> persist(self); skip }
  :: d_step { crashes < CRASHES && node[self].term > 0 -> crashes++; restart(self); skip }
  :: d_step { behind(self) && may_act(self) -> hear(self); drop_old_appends(self); skip }
#ifdef MEMBERSHIP
  :: d_step { node[self].role == LEADER && node[self].last < ENTRIES && node[self].config < CONFIGS -> change_membership(self); skip }
#endif
#ifdef WITNESS
  :: d_step { WITNESS -> unseen = false; assert(unseen); skip }
#endif
  od
}

// Preloaded into one daftard, this makes chosen writes and syncs of chosen files fail, wait, or lie. What it does is said by a control file
// (environment variable DAFTAR_DISK_SHIM), which it reads again whenever another file has taken its place, so that a test can break and mend
// the disk of a running node. One rule a line, the first that fits counts:
//
//   CALLS PATTERN EFFECT [from N]
//   CALLS    write, sync or write,sync   (write: write, writev, pwrite, pwritev; sync: fsync, fdatasync)
//   PATTERN  of the file's whole path, as fnmatch: * also crosses slashes
//   EFFECT   eio, enospc    the call does nothing and fails so
//            eio-once       only the first such call: a disk that forgets that it failed ("fsyncgate")
//            delay=MS       the call is made, MS milliseconds late
//            hang           the call is made when the rule has gone
//            lie            the call does nothing and says that it did
//   from N   counted from 1 over the calls that fit the rule: earlier ones are untouched
//
// Each call that a rule changed leaves a line in CONTROL.seen: a test that no rule reached has shown nothing. Writes by io_uring, mmap or raw
// system calls are not seen; RocksDB uses none for what it keeps. Made with raw system calls alone: nothing here depends on other preloads.
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

namespace {

enum class Effect { none, eio, enospc, eio_once, delay, hang, lie };

struct Rule {
  bool on_write, on_sync;
  char pattern[256];
  Effect effect;
  long delay_ms;
  unsigned long from, calls;
  char text[400];
};

constexpr int rules_max = 8;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;  // guards what follows
Rule rules[rules_max];
int rule_count = 0;
struct stat read_last = {};

const char* control() {
  static const char* const path = getenv("DAFTAR_DISK_SHIM");
  return path;
}

bool parse_rule(const char* line, Rule& rule) {
  char calls[32], effect[32], word[8];
  unsigned long from = 1;
  const int got = sscanf(line, "%31s %255s %31s %7s %lu", calls, rule.pattern, effect, word, &from);
  if (got != 3 && got != 5) return false;
  rule.on_write = strstr(calls, "write") != nullptr;
  rule.on_sync = strstr(calls, "sync") != nullptr;
  rule.from = from;
  rule.calls = 0;
  rule.delay_ms = 0;
  snprintf(rule.text, sizeof rule.text, "%s", line);
  if (strcmp(effect, "eio") == 0) rule.effect = Effect::eio;
  else if (strcmp(effect, "enospc") == 0) rule.effect = Effect::enospc;
  else if (strcmp(effect, "eio-once") == 0) rule.effect = Effect::eio_once;
  else if (strcmp(effect, "hang") == 0) rule.effect = Effect::hang;
  else if (strcmp(effect, "lie") == 0) rule.effect = Effect::lie;
  else if (sscanf(effect, "delay=%ld", &rule.delay_ms) == 1) rule.effect = Effect::delay;
  else return false;
  return true;
}

/// A rule that cannot be read must not look like a healthy disk.
[[noreturn]] void refuse(const char* line) {
  fprintf(stderr, "disk shim: no such rule: %s\n", line);
  abort();
}

/// With the mutex held. The control file is replaced by renaming, never written over: a new inode or time means new rules.
void read_rules() {
  struct stat now = {};
  if (control() == nullptr || stat(control(), &now) != 0) {
    rule_count = 0;
    read_last = {};
    return;
  }
  if (now.st_ino == read_last.st_ino && now.st_mtim.tv_sec == read_last.st_mtim.tv_sec && now.st_mtim.tv_nsec == read_last.st_mtim.tv_nsec) return;
  read_last = now;
  rule_count = 0;
  char text[4096];
  const int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, control(), O_RDONLY | O_CLOEXEC, 0));
  const ssize_t size = fd < 0 ? 0 : syscall(SYS_read, fd, text, sizeof text - 1);
  if (fd >= 0) syscall(SYS_close, fd);
  text[size < 0 ? 0 : size] = '\0';
  char* rest = text;
  for (const char* line; (line = strsep(&rest, "\n")) != nullptr;) {
    if (*line == '\0') continue;
    if (rule_count == rules_max || !parse_rule(line, rules[rule_count])) refuse(line);
    ++rule_count;
  }
}

void note(const Rule& rule, const char* path) {
  char name[4096], line[4096];
  snprintf(name, sizeof name, "%s.seen", control());
  const int size = snprintf(line, sizeof line, "%s: %s\n", rule.text, path);
  const int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (fd < 0) return;
  if (syscall(SYS_write, fd, line, size < static_cast<int>(sizeof line) ? size : static_cast<int>(sizeof line) - 1) < 0) abort();
  syscall(SYS_close, fd);
}

struct Verdict {
  Effect effect = Effect::none;
  long delay_ms = 0;
};

Verdict judge(bool write, int fd, bool first_look) {
  if (control() == nullptr) return {};
  const int saved = errno;
  Verdict out;
  pthread_mutex_lock(&mutex);
  read_rules();
  if (rule_count > 0) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    path[size < 0 ? 0 : size] = '\0';
    for (int i = 0; i < rule_count; ++i) {
      Rule& rule = rules[i];
      if (!(write ? rule.on_write : rule.on_sync) || fnmatch(rule.pattern, path, 0) != 0) continue;
      if (first_look) ++rule.calls;
      if (rule.calls < rule.from || (rule.effect == Effect::eio_once && rule.calls != rule.from)) break;
      out = {rule.effect, rule.delay_ms};
      if (first_look) note(rule, path);
      break;
    }
  }
  pthread_mutex_unlock(&mutex);
  errno = saved;
  return out;
}

void wait_ms(long ms) {
  timespec left{ms / 1000, ms % 1000 * 1'000'000};
  while (nanosleep(&left, &left) != 0) {
  }
}

/// What the call is to return at once; otherwise nothing, and the call is made.
struct Answer {
  bool at_once;
  ssize_t value;
};

Answer meet(bool write, int fd, ssize_t success) {
  Verdict verdict = judge(write, fd, true);
  while (verdict.effect == Effect::hang) {
    wait_ms(5);
    verdict = judge(write, fd, false);
  }
  switch (verdict.effect) {
    case Effect::eio:
    case Effect::eio_once: errno = EIO; return {true, -1};
    case Effect::enospc: errno = ENOSPC; return {true, -1};
    case Effect::lie: return {true, success};
    case Effect::delay: wait_ms(verdict.delay_ms); break;
    case Effect::hang:
    case Effect::none: break;
  }
  return {false, 0};
}

ssize_t total(const iovec* parts, int count) {
  ssize_t out = 0;
  for (int i = 0; i < count; ++i) out += static_cast<ssize_t>(parts[i].iov_len);
  return out;
}

}  // namespace

extern "C" {

int fsync(int fd) {
  const Answer answer = meet(false, fd, 0);
  return static_cast<int>(answer.at_once ? answer.value : syscall(SYS_fsync, fd));
}

int fdatasync(int fd) {
  const Answer answer = meet(false, fd, 0);
  return static_cast<int>(answer.at_once ? answer.value : syscall(SYS_fdatasync, fd));
}

ssize_t write(int fd, const void* bytes, size_t size) {
  const Answer answer = meet(true, fd, static_cast<ssize_t>(size));
  return answer.at_once ? answer.value : syscall(SYS_write, fd, bytes, size);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  const Answer answer = meet(true, fd, total(parts, count));
  return answer.at_once ? answer.value : syscall(SYS_writev, fd, parts, count);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  const Answer answer = meet(true, fd, static_cast<ssize_t>(size));
  return answer.at_once ? answer.value : syscall(SYS_pwrite64, fd, bytes, size, offset);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) { return pwrite64(fd, bytes, size, offset); }

ssize_t pwritev64(int fd, const iovec* parts, int count, off64_t offset) {
  const Answer answer = meet(true, fd, total(parts, count));
  return answer.at_once ? answer.value : syscall(SYS_pwritev, fd, parts, count, offset, 0L);
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) { return pwritev64(fd, parts, count, offset); }

}  // extern "C"

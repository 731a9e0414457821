#include "storage/rocks_diary.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace daftar::storage {

Diary::~Diary() {
  if (file_ >= 0) ::close(file_);
}

/// With mutex_ held.
bool Diary::open() {
  if (file_ >= 0 && bytes_ < bytes_max) return true;
  const std::string name = folder_ + "/LOG";
  if (file_ >= 0) {
    ::close(file_);
    static_cast<void>(std::rename(name.c_str(), (name + ".old").c_str()));
  }
  file_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct stat now {};
  bytes_ = file_ >= 0 && ::fstat(file_, &now) == 0 ? static_cast<std::size_t>(now.st_size) : 0;
  return file_ >= 0;
}

void Diary::Logv(const char* format, va_list arguments) {
  if (folder_.empty()) return;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  ::gmtime_r(&now.tv_sec, &utc);
  char line[2048];
  std::size_t size = std::strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &utc);
  size += static_cast<std::size_t>(std::snprintf(line + size, sizeof line - size, ".%06ldZ ", now.tv_nsec / 1000));
  const int text = std::vsnprintf(line + size, sizeof line - size - 1, format, arguments);
  if (text < 0) return;
  size = std::min(size + static_cast<std::size_t>(text), sizeof line - 2);
  line[size++] = '\n';
  const std::lock_guard lock(mutex_);
  if (!open()) return;
  bytes_ += size;
  if (::write(file_, line, size) < 0) return;  // lost, as the header says
}

}  // namespace daftar::storage

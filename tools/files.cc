#include "tools/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace daftar::tools {
namespace fs = std::filesystem;

namespace {
Unexpected<ToolError> system_failure(const std::string& what, const fs::path& path) {
  return failure(Exit::usage, "file", what + " " + path.string() + ": " + std::strerror(errno));
}
}  // namespace

Result<std::string> read_file(const fs::path& file, std::size_t bytes_max) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_failure("Cannot open", file);
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      auto error = system_failure("Cannot read", file);
      ::close(fd);
      return error;
    }
    if (got == 0) break;
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > bytes_max) {
      ::close(fd);
      return failure(Exit::usage, "file_too_large", file.string() + " is larger than " + std::to_string(bytes_max) + " bytes.");
    }
  }
  ::close(fd);
  return content;
}

Result<void> write_file(const fs::path& file, std::string_view content, unsigned mode) {
  const fs::path temporary = file.string() + ".new." + std::to_string(::getpid());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) return system_failure("Cannot create", temporary);
  bool good = ::fchmod(fd, mode) == 0;
  for (std::size_t done = 0; good && done < content.size();) {
    const ssize_t put = ::write(fd, content.data() + done, content.size() - done);
    if (put < 0 && errno == EINTR) continue;
    good = put > 0;
    if (good) done += static_cast<std::size_t>(put);
  }
  good = good && ::fsync(fd) == 0;
  if (!good) {
    auto error = system_failure("Cannot write", temporary);
    ::close(fd);
    ::unlink(temporary.c_str());
    return error;
  }
  ::close(fd);
  if (::rename(temporary.c_str(), file.c_str()) != 0) {
    auto error = system_failure("Cannot rename to", file);
    ::unlink(temporary.c_str());
    return error;
  }
  const fs::path parent = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const int folder = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
  return {};
}

Result<void> make_private_dir(const fs::path& dir) {
  std::error_code ec;
  if (dir.empty() || fs::is_directory(dir, ec)) return {};
  if (auto parent = make_private_dir(dir.parent_path()); !parent) return parent;
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return system_failure("Cannot make folder", dir);
  return {};
}

}  // namespace daftar::tools

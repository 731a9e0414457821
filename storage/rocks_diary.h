// RocksDB's diary of what it does (the file LOG in a database's folder), for people who look into a fault. Nothing depends on it.
//
// Why not RocksDB's own: Debian builds RocksDB with its assertions on, and a write to its diary that fails, as on a full disk, trips one at
// the next line and ends the process, before the node can say what happened (7.8, file/writable_file_writer.h). Here a line that cannot be
// written is lost, and that is all.
#pragma once
#include <rocksdb/env.h>

#include <cstdarg>
#include <cstddef>
#include <mutex>
#include <string>

namespace daftar::storage {

class Diary final : public rocksdb::Logger {
 public:
  static constexpr std::size_t bytes_max = 4u << 20;  // then the file becomes LOG.old, in place of the one before

  /// Appends to `folder`/LOG, which is made with the first line after RocksDB has made the folder. Empty: writes nothing.
  explicit Diary(std::string folder) : folder_(std::move(folder)) {}
  ~Diary() override;

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override;

 private:
  bool open();
  const std::string folder_;
  std::mutex mutex_;
  int file_ = -1;
  std::size_t bytes_ = 0;
};

}  // namespace daftar::storage

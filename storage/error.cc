#include "storage/error.h"

namespace daftar::storage {

namespace {
const char* name(StorageError::Kind kind) {
  switch (kind) {
    case StorageError::Kind::io: return "input/output error";
    case StorageError::Kind::corruption: return "corruption";
    case StorageError::Kind::full: return "disk full";
    case StorageError::Kind::not_found: return "not found";
    case StorageError::Kind::locked: return "in use by another process";
    case StorageError::Kind::foreign: return "belongs to another ledger";
  }
  return "storage error";
}
}  // namespace

std::string StorageError::text() const { return path + ": " + name(kind) + ": " + detail; }

Unexpected<StorageError> corrupt(const std::string& path, std::string detail) {
  return Unexpected<StorageError>({.kind = StorageError::Kind::corruption, .path = path, .detail = std::move(detail)});
}

}  // namespace daftar::storage

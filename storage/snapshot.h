// Snapshots of the executed state, as they travel between nodes: a picture of the whole state store at one applied mark, as one run of bytes
// that can be read and sent in pieces (SnapshotSource), and received in pieces, over cuts and restarts (SnapshotSink). docs/formats.md has the layout.
//
//   bytes:  list of the files | contents of the files, in the order of the list
//
// The manifest names the bytes exactly: it carries the digest of the list, and the list the digest of each file. What the manifest says of
// ledger, mark and root is checked against the database itself before it may be used (SnapshotSink::finish).
// What is not checked here: signatures of the certificate (the caller's), and each value of the state, which no root covers yet.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/hash.h"
#include "storage/applied_mark.h"
#include "storage/error.h"

namespace daftar::storage {

struct SnapshotManifest {
  std::string ledger_id;             // 32 bytes
  std::uint64_t raft_index = 0;      // of the mark: the last Raft entry that the state holds
  std::uint64_t raft_term = 0;
  std::uint64_t height = 0;
  std::uint64_t entries = 0;         // size of the Merkle log
  ledger::Digest root;               // of the Merkle log at that size
  std::uint64_t size = 0;            // of all bytes, list included
  std::uint32_t list_size = 0;       // of the list in front of the files, <= list_bytes_max
  ledger::Digest list_digest;        // SHA-256 of the list
  bool operator==(const SnapshotManifest&) const = default;

  static constexpr std::uint32_t list_bytes_max = 4u << 20;
};
/// Less than 256 bytes; starts with a version.
std::string encode_manifest(const SnapshotManifest& manifest);
/// Nothing when it is of another version, does not end where it should, or its sizes cannot be true (list over its limit or over the whole).
std::optional<SnapshotManifest> decode_manifest(std::string_view bytes);

/// The leader's side. Any thread, several at once. Its files (hard links, so they cost what has changed since) go from the disk with the last
/// reference to it; let go of it before the store is closed: the next opening removes what is left of such files.
class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  virtual const AppliedMark& mark() const = 0;             // that of the picture, with the membership in force there
  virtual const std::string& manifest() const = 0;         // encoded
  virtual std::uint64_t size() const = 0;                  // of all bytes; > 0
  /// Bytes from `offset` (< size()), as many as there are up to bytes_max (> 0), at least one. io: the disk failed; the node need not stop.
  [[nodiscard]] virtual Expected<std::string, StorageError> read(std::uint64_t offset, std::size_t bytes_max) const = 0;
};

class StateSnapshot;

/// What a snapshot turned out to hold.
struct ReceivedState {
  AppliedMark mark;
  /// The newest certificate in it: a well-formed note, whose root is that of the received tree at its size. Nothing: none was made yet.
  /// Whose signatures it bears is for the caller to check before replace().
  std::optional<std::string> certificate;
  /// What was received, to be looked into; let go of it before replace(). A simulated store gives none.
  std::shared_ptr<const StateSnapshot> state = {};
};

/// The follower's side. One caller at a time, on whatever thread; not the execution thread, since finish() reads all there is.
/// What has come survives the process: StateStore::receive() with the same manifest goes on from there. After a power cut a little of it may
/// be wrong; finish() finds that.
class SnapshotSink {
 public:
  virtual ~SnapshotSink() = default;
  virtual const SnapshotManifest& manifest() const = 0;
  /// Bytes [0, stored()) are kept; the next append() begins there. == manifest().size: finish() may be called.
  virtual std::uint64_t stored() const = 0;
  /// Keeps `bytes`, if they begin at or before stored() and end after it; else nothing happens, and the caller asks for stored().
  /// corruption: the list is not the one of the manifest, or names files that cannot be (too many, wrong names, wrong sizes), or there are more
  /// bytes than the manifest says: stored() is 0 again. io, full: the disk failed, and the caller must stop the node.
  [[nodiscard]] virtual Expected<void, StorageError> append(std::uint64_t offset, std::string_view bytes) = 0;
  /// Makes everything durable and checks everything: the digest of each file as it is on disk now; that a database with nothing but these files
  /// opens (read only); its format and ledger; its mark against the manifest; mark, tiles and root against each other; the newest certificate.
  /// Takes as long as reading the whole. corruption: stored() has gone back to before the first file that is wrong, or to 0 if each file was
  /// as listed; foreign: another ledger's. io, full: as above.
  [[nodiscard]] virtual Expected<ReceivedState, StorageError> finish() = 0;
  /// finish() has succeeded: it may be given to StateStore::replace().
  virtual bool finished() const = 0;
};

}  // namespace daftar::storage

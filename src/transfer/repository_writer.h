// RepositoryWriter: repositories of TUF 1.0 as folders that any client can be pointed at. Source: TUF specification
// 1.0.34, sections 3.5 and 6.2; the folders "metadata" and "targets" are what tuf-on-ci and others publish.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/bundle/statement.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::transfer {

/// Everything is written beside the folder and moved in when it is whole. A folder that is new appears at once. In one
/// that is there, target files come first and the timestamp last, so that a client finds the old or the new repository
/// at every moment.
class RepositoryWriter {
 public:
  /// `folder`: of the repository; where several are added, each gets a folder of its name below it.
  RepositoryWriter(base::WriteFs& fs, std::string folder);
  RepositoryWriter(const RepositoryWriter&) = delete;
  RepositoryWriter& operator=(const RepositoryWriter&) = delete;
  /// Takes back what was not published.
  ~RepositoryWriter();

  void add(const tuf::VerifiedChain& chain, tuf::ChainFiles files,
           const std::vector<bundle::TargetFileRecord>& targets);
  /// After the last add(). Error{conflict} where something else stands in the folder, Error{rollback} where a newer
  /// state of the repository does.
  void begin();
  /// Whether a target file with this digest is to come.
  bool expects(const digest::Digest& sha256) const { return by_digest_.contains(sha256); }
  /// Where it goes. Safe to call from several threads, once for each digest.
  std::unique_ptr<base::Sink> put(const digest::Digest& sha256);
  /// Writes the rest, so that publish() has only to move files.
  void settle();
  void publish();

  /// "tuf:DIR" of a repository that was added; empty for others.
  std::string place_of(const std::string& gun) const;
  /// "tuf:DIR".
  std::string description() const { return "tuf:" + folder_; }

 private:
  /// One file below the repository's folder. Those of metadata hold their bytes.
  struct Item {
    std::string path;
    base::Bytes bytes;
    bool is_lasting = true;  ///< its name never stands for other bytes
  };
  struct Repository {
    std::string gun;
    std::string folder;
    std::string stage;
    bool is_new = true;
    std::uint64_t timestamp_version = 0;
    std::vector<std::string> target_paths;
    std::vector<Item> metadata;  ///< in the order of publication
  };

  void check_existing(Repository& repository) const;
  void check_items(const Repository& repository) const;
  void make_folders(const std::string& root, const std::string& path, std::vector<std::string>& made);
  std::unique_ptr<base::File> create(const std::string& stage, const std::string& path);
  void publish_into(const Repository& repository);
  void move(const Repository& repository, const std::string& path);

  base::WriteFs& fs_;
  std::string folder_;
  std::vector<Repository> repositories_;
  std::map<digest::Digest, std::vector<std::pair<std::size_t, std::string>>> by_digest_;  ///< repository and path
  std::mutex mutex_;                                                                      ///< of the two lists
  std::vector<std::string> staged_files_;
  std::vector<std::string> staged_folders_;
};

}  // namespace gapstow::transfer

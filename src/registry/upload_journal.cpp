#include "gapstow/registry/upload_journal.h"

#include <algorithm>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"

namespace gapstow::registry {
namespace {

/// Hosts and paths hold characters that file names should not, and together they may be too long for one.
std::string entry_name(const UploadJournal::Key& key) {
  const std::string text = key.host + "\n" + key.repository + "\n" + key.digest.text();
  return digest::sha256(base::as_bytes(text)).hex() + ".json";
}

bool is_url(std::string_view text) {
  return (text.starts_with("https://") || text.starts_with("http://")) &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<std::string> read_entry(base::ByteView bytes, const UploadJournal::Key& key) {
  const json::Value value = json::parse(bytes);
  const json::Cursor at(value);
  at.only({"digest", "host", "location", "repository"});
  const std::string& location = at.at("location").string(kMaxJournalEntry);
  const bool ours = at.at("host").string() == key.host && at.at("repository").string() == key.repository &&
                    at.at("digest").string() == key.digest.text();
  if (!ours || !is_url(location)) return std::nullopt;
  return location;
}

void make_folders(base::WriteFs& fs, const std::string& path) {
  if (fs.status(path)) return;
  const std::string parent = base::parent_folder(path);
  if (parent != path) make_folders(fs, parent);
  fs.make_folder(path, 0700);
}

}  // namespace

std::optional<std::string> UploadJournal::find(const Key& key) const {
  const std::string path = folder_ + "/" + entry_name(key);
  try {
    if (!fs_.status(path)) return std::nullopt;
    return read_entry(base::read_file(fs_, path, kMaxJournalEntry), key);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

void UploadJournal::remember(const Key& key, const std::string& location) {
  const json::Object entry{
      {"digest", key.digest.text()}, {"host", key.host}, {"location", location}, {"repository", key.repository}};
  try {
    const std::string text = json::serialize(entry);
    if (text.size() > kMaxJournalEntry) return forget(key);
    make_folders(fs_, folder_);
    base::AtomicFile file(fs_, folder_ + "/" + entry_name(key), 0600);
    file.file().write_at(0, base::as_bytes(text));
    file.publish();
  } catch (const base::Error&) {
    // The next run begins this upload anew.
  }
}

void UploadJournal::forget(const Key& key) {
  try {
    const std::string path = folder_ + "/" + entry_name(key);
    if (fs_.status(path)) fs_.remove(path);
  } catch (const base::Error&) {
    // What is left is asked for, refused by the registry, and then written over.
  }
}

}  // namespace gapstow::registry

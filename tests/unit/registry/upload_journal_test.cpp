#include "gapstow/registry/upload_journal.h"

#include <catch2/catch.hpp>

#include "gapstow/base/atomic_file.h"
#include "support/error_of.h"
#include "support/faulty_fs.h"
#include "support/oci_maker.h"
#include "support/temp_folder.h"

using namespace gapstow;
using registry::UploadJournal;

namespace {

const UploadJournal::Key kKey{"registry.test:5000", "team/app", test::digest_of("blob")};
const std::string kPlace = "http://registry.test:5000/v2/team/app/blobs/uploads/7?_state=secret";

}  // namespace

TEST_CASE("An upload is found again until it is forgotten", "[journal]") {
  base::SystemFs fs;
  const test::TempFolder folder;
  const std::string path = folder / "state/uploads";
  UploadJournal journal(fs, path);
  REQUIRE(!journal.find(kKey));
  journal.forget(kKey);
  journal.remember(kKey, kPlace);
  REQUIRE(UploadJournal(fs, path).find(kKey) == kPlace);
  journal.remember(kKey, kPlace + "2");
  REQUIRE(journal.find(kKey) == kPlace + "2");

  const auto files = fs.list(path);
  REQUIRE(files.size() == 1);
  REQUIRE(fs.status(path + "/" + files[0])->mode == 0600);
  REQUIRE(fs.status(path)->mode == 0700);

  for (const auto& other : {UploadJournal::Key{"other.test", kKey.repository, kKey.digest},
                            UploadJournal::Key{kKey.host, "team/other", kKey.digest},
                            UploadJournal::Key{kKey.host, kKey.repository, test::digest_of("other")}}) {
    REQUIRE(!journal.find(other));
  }
  journal.forget(kKey);
  REQUIRE(!journal.find(kKey));
  REQUIRE(fs.list(path).empty());
}

TEST_CASE("Entries that make no sense are no entries", "[journal]") {
  base::SystemFs fs;
  const test::TempFolder folder;
  UploadJournal journal(fs, folder / "uploads");
  journal.remember(kKey, kPlace);
  const std::string path = folder / ("uploads/" + fs.list(folder / "uploads")[0]);
  const base::Bytes good = base::read_file(fs, path, 100'000);
  const std::string text(base::as_text(good));
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    return changed.replace(changed.find(from), from.size(), to);
  };
  for (const std::string& content :
       {std::string(), std::string("{}"), text.substr(0, text.size() / 2), replaced("http://", "file://"),
        replaced("team/app\"", "team/app2\""), replaced("_state", " state"), replaced("\"host\"", "\"hast\""),
        text + std::string(registry::kMaxJournalEntry, ' ')}) {
    fs.remove(path);
    base::write_file(fs, path, base::as_bytes(content));
    REQUIRE(!journal.find(kKey));
  }
  fs.remove(path);
  fs.make_folder(path, 0700);
  REQUIRE(!journal.find(kKey));
}

TEST_CASE("Places that are too long are not remembered", "[journal]") {
  base::SystemFs fs;
  const test::TempFolder folder;
  UploadJournal journal(fs, folder / "uploads");
  journal.remember(kKey, kPlace);
  journal.remember(kKey, kPlace + std::string(registry::kMaxJournalEntry, 'x'));
  REQUIRE(!journal.find(kKey));
}

TEST_CASE("Failures of the disk are not failures of the journal", "[journal]") {
  base::SystemFs real;
  for (std::uint64_t call = 1; call < 30; ++call) {
    const test::TempFolder folder;
    test::FaultyFs fs(real, call);
    UploadJournal journal(fs, folder / "a/b/uploads");
    REQUIRE_NOTHROW(journal.remember(kKey, kPlace));
    const auto found = journal.find(kKey);
    REQUIRE((!found || *found == kPlace));
    REQUIRE_NOTHROW(journal.forget(kKey));
  }
}

// Every call to the file system fails once: the run fails with the right class, nothing stands under the final name,
// nothing temporary stays behind, no state has changed, and the next run succeeds.
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/bundle/parts.h"
#include "support/faulty_fs.h"
#include "support/temp_folder.h"
#include "support/transfer_samples.h"

namespace gapstow::test {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;

class EmptySource final : public base::Source {
 public:
  std::size_t read(std::span<std::byte>) override { return 0; }
};

/// All files below a folder, relative.
std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    names.push_back(fs::relative(entry.path(), folder).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// How many imports the state knows; none where there is no database.
std::size_t imports_in(const std::string& state_path) {
  const auto state = trust::State::open_existing(state_path);
  return state == nullptr ? 0 : state->history(10).size();
}

/// Runs `work` with one failing call after the other until a run gets through.
void fail_each_call(const std::string& folder, const std::function<void(base::WriteFs&)>& work) {
  base::SystemFs system;
  const auto before = files_in(folder);
  for (std::uint64_t call = 1;; ++call) {
    FaultyFs faulty(system, call);
    bool failed = false;
    try {
      work(faulty);
    } catch (const base::Error& error) {
      failed = true;
      INFO("call " << call << " (" << faulty.failed_call() << "): " << error.line());
      const bool io = error.code() == ErrorCode::io_read || error.code() == ErrorCode::io_write;
      REQUIRE(io);
    }
    INFO("call " << call << " (" << faulty.failed_call() << ")");
    if (!faulty.has_failed()) {
      REQUIRE_FALSE(failed);
      return;
    }
    // A temporary file that cannot be removed, or a folder that cannot be synced after the rename, fails late: then
    // what is there is whole. Everything else must leave no trace.
    if (faulty.failed_call() == "remove" || faulty.failed_call() == "sync_folder") {
      for (const auto& name : files_in(folder)) {
        if (std::find(before.begin(), before.end(), name) == before.end()) fs::remove_all(folder + "/" + name);
      }
      continue;
    }
    REQUIRE(failed);
    REQUIRE(files_in(folder) == before);
  }
}

struct World {
  FixedClock clock{sample_time()};
  base::CancelToken cancel;
  transfer::SilentObserver observer;
  trust::TrustStore store = sample_store();
  sign::SecretKey signer = sample_key();

  transfer::Surroundings around(base::WriteFs& files) { return {files, clock, cancel, observer, 1}; }
};

void import_into(World& world, base::WriteFs& files, const std::string& bundle, oci::ImageDestination& destination,
                 const std::string& state_path) {
  EmptySource nothing;
  const auto input = transfer::open_bundle(files, {bundle}, nothing);
  const transfer::VerifyRequest request{world.store, {}, std::nullopt, ""};
  const auto outcome = transfer::import(*input, request, destination, {}, state_path, world.around(files));
  REQUIRE_FALSE(outcome.refusal());
}

}  // namespace

TEST_CASE("pack survives every failing call", "[fault]") {
  const TempFolder folder;
  World world;
  fail_each_call(folder.path(), [&](base::WriteFs& files) {
    const auto request = sample_request(files, world.store, world.signer);
    transfer::pack(request, folder / "out.gapstow", world.around(files));
    fs::remove(folder / "out.gapstow");
  });
}

TEST_CASE("verify survives every failing call", "[fault]") {
  const TempFolder folder;
  World world;
  base::SystemFs system;
  pack_sample(system, folder / "app.gapstow");
  fail_each_call(folder.path(), [&](base::WriteFs& files) {
    EmptySource nothing;
    const auto input = transfer::open_bundle(files, {folder / "app.gapstow"}, nothing);
    const transfer::VerifyRequest request{world.store, {}, std::nullopt, ""};
    const auto outcome = transfer::verify(*input, request, nullptr, world.around(files));
    REQUIRE_FALSE(outcome.refusal());
  });
}

TEST_CASE("import survives every failing call and leaves no state", "[fault]") {
  const TempFolder folder;
  const TempFolder elsewhere;
  World world;
  base::SystemFs system;
  pack_sample(system, elsewhere / "app.gapstow");
  using Make = std::unique_ptr<oci::ImageDestination> (*)(base::WriteFs&, const std::string&);
  const std::vector<Make> kinds{
      [](base::WriteFs& files, const std::string& path) { return oci::make_oci_folder(files, path, ""); },
      [](base::WriteFs& files, const std::string& path) { return oci::make_oci_archive(files, path, ""); },
      [](base::WriteFs& files, const std::string& path) { return oci::make_docker_archive(files, path); }};
  int run = 0;
  for (const auto& make : kinds) {
    fail_each_call(folder.path(), [&](base::WriteFs& files) {
      const std::string state_path = elsewhere / ("state" + std::to_string(++run) + ".db");
      bool committed = false;
      try {
        const auto destination = make(files, folder / "out");
        import_into(world, files, elsewhere / "app.gapstow", *destination, state_path);
        committed = true;
      } catch (const base::Error&) {
        REQUIRE(imports_in(state_path) == 0);
        throw;
      }
      REQUIRE(imports_in(state_path) == (committed ? 1 : 0));
      fs::remove_all(folder / "out");
    });
  }
}

TEST_CASE("import into a layout that is there survives every failing call", "[fault]") {
  const TempFolder folder;
  const TempFolder elsewhere;
  World world;
  base::SystemFs system;
  pack_sample(system, elsewhere / "app.gapstow");
  {
    const auto first = oci::make_oci_folder(system, folder / "layout", "other");
    import_into(world, system, elsewhere / "app.gapstow", *first, elsewhere / "first.db");
  }
  const auto index = base::read_file(system, folder / "layout/index.json", 1 << 20);
  int run = 0;
  fail_each_call(folder.path(), [&](base::WriteFs& files) {
    const std::string state_path = elsewhere / ("again" + std::to_string(++run) + ".db");
    const auto destination = oci::make_oci_folder(files, folder / "layout", "");
    try {
      import_into(world, files, elsewhere / "app.gapstow", *destination, state_path);
    } catch (const base::Error&) {
      base::SystemFs plain;
      const auto now = base::read_file(plain, folder / "layout/index.json", 1 << 20);
      const bool untouched = now == index;
      CHECK((untouched || imports_in(state_path) == 0));
      throw;
    }
    base::SystemFs plain;
    base::write_file(plain, folder / "layout/index.json", index);
  });
}

TEST_CASE("split survives every failing call", "[fault]") {
  const TempFolder folder;
  const TempFolder elsewhere;
  World world;
  base::SystemFs system;
  pack_sample(system, elsewhere / "app.gapstow");
  fail_each_call(folder.path(), [&](base::WriteFs& files) {
    const auto file = files.open(elsewhere / "app.gapstow");
    for (const auto& part : bundle::split(files, *file, 400'000, folder / "app", world.cancel)) fs::remove(part);
  });
}

}  // namespace gapstow::test

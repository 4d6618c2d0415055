// Folders that several runs write to: at once, or one after another that was killed.
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "gapstow/base/error.h"
#include "gapstow/oci/image_destination.h"
#include "support/error_of.h"
#include "support/oci_maker.h"
#include "support/temp_folder.h"

using namespace gapstow;
using base::ErrorCode;
using oci::ImageDestination;
using test::MadeImage;
using test::TempFolder;

namespace {

namespace stdfs = std::filesystem;

const std::string kOne = "localhost:5000/lab/one:1";
const std::string kTwo = "localhost:5000/lab/two:1";

/// Everything but the commit.
void put_all(ImageDestination& destination, const std::string& name, const MadeImage& image) {
  destination.begin({image.named(name)}, image.plan());
  for (const auto& [digest, bytes] : image.blobs()) {
    const auto sink = destination.put(digest);
    sink->write(base::as_bytes(bytes));
    sink->finish();
  }
  destination.settle();
}

std::vector<std::string> names_in(const std::string& path) {
  base::SystemFs fs;
  std::vector<std::string> names;
  const auto source = oci::open_oci_folder(fs, path);
  for (const auto& found : source->images()) {
    names.insert(names.end(), found.names.begin(), found.names.end());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

TEST_CASE("Two runs at once into one empty folder both arrive", "[destination]") {
  base::SystemFs fs;
  const TempFolder temp;
  const MadeImage one = test::make_image("one");
  const MadeImage two = test::make_image("two");
  const auto first = oci::make_oci_folder(fs, temp.path(), {});
  const auto second = oci::make_oci_folder(fs, temp.path(), {});
  put_all(*first, kOne, one);
  put_all(*second, kTwo, two);
  first->commit();
  second->commit();
  CHECK(names_in(temp.path()) == std::vector{kOne, kTwo});
}

TEST_CASE("Of two runs at once into one new folder the second leaves the first alone", "[destination]") {
  base::SystemFs fs;
  const TempFolder temp;
  const std::string path = temp / "layout";
  const MadeImage one = test::make_image("one");
  const MadeImage two = test::make_image("two");
  {
    const auto first = oci::make_oci_folder(fs, path, {});
    const auto second = oci::make_oci_folder(fs, path, {});
    put_all(*first, kOne, one);
    put_all(*second, kTwo, two);
    first->commit();
    CHECK(test::error_of([&] { second->commit(); }) == ErrorCode::conflict);
  }
  CHECK(fs.list(temp.path()) == std::vector<std::string>{"layout"});
  CHECK(names_in(path) == std::vector{kOne});
  const auto again = oci::make_oci_folder(fs, path, {});
  put_all(*again, kTwo, two);
  again->commit();
  CHECK(names_in(path) == std::vector{kOne, kTwo});
}

TEST_CASE("A layout that a killed run began in an empty folder can be finished", "[destination]") {
  base::SystemFs fs;
  const MadeImage one = test::make_image("one");
  const auto finish = [&](const TempFolder& temp) {
    const auto next = oci::make_oci_folder(fs, temp.path(), {});
    put_all(*next, kOne, one);
    next->commit();
    CHECK(names_in(temp.path()) == std::vector{kOne});
  };
  const TempFolder begun;
  stdfs::create_directories(begun / "blobs/sha256");
  std::ofstream(begun / "blobs/sha256/.0123.89ab.tmp") << "half a blob";
  finish(begun);
  const TempFolder nearly;
  stdfs::create_directories(nearly / "blobs/sha256");
  std::ofstream(nearly / "oci-layout") << oci::oci_layout_json();
  std::ofstream(nearly / ".index.json.0123456789abcdef.tmp") << "{";
  finish(nearly);
}

TEST_CASE("A layout that holds the image already is not written to", "[destination]") {
  base::SystemFs fs;
  const TempFolder temp;
  const MadeImage one = test::make_image("one");
  const auto put_again = [&] {
    const auto destination = oci::make_oci_folder(fs, temp.path(), {});
    put_all(*destination, kOne, one);
    destination->commit();
  };
  put_again();
  const auto old = stdfs::file_time_type::clock::now() - std::chrono::hours(1);
  stdfs::last_write_time(temp / "index.json", old);
  put_again();
  CHECK(stdfs::last_write_time(temp / "index.json") == old);
  CHECK(names_in(temp.path()) == std::vector{kOne});
}

TEST_CASE("A folder with anything else beside is not taken for a begun layout", "[destination]") {
  base::SystemFs fs;
  for (const char* other : {"index.json", "notes.txt", ".hidden", "manifest.json"}) {
    const TempFolder temp;
    stdfs::create_directories(temp / "blobs/sha256");
    std::ofstream(temp / other) << "text";
    INFO(other);
    CHECK(test::error_of([&] { oci::make_oci_folder(fs, temp.path(), {}); }) == ErrorCode::conflict);
  }
  const TempFolder version;
  stdfs::create_directories(version / "blobs/sha256");
  std::ofstream(version / "oci-layout") << R"({"imageLayoutVersion":"2.0.0"})";
  CHECK(test::error_of([&] { oci::make_oci_folder(fs, version.path(), {}); }) == ErrorCode::unsupported);
}

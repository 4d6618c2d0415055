#include "gapstow/cluster/destinations.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "gapstow/base/time.h"
#include "support/error_of.h"
#include "support/fake_ctr.h"
#include "support/faulty_fs.h"
#include "support/oci_maker.h"

using namespace gapstow;
using base::ErrorCode;
using cluster::ContainerdPlace;
using oci::NamedImage;
using test::FakeCtr;
using test::MadeImage;
using test::TempFolder;

namespace {

namespace stdfs = std::filesystem;

const std::string kName = "reg.test/lab/app:1";

void put_all(oci::ImageDestination& destination, const MadeImage& image) {
  destination.begin({image.named(kName)}, image.plan());
  for (const auto& [digest, bytes] : image.blobs()) {
    const auto sink = destination.put(digest);
    sink->write(base::as_bytes(bytes));
    sink->finish();
  }
}

void import_into(FakeCtr& ctr, base::WriteFs& fs, const MadeImage& image) {
  const auto destination = cluster::make_containerd(ctr.place(), ctr.tools(fs));
  put_all(*destination, image);
  destination->settle();
  destination->commit();
}

bool is_empty(const std::string& folder) { return stdfs::directory_iterator(folder) == stdfs::directory_iterator(); }

std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : stdfs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

}  // namespace

TEST_CASE("places of containerd", "[containerd]") {
  CHECK(ContainerdPlace::parse("").text() == "/run/containerd/containerd.sock,namespace=k8s.io");
  CHECK(ContainerdPlace::parse("/run/k3s.sock").address == "/run/k3s.sock");
  CHECK(ContainerdPlace::parse("unix:///run/k3s.sock,namespace=moby").text() == "/run/k3s.sock,namespace=moby");
  CHECK(ContainerdPlace::parse("/a.sock,namespace=default").name_space == "default");
  CHECK(ContainerdPlace::parse(",namespace=moby").address == "/run/containerd/containerd.sock");
  for (const auto* bad : {"a.sock", "/a,", "/a,namespace=", "/a,namespace=-x", "/a,namespace=a b", "/a,namespace=a..b",
                          "/a,namespace=a.", "/a,x=y", "unix://", "unix://a.sock", "tcp://localhost:1"}) {
    INFO(bad);
    REQUIRE_ERROR(usage, ContainerdPlace::parse(bad));
  }
}

TEST_CASE("containerd sees an image when it is proven, and under two names", "[containerd]") {
  FakeCtr ctr;
  base::SystemFs fs;
  const MadeImage image = test::make_image("app");
  ctr.add_image("other.test/stays:1", "sha256:" + std::string(64, '1'));
  {
    const auto destination = cluster::make_containerd(ctr.place(), ctr.tools(fs));
    put_all(*destination, image);
    CHECK(ctr.text("calls").find("images import") == std::string::npos);
    CHECK(destination->deliveries().at(0).name == kName + "@" + image.root.digest.text());
    destination->settle();
    CHECK(!ctr.images().contains(kName));
    destination->commit();
  }
  const auto images = ctr.images();
  CHECK(images.size() == 3);
  CHECK(images.at(kName) == image.root.digest.text());
  CHECK(images.at("reg.test/lab/app@" + image.root.digest.text()) == image.root.digest.text());
  CHECK(ctr.text("labels").find("containerd.distribution.source.reg.test=lab/app") != std::string::npos);
  CHECK(is_empty(ctr.folder / "staging"));
}

TEST_CASE("whichever call of ctr fails, every name leads where it led", "[containerd]") {
  base::SystemFs fs;
  const MadeImage image = test::make_image("app");
  FakeCtr ctr;
  ctr.add_image(kName, "sha256:" + std::string(64, '1'));
  const auto before = ctr.images();
  unsigned call = 1;
  for (;; ++call) {
    REQUIRE(call < 100);
    ctr.fail_at(call);
    const auto failure = test::error_of([&] { import_into(ctr, fs, image); });
    if (!failure) break;
    INFO("call " << call << ": " << ctr.text("calls"));
    CHECK(*failure == ErrorCode::network);
    CHECK(ctr.images() == before);
    CHECK(is_empty(ctr.folder / "staging"));
  }
  CHECK(call > 10);
  CHECK(ctr.images().at(kName) == image.root.digest.text());
}

TEST_CASE("whatever fails in the file system, containerd keeps its names", "[containerd]") {
  base::SystemFs inner;
  const MadeImage image = test::make_image("app", 1);
  FakeCtr ctr;
  for (std::uint64_t call = 1;; ++call) {
    REQUIRE(call < 500);
    test::FaultyFs fs(inner, call);
    const auto failure = test::error_of([&] { import_into(ctr, fs, image); });
    if (!failure) break;
    INFO("call " << call << " " << fs.failed_call());
    CHECK(ctr.images().empty());
  }
  CHECK(ctr.images().size() == 2);
}

TEST_CASE("a layer of very many repositories has a label that containerd takes", "[containerd]") {
  base::SystemFs fs;
  FakeCtr ctr;
  const MadeImage image = test::make_image("app", 1);
  std::vector<NamedImage> images;
  for (int i = 0; i < 40; ++i) {
    images.push_back(image.named("reg.test/" + std::string(200, 'a') + std::to_string(i) + ":1"));
  }
  const auto destination = cluster::make_containerd(ctr.place(), ctr.tools(fs));
  test::write_images(*destination, images, {image});
  std::istringstream lines(ctr.text("labels"));
  std::size_t longest = 0;
  for (std::string blob, label; lines >> blob >> label;) longest = std::max(longest, label.size());
  CHECK(longest > 3800);
  CHECK(longest <= 4097);  // with the equals sign
}

TEST_CASE("what containerd holds must be what it was given", "[containerd]") {
  base::SystemFs fs;
  FakeCtr ctr;
  ctr.write("twist", "");
  REQUIRE_ERROR(digest_mismatch, import_into(ctr, fs, test::make_image("app")));
  CHECK(!ctr.images().contains(kName));
}

TEST_CASE("a run that is interrupted changes no name", "[containerd]") {
  base::SystemFs fs;
  FakeCtr ctr;
  const MadeImage image = test::make_image("app");
  {
    const auto destination = cluster::make_containerd(ctr.place(), ctr.tools(fs));
    put_all(*destination, image);
    destination->settle();
    ctr.cancel.cancel();
    REQUIRE_ERROR(interrupted, destination->commit());
  }
  CHECK(ctr.images().empty());
  CHECK(is_empty(ctr.folder / "staging"));
}

TEST_CASE("leftovers of killed runs go after a day, younger ones stay", "[containerd]") {
  base::SystemFs fs;
  FakeCtr ctr;
  const std::string digest = "sha256:" + std::string(64, '1');
  const auto seconds = base::SystemClock().now().seconds;
  const std::string old = "gapstow.invalid/staged:" + std::to_string(seconds - 90'000) + "-aa-0";
  const std::string young = "gapstow.invalid/staged:" + std::to_string(seconds - 80'000) + "-aa-0";
  for (const auto& name : {old, young, std::string("gapstow.invalid/staged:latest")}) ctr.add_image(name, digest);
  import_into(ctr, fs, test::make_image("app"));
  CHECK(!ctr.images().contains(old));
  CHECK(ctr.images().contains(young));
  CHECK(ctr.images().contains("gapstow.invalid/staged:latest"));
}

TEST_CASE("a rehearsal asks and changes nothing", "[containerd]") {
  base::SystemFs fs;
  FakeCtr ctr;
  const MadeImage image = test::make_image("app");
  const std::string old = "gapstow.invalid/staged:1600000000-aa-0";
  ctr.add_image(old, image.root.digest.text());
  ctr.write("content", image.root.digest.text() + "\n");
  {
    const auto destination = cluster::make_containerd(ctr.place(), ctr.tools(fs));
    destination->begin({image.named(kName)}, image.plan());
    const auto blobs = destination->deliveries().at(0).blobs;
    const auto present = std::ranges::count(blobs, oci::Delivery::Blob::Fate::present, &oci::Delivery::Blob::fate);
    CHECK(present == 1);
  }
  CHECK(ctr.images().size() == 1);
  CHECK(ctr.text("calls") == "content ls\n");
  CHECK(is_empty(ctr.folder / "staging"));
}

TEST_CASE("what containerd cannot hold is refused before anything is put", "[containerd]") {
  base::SystemFs fs;
  FakeCtr ctr;
  const MadeImage image = test::make_image("app");
  const auto begin = [&](const NamedImage& named) {
    cluster::make_containerd(ctr.place(), ctr.tools(fs))->begin({named}, image.plan());
  };
  NamedImage plain = image.named(kName);
  plain.binding = oci::Binding::diff_ids;
  REQUIRE_ERROR(digest_unavailable, begin(plain));
  NamedImage attached = image.named(kName);
  attached.attachments.push_back(test::referrer_of(test::make_artifact("sbom", &image.root), image.root));
  REQUIRE_ERROR(usage, begin(attached));
  auto tools = ctr.tools(fs);
  tools.program = ctr.folder / "none";
  REQUIRE_ERROR(not_found, cluster::make_containerd(ctr.place(), tools)->begin({image.named(kName)}, image.plan()));
  REQUIRE_ERROR(not_found, cluster::make_containerd({ctr.folder / "no-socket", "k8s.io"}, ctr.tools(fs))
                               ->begin({image.named(kName)}, image.plan()));
  ctr.write("ctr", "#!/bin/sh\necho 'REF TYPE DIGEST'\necho 'a b c'\n");
  REQUIRE_ERROR(network, begin(image.named(kName)));
  CHECK(is_empty(ctr.folder / "staging"));
}

TEST_CASE("k3s gets one archive, whose name follows from those of the images", "[k3s]") {
  base::SystemFs fs;
  const TempFolder folder;
  const auto write = [&](const MadeImage& image, const std::string& name) {
    test::write_images(*cluster::make_k3s_folder(fs, folder.path()), {image.named(name)}, {image});
  };
  const MadeImage first = test::make_image("first");
  const MadeImage second = test::make_image("second");
  write(first, kName);
  const auto files = files_of(folder.path());
  REQUIRE(files.size() == 1);
  CHECK((files[0].starts_with("gapstow-app-") && files[0].ends_with(".tar")));
  const auto root = [&] { return oci::open_oci_archive(fs, folder / files[0])->images().at(0).root.digest; };
  CHECK(root() == first.root.digest);
  write(second, kName);
  CHECK(files_of(folder.path()) == files);
  CHECK(root() == second.root.digest);
  CHECK(!oci::open_docker_archive(fs, folder / files[0], {})->images().empty());

  // The same name in another archive: k3s would take both.
  const auto both = [&] {
    test::write_images(*cluster::make_k3s_folder(fs, folder.path()),
                       {first.named(kName), second.named("reg.test/lab/web:2")}, {first, second});
  };
  REQUIRE_ERROR(conflict, both());
  CHECK(files_of(folder.path()) == files);
  write(first, kName);
  both();
  CHECK(files_of(folder.path()).size() == 2);
}

TEST_CASE("the folder of k3s holds the old archive or the new one, whatever fails", "[k3s]") {
  base::SystemFs inner;
  const MadeImage first = test::make_image("first", 1);
  const MadeImage second = test::make_image("second", 1);
  for (std::uint64_t call = 1;; ++call) {
    REQUIRE(call < 500);
    const TempFolder folder;
    const auto write = [&](base::WriteFs& fs, const MadeImage& image) {
      test::write_images(*cluster::make_k3s_folder(fs, folder.path()), {image.named(kName)}, {image});
    };
    write(inner, first);
    const auto name = files_of(folder.path()).at(0);
    test::FaultyFs fs(inner, call);
    const auto failure = test::error_of([&] { write(fs, second); });
    const auto now = oci::open_oci_archive(inner, folder / name)->images().at(0).root.digest;
    if (!failure) {
      CHECK(now == second.root.digest);
      break;
    }
    INFO("call " << call << " " << fs.failed_call());
    CHECK((now == first.root.digest || (now == second.root.digest && fs.failed_call() == "sync_folder")));
    for (const auto& each : files_of(folder.path())) CHECK((each == name || !each.ends_with(".tar")));
  }
}

TEST_CASE("folders of k3s must be there", "[k3s]") {
  base::SystemFs fs;
  const TempFolder folder;
  fs.create(folder / "file", 0644);
  REQUIRE_ERROR(not_found, cluster::make_k3s_folder(fs, folder / "none"));
  REQUIRE_ERROR(conflict, cluster::make_k3s_folder(fs, folder / "file"));
  const MadeImage image = test::make_image("app");
  NamedImage attached = image.named(kName);
  attached.attachments.push_back(test::referrer_of(test::make_artifact("sbom", &image.root), image.root));
  REQUIRE_ERROR(usage, cluster::make_k3s_folder(fs, folder.path())->begin({attached}, image.plan()));
}

// make_decisions KEY IMAGES FILE: a signed decision file of so many images, for tests and measurements. Image number N
// is registry.test/team<N % 100>/app<N>:1.0, four manifests below it, its digest that of the text "index <N>".
#include <cstdlib>
#include <iostream>
#include <string>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/enforce/snapshot.h"
#include "gapstow/sign/key_file.h"

namespace {

using namespace gapstow;

digest::Digest digest_of(const std::string& text) { return digest::sha256(base::as_bytes(text)); }

enforce::KnownImage made_image(std::size_t number) {
  const std::string mark = std::to_string(number);
  enforce::KnownImage image;
  image.origin = "registry.test/team" + std::to_string(number % 100) + "/app" + mark + ":1.0";
  image.media_type = "application/vnd.oci.image.index.v1+json";
  image.digest = digest_of("index " + mark);
  image.size = 1638;
  for (const char* platform : {"amd64", "arm64", "s390x", "ppc64le"}) {
    image.children.push_back(digest_of(platform + (" " + mark)));
  }
  image.rule = "registry.test/*";
  image.role = "targets/releases";
  image.key_ids = {digest_of("key").hex()};
  image.signers = {"export-desk"};
  image.bundle_id = digest_of("bundle " + std::to_string(number / 50)).hex();
  return image;
}

int make(const std::string& key_path, std::size_t count, const std::string& path) {
  base::SystemFs fs;
  const auto key = sign::KeyFile::parse(base::read_file(fs, key_path, sign::kMaxKeyFileBytes)).open(std::nullopt);
  enforce::SnapshotContent content;
  content.made_at = {base::SystemClock().now().seconds, 0};
  for (std::size_t i = 0; i < count; ++i) content.images.push_back(made_image(i));
  base::write_file(fs, path, enforce::sign_snapshot(enforce::write_snapshot(content), {&key}));
  return 0;
}

}  // namespace

int main(int count, char** words) try {
  if (count != 4) {
    std::cerr << "usage: make_decisions KEY IMAGES FILE\n";
    return 2;
  }
  return make(words[1], std::stoul(words[2]), words[3]);
} catch (const base::Error& error) {
  std::cerr << "make_decisions: " << error.line() << "\n";
  return 1;
}

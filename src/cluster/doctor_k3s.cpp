// Folders from which k3s and rke2 load images, of which they check nothing.
#include <algorithm>
#include <array>

#include "doctor_tools.h"
#include "gapstow/base/error.h"
#include "gapstow/oci/image_source.h"

namespace gapstow::cluster {
namespace {

using base::Error;

/// k3s does not mind upper case, nor a missing point before the last of them.
bool is_archive(std::string name) {
  constexpr std::array kEndings{".tar", ".tar.lz4", ".tar.bz2", ".tbz",   ".tar.gz",
                                ".tgz", ".tzst",    ".tar.xz",  "tar.zst"};
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::ranges::any_of(kEndings, [&](const char* ending) { return name.ends_with(ending); });
}

/// Every name in an archive of gapstow must lead where the decision file says.
void look_at_own(Notes& notes, const Site& site, const std::string& path, const enforce::Snapshot* snapshot) {
  if (snapshot == nullptr) {
    notes.notice(path, "is named as gapstow names its archives; without a decision file its content was not compared");
    return;
  }
  const auto source = oci::open_oci_archive(site.fs, path);
  std::size_t known = 0;
  for (const auto& image : source->images()) {
    for (const auto& name : image.names) {
      const auto expected =
          snapshot->find(snapshot->relocations().origin_of(oci::parse_reference(name)).reference.text());
      if (expected && !expected->refused && expected->digest == image.root.digest) {
        ++known;
        continue;
      }
      notes.open(path, "holds " + name + " at " + image.root.digest.short_text() + ", which no decision allows",
                 "remove it, and import it again with gapstow import … k3s-dir:" + base::parent_folder(path));
    }
  }
  if (notes.empty()) notes.fine(path, counted(known, "name") + ", with decided digests alone");
}

void look_at_folder(Findings& findings, const Site& site, const std::string& folder,
                    const enforce::Snapshot* snapshot) {
  const auto status = site.fs.status(folder);
  if (!status || status->kind != base::FileStatus::Kind::folder) return;
  Notes notes("k3s-images");
  guard_above(notes, site, folder, "and what lies there runs unproven");
  guard(notes, site, folder, "and what lies there runs unproven");
  append(findings, notes.take());
  for (const auto& name : site.fs.list(folder)) {
    if (!is_archive(name)) continue;
    Notes each("k3s-images");
    const std::string path = folder + "/" + name;
    if (!name.starts_with("gapstow-") || !name.ends_with(".tar")) {
      each.open(path, "was not put there by gapstow, and k3s loads it without looking at any signature",
                "pack what is in it into a bundle, and gapstow import BUNDLE k3s-dir:" + folder);
    } else {
      try {
        look_at_own(each, site, path, snapshot);
      } catch (const Error& error) {
        each.open(path, "cannot be read, and k3s may load it all the same: " + error.line(), "remove it");
      }
    }
    append(findings, each.take());
  }
}

}  // namespace

Findings examine_k3s(const Site& site, const enforce::Snapshot* snapshot) {
  Findings findings;
  for (const char* name : {"k3s", "rke2"}) {
    const std::string folder = site.path(std::string("/var/lib/rancher/") + name + "/agent/images");
    try {
      look_at_folder(findings, site, folder, snapshot);
    } catch (const Error& error) {
      Notes notes("k3s-images");
      notes.notice(folder, "could not be looked at: " + error.line(), "run gapstow doctor as root");
      append(findings, notes.take());
    }
  }
  return findings;
}

}  // namespace gapstow::cluster

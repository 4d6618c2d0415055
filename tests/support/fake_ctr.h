// FakeCtr: a program that answers as ctr does, keeps its images in a folder, and fails when it is told to.
#pragma once

#include <sys/stat.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "gapstow/cluster/destinations.h"
#include "support/temp_folder.h"

namespace gapstow::test {

class FakeCtr {
 public:
  FakeCtr() {
    std::ofstream(folder / "ctr") << kScript;
    ::chmod((folder / "ctr").c_str(), 0755);
    for (const auto* name : {"socket", "images", "content", "calls"}) std::ofstream(folder / name) << "";
    ::mkdir((folder / "staging").c_str(), 0755);
  }

  cluster::ContainerdPlace place() const { return {folder / "socket", "k8s.io"}; }
  cluster::ContainerdTools tools(base::WriteFs& fs) const { return {fs, cancel, folder / "ctr", folder / "staging"}; }

  std::string text(const std::string& name) const {
    std::ifstream in(folder / name);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(folder / name, std::ios::trunc) << content;
  }

  /// Names and digests, as `ctr images ls` would show them.
  std::map<std::string, std::string> images() const {
    std::istringstream in(text("images"));
    std::map<std::string, std::string> names;
    for (std::string name, digest; in >> name >> digest;) names[name] = digest;
    return names;
  }
  void add_image(const std::string& name, const std::string& digest) const {
    std::ofstream(folder / "images", std::ios::app) << name << " " << digest << "\n";
  }
  /// The call with this number, from 1, fails; 0: none does.
  void fail_at(unsigned call) const {
    write("calls", "");
    write("fail", std::to_string(call));
  }
  unsigned calls() const {
    const std::string all = text("calls");
    return static_cast<unsigned>(std::count(all.begin(), all.end(), '\n'));
  }

  TempFolder folder;
  base::CancelToken cancel;

 private:
  static constexpr const char* kScript = R"sh(#!/bin/bash
cd "$(dirname "$0")" || exit 1
shift 4
echo "$*" >>calls
if [ "$(wc -l <calls)" = "$(cat fail 2>/dev/null)" ]; then cat >/dev/null & echo "ctr: no luck" >&2; exit 1; fi
forget() { grep -v "^$1 " images >images.new; mv images.new images; }
case "$1 $2" in
"images ls")
  echo "REF TYPE DIGEST SIZE PLATFORMS LABELS"
  while read -r name digest; do echo "$name application/x $digest 1.0 MiB linux/amd64 -"; done <images;;
"images import")
  if [ "$3" = --help ]; then exit 0; fi
  rm -rf taken && mkdir taken && tar -x -C taken || exit 1
  ls taken/blobs/sha256 | sed 's/^/sha256:/' >>content
  grep -o '"io.containerd.image.name":"[^"]*"[^}]*},"digest":"[^"]*"' taken/index.json |
    sed 's/"io.containerd.image.name":"\([^"]*\)".*"digest":"\([^"]*\)"/\1 \2/' >>images
  if [ -f twist ]; then sed -i 's/sha256:..../sha256:ffff/' images; fi;;
"images tag")
  digest=$(awk -v name="$4" '$1 == name {print $2}' images)
  if [ -z "$digest" ]; then echo "ctr: image \"$4\": not found" >&2; exit 1; fi
  forget "$5"
  echo "$5 $digest" >>images;;
"images rm") shift 2; for name; do forget "$name"; done;;
"content ls")
  printf 'DIGEST\tSIZE\tAGE\tLABELS\n'
  sort -u content | while read -r blob; do
    printf '%s\t1kB\t2 minutes\t%s\n' "$blob" "$(awk -v b="$blob" '$1 == b {print $2; exit}' labels 2>/dev/null || echo -)"
  done;;
"content label") echo "$3 $4" >>labels;;
"snapshots unpack") ;;
*) echo "ctr: what?" >&2; exit 1;;
esac
)sh";
};

}  // namespace gapstow::test

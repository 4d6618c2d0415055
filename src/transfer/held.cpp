#include "gapstow/transfer/held.h"

#include <algorithm>

#include "gapstow/base/error.h"
#include "gapstow/bundle/parts.h"
#include "hold.h"
#include "prover.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kSuffix = ".gapstow";

std::string shown(const std::vector<std::string>& paths) {
  if (paths.size() == 1) return paths.front();
  return std::to_string(paths.size()) + " parts (" + paths.front() + ", …)";
}

/// Looked at before it is opened: to open a pipe is to wait for somebody who writes into it.
void check_file(base::ReadFs& fs, const std::string& path) {
  const auto status = fs.status(path);
  if (!status) throw Error(ErrorCode::not_found, "there is no bundle " + path);
  if (status->kind == base::FileStatus::Kind::regular) return;
  throw Error(ErrorCode::usage, path + " is not a file", "a bundle is served where it lies, so it has to lie");
}

bool is_part(base::ReadFs& fs, const std::string& path) {
  const auto file = fs.open(path);
  return bundle::looks_like_part(*file);
}

bundle::PartHeader header_of(base::ReadFs& fs, const std::string& path) {
  const auto file = fs.open(path);
  base::Bytes bytes(bundle::kPartHeaderBytes);
  bytes.resize(file->read_at(0, bytes));
  return base::with_context(path, [&] { return bundle::parse_part_header(bytes); });
}

/// A folder stands for the bundles in it.
std::vector<std::string> expand(base::ReadFs& fs, const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const auto& path : paths) {
    const auto status = fs.status(path);
    if (!status || status->kind != base::FileStatus::Kind::folder) {
      files.push_back(path);
      continue;
    }
    for (const auto& name : fs.list(path)) {
      if (name.ends_with(kSuffix) && !name.starts_with('.')) files.push_back(path + "/" + name);
    }
  }
  return files;
}

bool is_older_than_seen(const Outcome& outcome, std::size_t chain) {
  const auto is_rollback = [](ErrorCode code) { return code == ErrorCode::rollback; };
  const auto of_image = [&](const ImageOutcome& image) {
    return image.record.proof && image.record.proof->chain == chain &&
           std::ranges::any_of(image.decision.refusals, is_rollback, &trust::Decision::Refusal::code);
  };
  const auto alone = [&](const Failure& failure) {
    return failure.what == outcome.chains[chain].gun && is_rollback(failure.error.code());
  };
  return std::ranges::any_of(outcome.images, of_image) || std::ranges::any_of(outcome.failures, alone);
}

}  // namespace

HeldBundle::HeldBundle(std::string name, bundle::OpenedBundle bundle, KeptContents kept, Outcome outcome)
    : name_(std::move(name)), bundle_(std::move(bundle)), kept_(std::move(kept)), outcome_(std::move(outcome)) {
  const auto& statement = bundle_.statement();
  for (std::size_t i = statement.metadata_entries; i < statement.entries.size(); ++i) {
    payload_.emplace(statement.entries[i].sha256, i);
  }
  for (std::size_t i = 0; i < outcome_.chains.size(); ++i) {
    if (is_older_than_seen(outcome_, i)) rolled_back_.insert(i);
  }
}

std::optional<std::size_t> HeldBundle::payload(const digest::Digest& digest) const {
  const auto found = payload_.find(digest);
  return found == payload_.end() ? std::nullopt : std::optional(found->second);
}

std::shared_ptr<HeldBundle> hold(const std::vector<std::string>& paths, const VerifyRequest& request,
                                 trust::State* state, const Surroundings& around) {
  if (paths.empty()) throw Error(ErrorCode::usage, "no bundle was named");
  std::shared_ptr<base::File> file;
  std::vector<bundle::PartFile> parts;
  for (const auto& path : paths) check_file(around.fs, path);
  if (paths.size() > 1 || is_part(around.fs, paths.front())) {
    parts = bundle::open_parts(around.fs, paths);
    file = bundle::join_parts(parts);
  } else {
    file = around.fs.open(paths.front());
  }
  return base::with_context(shown(paths), [&] {
    KeptContents kept;
    Prover prover(request, state, around);
    prover.keep(kept);
    auto opened = bundle::OpenedBundle::open(std::move(file), prover, &around.cancel);
    if (!parts.empty()) bundle::check_parts_identity(parts, opened.seal());
    return std::make_shared<HeldBundle>(shown(paths), std::move(opened), std::move(kept), prover.take_outcome());
  });
}

std::shared_ptr<const HeldBundle> hold_bundle(const std::vector<std::string>& paths, const VerifyRequest& request,
                                              trust::State* state, const Surroundings& around) {
  return hold(paths, request, state, around);
}

std::vector<std::vector<std::string>> group_bundles(base::ReadFs& fs, const std::vector<std::string>& paths) {
  std::vector<std::vector<std::string>> groups;
  std::map<digest::Digest, std::size_t> by_bundle;
  for (const auto& path : expand(fs, paths)) {
    check_file(fs, path);
    if (!is_part(fs, path)) {
      groups.push_back({path});
      continue;
    }
    const auto [at, added] = by_bundle.try_emplace(header_of(fs, path).bundle, groups.size());
    if (added) groups.emplace_back();
    groups[at->second].push_back(path);
  }
  return groups;
}

}  // namespace gapstow::transfer

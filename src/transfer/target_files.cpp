#include "target_files.h"

#include <algorithm>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;
using digest::Algorithm;
using digest::Digest;

std::string shown(const std::string& name) { return "target '" + base::printable(name.substr(0, 200)) + "'"; }

const Digest* find_hash(const tuf::Target& target, Algorithm algorithm) {
  const auto found = std::ranges::find(target.hashes, algorithm, &Digest::algorithm);
  return found == target.hashes.end() ? nullptr : &*found;
}

/// A stream with everything that checks it.
class VerifiedSource final : public base::Source {
 public:
  VerifiedSource(std::unique_ptr<base::Source> inner, const tuf::Target& target) : inner_(std::move(inner)) {
    for (const auto& hash : target.hashes) {
      base::Source& last = checks_.empty() ? *inner_ : *checks_.back();
      checks_.push_back(std::make_unique<digest::VerifyingSource>(last, target.length, hash));
    }
  }
  std::size_t read(std::span<std::byte> out) override { return checks_.back()->read(out); }

 private:
  std::unique_ptr<base::Source> inner_;
  std::vector<std::unique_ptr<digest::VerifyingSource>> checks_;
};

std::unique_ptr<base::Source> open_verified(TargetFiles& files, const tuf::ProvenTarget& target) {
  auto source = files.open(target.name, target.target);
  if (!source) {
    throw Error(ErrorCode::not_found, shown(target.name) + " is signed, but its file is not there",
                "without --targets the chain alone is captured");
  }
  return std::make_unique<VerifiedSource>(std::move(source), target.target);
}

/// Where the chain does not say it, the file is read for it.
Digest sha256_of(TargetFiles& files, const tuf::ProvenTarget& target) {
  if (const auto* known = find_hash(target.target, Algorithm::sha256)) return *known;
  base::NullSink nowhere;
  digest::HashingSink hashing(nowhere);
  base::copy(*open_verified(files, target), hashing);
  return hashing.digest();
}

class CheckingSink final : public base::Sink {
 public:
  CheckingSink(std::unique_ptr<base::Sink> inner, std::vector<Digest> hashes)
      : inner_(std::move(inner)), expected_(std::move(hashes)) {
    for (const auto& hash : expected_) hashers_.emplace_back(hash.algorithm());
  }
  void write(base::ByteView bytes) override {
    for (auto& hasher : hashers_) hasher.update(bytes);
    if (inner_) inner_->write(bytes);
  }
  void finish() override {
    for (std::size_t i = 0; i < hashers_.size(); ++i) {
      const Digest found = hashers_[i].finish();
      if (found == expected_[i]) continue;
      throw Error(ErrorCode::digest_mismatch,
                  "a target file has digest " + found.short_text() + ", " + expected_[i].short_text() + " is signed");
    }
    if (inner_) inner_->finish();
  }

 private:
  std::unique_ptr<base::Sink> inner_;
  std::vector<Digest> expected_;
  std::vector<digest::Hasher> hashers_;
};

}  // namespace

void check_target_path(const std::string& name) {
  base::check_limit(name.size(), bundle::kMaxTextBytes, "length of the name of " + shown(name));
  const auto parts = base::split(name, '/');
  const bool leads_down =
      std::ranges::none_of(parts, [](auto part) { return part.empty() || part == "." || part == ".."; });
  if (leads_down && base::printable(name) == name && name.find('\\') == std::string::npos) return;
  throw Error(ErrorCode::role_invalid, shown(name) + " cannot become a file below a folder");
}

std::vector<Digest> further_hashes(const bundle::TargetFileRecord& record, const tuf::ProvenTarget& target) {
  if (record.size != target.target.length) {
    throw Error(ErrorCode::target_mismatch, shown(record.name) + " is signed with " +
                                                std::to_string(target.target.length) + " bytes, the bundle holds " +
                                                std::to_string(record.size));
  }
  std::vector<Digest> others;
  for (const auto& hash : target.target.hashes) {
    if (hash.algorithm() != Algorithm::sha256) {
      others.push_back(hash);
    } else if (hash != record.sha256) {
      throw Error(ErrorCode::target_mismatch,
                  shown(record.name) + " is signed as " + hash.text() + ", the bundle holds " + record.sha256.text());
    }
  }
  return others;
}

std::unique_ptr<base::Sink> make_checking_sink(std::unique_ptr<base::Sink> inner, std::vector<Digest> hashes) {
  return std::make_unique<CheckingSink>(std::move(inner), std::move(hashes));
}

std::vector<bundle::TargetFileRecord> TargetShelf::add(const tuf::VerifiedChain& chain,
                                                       std::shared_ptr<TargetFiles> files) {
  if (!files) {
    throw Error(ErrorCode::usage, "the source of the chain has no target files",
                "--targets is for TUF repositories: tuf:URL or tuf:DIR");
  }
  auto targets = chain.all_targets();
  base::check_limit(targets.size(), bundle::kMaxTargetFiles, "number of targets");
  std::vector<bundle::TargetFileRecord> records;
  for (auto& target : targets) {
    check_target_path(target.name);
    const Digest digest = sha256_of(*files, target);
    records.push_back({target.name, digest, target.target.length});
    places_.try_emplace(digest, Place{files, std::move(target)});
  }
  std::ranges::sort(records, {}, &bundle::TargetFileRecord::name);
  return records;
}

std::unique_ptr<base::Source> TargetShelf::open(const Digest& sha256) const {
  const Place& place = places_.at(sha256);
  return open_verified(*place.files, place.target);
}

}  // namespace gapstow::transfer

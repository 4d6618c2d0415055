#include "gapstow/registry/notary.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/base/workers.h"
#include "gapstow/digest/digest.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::registry {
namespace {

using base::Bytes;
using base::Error;
using base::ErrorCode;

constexpr unsigned kParallelFetches = 6;
constexpr unsigned kMaxRestarts = 4;  ///< when the repository is published anew while it is read

bool is_one_of(std::string_view all, char c) { return all.find(c) != std::string_view::npos; }

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// A repository's name goes into a path and into a scope, where spaces separate: no way out of either.
void check_gun(const std::string& gun) {
  const auto parts = base::split(gun, '/');
  const bool sound = std::ranges::none_of(parts, [](auto part) { return part.empty() || part == "." || part == ".."; });
  const bool visible =
      std::ranges::none_of(gun, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
  if (sound && visible && gun.size() <= kMaxGunBytes) return;
  throw Error(ErrorCode::invalid_reference,
              "'" + base::printable(gun.substr(0, kMaxGunBytes)) + "' cannot be the name of a repository");
}

/// For a path of a URL: slashes separate, and the colon of a port stands for itself.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kPlain = "-._~/:";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto value = static_cast<unsigned char>(c);
    if (is_letter_or_digit(c) || is_one_of(kPlain, c)) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[value >> 4], kDigits[value & 15]};
    }
  }
  return encoded;
}

/// Names of roles out of a snapshot that nobody has proven yet. The dialect refuses others too.
void check_role(const std::string& role) {
  const auto parts = base::split(role, '/');
  const bool sound = std::ranges::none_of(parts, [](auto part) { return part.empty(); }) &&
                     std::ranges::all_of(role, [](char c) { return is_letter_or_digit(c) || is_one_of("-_/", c); });
  if (sound && role.size() <= tuf::kMaxRoleNameBytes) return;
  throw Error(ErrorCode::malformed,
              "the snapshot lists '" + base::printable(role) + "', which is not the name of a role");
}

/// Whether the answer is a Notary server's word that it has no such file, rather than that of some other server.
bool says_unknown(const Reply& reply) {
  if (reply.status != 404) return false;
  try {
    const json::Value document = json::parse(reply.body);
    const auto errors = json::Cursor(document).at("errors").array();
    return std::ranges::any_of(errors,
                               [](const auto& each) { return each.at("code").string() == "METADATA_NOT_FOUND"; });
  } catch (const Error&) {
    return false;
  }
}

std::uint64_t limit_of(const std::string& role) {
  if (role == "root") return tuf::kMaxRootBytes;
  return role == "snapshot" ? tuf::kMaxSnapshotBytes : tuf::kMaxTargetsBytes;
}

/// Reads one chain. Whatever is read is held to be unproven, but to be of one publication.
class ChainReader {
 public:
  ChainReader(Server& server, const std::string& gun)
      : server_(server),
        folder_("/v2/" + percent_encoded(gun) + "/_trust/tuf/"),
        scope_("repository:" + gun + ":pull") {}

  /// Nothing when the server does not know the repository.
  std::optional<Bytes> read_timestamp(bool anew);
  /// Error{chain_incomplete} or Error{digest_mismatch} also when the repository has been published anew since.
  tuf::ChainFiles read_below(const Bytes& timestamp);

 private:
  using Roles = std::vector<std::pair<std::string, tuf::FileMeta>>;

  Reply ask(const std::string& file, std::uint64_t limit, bool anew = false);
  std::optional<Bytes> read(const std::string& file, std::uint64_t limit);
  Bytes read_promised(const std::string& role, const tuf::FileMeta& meta);
  std::vector<Bytes> read_roles(const Roles& roles);
  std::map<std::uint64_t, Bytes> read_roots(Bytes latest);
  void count(const Bytes& bytes);

  Server& server_;
  std::string folder_;
  std::string scope_;
  std::atomic<std::uint64_t> total_{0};
};

void ChainReader::count(const Bytes& bytes) {
  if (total_ += bytes.size(); total_ > kMaxChainBytes) {
    throw Error(ErrorCode::limit_exceeded, "the files of the chain have more than " + base::human_size(kMaxChainBytes));
  }
}

Reply ChainReader::ask(const std::string& file, std::uint64_t limit, bool anew) {
  Call call;
  call.target = folder_ + file;
  call.scope = scope_;
  call.limit = limit;
  if (anew) call.headers.add("Cache-Control", "no-cache");
  return base::with_context(file, [&] { return server_.send(call); });
}

/// Nothing when it is not there.
std::optional<Bytes> ChainReader::read(const std::string& file, std::uint64_t limit) {
  Reply reply = ask(file, limit);
  if (reply.status == 404 || reply.status == 410) return std::nullopt;
  if (reply.status != 200) refuse(reply, file);
  count(reply.body);
  return std::move(reply.body);
}

std::optional<Bytes> ChainReader::read_timestamp(bool anew) {
  const std::string file = "timestamp.json";
  Reply reply = ask(file, tuf::kMaxTimestampBytes, anew);
  if (says_unknown(reply)) return std::nullopt;
  if (reply.status == 404) {
    throw Error(ErrorCode::not_found, server_.host() + " does not answer as a Notary server does: " + describe(reply),
                "check the address of the Notary server");
  }
  if (reply.status != 200) refuse(reply, file);
  return std::move(reply.body);
}

/// By its checksum; by its plain name where the server does not know checksums.
Bytes ChainReader::read_promised(const std::string& role, const tuf::FileMeta& meta) {
  check_role(role);
  const auto& checksum = meta.hashes.front();
  auto bytes = read(role + "." + checksum.hex() + ".json", limit_of(role));
  if (!bytes) bytes = read(role + ".json", limit_of(role));
  if (!bytes) {
    throw Error(ErrorCode::chain_incomplete,
                role + ".json is missing on " + server_.host() + ", and other files name it");
  }
  base::with_context(role + ".json", [&] {
    for (const auto& expected : meta.hashes) digest::check_bytes(*bytes, meta.length.value_or(bytes->size()), expected);
  });
  return *std::move(bytes);
}

std::vector<Bytes> ChainReader::read_roles(const Roles& roles) {
  std::vector<Bytes> files(roles.size());
  base::run_parallel(roles.size(), kParallelFetches,
                     [&](std::size_t i) { files[i] = read_promised(roles[i].first, roles[i].second); });
  return files;
}

/// Every version up to the latest. Servers may lack the oldest ones, but none in between.
std::map<std::uint64_t, Bytes> ChainReader::read_roots(Bytes latest) {
  const std::uint64_t newest =
      base::with_context("root.json", [&] { return tuf::notary_v1().parse_root(latest).body.version; });
  if (newest > tuf::kMaxRootVersions) {
    throw Error(ErrorCode::limit_exceeded, "the root has version " + std::to_string(newest) + ", more than " +
                                               std::to_string(tuf::kMaxRootVersions));
  }
  const auto file_of = [](std::uint64_t version) { return std::to_string(version) + ".root.json"; };
  std::vector<std::optional<Bytes>> older(newest - 1);
  base::run_parallel(older.size(), kParallelFetches,
                     [&](std::size_t i) { older[i] = read(file_of(i + 1), tuf::kMaxRootBytes); });
  std::map<std::uint64_t, Bytes> roots;
  for (std::size_t i = 0; i < older.size(); ++i) {
    if (older[i]) {
      roots.emplace(i + 1, *std::move(older[i]));
    } else if (!roots.empty()) {
      throw Error(ErrorCode::chain_incomplete, file_of(i + 1) + " is missing on " + server_.host() + ", between " +
                                                   file_of(roots.begin()->first) + " and " + file_of(newest));
    }
  }
  roots.emplace(newest, std::move(latest));
  return roots;
}

tuf::ChainFiles ChainReader::read_below(const Bytes& timestamp) {
  total_ = timestamp.size();
  tuf::ChainFiles files;
  files.timestamp = timestamp;
  const auto stamped =
      base::with_context("timestamp.json", [&] { return tuf::notary_v1().parse_timestamp(timestamp); });
  files.snapshot = read_promised("snapshot", stamped.body.snapshot);
  const auto snapshot =
      base::with_context("snapshot.json", [&] { return tuf::notary_v1().parse_snapshot(files.snapshot); });
  const Roles roles(snapshot.body.meta.begin(), snapshot.body.meta.end());
  auto contents = read_roles(roles);
  for (std::size_t i = 0; i < roles.size(); ++i) {
    if (roles[i].first == "root") {
      files.roots = read_roots(std::move(contents[i]));
    } else {
      files.targets.emplace(roles[i].first, std::move(contents[i]));
    }
  }
  return files;
}

/// What is also seen when the repository was published anew between two answers.
bool may_be_race(const Error& error) {
  return error.code() == ErrorCode::chain_incomplete || error.code() == ErrorCode::digest_mismatch;
}

std::optional<tuf::ChainFiles> read_chain(ChainReader& reader) {
  auto timestamp = reader.read_timestamp(false);
  if (!timestamp) return std::nullopt;
  for (unsigned restarts = 0;; ++restarts) {
    try {
      return reader.read_below(*timestamp);
    } catch (const Error& error) {
      if (!may_be_race(error) || restarts == kMaxRestarts) throw;
      auto newer = reader.read_timestamp(true);
      if (!newer || *newer == *timestamp) throw;
      timestamp = std::move(newer);
    }
  }
}

}  // namespace

std::optional<tuf::ChainFiles> fetch_notary_chain(Server& server, const std::string& gun) {
  check_gun(gun);
  return base::with_context(gun, [&] {
    ChainReader reader(server, gun);
    return read_chain(reader);
  });
}

}  // namespace gapstow::registry

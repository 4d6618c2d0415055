// gapstow-tuf-client: a bare TUF client with the three commands of the TUF conformance suite.
//
//   gapstow-tuf-client --metadata-dir DIR init ROOT
//   gapstow-tuf-client --metadata-url URL --metadata-dir DIR refresh
//   gapstow-tuf-client --metadata-url URL --metadata-dir DIR --target-name NAME… --target-dir DIR --target-base-url URL
//                      download
//
// Exit status 0 for success, 1 for everything else.
#include <algorithm>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/cancel.h"
#include "gapstow/base/fs.h"
#include "gapstow/digest/digest.h"
#include "gapstow/registry/network.h"
#include "gapstow/tuf/updater.h"

namespace {

using gapstow::base::Bytes;
using gapstow::base::ByteView;
using gapstow::base::Error;
using gapstow::base::ErrorCode;
namespace base = gapstow::base;
namespace digest = gapstow::digest;
namespace registry = gapstow::registry;
namespace tuf = gapstow::tuf;

constexpr std::string_view kFileScheme = "file://";
constexpr std::size_t kMaxFileName = 200;

/// What is not a letter, a digit or one of `kept` becomes %XX.
std::string percent_encoded(const std::string& text, std::string_view kept) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          kept.find(c) != std::string_view::npos;
    if (is_plain) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += "0123456789ABCDEF"[byte >> 4];
    encoded += "0123456789ABCDEF"[byte & 0xF];
  }
  return encoded;
}

/// A file name for any text: readable where that is possible, never hidden, never a way to another folder.
std::string safe_name(const std::string& text) {
  auto name = percent_encoded(text, "-_.");
  if (name.starts_with('.')) name = "%2E" + name.substr(1);
  return name.empty() || name.size() > kMaxFileName ? digest::sha256(base::as_bytes(text)).hex() : name;
}

void make_folders(base::WriteFs& fs, const std::string& path) {
  if (path.empty() || fs.status(path)) return;
  const std::string above = base::parent_folder(path);
  if (above != path) make_folders(fs, above);
  fs.make_folder(path, 0755);
}

/// A folder with "root.json" and so on. Names of delegated roles are hashed: no two share a file, whatever the disk
/// makes of upper and lower case.
class FolderStore final : public tuf::MetadataStore {
 public:
  FolderStore(base::WriteFs& fs, std::string folder) : fs_(fs), folder_(std::move(folder)) {}

  std::optional<Bytes> read(const std::string& role) override {
    const std::string path = path_of(role);
    if (!fs_.status(path)) return std::nullopt;
    return base::read_file(fs_, path, tuf::kMaxTargetsBytes);
  }
  void write(const std::string& role, ByteView raw) override {
    make_folders(fs_, folder_);
    base::write_file(fs_, path_of(role), raw);
  }
  void remove(const std::string& role) override {
    if (fs_.status(path_of(role))) fs_.remove(path_of(role));
  }

 private:
  std::string path_of(const std::string& role) const {
    const bool is_top = role == "root" || role == "timestamp" || role == "snapshot" || role == tuf::kTopRole;
    const std::string name = is_top ? role : "role-" + digest::sha256(base::as_bytes(role)).hex();
    return folder_ + "/" + name + ".json";
  }

  base::WriteFs& fs_;
  std::string folder_;
};

/// Files below a URL: http, https, or file for a folder of this machine.
class Site {
 public:
  Site(base::ReadFs& fs, registry::Network& network, const std::string& url) : fs_(fs) {
    if (url.starts_with(kFileScheme)) {
      path_ = url.substr(kFileScheme.size());
    } else {
      const std::size_t scheme = url.find("://");
      const std::size_t slash = scheme == std::string::npos ? scheme : url.find('/', scheme + 3);
      if (scheme == std::string::npos) throw Error(ErrorCode::usage, "'" + url + "' is no URL");
      server_ = &network.server(url.substr(0, slash), {});
      path_ = slash == std::string::npos ? "" : url.substr(slash);
    }
    if (!path_.ends_with('/')) path_ += '/';
  }

  /// The file as a stream, or nothing when there is none. S3 says 403 where others say 404.
  std::unique_ptr<base::Source> open(const std::string& file) {
    if (server_ == nullptr) return open_local(path_ + file);
    registry::Call call;
    call.target = path_ + file;
    auto download = server_->download(call);
    const auto& reply = download->reply();
    if (reply.status == 403 || reply.status == 404 || reply.status == 410) return nullptr;
    if (reply.status != 200) registry::refuse(reply, file);
    return download;
  }

 private:
  class LocalFile final : public base::Source {
   public:
    explicit LocalFile(std::unique_ptr<base::File> file) : file_(std::move(file)), source_(*file_) {}
    std::size_t read(std::span<std::byte> out) override { return source_.read(out); }

   private:
    std::unique_ptr<base::File> file_;
    base::FileSource source_;
  };

  std::unique_ptr<base::Source> open_local(const std::string& path) {
    if (!fs_.status(path)) return nullptr;
    return std::make_unique<LocalFile>(fs_.open(path));
  }

  base::ReadFs& fs_;
  registry::Server* server_ = nullptr;
  std::string path_;
};

class SiteFetcher final : public tuf::MetadataFetcher {
 public:
  explicit SiteFetcher(Site site) : site_(site) {}
  std::optional<Bytes> fetch(const std::string& file, std::uint64_t limit) override {
    const auto source = site_.open(file);
    if (!source) return std::nullopt;
    return base::read_all(*source, limit);
  }

 private:
  Site site_;
};

/// Moves exactly the target's bytes, or throws; the sink is to be used only when this returns.
void copy_verified(base::Source& from, base::Sink& to, const tuf::FoundTarget& found) {
  std::vector<std::unique_ptr<digest::VerifyingSource>> checks;
  base::Source* last = &from;
  for (const auto& hash : found.target.hashes) {
    checks.push_back(std::make_unique<digest::VerifyingSource>(*last, found.target.length, hash));
    last = checks.back().get();
  }
  base::copy(*last, to);
  to.finish();
}

bool holds_target(base::ReadFs& fs, const std::string& path, const tuf::FoundTarget& found) {
  if (!fs.status(path)) return false;
  try {
    const auto file = fs.open(path);
    base::FileSource source(*file);
    base::NullSink nowhere;
    copy_verified(source, nowhere, found);
    return true;
  } catch (const Error&) {
    return false;
  }
}

struct Arguments {
  std::map<std::string, std::string> options;
  std::vector<std::string> target_names;
  std::vector<std::string> words;  ///< the command and what stands behind it

  const std::string& option(const std::string& name) const {
    const auto found = options.find(name);
    if (found == options.end()) throw Error(ErrorCode::usage, "--" + name + " is missing");
    return found->second;
  }
};

Arguments parse(const std::vector<std::string>& words) {
  static const std::vector<std::string> kOptions{"metadata-url", "metadata-dir", "target-name", "target-dir",
                                                 "target-base-url"};
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with("--")) {
      arguments.words.push_back(words[i]);
      continue;
    }
    const std::size_t equals = words[i].find('=');
    const std::string name = words[i].substr(2, equals == std::string::npos ? equals : equals - 2);
    if (std::ranges::find(kOptions, name) == kOptions.end()) throw Error(ErrorCode::usage, "unknown option --" + name);
    if (equals == std::string::npos && i + 1 == words.size()) {
      throw Error(ErrorCode::usage, "--" + name + " wants a value");
    }
    const std::string value = equals == std::string::npos ? words[++i] : words[i].substr(equals + 1);
    if (name == "target-name") {
      arguments.target_names.push_back(value);
    } else {
      arguments.options[name] = value;
    }
  }
  return arguments;
}

registry::Settings settings_for(const Arguments& arguments) {
  registry::Settings settings;
  settings.user_agent = "gapstow-tuf-client";
  // Whether to do without TLS is said by each URL; what is fetched is verified either way.
  settings.plain_http =
      std::ranges::any_of(arguments.options, [](const auto& option) { return option.second.starts_with("http://"); });
  return settings;
}

class Client {
 public:
  Client(const Arguments& arguments, base::WriteFs& fs, const base::Clock& clock, const base::CancelToken& cancel)
      : arguments_(arguments),
        fs_(fs),
        clock_(clock),
        network_(settings_for(arguments), fs, clock, cancel),
        store_(fs, arguments.option("metadata-dir")) {}

  void run() {
    const auto& words = arguments_.words;
    if (words.size() == 2 && words[0] == "init") return init(words[1]);
    if (words.size() == 1 && words[0] == "refresh") return refresh();
    if (words.size() == 1 && words[0] == "download") return download();
    throw Error(ErrorCode::usage, "expected init ROOT, refresh or download");
  }

 private:
  void init(const std::string& path) { tuf::Updater::init(store_, base::read_file(fs_, path, tuf::kMaxRootBytes)); }

  void refresh() {
    SiteFetcher fetcher(site("metadata-url"));
    tuf::Updater(fetcher, store_, clock_.now()).refresh();
  }

  void download() {
    SiteFetcher fetcher(site("metadata-url"));
    Site targets = site("target-base-url");
    const std::string folder = arguments_.option("target-dir");
    if (arguments_.target_names.empty()) throw Error(ErrorCode::usage, "--target-name is missing");
    make_folders(fs_, folder);
    tuf::Updater updater(fetcher, store_, clock_.now());
    updater.refresh();
    for (const auto& name : arguments_.target_names) {
      const auto found = updater.find(name);
      base::with_context("target " + name,
                         [&] { take(targets, updater.file_of(found), folder + "/" + safe_name(name), found); });
    }
  }

  /// What is there already and is right is not fetched again.
  void take(Site& targets, const std::string& file, const std::string& path, const tuf::FoundTarget& found) {
    if (holds_target(fs_, path, found)) return;
    const auto source = targets.open(percent_encoded(file, "-_.~/"));
    if (!source) throw Error(ErrorCode::not_found, file + " is not there");
    base::AtomicFile output(fs_, path);
    base::FileSink sink(output.file());
    copy_verified(*source, sink, found);
    output.commit();
  }

  Site site(const std::string& option) { return {fs_, network_, arguments_.option(option)}; }

  const Arguments& arguments_;
  base::WriteFs& fs_;
  const base::Clock& clock_;
  registry::Network network_;
  FolderStore store_;
};

}  // namespace

int main(int argc, char** argv) {
  base::SystemFs fs;
  base::SystemClock clock;
  const base::CancelToken cancel;
  try {
    const auto arguments = parse({argv + 1, argv + argc});
    Client(arguments, fs, clock, cancel).run();
    return 0;
  } catch (const Error& error) {
    std::cerr << "gapstow-tuf-client: " << error.line() << " [" << base::name(error.code()) << "]\n";
  } catch (const std::exception& error) {
    std::cerr << "gapstow-tuf-client: " << error.what() << "\n";
  }
  return 1;
}

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
#include "gapstow/registry/site.h"
#include "gapstow/tuf/served.h"
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

constexpr std::size_t kMaxFileName = 200;

/// A file name for any text: readable where that is possible, never hidden, never a way to another folder.
std::string safe_name(const std::string& text) {
  auto name = tuf::percent_encoded(text);
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

registry::Settings settings_for_client() {
  registry::Settings settings;
  settings.user_agent = "gapstow-tuf-client";
  return settings;
}

class Client {
 public:
  Client(const Arguments& arguments, base::WriteFs& fs, const base::Clock& clock, const base::CancelToken& cancel)
      : arguments_(arguments),
        fs_(fs),
        clock_(clock),
        network_(settings_for_client(), fs, clock, cancel),
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
    const auto metadata = site("metadata-url");
    registry::SiteFetcher fetcher(*metadata);
    tuf::Updater(fetcher, store_, clock_.now()).refresh();
  }

  void download() {
    const auto metadata = site("metadata-url");
    const auto targets = site("target-base-url");
    registry::SiteFetcher fetcher(*metadata);
    const std::string folder = arguments_.option("target-dir");
    if (arguments_.target_names.empty()) throw Error(ErrorCode::usage, "--target-name is missing");
    make_folders(fs_, folder);
    tuf::Updater updater(fetcher, store_, clock_.now());
    updater.refresh();
    for (const auto& name : arguments_.target_names) {
      const auto found = updater.find(name);
      base::with_context("target " + name,
                         [&] { take(*targets, updater.files_of(found), folder + "/" + safe_name(name), found); });
    }
  }

  /// What is there already and is right is not fetched again.
  void take(registry::Site& targets, const std::vector<std::string>& files, const std::string& path,
            const tuf::FoundTarget& found) {
    if (holds_target(fs_, path, found)) return;
    std::unique_ptr<base::Source> source;
    for (const auto& file : files) {
      if (!source) source = targets.open(registry::encoded_path(file));
    }
    if (!source) throw Error(ErrorCode::not_found, files.front() + " is not there");
    base::AtomicFile output(fs_, path);
    base::FileSink sink(output.file());
    copy_verified(*source, sink, found);
    output.commit();
  }

  std::unique_ptr<registry::Site> site(const std::string& option) {
    const std::string& url = arguments_.option(option);
    if (!registry::is_url(url)) throw Error(ErrorCode::usage, "'" + url + "' is no URL");
    return registry::open_site(fs_, &network_, url);
  }

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

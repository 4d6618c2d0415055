#include "gapstow/registry/site.h"

#include <algorithm>
#include <vector>

#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/tuf/served.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kFileScheme = "file://";

/// Whether every part of a path leads downwards.
bool leads_down(std::string_view path) {
  const auto parts = base::split(path, '/');
  return std::ranges::none_of(parts, [](auto part) { return part.empty() || part == "." || part == ".."; });
}

void check_path(const std::string& path) {
  if (!leads_down(path)) throw Error(ErrorCode::malformed, "'" + base::printable(path) + "' is no path to a file");
}

/// %XX as bytes; a stray percent sign stands for itself.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string digits(text.substr(i + 1 < text.size() ? i + 1 : text.size(), 2));
    std::ranges::transform(digits, digits.begin(),
                           [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
    if (text[i] == '%' && base::is_hex(digits, 2)) {
      out += static_cast<char>(base::from_hex(digits).front());
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

class LocalFile final : public base::Source {
 public:
  explicit LocalFile(std::unique_ptr<base::File> file) : file_(std::move(file)), source_(*file_) {}
  std::size_t read(std::span<std::byte> out) override { return source_.read(out); }

 private:
  std::unique_ptr<base::File> file_;
  base::FileSource source_;
};

class LocalSite final : public Site {
 public:
  LocalSite(base::ReadFs& fs, std::string folder) : fs_(fs), folder_(std::move(folder)) {}

  std::unique_ptr<base::Source> open(const std::string& path) override {
    check_path(path);
    for (const auto& name : {path, percent_decoded(path)}) {
      // What an encoded slash stands for is a part of a name, not a way elsewhere.
      const bool same_parts = std::ranges::count(name, '/') == std::ranges::count(path, '/');
      const bool is_plain = name.find('\0') == std::string::npos && leads_down(name);
      if (!same_parts || !is_plain) continue;
      const std::string full = folder_ + "/" + name;
      const auto status = fs_.status(full);
      if (status && status->kind == base::FileStatus::Kind::regular) {
        return std::make_unique<LocalFile>(fs_.open(full));
      }
    }
    return nullptr;
  }
  std::unique_ptr<Site> below(const std::string& folder) const override {
    return std::make_unique<LocalSite>(fs_, folder_ + "/" + folder);
  }
  const std::string& place() const override { return folder_; }

 private:
  base::ReadFs& fs_;
  std::string folder_;
};

class RemoteSite final : public Site {
 public:
  /// `path` ends in '/'.
  RemoteSite(Server& server, std::string origin, std::string path)
      : server_(server), origin_(std::move(origin)), path_(std::move(path)), place_(origin_ + path_) {}

  /// S3 says 403 where others say 404.
  std::unique_ptr<base::Source> open(const std::string& path) override {
    check_path(path);
    Call call;
    call.target = path_ + path;
    auto download = server_.download(call);
    const auto& reply = download->reply();
    if (reply.status == 403 || reply.status == 404 || reply.status == 410) return nullptr;
    if (reply.status != 200) refuse(reply, path);
    return download;
  }
  std::unique_ptr<Site> below(const std::string& folder) const override {
    return std::make_unique<RemoteSite>(server_, origin_, path_ + folder + "/");
  }
  const std::string& place() const override { return place_; }

 private:
  Server& server_;
  std::string origin_;
  std::string path_;
  std::string place_;
};

}  // namespace

bool is_url(const std::string& place) {
  return place.starts_with("http://") || place.starts_with("https://") || place.starts_with(kFileScheme);
}

std::unique_ptr<Site> open_site(base::ReadFs& fs, Network* network, const std::string& place) {
  if (!is_url(place)) return std::make_unique<LocalSite>(fs, place);
  if (place.starts_with(kFileScheme)) {
    return std::make_unique<LocalSite>(fs, percent_decoded(place.substr(kFileScheme.size())));
  }
  if (network == nullptr) throw Error(ErrorCode::usage, "'" + place + "' needs a network");
  if (place.find_first_of("?#") != std::string::npos) {
    throw Error(ErrorCode::usage, "'" + base::printable(place) + "' has a query or a fragment",
                "give the URL of the folder that holds timestamp.json");
  }
  const std::size_t slash = place.find('/', place.find("://") + 3);
  const std::string origin = place.substr(0, slash);
  std::string path = slash == std::string::npos ? "/" : place.substr(slash);
  if (!path.ends_with('/')) path += '/';
  return std::make_unique<RemoteSite>(network->file_server(origin), origin, path);
}

std::optional<base::Bytes> SiteFetcher::fetch(const std::string& file, std::uint64_t limit) {
  const auto source = site_.open(file);
  if (!source) return std::nullopt;
  return base::read_all(*source, limit);
}

std::string encoded_path(const std::string& path) {
  std::vector<std::string> parts;
  for (const auto part : base::split(path, '/')) parts.push_back(tuf::percent_encoded(part));
  return base::join(parts, "/");
}

}  // namespace gapstow::registry

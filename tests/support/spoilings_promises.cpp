// Spoilings of what one file says of another, and of the bytes behind it.
#include <algorithm>

#include "gapstow/base/encoding.h"
#include "support/spoiling_means.h"

namespace gapstow::test {
namespace {

using namespace spoil;

Apply length(std::int64_t more) {
  return promise([=](Object& entry) {
    edit(entry, {"length"}, [&](Value& value) { value = Value(*value.get_if<std::int64_t>() + more); });
  });
}

Apply hash(std::string name, std::size_t size) {
  return promised_hash(std::move(name), [=](const TestRepository& r) { return r.encoded(base::Bytes(size)); });
}

void only_unknown_hash(TestRepository& repository, const std::string& role) {
  promise({"hashes"}, Value(Object{}))(repository, role);
  hash("blake3", 32)(repository, role);
}

/// The same bytes, written as the other dialect does.
void hash_of_the_other_dialect(TestRepository& repository, const std::string& role) {
  const bool is_base64 = is_notary(repository, role);
  promise([=](Object& entry) {
    edit(entry, {"hashes", "sha256"}, [&](Value& value) {
      const auto& text = *value.get_if<std::string>();
      value = Value(is_base64 ? base::hex(base::from_base64(text)) : base::base64(base::from_hex(text)));
    });
  })(repository, role);
}

/// The role's file is that of the publication before, promised as such.
void old_file_promised(TestRepository& repository, const std::string& role) {
  const std::string old = repository.before.at(role);
  auto& draft = repository.draft(role);
  draft.body.set("version", Value(version_of(draft) - 1));
  draft.edit_text.push_back([=](std::string& text) { text = old; });
}

/// As long as the new one, so that its length does not give it away.
void old_file(TestRepository& repository, const std::string& role) {
  const std::string old = repository.before.at(role);
  repository.draft(role).tamper.push_back([=](std::string& text) {
    const auto size = text.size();
    text = old;
    text.resize(std::max(size, old.size()), ' ');
  });
}

/// A file of another role that is promised and signed as it should be.
void file_of_another_role(TestRepository& repository, const std::string& role) {
  const std::string other = repository.before.at(role == "targets" ? "snapshot" : "targets");
  repository.draft(role).edit_text.push_back([=](std::string& text) { text = other; });
}

void withdrawn(TestRepository& repository, const std::string&) {
  repository.targets.erase(repository.delegated());
  edit(repository.targets.at("targets").body, {"delegations", "roles"}, [](Value& roles) {
    auto& items = *roles.get_if<Array>();
    items.erase(items.begin());
  });
}

/// One byte more than the role may have.
void too_large(TestRepository& repository, const std::string& role) {
  const bool is_small = role == "root" || role == "timestamp";
  const std::size_t size = (std::size_t{is_small ? 1U : 64U} << 20) + 1;
  repository.draft(role).tamper.push_back([=](std::string& text) { text.resize(size, ' '); });
}

void indent(std::string& text) { text.insert(text.find(",\"signed\"") + 1, "\n  "); }

}  // namespace

std::vector<Spoiling> promise_spoilings() {
  return {
      {"length one more promised", length(1), is_listed},
      {"length one less promised", length(-1), is_listed},
      {"length zero promised", promise({"length"}, 0), is_listed},
      {"length negative promised", promise({"length"}, -1), is_listed},
      {"length beyond 2^53 promised", promise({"length"}, Value((std::int64_t{1} << 53) + 1)), is_listed},
      {"length a text promised", promise({"length"}, "100"), is_listed},
      {"length null promised", promise({"length"}, Value()), is_listed},
      {"no length promised", unpromise({"length"}), is_listed},
      {"SHA-256 of other bytes promised", hash("sha256", 32), is_listed},
      {"SHA-512 of other bytes promised", hash("sha512", 64), is_listed},
      {"SHA-256 too short promised", hash("sha256", 31), is_listed},
      {"SHA-256 empty promised", hash("sha256", 0), is_listed},
      {"SHA-256 null promised", promise({"hashes", "sha256"}, Value()), is_listed},
      {"SHA-256 in the form of the other dialect promised", hash_of_the_other_dialect, is_listed},
      {"no SHA-256 promised", unpromise({"hashes", "sha256"}), is_listed},
      {"no hashes promised", unpromise({"hashes"}), is_listed},
      {"hashes empty", promise({"hashes"}, Value(Object{})), is_listed},
      {"hashes null", promise({"hashes"}, Value()), is_listed},
      {"hashes an array", promise({"hashes"}, Value(Array{})), is_listed},
      {"only an unknown hash promised", only_unknown_hash, is_listed},
      {"an unknown hash promised as well", hash("blake3", 32), is_listed},
      {"an unknown hash promised as well, not encoded", promise({"hashes", "blake3"}, "?!"), is_listed},
      {"an unknown hash promised as well, null", promise({"hashes", "blake3"}, Value()), is_listed},
      {"hashes also in another case", promise({"Hashes"}, Value(Object{})), is_listed},
      {"version missing promised", unpromise({"version"}),
       [](const TestRepository& r, const std::string& role) { return is_v1(r, role) && is_listed(r, role); }},
      {"version of another file promised", promise({"version"}, 4711),
       [](const TestRepository& r, const std::string& role) { return is_v1(r, role) && is_listed(r, role); }},
      {"version zero promised", promise({"version"}, 0),
       [](const TestRepository& r, const std::string& role) { return is_v1(r, role) && is_listed(r, role); }},
      {"version a text promised", promise({"version"}, "7"),
       [](const TestRepository& r, const std::string& role) { return is_v1(r, role) && is_listed(r, role); }},
      {"neither length nor hashes promised", promise([](Object& entry) {
         erase(entry, {"length"});
         erase(entry, {"hashes"});
       }),
       is_listed},
      {"promise null",
       [](TestRepository& r, const std::string& role) {
         auto& holder = role == "snapshot" ? r.timestamp : r.snapshot;
         const Path path{"meta", r.listed_name(role)};
         holder.edit_body.push_back([=](Object& o) { set(o, path, Value()); });
       },
       is_listed},
      {"not promised", unlist, is_listed},
      {"not promised and not served",
       [](TestRepository& r, const std::string& role) {
         unlist(r, role);
         r.draft(role).withheld = true;
       },
       is_listed},
      {"withdrawn, also from the delegating role", withdrawn, is_delegation},
      {"what is promised null", put("meta", Value()),
       [](const TestRepository&, const std::string& role) { return role == "timestamp" || role == "snapshot"; }},
      {"what is promised missing", without({"meta"}),
       [](const TestRepository&, const std::string& role) { return role == "timestamp" || role == "snapshot"; }},
  };
}

std::vector<Spoiling> bytes_spoilings() {
  return {
      {"not served", [](TestRepository& r, const std::string& role) { r.draft(role).withheld = true; }},
      {"empty file", tamper([](std::string& t) { t.clear(); })},
      {"last byte lost", tamper([](std::string& t) { t.pop_back(); })},
      {"first byte lost", tamper([](std::string& t) { t.erase(0, 1); })},
      {"newline added after it was hashed", tamper([](std::string& t) { t += "\n"; })},
      {"unsigned member added after it was hashed", tamper([](std::string& t) { t.insert(t.size() - 1, ",\"x\":1"); })},
      {"indented after it was hashed", tamper(indent)},
      {"a bit of the signed part flipped", tamper([](std::string& t) { t[t.find("\"expires\":\"2") + 12] ^= 1; })},
      {"too large", too_large},
      {"file of the publication before", old_file},
      {"file of the publication before, promised", old_file_promised},
      {"file of another role, promised", file_of_another_role},
  };
}

}  // namespace gapstow::test

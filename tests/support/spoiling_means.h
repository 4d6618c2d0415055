// What spoilings are made of: changes at one of the places where a file of a repository can be changed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/spoiling.h"

namespace gapstow::test::spoil {

using json::Array;
using json::Object;
using json::Value;
using Path = std::vector<std::string>;
using Apply = Spoiling::Apply;

/// The signed part, before it is signed.
Apply body(std::function<void(Object&)> change);
Apply put(std::string name, Value value);
Apply without(Path path);
/// What is around the signed part, after it was signed and before others hash the file.
Apply envelope(std::function<void(Object&)> change);
/// The text of the file, before others hash it.
Apply text(std::function<void(std::string&)> change);
/// The first occurrence; before the signature is made it cannot be, so what is in it is signed as it was.
Apply replace(std::string from, std::string to);
/// The text after others have hashed it.
Apply tamper(std::function<void(std::string&)> change);

/// A member of the first signature.
Apply changed_signature(std::string member, std::function<Value(const Value&)> change);
Apply signature(std::string member, Value value);
/// The bytes of the first signature.
Apply signature_bytes(std::function<void(base::Bytes&)> change);
/// One more entry behind the signatures.
Apply another_signature(Value value);

/// The file that says who may sign the role, and where in it.
struct Mandate {
  Object& holder;
  Path role;  ///< its entry
  Path keys;  ///< the keys of all entries
};
Apply mandate(std::function<void(const Mandate&)> change);
/// Its member of that name.
Apply mandate(std::string member, Value value);
Path below(Path path, const std::string& name);

/// The key that the role has in the standard repository, as `keys` names it.
std::string key_name(const TestRepository& repository, const std::string& role);
/// Changes the role's key as it is published, and its ID where that follows from it.
Apply key_object(std::function<void(Object&)> change);
/// Gives the role this key in the newest publication, and lets it sign.
Apply new_key(std::function<PublishedKey(TestRepository&)> make);

/// The entry by which another file promises this one, and where that is.
Apply promise(std::function<void(Object&)> change);
Apply promise(Path member, Value value);
Apply unpromise(Path member);
/// The hash of that name, through what the dialect writes.
Apply promised_hash(std::string name, std::function<std::string(const TestRepository&)> value);
void unlist(TestRepository& repository, const std::string& role);

bool is_notary(const TestRepository& repository, const std::string& role);
bool is_v1(const TestRepository& repository, const std::string& role);
/// Whether a file says what the role's file must be.
bool is_listed(const TestRepository& repository, const std::string& role);
bool is_delegation(const TestRepository& repository, const std::string& role);
bool is_ecdsa(const TestRepository& repository, const std::string& role);
bool is_ed25519(const TestRepository& repository, const std::string& role);

}  // namespace gapstow::test::spoil

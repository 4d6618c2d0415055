// Faults of the statement: well signed, but not what a bundle may say.
#include "vectors/bundle_forge.h"

namespace gapstow::test {
namespace {

using bundle::Statement;

digest::Digest digest_of(std::string_view text) { return digest::sha256(base::as_bytes(text)); }

bundle::Entry blob(std::string_view seed, std::uint64_t size) {
  return {"blobs/sha256/" + digest_of(seed).hex(), size, digest_of(seed)};
}

/// A bundle whose statement says something else than it should, and is signed.
BundleVector said(std::string name, std::string expect, std::string comment,
                  const std::function<void(Statement&)>& spoil) {
  BundleContent content = small_content();
  spoil(content.statement);
  content.contents.resize(std::min(content.contents.size(), content.statement.entries.size()));
  const Forge forge(content);
  return {std::move(name), std::move(expect), "Statement", std::move(comment),
          forge.assemble(forge.signed_envelope({&alice()}))};
}

/// The same with the text of the statement edited.
BundleVector spelt(std::string name, std::string expect, std::string spec, std::string comment,
                   const std::function<void(std::string&)>& edit) {
  Forge forge(small_content());
  edit(forge.payload);
  return {std::move(name), std::move(expect), std::move(spec), std::move(comment),
          forge.assemble(forge.signed_envelope({&alice()}))};
}

BundleVector replaced(std::string name, std::string expect, std::string spec, std::string comment,
                      const std::string& from, const std::string& to) {
  return spelt(std::move(name), std::move(expect), std::move(spec), std::move(comment),
               [&](std::string& text) { replace_once(text, from, to); });
}

/// The chain's second file under another name, in the chain and in the entry alike.
BundleVector named(std::string name, std::string comment, const std::string& file) {
  return said(std::move(name), "malformed", std::move(comment), [&](Statement& s) {
    s.chains[0].files[1].file = file;
    s.entries[3].name = "gapstow/trust/0000/" + file;
  });
}

std::vector<BundleVector> newer_ones() {
  const std::string end = R"("tool":"gapstow 0.1.0","version":1})";
  return {
      replaced("newer-predicate", "unsupported", "Versions", "another predicate type", "urn:gapstow:bundle:v1",
               "urn:gapstow:bundle:v2"),
      replaced("newer-statement", "unsupported", "Versions", "another type of statement", "in-toto.io/Statement/v1",
               "in-toto.io/Statement/v2"),
      replaced("newer-version", "unsupported", "Versions", "another version, with a member of its own", end,
               R"("tool":"gapstow 9.0.0","version":2,"what":{}})"),
      replaced("newer-requires", "unsupported", "Versions", "a required feature", R"("requires":[])",
               R"("requires":["dictionary"])"),
      replaced("version-text", "malformed", "Versions", "the version as a text", end,
               R"("tool":"gapstow 0.1.0","version":"1"})"),
      replaced("requires-missing", "malformed", "Versions", "no list of required features", R"("requires":[],)", ""),
  };
}

std::vector<BundleVector> spelling_ones() {
  const std::string tool = R"("tool":"gapstow 0.1.0")";
  return {
      replaced("json-duplicate-member", "malformed", "Statement", "a member twice", tool, tool + "," + tool),
      replaced("json-unknown-member", "malformed", "Statement", "a member that is not known", tool,
               tool + R"(,"toolbox":"")"),
      replaced("json-unsorted", "malformed", "Statement", "members in another order",
               R"("requires":[],"sealSize":6144)", R"("sealSize":6144,"requires":[])"),
      replaced("json-space", "malformed", "Statement", "a space between members", R"("requires":[],)",
               R"("requires":[], )"),
      spelt("json-line-feed", "malformed", "Statement", "a line feed at the end",
            [](std::string& text) { text += '\n'; }),
      spelt("json-bom", "malformed", "Statement", "a byte order mark",
            [](std::string& text) { text.insert(0, "\xef\xbb\xbf"); }),
      spelt("json-two-values", "malformed", "Statement", "a second value", [](std::string& text) { text += "{}"; }),
      replaced("json-escape", "malformed", "Statement", "a letter written as an escape", R"("tool":"g)",
               R"("tool":"\u0067)"),
      replaced("json-real", "malformed", "Statement", "a number with a fraction", R"("sealSize":6144)",
               R"("sealSize":6144.0)"),
      replaced("json-exponent", "malformed", "Statement", "a number with an exponent", R"("metadataEntries":6)",
               R"("metadataEntries":6e0)"),
      replaced("json-bad-utf8", "malformed", "Statement", "a byte that is no UTF-8", R"("tool":"g)", "\"tool\":\"\xff"),
      replaced("json-depth", "limit_exceeded", "Limits", "arrays within arrays", R"("requires":[])",
               "\"requires\":" + std::string(200, '[') + std::string(200, ']')),
      replaced("json-missing-member", "malformed", "Statement", "a member that must be there", tool + ",", ""),
      replaced("time-fraction", "malformed", "Statement", "sealedAt with a fraction",
               R"("sealedAt":"2026-11-22T17:00:00Z")", R"("sealedAt":"2026-11-22T17:00:00.5Z")"),
      replaced("time-offset", "malformed", "Statement", "sealedAt in another zone",
               R"("sealedAt":"2026-11-22T17:00:00Z")", R"("sealedAt":"2026-11-22T18:00:00+01:00")"),
      replaced("digest-upper-case", "malformed", "Statement", "a digest in capitals",
               digest_of("the first layer\n").hex() + "\",\"size\"",
               [] {
                 std::string hex = digest_of("the first layer\n").hex();
                 for (char& c : hex) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
                 return hex + "\",\"size\"";
               }()),
      replaced("size-negative", "malformed", "Statement", "a size below zero", R"("size":30})", R"("size":-1})"),
      replaced("size-beyond-integers", "malformed", "Limits", "a size that no 64 bits hold", R"("size":30})",
               R"("size":18446744073709551616})"),
      replaced("subject-other", "malformed", "Statement", "a subject that is not the image",
               R"("name":"example.test/app:1.1"}])", R"("name":"example.test/app:1.2"}])"),
      replaced("subject-more", "malformed", "Statement", "a subject more than images", R"("subject":[)",
               R"("subject":[{"digest":{"sha256":"00"},"name":"x"},)"),
  };
}

std::vector<BundleVector> name_ones() {
  return {
      named("name-dotdot", "a name that leaves the folder", "../../../etc/passwd"),
      named("name-dot", "a part of one dot", "./targets.json"),
      named("name-empty-part", "two slashes", "a//targets.json"),
      named("name-slash-end", "a slash at the end", "targets/"),
      named("name-backslash", "a backslash", "..\\targets.json"),
      named("name-too-long", "a name that ustar cannot hold", std::string(300, 'n')),
      named("name-twice", "two entries of one name", "1.root.json"),
      named("name-below-entry", "an entry below another entry", "1.root.json/targets.json"),
      said("name-absolute", "malformed", "an absolute name", [](Statement& s) { s.entries[0].name = "/oci-layout"; }),
      said("name-of-seal", "malformed", "a second entry with the seal's name",
           [](Statement& s) { s.entries[3].name = "gapstow/seal.json"; }),
  };
}

std::vector<BundleVector> order_ones() {
  return {
      said("order-views", "malformed", "index.json before oci-layout",
           [](Statement& s) { std::swap(s.entries[0], s.entries[1]); }),
      said("order-view-late", "malformed", "manifest.json behind a chain",
           [](Statement& s) { s.entries[4] = {"manifest.json", 2, digest_of("[]")}; }),
      said("order-chain", "malformed", "chain files in another order than the chain says",
           [](Statement& s) { std::swap(s.entries[2], s.entries[3]); }),
      said("order-blob-early", "malformed", "a blob before a chain",
           [](Statement& s) { std::swap(s.entries[3], s.entries[4]); }),
      said("no-layout", "malformed", "oci-layout is missing", [](Statement& s) { s.entries.erase(s.entries.begin()); }),
      said("no-entries", "malformed", "no entries", [](Statement& s) { s.entries.clear(); }),
      said("stray-entry", "malformed", "an entry that has no place",
           [](Statement& s) { s.entries.push_back({"README", 1, digest_of("x")}); }),
      said("blob-other-name", "malformed", "a blob named after another digest",
           [](Statement& s) { s.entries.back().name = blob("x", 1).name; }),
      said("blob-twice", "malformed", "a blob twice", [](Statement& s) { s.entries.push_back(s.entries.back()); }),
      said("metadata-too-few", "malformed", "metadataEntries leaves out a chain file",
           [](Statement& s) { s.metadata_entries = 3; }),
      said("metadata-too-many", "malformed", "metadataEntries beyond the entries",
           [](Statement& s) { s.metadata_entries = 9; }),
  };
}

/// Sizes that are right one by one.
BundleVector large_sum() {
  BundleContent content = small_content();
  for (int i = 0; i < 128; ++i) content.statement.entries.push_back(blob(std::to_string(i), 1ULL << 53));
  const Forge forge(content, 64 * 1024);
  return {"sizes-overflow", "limit_exceeded", "Limits", "entries of 2^53 bytes each, together beyond 2^60",
          forge.assemble(forge.signed_envelope({&alice()}))};
}

std::vector<BundleVector> bound_ones() {
  const auto limit = [](std::string name, std::string comment, const std::function<void(Statement&)>& spoil) {
    BundleVector vector = said(std::move(name), "limit_exceeded", std::move(comment), spoil);
    vector.spec = "Limits";
    return vector;
  };
  return {
      limit("metadata-too-large", "an entry of metadata beyond 64 MiB",
            [](Statement& s) { s.entries[1].size = bundle::kMaxMetadataEntryBytes + 1; }),
      limit("text-too-long", "a text of 1025 bytes",
            [](Statement& s) { s.tool = std::string(bundle::kMaxTextBytes + 1, 't'); }),
      replaced("seal-size-limit", "limit_exceeded", "Limits", "sealSize beyond its limit", R"("sealSize":6144)",
               R"("sealSize":50332160)"),
      replaced("seal-size-other", "malformed", "Seal", "sealSize is not that of the entry", R"("sealSize":6144)",
               R"("sealSize":6656)"),
      large_sum(),
  };
}

/// An attachment whose manifest is one of the metadata blobs of the small bundle.
bundle::AttachmentRecord attachment(const Statement& s) {
  return {"referrer",
          s.images[0].digest,
          "application/vnd.oci.image.manifest.v1+json",
          s.images[0].digest,
          s.images[0].size,
          "application/vnd.example.sbom",
          ""};
}

BundleVector attached(std::string name, std::string expect, std::string comment,
                      const std::function<void(Statement&, bundle::AttachmentRecord&)>& spoil) {
  return said(std::move(name), std::move(expect), std::move(comment), [&](Statement& s) {
    bundle::AttachmentRecord record = attachment(s);
    spoil(s, record);
    s.images[0].attachments.push_back(record);
  });
}

std::vector<BundleVector> attachment_ones() {
  using Record = bundle::AttachmentRecord;
  const auto as_cosign = [](Record& r) {
    r.kind = "cosign";
    r.artifact_type.clear();
    r.tag = "sha256-" + r.subject.hex() + ".sig";
  };
  return {
      attached("ok-attachment", "ok", "an attachment (that it is one is for importers to check)",
               [](Statement&, Record&) {}),
      attached("ok-attachment-cosign", "ok", "an attachment under a tag of cosign",
               [&](Statement&, Record& r) { as_cosign(r); }),
      said("ok-chain-alone", "ok", "a chain and no image", [](Statement& s) { s.images.clear(); }),
      attached("attachment-kind", "malformed", "an unknown kind of attachment",
               [](Statement&, Record& r) { r.kind = "note"; }),
      attached("attachment-absent", "malformed", "an attachment whose manifest is not there",
               [](Statement&, Record& r) { r.digest = digest_of("another manifest"); }),
      attached("attachment-is-a-layer", "malformed", "an attachment whose manifest is not among the metadata",
               [](Statement& s, Record& r) {
                 r.digest = s.entries.back().sha256;
                 r.size = s.entries.back().size;
               }),
      attached("attachment-size", "malformed", "an attachment with another size than its manifest",
               [](Statement&, Record& r) { ++r.size; }),
      attached("attachment-tag", "malformed", "a referrer with a tag", [](Statement&, Record& r) { r.tag = "x"; }),
      attached("attachment-no-tag", "malformed", "a cosign attachment without a tag",
               [&](Statement&, Record& r) {
                 as_cosign(r);
                 r.tag.clear();
               }),
      attached("attachment-cosign-type", "malformed", "a cosign attachment with an artifactType",
               [&](Statement&, Record& r) {
                 as_cosign(r);
                 r.artifact_type = "application/vnd.example.sbom";
               }),
      attached("attachment-twice", "malformed", "an attachment twice",
               [](Statement& s, Record& r) { s.images[0].attachments.push_back(r); }),
      replaced("attachments-empty", "malformed", "Statement", "an empty list of attachments", R"("images":[{"binding")",
               R"("images":[{"attachments":[],"binding")"),
  };
}

std::vector<BundleVector> image_ones() {
  return {
      said("no-image-no-chain", "malformed", "neither an image nor a chain",
           [](Statement& s) {
             s.images.clear();
             s.chains.clear();
           }),
      said("image-twice", "malformed", "an image twice", [](Statement& s) { s.images.push_back(s.images[0]); }),
      said("image-absent", "malformed", "an image whose manifest is not there",
           [](Statement& s) { s.images[0].digest = digest_of("another manifest"); }),
      said("image-is-a-layer", "malformed", "an image whose manifest is not among the metadata",
           [](Statement& s) {
             s.images[0].digest = s.entries.back().sha256;
             s.images[0].size = s.entries.back().size;
           }),
      said("image-size", "malformed", "an image with another size than its manifest",
           [](Statement& s) { ++s.images[0].size; }),
      said("image-binding", "malformed", "an unknown binding", [](Statement& s) { s.images[0].binding = "name"; }),
      said("image-platforms", "malformed", "platforms that are not sorted",
           [](Statement& s) { s.images[0].platforms = {"linux/arm64", "linux/amd64"}; }),
      said("proof-without-chain", "malformed", "a proof by a chain that is not there",
           [](Statement& s) { s.images[0].proof->chain = 1; }),
      said("chain-folder", "malformed", "a chain in another folder",
           [](Statement& s) {
             s.chains[0].folder = "gapstow/trust/0001";
             s.entries[2].name = "gapstow/trust/0001/1.root.json";
             s.entries[3].name = "gapstow/trust/0001/targets.json";
           }),
      said("chain-file-unlisted", "malformed", "an entry that no chain lists",
           [](Statement& s) { s.chains[0].files.pop_back(); }),
      said("chain-file-absent", "malformed", "a chain file without an entry",
           [](Statement& s) {
             s.entries.erase(s.entries.begin() + 3);
             --s.metadata_entries;
           }),
      said("chain-empty", "malformed", "a chain without files",
           [](Statement& s) {
             s.chains[0].files.clear();
             s.entries.erase(s.entries.begin() + 2, s.entries.begin() + 4);
             s.metadata_entries -= 2;
           }),
      said("text-control", "malformed", "a text that steers a terminal",
           [](Statement& s) { s.chains[0].pin = "\x1b[2J"; }),
      said("rule-unknown", "malformed", "an unknown expiry rule",
           [](Statement& s) { s.checked.expiry_rule = "never"; }),
  };
}

}  // namespace

std::vector<BundleVector> statement_vectors() {
  std::vector<BundleVector> all;
  for (auto part :
       {newer_ones(), spelling_ones(), name_ones(), order_ones(), bound_ones(), attachment_ones(), image_ones()}) {
    for (BundleVector& vector : part) all.push_back(std::move(vector));
  }
  return all;
}

}  // namespace gapstow::test

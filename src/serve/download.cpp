#include "download.h"

#include <optional>

#include "answers.h"
#include "proven_file.h"

namespace gapstow::serve {
namespace {

/// The blob in a copy of which it is known that it holds.
FileBody body_of(Proofs& proofs, const std::shared_ptr<const Holdings>& holdings, const CatalogBlob& blob,
                 std::size_t copy, const Proof& proof) {
  const auto& from = blob.copies.at(copy);
  const auto& opened = from.bundle->bundle();
  FileBody body{proven_file(opened.file(), proof.stamp), opened.content(from.entry), blob.size, proof.stamp, {}};
  body.renew = [&proofs, holdings, &blob, copy](const Reply& reply) {
    const auto& again = blob.copies.at(copy);
    proofs.when_known(again.bundle, again.entry, [&proofs, holdings, &blob, copy, reply](const Proof& now) {
      if (!now.holds) return reply(registry_error(404, kBlobUnknown, now.why));
      Response renewed;
      renewed.body = body_of(proofs, holdings, blob, copy, now);
      reply(std::move(renewed));
    });
  };
  return body;
}

void give(Download& download, const Proof& proof) {
  download.response.body = body_of(download.proofs, download.holdings, download.blob, download.copy, proof);
  download.reply(conditional(*download.request, std::move(download.response)));
}

void refuse(const Download& download, const Proof& proof) {
  download.reply(registry_error(404, kBlobUnknown, download.digest.text() + " is damaged in the bundle: " + proof.why));
}

/// No byte leaves, so nobody waits.
void answer_head(Download& download) {
  std::optional<Proof> known;
  for (const auto& copy : download.blob.copies) {
    known = download.proofs.look(copy.bundle, copy.entry);
    if (!known || known->holds) return give(download, known.value_or(Proof{}));
  }
  refuse(download, known.value_or(Proof{}));
}

}  // namespace

void download(Download download) {
  if (download.request->method == "HEAD") return answer_head(download);
  const auto& from = download.blob.copies.at(download.copy);
  Proofs& proofs = download.proofs;
  proofs.when_known(from.bundle, from.entry, [download = std::move(download)](const Proof& proof) mutable {
    if (proof.holds) return give(download, proof);
    if (download.copy + 1 == download.blob.copies.size()) return refuse(download, proof);
    ++download.copy;
    serve::download(std::move(download));
  });
}

}  // namespace gapstow::serve

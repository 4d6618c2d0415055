#include "gapstow/transfer/pack.h"

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/base/fd_stream.h"
#include "gapstow/bundle/layout.h"
#include "gapstow/bundle/seal.h"
#include "gapstow/bundle/writer.h"
#include "packer.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

bundle::WriteOptions write_options(const Surroundings& around, unsigned jobs) {
  bundle::WriteOptions options;
  options.cancel = &around.cancel;
  options.on_progress = [&around](std::uint64_t bytes) { around.observer.advance(bytes); };
  options.jobs = jobs;
  return options;
}

}  // namespace

PackOutcome pack(const PackRequest& request, base::Sink& out, const Surroundings& around) {
  Packer packer(request, around);
  packer.gather();
  const bundle::Seal seal = packer.make_seal();
  around.observer.stage("packing", bundle::lay_out(seal.claimed()).total);
  bundle::write_stream(seal, [&](std::size_t index) { return packer.open(index); }, out, write_options(around, 1));
  return {packer.finish(seal), ""};
}

PackOutcome pack(const PackRequest& request, const std::string& path, const Surroundings& around) {
  const auto status = around.fs.status(path);
  if (status && status->kind == base::FileStatus::Kind::folder) {
    throw Error(ErrorCode::conflict, path + " is a folder");
  }
  if (status && status->kind == base::FileStatus::Kind::other) {
    base::DeviceSink device(path);
    return pack(request, device, around);
  }
  Packer packer(request, around);
  packer.gather();
  const bundle::Seal seal = packer.make_seal();
  around.observer.stage("packing", bundle::lay_out(seal.claimed()).total);
  base::AtomicFile file(around.fs, path);
  const unsigned jobs = packer.is_parallel() ? around.jobs : 1;
  bundle::write_file(
      seal, [&](std::size_t index) { return packer.open(index); }, file.file(), write_options(around, jobs));
  around.cancel.check();
  file.publish();
  return {packer.finish(seal), path};
}

}  // namespace gapstow::transfer

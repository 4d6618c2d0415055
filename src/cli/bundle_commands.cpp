// Commands on the bundle as a file: inspect, split, join, sign.
#include <iterator>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/bundle/parts.h"
#include "gapstow/bundle/reader.h"
#include "gapstow/bundle/writer.h"
#include "gapstow/report/json.h"
#include "gapstow/report/text.h"
#include "gapstow/transfer/bundle_input.h"
#include "options.h"
#include "table.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;

int run_inspect(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, SIZE_MAX, "BUNDLE, - or PART...");
  const auto input = transfer::open_bundle(terminal.fs, arguments.operands(), terminal.input);
  const bundle::Seal seal = input->read_seal();
  const std::string name = input->description();
  terminal.print(arguments, report::inspect_text(seal, name, terminal.style(arguments)),
                 report::inspect_json(seal, name));
  return 0;
}

json::Value paths_json(const std::string& command, const std::vector<std::string>& paths) {
  json::Array list;
  for (const auto& path : paths) list.emplace_back(path);
  return json::Object{{"command", command}, {"files", std::move(list)}};
}

int run_split(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "BUNDLE");
  const std::uint64_t size = base::parse_size(arguments.required("size"));
  const std::string& path = arguments.operands().front();
  const std::string prefix = arguments.value_or("output", path);
  const auto file = terminal.fs.open(path);
  const auto parts =
      base::with_context(path, [&] { return bundle::split(terminal.fs, *file, size, prefix, terminal.cancel); });
  std::string text;
  for (const auto& part : parts) text += part + "\n";
  terminal.print(arguments, text, paths_json("split", parts));
  return 0;
}

int run_join(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, SIZE_MAX, "PART...");
  const std::string output = arguments.required("output");
  bundle::PartsSource source(bundle::open_parts(terminal.fs, arguments.operands()));
  if (output == "-") {
    base::copy(source, terminal.output);
    return 0;
  }
  base::AtomicFile file(terminal.fs, output);
  base::FileSink sink(file.file());
  base::Bytes buffer(base::kChunkSize);
  while (const std::size_t count = source.read(buffer)) {
    terminal.cancel.check();
    sink.write(base::ByteView(buffer).first(count));
  }
  file.commit();
  terminal.print(arguments, output + "\n", paths_json("join", {output}));
  return 0;
}

int run_sign(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, 1, "BUNDLE");
  const std::string& path = arguments.operands().front();
  const auto signers = open_signers(arguments, terminal);
  const auto file = terminal.fs.open_for_update(path);
  base::with_context(path, [&] {
    base::FileSource source(*file);
    bundle::Seal seal = bundle::read_seal(source);
    // Whoever adds a name to a seal should not add it to a forged one.
    sign::check_all_signatures(seal.envelope());
    for (const auto& signer : signers) seal.add_signature(*signer);
    bundle::replace_seal(seal, *file);
  });
  std::string text;
  json::Array added;
  for (const auto& signer : signers) {
    text += path + " is now also signed by " + signer->public_key().fingerprint() + "\n";
    added.emplace_back(signer->public_key().fingerprint());
  }
  terminal.print(arguments, text, json::Object{{"command", "sign"}, {"file", path}, {"added", std::move(added)}});
  return 0;
}

}  // namespace

Command inspect_command() {
  return {"inspect", "BUNDLE|-|PART...", "show what a bundle claims; proves nothing and says so", {}, run_inspect};
}

Command split_command() {
  return {"split",
          "BUNDLE --size SIZE [-o PREFIX]",
          "cut a bundle into parts of the size of a medium",
          {{"size", 0, "SIZE", "largest part, header included: 4.7GB (10^9), 4GiB (2^30), 650MB"},
           {"output", 'o', "PREFIX", "start of the names of the parts (default: the bundle's name)"}},
          run_split};
}

Command join_command() {
  return {"join",
          "PART... -o BUNDLE|-",
          "put parts together again",
          {{"output", 'o', "BUNDLE", "file to write, or - for standard output"}},
          run_join};
}

Command sign_command() {
  return {"sign", "BUNDLE --signer KEY", "add a signature to a bundle in place", {kSignerOption}, run_sign};
}

}  // namespace gapstow::cli

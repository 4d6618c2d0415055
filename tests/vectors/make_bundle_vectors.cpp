// Writes formats/vectors/bundle/: make_bundle_vectors FOLDER. With --payload it prints the bytes that signers of the
// worked example sign, for the signatures in fixed_signatures.cpp; with --extract FILE FOLDER it writes the bytes of a
// vector to FOLDER/bundle and its keys to FOLDER/1.pub and so on.
#include <cstdio>
#include <fstream>
#include <iostream>

#include "gapstow/base/encoding.h"
#include "vectors/bundle_forge.h"

namespace {

using gapstow::test::VectorFile;

void write(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path);
}

void write_vectors(const std::string& folder) {
  for (const auto& vector : gapstow::test::bundle_vectors()) {
    const std::string path = folder + "/" + vector.name + ".vec";
    write(path, gapstow::test::write_vector(gapstow::test::to_vector_file(vector)));
  }
}

void print_signed_bytes() {
  const gapstow::test::Forge forge(gapstow::test::small_content());
  const auto message =
      gapstow::sign::pre_authentication_encoding(gapstow::bundle::kPayloadType, gapstow::base::as_bytes(forge.payload));
  std::cout << gapstow::base::as_text(message);
}

void extract(const std::string& path, const std::string& folder) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const VectorFile vector = gapstow::test::parse_vector(text);
  write(folder + "/bundle", gapstow::base::as_text(vector.bytes));
  int number = 0;
  for (const auto& [name, value] : vector.header) {
    if (name != "key") continue;
    const auto key = gapstow::sign::PublicKey::from_spki_der(gapstow::base::from_base64(value));
    write(folder + "/" + std::to_string(++number) + ".pub", key.pem());
  }
}

void run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 3 && arguments[0] == "--extract") return extract(arguments[1], arguments[2]);
  if (arguments.size() != 1) {
    throw std::runtime_error("usage: make_bundle_vectors FOLDER | --payload | --extract FILE FOLDER");
  }
  if (arguments[0] == "--payload") return print_signed_bytes();
  write_vectors(arguments[0]);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run({argv + 1, argv + argc});
    return 0;
  } catch (const gapstow::base::Error& error) {
    std::fprintf(stderr, "make_bundle_vectors: %s\n", error.line().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_bundle_vectors: %s\n", error.what());
  }
  return 1;
}

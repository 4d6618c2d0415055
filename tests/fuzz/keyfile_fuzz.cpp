// Key files: what a plain one holds comes back in the same bytes when it is written again. Encrypted ones are
// parsed only; opening them would spend the time on key derivations.
#include "fuzz/fuzz.h"
#include "gapstow/sign/key_file.h"

using namespace gapstow;

FUZZ_TARGET(input) {
  const auto file = fuzz::accepted([&] { return sign::KeyFile::parse(input); });
  if (!file || file->is_encrypted()) return;
  const auto key = fuzz::accepted([&] { return file->open(std::nullopt); });
  if (!key) return;
  fuzz::require(key->public_key() == file->public_key(), "an opened key is the one that the file names");
  fuzz::require(base::equal(sign::write_key_file(*key, std::nullopt), input), "a plain key file has one spelling");
}

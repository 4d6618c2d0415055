// Writes formats/vectors/tuf/: make_tuf_vectors FOLDER. With --judge it writes nothing and says where gapstow's verdict
// is not the expected one.
#include <cstdio>
#include <fstream>

#include "gapstow/base/error.h"
#include "vectors/tuf_faults.h"

namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path);
}

int judge_all() {
  int wrong = 0;
  for (const auto& vector : gapstow::test::tuf_vectors()) {
    const auto outcome = gapstow::test::judge(vector);
    if (outcome.verdict == vector.expect && outcome.lapsed == vector.lapsed) continue;
    std::printf("%s: %s, expected %s (%s)\n", vector.name.c_str(), outcome.verdict.c_str(), vector.expect.c_str(),
                outcome.why.c_str());
    ++wrong;
  }
  return wrong == 0 ? 0 : 1;
}

int run(const std::string& argument) {
  if (argument == "--judge") return judge_all();
  for (const auto& vector : gapstow::test::tuf_vectors()) {
    write(argument + "/" + vector.name + ".json", gapstow::test::write_tuf_vector(vector));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw std::runtime_error("usage: make_tuf_vectors FOLDER | --judge");
    return run(argv[1]);
  } catch (const gapstow::base::Error& error) {
    std::fprintf(stderr, "make_tuf_vectors: %s\n", error.line().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_tuf_vectors: %s\n", error.what());
  }
  return 2;
}

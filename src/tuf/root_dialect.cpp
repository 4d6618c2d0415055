#include "gapstow/base/error.h"
#include "gapstow/tuf/dialect.h"

namespace gapstow::tuf {

using base::Error;
using base::ErrorCode;

const Dialect& dialect_of_root(base::ByteView root) {
  std::string why;
  for (const auto* dialect : {&notary_v1(), &tuf_v1()}) {
    try {
      dialect->parse_root(root);
      return *dialect;
    } catch (const Error& error) {
      why += (why.empty() ? "" : "; ") + std::string(dialect->name()) + ": " + error.line();
    }
  }
  throw Error(ErrorCode::malformed, "the file is no root (" + why + ")");
}

}  // namespace gapstow::tuf

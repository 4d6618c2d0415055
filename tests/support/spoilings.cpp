#include <algorithm>
#include <iterator>

#include "support/spoiling.h"

namespace gapstow::test {

const std::vector<Spoiling>& spoilings() {
  static const auto all = [] {
    std::vector<Spoiling> joined;
    for (auto& group :
         {form_spoilings(), json_spoilings(), signing_spoilings(), signature_value_spoilings(), mandate_spoilings(),
          key_spoilings(), contents_spoilings(), promise_spoilings(), bytes_spoilings()}) {
      std::ranges::copy(group, std::back_inserter(joined));
    }
    return joined;
  }();
  return all;
}

}  // namespace gapstow::test

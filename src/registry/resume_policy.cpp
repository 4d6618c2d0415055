#include "resume_policy.h"

#include <algorithm>
#include <thread>

namespace gapstow::registry {

ResumePolicy resume_policy(const Network& network) {
  const base::CancelToken& cancel = network.cancel();
  return {network.settings().retries, [&cancel](std::chrono::milliseconds time) {
            constexpr std::chrono::milliseconds kSlice{50};
            for (; time.count() > 0; time -= kSlice) {
              cancel.check();
              std::this_thread::sleep_for(std::min(kSlice, time));
            }
            cancel.check();
          }};
}

}  // namespace gapstow::registry

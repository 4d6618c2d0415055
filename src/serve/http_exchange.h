// Exchange: where the answer to one request arrives, from whatever thread, and how its connection hears of it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "gapstow/serve/http.h"

namespace gapstow::serve {

class Exchange {
 public:
  /// What a handler gets: the first call counts; when all copies are gone without one, it is 500.
  static Reply reply_to(std::shared_ptr<Exchange> exchange);

  /// The answer, when it is there. Otherwise `wake` is called once, from another thread, when it is.
  std::optional<Response> take_or_wait(const std::function<void()>& wake);
  /// Nobody waits any more; on return `wake` is not being called and never will be.
  void leave();

 private:
  void deliver(Response response);
  void drop();

  std::mutex mutex_;
  std::optional<Response> response_;
  std::function<void()> wake_;
  bool delivered_ = false;
};

}  // namespace gapstow::serve

#include "http_exchange.h"

#include <utility>

#include "http_errors.h"

namespace gapstow::serve {

Reply Exchange::reply_to(std::shared_ptr<Exchange> exchange) {
  /// Goes with the last copy of a Reply.
  struct Ticket {
    explicit Ticket(std::shared_ptr<Exchange> held) : exchange(std::move(held)) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { exchange->drop(); }
    std::shared_ptr<Exchange> exchange;
  };
  return [ticket = std::make_shared<Ticket>(std::move(exchange))](Response response) {
    ticket->exchange->deliver(std::move(response));
  };
}

std::optional<Response> Exchange::take_or_wait(const std::function<void()>& wake) {
  const std::scoped_lock lock(mutex_);
  if (response_) return std::exchange(response_, std::nullopt);
  wake_ = wake;
  return std::nullopt;
}

void Exchange::leave() {
  const std::scoped_lock lock(mutex_);
  delivered_ = true;
  wake_ = nullptr;
}

void Exchange::drop() {
  {
    const std::scoped_lock lock(mutex_);
    if (delivered_) return;
  }
  deliver(internal_failure("the request was dropped without an answer"));
}

void Exchange::deliver(Response response) {
  const std::scoped_lock lock(mutex_);
  if (delivered_) return;
  delivered_ = true;
  response_ = std::move(response);
  if (wake_) std::exchange(wake_, nullptr)();
}

}  // namespace gapstow::serve

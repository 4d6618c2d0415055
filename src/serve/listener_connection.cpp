#include "listener_connection.h"

#include <algorithm>
#include <exception>

#include "answers.h"
#include "gapstow/base/error.h"
#include "http_errors.h"

namespace gapstow::serve {
namespace {

constexpr int kStepsPerTurn = 32;
/// Between looks at whether a file is still the one that was proven.
constexpr std::uint64_t kPieceBytes = 1 << 20;
/// The end of a file goes out after a last look.
constexpr std::uint64_t kTailBytes = 4096;
constexpr std::chrono::milliseconds kDrainTime{2000};
constexpr std::size_t kDrainBytes = 8 << 20;
/// Of all requests of a listener together; what holds them may be twice as large.
constexpr std::size_t kMaxBodyBytes = 128 << 20;

using Went = Step::State;

}  // namespace

Connection::Connection(Post& post, Workshop& workshop, std::unique_ptr<Channel> channel, std::string peer)
    : post_(post),
      workshop_(workshop),
      channel_(std::move(channel)),
      peer_(std::move(peer)),
      parser_({limits().header_bytes, limits().body_bytes}) {
  set_deadline(limits().handshake);
}

Connection::~Connection() { close(); }

Connection::Wait Connection::run() {
  look_first_ = true;
  for (int steps = 0; steps < kStepsPerTurn; ++steps) {
    std::optional<Wait> wait;
    switch (state_) {
      case State::shaking:
        wait = shake();
        break;
      case State::reading:
        wait = read();
        break;
      case State::waiting:
        wait = take_reply();
        break;
      case State::answering:
        wait = write();
        break;
      case State::renewing:
        wait = take_renewed();
        break;
      case State::draining:
        wait = drain();
        break;
      case State::closed:
        wait = Wait::closed;
        break;
    }
    if (wait) return *wait;
  }
  return Wait::turn;
}

std::optional<Connection::Wait> Connection::wait_for(const Step& step) {
  if (step.state == Went::want_read) return Wait::readable;
  if (step.state == Went::want_write) return Wait::writable;
  return std::nullopt;
}

std::optional<Connection::Wait> Connection::shake() {
  const auto step = channel_->shake_hands();
  if (step.state == Went::moved) {
    await_request();
    return std::nullopt;
  }
  if (const auto wait = wait_for(step)) return wait;
  ++post_.failed_handshakes;
  break_off("TLS handshake: " + (step.state == Went::ended ? "the other side has gone" : channel_->why()));
  return Wait::closed;
}

void Connection::await_request() {
  state_ = State::reading;
  set_deadline(limits().idle);
  look_first_ = channel_->has_pending();
  if (parser_.begun()) begin_request();
}

void Connection::begin_request() {
  began_ = Clock::now();
  ++beginnings_;
  set_deadline(limits().request);
}

std::optional<Connection::Wait> Connection::read() {
  if (const auto& refusal = parser_.refusal()) {
    refuse(*refusal);
    return std::nullopt;
  }
  if (parser_.complete()) {
    handle();
    return std::nullopt;
  }
  if (parser_.wants_continue()) {
    say_continue();
    return std::nullopt;
  }
  if (!look_first_) return Wait::readable;
  const auto step = channel_->read(workshop_.scratch);
  if (step.state == Went::moved) return received(base::ByteView(workshop_.scratch).first(step.count));
  if (const auto wait = wait_for(step)) return wait;
  if (!parser_.begun()) {
    close();
  } else {
    break_off(step.state == Went::ended ? "the request ends too early" : channel_->why());
  }
  return Wait::closed;
}

std::optional<Connection::Wait> Connection::received(base::ByteView bytes) {
  if (!parser_.begun()) begin_request();
  parser_.feed(base::as_text(bytes));
  count_body(parser_.body_bytes());
  if (post_.body_bytes.load(std::memory_order_relaxed) > kMaxBodyBytes) {
    refuse({503, "UNAVAILABLE", "too many requests with large bodies at once"});
  }
  return std::nullopt;
}

void Connection::count_body(std::size_t bytes) {
  if (bytes == counted_body_) return;
  post_.body_bytes += bytes - counted_body_;  // modulo 2^64: it may be less than before
  counted_body_ = bytes;
}

/// It goes into an empty buffer of the kernel; a client for which it does not is none that waits for it.
void Connection::say_continue() {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  const auto step = channel_->write(base::as_bytes(kContinue), {});
  if (step.state != Went::moved || step.count != kContinue.size()) break_off("100 Continue was not taken");
}

void Connection::handle() {
  auto request = std::make_shared<Request>(parser_.take());
  request->peer = peer_;
  request->certificate = channel_->certificate();
  request->secure = post_.settings.tls.has_value();
  request_ = std::move(request);
  exchange_ = std::make_shared<Exchange>();
  state_ = State::waiting;
  set_deadline(limits().answer);
  const auto reply = Exchange::reply_to(exchange_);
  try {
    post_.settings.handler(request_, reply);
  } catch (const base::Error& error) {
    reply(internal_failure(error.line()));
  } catch (const std::exception& error) {
    reply(internal_failure(error.what()));
  } catch (...) {
    reply(internal_failure("unknown exception"));
  }
}

std::optional<Connection::Wait> Connection::take_reply() {
  auto response = exchange_->take_or_wait(wake_);
  if (!response) return Wait::reply;
  begin_answer(std::move(*response), parser_.keeps_alive());
  return std::nullopt;
}

void Connection::refuse(const Refusal& refusal) {
  if (refusal.status == 405) return begin_answer(method_not_allowed("GET, HEAD"), false);
  begin_answer(registry_error(refusal.status, refusal.code, refusal.reason), false);
}

void Connection::begin_answer(Response response, bool keep) {
  ++requests_;
  ++beginnings_;
  keep_ = keep && !closing_ && requests_ < limits().requests_per_connection;
  const auto& request = request_ ? *request_ : parser_.request();
  const auto part = request.method == "HEAD" ? Answer::Part::head : Answer::Part::whole;
  const auto afterwards = !keep_ ? Afterwards::closes : parser_.is_old() ? Afterwards::stays_told : Afterwards::stays;
  try {
    answer_ = Answer(std::move(response), part, afterwards, workshop_.date.now());
  } catch (const base::Error& error) {
    answer_ = Answer(internal_failure(error.line()), part, afterwards, workshop_.date.now());
  }
  piece_end_ = 0;
  state_ = State::answering;
  set_deadline(limits().stall);
}

std::optional<Connection::Wait> Connection::write() {
  if (answer_.complete()) {
    finish_answer();
    return std::nullopt;
  }
  const bool of_file = answer_.file_left() != nullptr;
  const auto before = piece_end_;
  const auto step = of_file ? send_piece() : channel_->write(answer_.head_left(), answer_.body_left());
  if (state_ == State::renewing) return std::nullopt;
  if (step.state == Went::moved) {
    answer_.advance(step.count);
    set_deadline(limits().stall);
    // Between pieces others come first.
    if (of_file && before != 0 && piece_end_ != before) return Wait::turn;
    return std::nullopt;
  }
  if (const auto wait = wait_for(step)) return wait;
  break_off(channel_->why().empty() ? "the other side has gone" : channel_->why());
  return Wait::closed;
}

/// Nothing of a file leaves unless it is, just before, the file that was proven; its end only after all else has left.
Step Connection::send_piece() {
  const FileBody& body = *answer_.file_left();
  const auto sent = answer_.body_sent();
  try {
    if (body.file->stamp() != body.stamp) throw base::Error(base::ErrorCode::conflict, "the file has changed");
    if (sent >= piece_end_) {
      const auto left = body.length - sent;
      piece_end_ = sent + (left > kTailBytes ? std::min(kPieceBytes, left - kTailBytes) : left);
    }
    return channel_->write_file(answer_.head_left(), body, body.offset + sent,
                                static_cast<std::size_t>(piece_end_ - sent));
  } catch (const base::Error& error) {
    if (error.code() == base::ErrorCode::conflict && body.renew) {
      renew();
    } else {
      break_off(error.line());
    }
    return {};
  }
}

/// The file has another stamp: nothing more of it leaves until it is proven anew.
void Connection::renew() {
  exchange_ = std::make_shared<Exchange>();
  state_ = State::renewing;
  set_deadline(limits().answer);
  answer_.file_left()->renew(Exchange::reply_to(exchange_));
}

std::optional<Connection::Wait> Connection::take_renewed() {
  const auto response = exchange_->take_or_wait(wake_);
  if (!response) return Wait::reply;
  const auto* renewed = std::get_if<FileBody>(&response->body);
  if (response->status != 200 || renewed == nullptr) {
    break_off("the file has changed: " + response->note);
    return Wait::closed;
  }
  answer_.go_on_with(*renewed);
  state_ = State::answering;
  set_deadline(limits().stall);
  return std::nullopt;
}

void Connection::finish_answer() {
  observe(answer_.status(), answer_.body_sent(), true, answer_.note());
  forget_request();
  if (keep_ && !closing_) {
    parser_.next();
    await_request();
    return;
  }
  channel_->finish();
  state_ = State::draining;
  set_deadline(kDrainTime);
}

/// Reads what the other side still sends: closed at once, the kernel would tear down what it has not taken yet.
std::optional<Connection::Wait> Connection::drain() {
  const auto step = channel_->discard(workshop_.scratch);
  if (step.state == Went::want_read && !closing_) return Wait::readable;
  discarded_ += step.count;
  if (step.state == Went::moved && discarded_ <= kDrainBytes) return std::nullopt;
  close();
  return Wait::closed;
}

Connection::Wait Connection::expire() {
  switch (state_) {
    case State::shaking:
      ++post_.failed_handshakes;
      break_off("TLS handshake: took too long");
      return Wait::closed;
    case State::reading:
      if (!parser_.begun()) {
        part();
        return Wait::closed;
      }
      refuse({408, "TIMEOUT", "the request took too long"});
      return run();
    case State::waiting:
      refuse({503, "UNAVAILABLE", "the answer took too long"});
      return run();
    case State::answering:
      break_off("the other side takes nothing");
      return Wait::closed;
    case State::renewing:
      break_off("the file has changed, and it took too long to prove it anew");
      return Wait::closed;
    case State::draining:
    case State::closed:
      break;
  }
  close();
  return Wait::closed;
}

bool Connection::close_soon() {
  closing_ = true;
  return has_request();
}

void Connection::abandon(const std::string& why) {
  if (has_request()) break_off(why);
  part();
}

bool Connection::waits_for_client() const {
  return state_ == State::shaking || state_ == State::reading || state_ == State::draining;
}

bool Connection::has_request() const {
  return state_ == State::waiting || state_ == State::answering || state_ == State::renewing ||
         (state_ == State::reading && parser_.begun());
}

void Connection::break_off(const std::string& why) {
  if (state_ == State::closed) return;
  observe(answer_.status(), answer_.body_sent(), false, why);
  close();
}

/// Nothing is under way: over TLS the client is told that this is the end.
void Connection::part() {
  if (state_ == State::closed) return;
  if (state_ == State::reading) channel_->finish();
  close();
}

void Connection::close() {
  state_ = State::closed;
  forget_request();
}

void Connection::forget_request() {
  if (exchange_) exchange_->leave();
  exchange_.reset();
  request_.reset();
  answer_ = {};
  count_body(0);
}

void Connection::observe(unsigned status, std::uint64_t bytes, bool complete, const std::string& note) {
  if (!post_.observer) return;
  Access access;
  access.listener = post_.settings.name;
  access.peer = peer_;
  access.certificate = channel_->certificate();
  if (parser_.begun()) {
    const Request& request = request_ ? *request_ : parser_.request();
    access.method = request.method;
    access.target = request.target;
    access.user_agent = request.header("user-agent");
    access.took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began_);
  }
  access.status = status;
  access.bytes = bytes;
  access.complete = complete;
  access.note = note;
  try {
    post_.observer(access);
  } catch (const std::exception&) {
    return;  // who looks on cannot hinder who is served
  }
}

}  // namespace gapstow::serve

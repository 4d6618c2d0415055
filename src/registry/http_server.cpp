#include "http_server.h"

#include "gapstow/base/error.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

class HttpDownload final : public Download {
 public:
  explicit HttpDownload(std::unique_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {
    const auto status = reply().status;
    if (status != 200 && status != 206) left_ = kMaxReplyBytes;
  }

  const Reply& reply() const override { return exchange_->head(); }

  std::size_t read(std::span<std::byte> out) override {
    const auto count = exchange_->read(out);
    if (count > left_) throw Error(ErrorCode::limit_exceeded, exchange_->url().shown() + ": the answer is too long");
    left_ -= count;
    return count;
  }

 private:
  std::unique_ptr<Exchange> exchange_;
  std::uint64_t left_ = UINT64_MAX;
};

class HttpUpload final : public Upload {
 public:
  HttpUpload(std::unique_ptr<Exchange> exchange, std::uint64_t length, std::uint64_t limit,
             Authenticator* authenticator, std::string authorization)
      : exchange_(std::move(exchange)),
        length_(length),
        limit_(limit),
        authenticator_(authenticator),
        authorization_(std::move(authorization)) {}

  bool write(base::ByteView bytes) override {
    if (is_answered_) return false;
    is_answered_ = !exchange_->write(bytes);
    return !is_answered_;
  }

  Reply take_reply() override {
    if (!is_answered_ && exchange_->written() != length_) {
      throw Error(ErrorCode::internal, exchange_->url().shown() + ": fewer bytes than were announced");
    }
    exchange_->await_head();
    auto reply = exchange_->head();
    try {
      reply.body = exchange_->read_all(limit_);
    } catch (const Outage&) {
      // What refused a body in the middle may cut its own explanation short.
      if (!is_answered_) throw;
    }
    if (reply.status == 401 && authenticator_ != nullptr) authenticator_->forget(authorization_);
    return reply;
  }

 private:
  std::unique_ptr<Exchange> exchange_;
  std::uint64_t length_;
  std::uint64_t limit_;
  Authenticator* authenticator_;  // of the server; nullptr when nothing was sent to it
  std::string authorization_;
  bool is_answered_ = false;
};

/// A PATCH that was cut may have been taken in part: only its sender knows where to go on.
bool is_repeatable(const Call& call) { return call.method != "PATCH"; }

}  // namespace

HttpServer::HttpServer(HttpClient& client, const CredentialStore& store, Url origin, Authenticator::Names names)
    : client_(client),
      origin_(std::move(origin)),
      host_(names.host),
      authenticator_(client, store, origin_, std::move(names)) {}

template <typename Take>
auto HttpServer::with_retries(const Call& call, const Take& take) {
  return retrying(client_.retries(), [&](Retries& retries) {
    for (;;) {
      auto exchange = attempt(call);
      const bool may_pass = is_passing_status(exchange->head().status) && is_repeatable(call);
      // The answer is read before the pause, for it may be the one to give back.
      if (!may_pass) return take(std::move(exchange));
      const auto head = exchange->head();
      auto result = take(std::move(exchange));
      if (!retries.wait(head)) return result;
    }
  });
}

Reply HttpServer::send(const Call& call) {
  return with_retries(call, [&](std::unique_ptr<Exchange> exchange) {
    auto reply = exchange->head();
    reply.body = exchange->read_all(call.limit);
    return reply;
  });
}

std::unique_ptr<Download> HttpServer::download(const Call& call) {
  // A body would have to outlive the stream.
  if (!call.body.empty()) throw Error(ErrorCode::internal, "downloads send no body");
  return with_retries(call, [&](std::unique_ptr<Exchange> exchange) -> std::unique_ptr<Download> {
    return std::make_unique<HttpDownload>(std::move(exchange));
  });
}

std::unique_ptr<Upload> HttpServer::upload(const Call& call, std::uint64_t length) {
  if (!authenticator_.is_met()) {
    Call ping;
    ping.target = "/v2/";
    ping.scope = call.scope;
    send(ping);
  }
  auto request = request_for(call, {});
  const bool own = is_own(request);
  if (own) request.authorization = authenticator_.unasked(call.scope);
  auto authorization = request.authorization;
  return std::make_unique<HttpUpload>(client_.begin(request, length), length, call.limit,
                                      own ? &authenticator_ : nullptr, std::move(authorization));
}

Request HttpServer::request_for(const Call& call, const std::string& authorization) const {
  Request request;
  request.method = call.method;
  request.url = resolve_url(origin_, call.target);
  if (origin_.is_https() && !request.url.is_https()) {
    throw Error(ErrorCode::network, host_ + " leads from https to http, to " + request.url.origin());
  }
  request.headers = call.headers;
  request.body = call.body;
  request.authorization = authorization;
  request.home = origin_;
  return request;
}

/// One try with the credentials that it takes.
std::unique_ptr<Exchange> HttpServer::attempt(const Call& call) {
  auto request = request_for(call, {});
  if (is_own(request)) request.authorization = authenticator_.unasked(call.scope);
  auto exchange = client_.open(request);
  if (exchange->head().status != 401) {
    if (is_own(request)) authenticator_.note_met();
    return exchange;
  }
  const auto refuse_other = [&] {
    throw Error(ErrorCode::unauthorized,
                host_ + " leads to " + exchange->url().origin() + ", which wants credentials of its own");
  };
  if (!same_origin(exchange->url(), origin_) || !is_own(request)) refuse_other();
  auto refused = exchange->head();
  refused.body = exchange->drain();
  exchange.reset();
  request.authorization = authenticator_.answer(refused, call.scope, request.authorization);
  exchange = client_.open(request);
  if (exchange->head().status != 401) return exchange;
  if (!same_origin(exchange->url(), origin_)) refuse_other();
  auto reply = exchange->head();
  reply.body = exchange->read_all(kMaxReplyBytes);
  authenticator_.forget(request.authorization);
  authenticator_.refuse_access(reply);
}

}  // namespace gapstow::registry

// HttpServer: the Server that speaks to the network.
#pragma once

#include <memory>
#include <string>

#include "authenticator.h"
#include "gapstow/registry/server.h"
#include "http_client.h"

namespace gapstow::registry {

class HttpServer final : public Server {
 public:
  /// `names.host` is what messages say. The references outlive it.
  HttpServer(HttpClient& client, const CredentialStore& store, Url origin, Authenticator::Names names);

  Reply send(const Call& call) override;
  std::unique_ptr<Download> download(const Call& call) override;
  std::unique_ptr<Upload> upload(const Call& call, std::uint64_t length) override;
  const std::string& host() const override { return host_; }

 private:
  Request request_for(const Call& call, const std::string& authorization) const;
  bool is_own(const Request& request) const { return same_origin(request.url, origin_); }
  std::unique_ptr<Exchange> attempt(const Call& call);
  template <typename Take>
  auto with_retries(const Call& call, const Take& take);

  HttpClient& client_;
  const Url origin_;
  const std::string host_;
  Authenticator authenticator_;
};

}  // namespace gapstow::registry

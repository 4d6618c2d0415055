#include "http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace gapstow::test {
namespace {

constexpr timeval kPatience{30, 0};

int connected(std::uint16_t port, int receive_buffer) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw std::runtime_error("no socket");
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  if (receive_buffer > 0) {
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    ::close(descriptor);
    throw std::runtime_error("cannot connect");
  }
  return descriptor;
}

std::string small_letters(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

void read_head(Reply& reply) {
  reply.status = static_cast<unsigned>(std::stoul(reply.head.substr(reply.head.find(' ') + 1, 3)));
  std::size_t at = reply.head.find("\r\n") + 2;
  while (at < reply.head.size()) {
    const auto end = reply.head.find("\r\n", at);
    const auto line = reply.head.substr(at, end - at);
    const auto colon = line.find(": ");
    if (colon != std::string::npos) reply.headers[small_letters(line.substr(0, colon))] = line.substr(colon + 2);
    at = end == std::string::npos ? reply.head.size() : end + 2;
  }
}

}  // namespace

HttpClient::Socket::~Socket() {
  if (descriptor >= 0) ::close(descriptor);
}

HttpClient::HttpClient(std::uint16_t port, int receive_buffer)
    : socket_(std::make_unique<Socket>(connected(port, receive_buffer))) {}
HttpClient::HttpClient(std::uint16_t port) : HttpClient(port, 0) {}
HttpClient::HttpClient(std::uint16_t port, const ClientTls& tls) : HttpClient(port, 0) { begin_tls(tls); }
HttpClient::~HttpClient() = default;

HttpClient HttpClient::with_small_window(std::uint16_t port) { return {port, 4096}; }

void HttpClient::begin_tls(const ClientTls& tls) {
  // In this thread alone: that a server's threads do not die of it is the server's to see to.
  sigset_t broken_pipe;
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (tls.version != 0) {
    // The oldest versions need the lowest level of security, or the client itself would refuse.
    if (tls.version < TLS1_2_VERSION) SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), tls.version);
    SSL_CTX_set_max_proto_version(context_.get(), tls.version);
  }
  if (!tls.certificate.empty()) {
    SSL_CTX_use_certificate_chain_file(context_.get(), tls.certificate.c_str());
    SSL_CTX_use_PrivateKey_file(context_.get(), tls.key.c_str(), SSL_FILETYPE_PEM);
  }
  if (!tls.protocols.empty()) {
    SSL_CTX_set_alpn_protos(context_.get(), reinterpret_cast<const unsigned char*>(tls.protocols.data()),
                            static_cast<unsigned>(tls.protocols.size()));
  }
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_fd(ssl_.get(), socket_->descriptor);
  alive_ = SSL_connect(ssl_.get()) == 1;
  ERR_clear_error();
}

bool HttpClient::send(std::string_view bytes) {
  if (!alive_) return false;
  while (!bytes.empty()) {
    ssize_t count = 0;
    if (ssl_) {
      count = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
      ERR_clear_error();
    } else {
      count = ::send(socket_->descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void HttpClient::shut() { ::shutdown(socket_->descriptor, SHUT_WR); }

void HttpClient::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  ::close(socket_->descriptor);
  socket_->descriptor = -1;
  alive_ = false;
}

std::string HttpClient::some() {
  if (!pending_.empty()) return std::exchange(pending_, {});
  if (!alive_) return {};
  std::string bytes(64 * 1024, '\0');
  ssize_t count = 0;
  if (ssl_) {
    count = SSL_read(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    ERR_clear_error();
  } else {
    count = ::recv(socket_->descriptor, bytes.data(), bytes.size(), 0);
  }
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

std::string HttpClient::rest() {
  std::string all;
  for (auto bytes = some(); !bytes.empty(); bytes = some()) all += bytes;
  return all;
}

Reply HttpClient::reply(bool of_head) {
  Reply reply;
  std::string bytes;
  std::size_t end = 0;
  while ((end = bytes.find("\r\n\r\n")) == std::string::npos) {
    const auto more = some();
    if (more.empty()) return reply;
    bytes += more;
  }
  reply.head = bytes.substr(0, end + 2);
  bytes.erase(0, end + 4);
  read_head(reply);
  const auto said = reply.header("content-length");
  const std::size_t length = said.empty() || of_head ? 0 : std::stoul(said);
  while (bytes.size() < length) {
    const auto more = some();
    if (more.empty()) break;
    bytes += more;
  }
  reply.body = bytes.substr(0, length);
  reply.whole = reply.body.size() == length;
  if (bytes.size() > length) pending_ = bytes.substr(length);
  return reply;
}

Reply HttpClient::ask(std::string_view request) {
  send(request);
  return reply(request.starts_with("HEAD"));
}

Reply HttpClient::get(std::string_view target) {
  return ask("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

}  // namespace gapstow::test

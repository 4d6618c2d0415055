#include "support/fake_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <charconv>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace gapstow::test {
namespace {

constexpr std::size_t kMaxHead = 1 << 20;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(descriptor_); }

  int descriptor() const { return descriptor_; }
  void shut() const { ::shutdown(descriptor_, SHUT_RDWR); }

  /// False when the peer has gone.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  /// Appends what comes; false at the end.
  bool receive(std::string& to, std::size_t at_most) const {
    const auto before = to.size();
    to.resize(before + at_most);
    const auto count = ::recv(descriptor_, to.data() + before, at_most, 0);
    to.resize(before + static_cast<std::size_t>(count > 0 ? count : 0));
    return count > 0;
  }

 private:
  int descriptor_;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

FakeRequest parse_head(std::string_view head) {
  FakeRequest request;
  bool first = true;
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    const auto line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
    if (first) {
      const auto space = line.find(' ');
      const auto last = line.rfind(' ');
      request.method = line.substr(0, space);
      if (last > space) request.target = line.substr(space + 1, last - space - 1);
      first = false;
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      request.headers.add(std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1))));
    }
  }
  return request;
}

std::uint64_t body_length(const FakeRequest& request) {
  const auto text = request.header("Content-Length");
  std::uint64_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

bool names(const FakeReply& reply, std::string_view wanted) {
  registry::Headers headers;
  for (const auto& [name, value] : reply.headers) headers.add(name, value);
  return headers.find(wanted).has_value();
}

std::string text_of(const FakeReply& reply, const std::string& method) {
  if (reply.raw) return *reply.raw;
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Scripted\r\n";
  for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\r\n";
  if (!names(reply, "Content-Length") && !names(reply, "Transfer-Encoding") && reply.status != 204) {
    text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  }
  if (reply.close) text += "Connection: close\r\n";
  text += "\r\n";
  if (method != "HEAD") text += reply.body;
  return text;
}

}  // namespace

struct FakeServer::State {
  State(Handler on_request, HeadHandler on_head) : handler(std::move(on_request)), before_body(std::move(on_head)) {}

  Handler handler;
  HeadHandler before_body;
  std::unique_ptr<Socket> listener;
  std::uint16_t port = 0;
  std::thread acceptor;
  std::atomic<bool> stopping{false};
  mutable std::mutex mutex;  // all below, and calls of the handlers
  std::vector<std::shared_ptr<Socket>> sockets;
  std::vector<std::thread> threads;
  std::vector<FakeRequest> requests;

  void listen();
  void accept_all();
  void serve(const Socket& socket);
  bool serve_one(const Socket& socket, std::string& buffer);
  bool deliver(const Socket& socket, const FakeReply& reply, const std::string& method) const;
  void wait_for_the_end(const Socket& socket) const;
};

void FakeServer::State::listen() {
  listener = std::make_unique<Socket>(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener->descriptor(), generic, length) != 0 || ::listen(listener->descriptor(), 64) != 0 ||
      ::getsockname(listener->descriptor(), generic, &length) != 0) {
    throw std::runtime_error("fake server: no loopback port");
  }
  port = ntohs(address.sin_port);
}

void FakeServer::State::accept_all() {
  while (!stopping) {
    const int descriptor = ::accept4(listener->descriptor(), nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) continue;
    auto socket = std::make_shared<Socket>(descriptor);
    const std::lock_guard lock(mutex);
    if (stopping) return;
    sockets.push_back(socket);
    threads.emplace_back([this, taken = std::move(socket)]() mutable {
      serve(*taken);
      const std::lock_guard own(mutex);
      std::erase(sockets, taken);  // the last owner closes it: a reset where something was not read
      taken.reset();
    });
  }
}

void FakeServer::State::serve(const Socket& socket) {
  std::string buffer;
  while (!stopping && serve_one(socket, buffer)) {
  }
}

/// False when the connection is to be closed.
bool FakeServer::State::serve_one(const Socket& socket, std::string& buffer) {
  auto end = buffer.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (buffer.size() > kMaxHead || !socket.receive(buffer, 16 * 1024)) return false;
    end = buffer.find("\r\n\r\n");
  }
  auto request = parse_head(std::string_view(buffer).substr(0, end));
  buffer.erase(0, end + 4);

  std::optional<FakeReply> early;
  if (before_body) {
    const std::lock_guard lock(mutex);
    early = before_body(request);
  }
  const auto length = early ? early->body_taken : body_length(request);
  while (buffer.size() < length) {
    if (!socket.receive(buffer, std::min<std::uint64_t>(length - buffer.size(), 256 * 1024))) return false;
  }
  request.body = buffer.substr(0, length);
  buffer.erase(0, length);

  FakeReply reply;
  {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
    reply = early ? *early : handler(request);
    reply.lingers = early && !early->cut_after && !early->silent;
  }
  return deliver(socket, reply, request.method) && !early;
}

bool FakeServer::State::deliver(const Socket& socket, const FakeReply& reply, const std::string& method) const {
  if (reply.silent) {
    wait_for_the_end(socket);
    return false;
  }
  const auto text = text_of(reply, method);
  const auto sent = socket.send(std::string_view(text).substr(0, reply.cut_after.value_or(text.size())));
  if (reply.then_silent) wait_for_the_end(socket);
  if (reply.lingers) {
    // What the client still sends is read, so that no reset overtakes the answer.
    ::shutdown(socket.descriptor(), SHUT_WR);
    wait_for_the_end(socket);
  }
  return sent && !reply.cut_after && !reply.raw && !reply.close && !reply.then_silent;
}

/// Until the peer goes or the server stops (its sockets are shut down).
void FakeServer::State::wait_for_the_end(const Socket& socket) const {
  std::string ignored;
  while (!stopping && socket.receive(ignored, 4096)) ignored.clear();
}

FakeServer::FakeServer(Handler handler, HeadHandler before_body)
    : state_(std::make_unique<State>(std::move(handler), std::move(before_body))) {
  state_->listen();
  state_->acceptor = std::thread([state = state_.get()] { state->accept_all(); });
}

FakeServer::~FakeServer() {
  state_->stopping = true;
  state_->listener->shut();
  state_->acceptor.join();
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& socket : state_->sockets) socket->shut();
  }
  for (auto& thread : state_->threads) thread.join();
}

std::uint16_t FakeServer::port() const { return state_->port; }

std::string FakeServer::host() const { return "127.0.0.1:" + std::to_string(state_->port); }

std::string FakeServer::url() const { return "http://" + host(); }

std::vector<FakeRequest> FakeServer::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

std::vector<std::string> FakeServer::lines() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> lines;
  for (const auto& request : state_->requests) lines.push_back(request.method + " " + request.target);
  return lines;
}

std::size_t FakeServer::connections() const {
  const std::lock_guard lock(state_->mutex);
  return state_->threads.size();
}

}  // namespace gapstow::test

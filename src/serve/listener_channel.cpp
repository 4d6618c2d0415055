#include "listener_channel.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "gapstow/base/error.h"

namespace gapstow::serve {
namespace {

constexpr std::size_t kRecordBytes = 16 << 10;
/// Read and sent at once. Copied through a cache it reaches local clients more than twice as fast as by sendfile(2),
/// which leaves the first touch of the memory to them.
constexpr std::size_t kPlainBytes = 64 << 10;

Step moved(std::size_t count) { return {Step::State::moved, count}; }
Step want_read() { return {Step::State::want_read, 0}; }
Step want_write() { return {Step::State::want_write, 0}; }
Step ended() { return {Step::State::ended, 0}; }

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

std::string text_of(int error) { return std::generic_category().message(error); }

class PlainChannel final : public Channel {
 public:
  PlainChannel(int socket, std::span<std::byte> scratch) : Channel(socket), scratch_(scratch) {}

  Step shake_hands() override { return moved(0); }

  Step read(std::span<std::byte> out) override {
    for (;;) {
      const ssize_t count = ::recv(socket(), out.data(), out.size(), 0);
      if (count > 0) return moved(static_cast<std::size_t>(count));
      if (count == 0) return ended();
      if (would_block(errno)) return want_read();
      if (errno != EINTR) return fail(text_of(errno));
    }
  }

  Step write(base::ByteView head, base::ByteView body) override { return send(head, body, 0); }

  Step write_file(base::ByteView head, const FileBody& file, std::uint64_t at, std::size_t length) override {
    const auto piece = scratch_.first(std::min({length, scratch_.size(), kPlainBytes}));
    if (file.file->read_at(at, piece) != piece.size()) return fail("the file ends too early");
    return send(head, piece, 0);
  }

  void finish() override { ::shutdown(socket(), SHUT_WR); }

 private:
  static iovec vector_of(base::ByteView bytes) {
    // sendmsg takes both directions and so wants what can be written; it only reads.
    return {const_cast<std::byte*>(bytes.data()), bytes.size()};
  }

  Step send(base::ByteView head, base::ByteView body, int flags) {
    std::array<iovec, 2> parts = {vector_of(head), vector_of(body)};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    for (;;) {
      const ssize_t count = ::sendmsg(socket(), &message, MSG_NOSIGNAL | flags);
      if (count >= 0) return moved(static_cast<std::size_t>(count));
      if (would_block(errno)) return want_write();
      if (errno != EINTR) return fail(text_of(errno));
    }
  }

  std::span<std::byte> scratch_;
};

std::string subject_of(const SSL& ssl) {
  const X509* certificate = SSL_get0_peer_certificate(&ssl);
  if (certificate == nullptr) return {};
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), BIO_free);
  if (text == nullptr || X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) < 0) {
    return {};
  }
  char* begin = nullptr;
  const long length = BIO_get_mem_data(text.get(), &begin);
  return {begin, static_cast<std::size_t>(std::max(length, 0L))};
}

class TlsChannel final : public Channel {
 public:
  TlsChannel(int socket, std::shared_ptr<const TlsContext> context, std::span<std::byte> scratch)
      : Channel(socket), context_(std::move(context)), scratch_(scratch) {}

  Step shake_hands() override {
    if (ssl_ == nullptr) {
      // A handshake takes much memory; who says nothing gets none.
      std::byte first{};
      const ssize_t count = ::recv(socket(), &first, sizeof(first), MSG_PEEK);
      if (count == 0) return ended();
      if (count < 0) return would_block(errno) || errno == EINTR ? want_read() : fail(text_of(errno));
      ssl_ = context_->session(socket());
    }
    ERR_clear_error();
    const int result = SSL_accept(ssl_.get());
    if (result != 1) return after(result);
    // The handshake proved it; a client whose certificate does not hold does not come here.
    if (SSL_get_verify_result(ssl_.get()) != X509_V_OK) return fail("the client's certificate does not hold");
    certificate_ = subject_of(*ssl_);
    return moved(0);
  }

  Step read(std::span<std::byte> out) override {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), out.data(), out.size(), &count);
    return result == 1 ? moved(count) : after(result);
  }

  Step write(base::ByteView head, base::ByteView body) override {
    if (head.empty()) return write(body);
    if (body.empty() || head.size() >= kRecordBytes) return write(head);
    return write(gathered(head, body.first(std::min(body.size(), kRecordBytes - head.size()))));
  }

  Step write_file(base::ByteView head, const FileBody& file, std::uint64_t at, std::size_t length) override {
    if (!head.empty()) return write(head);
    const auto piece = scratch_.first(std::min(length, scratch_.size()));
    if (file.file->read_at(at, piece) != piece.size()) return fail("the file ends too early");
    std::size_t done = 0;
    while (done < piece.size()) {
      const auto step = write(base::ByteView(piece).subspan(done));
      // What was moved counts; a block shows again at the next call.
      if (step.state != Step::State::moved) return done == 0 ? step : moved(done);
      done += step.count;
    }
    return moved(done);
  }

  bool has_pending() const override { return SSL_has_pending(ssl_.get()) == 1; }

  void finish() override {
    ERR_clear_error();
    if (ssl_ != nullptr && SSL_is_init_finished(ssl_.get()) == 1) SSL_shutdown(ssl_.get());
    ERR_clear_error();
    ::shutdown(socket(), SHUT_WR);
  }

 private:
  Step write(base::ByteView bytes) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    return result == 1 ? moved(count) : after(result);
  }

  base::ByteView gathered(base::ByteView head, base::ByteView body) {
    std::ranges::copy(body, std::ranges::copy(head, scratch_.begin()).out);
    return scratch_.first(head.size() + body.size());
  }

  Step after(int result) {
    const int error = errno;
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return want_read();
      case SSL_ERROR_WANT_WRITE:
        return want_write();
      case SSL_ERROR_ZERO_RETURN:
        return ended();
      case SSL_ERROR_SYSCALL:
        return fail(error == 0 ? "the other side has gone" : text_of(error));
      default:
        return fail(last_tls_error("TLS failed"));
    }
  }

  std::shared_ptr<const TlsContext> context_;
  Ssl ssl_;  ///< when the client has begun
  std::span<std::byte> scratch_;
};

}  // namespace

Step Channel::discard(std::span<std::byte> scratch) const {
  const ssize_t count = ::recv(socket_, scratch.data(), scratch.size(), 0);
  if (count > 0) return moved(static_cast<std::size_t>(count));
  if (count == 0) return ended();
  return would_block(errno) || errno == EINTR ? want_read() : Step{};
}

Step Channel::fail(std::string why) {
  why_ = std::move(why);
  return {};
}

std::unique_ptr<Channel> plain_channel(int socket, std::span<std::byte> scratch) {
  return std::make_unique<PlainChannel>(socket, scratch);
}

std::unique_ptr<Channel> tls_channel(int socket, std::shared_ptr<const TlsContext> context,
                                     std::span<std::byte> scratch) {
  return std::make_unique<TlsChannel>(socket, std::move(context), scratch);
}

}  // namespace gapstow::serve

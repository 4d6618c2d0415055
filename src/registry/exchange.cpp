#include "exchange.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "gapstow/base/checked.h"
#include "gapstow/base/text.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;

constexpr int kPollMilliseconds = 100;              // how long a cancelled run may take to notice
constexpr std::size_t kMaxWaiting = 512UL * 1024;   // received before it is wanted
constexpr std::uint64_t kMaxDrained = 64UL * 1024;  // more is cheaper to drop with its connection
constexpr std::chrono::milliseconds kMaxDrainTime{500};

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// "HTTP/1.1 200 OK" -> 200; 0 for what is no status line.
int status_of(std::string_view line) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return 0;
  int status = 0;
  const auto digits = line.substr(space + 1, 3);
  std::from_chars(digits.data(), digits.data() + digits.size(), status);
  return status;
}

}  // namespace

/// What libcurl calls. Nothing is thrown through it.
struct Exchange::Callbacks {
  static std::size_t header(char* data, std::size_t, std::size_t count, void* self) noexcept {
    return static_cast<Exchange*>(self)->on_header({data, count}) ? count : 0;
  }
  static std::size_t body(char* data, std::size_t, std::size_t count, void* self) noexcept {
    return static_cast<Exchange*>(self)->on_body(std::as_bytes(std::span(data, count)));
  }
  static std::size_t want(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    return static_cast<Exchange*>(self)->on_want(std::as_writable_bytes(std::span(data, size * count)));
  }
  /// A body in memory can begin again; one that was pushed cannot, unless nothing was taken.
  static int rewind(void* self, curl_off_t offset, int origin) noexcept {
    auto& exchange = *static_cast<Exchange*>(self);
    if (offset != 0 || origin != SEEK_SET) return CURL_SEEKFUNC_FAIL;
    if (exchange.taken_ == 0) return CURL_SEEKFUNC_OK;
    if (exchange.outgoing_.pushed) return CURL_SEEKFUNC_FAIL;
    exchange.pending_ = exchange.outgoing_.body;
    exchange.taken_ = 0;
    return CURL_SEEKFUNC_OK;
  }
};

namespace {

template <typename Value>
void set(const CurlEasy& easy, CURLoption option, Value value) {
  const auto result = curl_easy_setopt(easy.get(), option, value);
  if (result != CURLE_OK) {
    throw Error(ErrorCode::internal,
                "libcurl takes no option " + std::to_string(option) + ": " + curl_easy_strerror(result));
  }
}

/// The bytes stay where they are.
void set_blob(const CurlEasy& easy, CURLoption option, base::ByteView bytes) {
  curl_blob blob{const_cast<std::byte*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
  set(easy, option, &blob);
}

}  // namespace

Exchange::Exchange(Lines& lines, Outgoing outgoing, const base::CancelToken& cancel)
    : lines_(lines),
      outgoing_(std::move(outgoing)),
      cancel_(cancel),
      line_(lines.take(outgoing_.url.origin())),
      curl_says_(CURL_ERROR_SIZE, '\0'),
      last_progress_(Clock::now()) {
  cancel_.check();
  head_.url = outgoing_.url.text();
  if (!outgoing_.pushed) pending_ = outgoing_.body;
  set_up();
  set_up_tls();
  set_up_body();
  set_up_headers();
  if (curl_multi_add_handle(line_.multi.get(), line_.easy.get()) != CURLM_OK) {
    throw Error(ErrorCode::internal, "libcurl takes no exchange");
  }
}

Exchange::~Exchange() {
  // Of an exchange that has not ended libcurl closes the connection here.
  curl_multi_remove_handle(line_.multi.get(), line_.easy.get());
  if (!done_ || result_ != CURLE_OK) return;  // libcurl keeps buffers of it: the handle is not as new
  try {
    lines_.give(outgoing_.url.origin(), std::move(line_));
  } catch (const std::exception&) {
    return;  // no memory to keep it: it closes
  }
}

void Exchange::set_up() {
  const auto& easy = line_.easy;
  const auto milliseconds = std::max<long>(1, base::checked_narrow<long>(outgoing_.timeout.count()));
  set(easy, CURLOPT_URL, outgoing_.url.text().c_str());
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS + 0L);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_QUICK_EXIT, 1L);  // a name server that does not answer must not hold up the end
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy, CURLOPT_BUFFERSIZE, 256L * 1024);
  set(easy, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
  set(easy, CURLOPT_USERAGENT, outgoing_.user_agent.c_str());
  set(easy, CURLOPT_ERRORBUFFER, curl_says_.data());
  // libcurl reads the environment only where nothing is said.
  set(easy, CURLOPT_PROXY, outgoing_.proxy.c_str());
  set(easy, CURLOPT_NOPROXY, "");
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy, CURLOPT_HEADEROPT, CURLHEADER_SEPARATE + 0L);
  set(easy, CURLOPT_HEADERFUNCTION, &Callbacks::header);
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_WRITEFUNCTION, &Callbacks::body);
  set(easy, CURLOPT_WRITEDATA, this);
}

void Exchange::set_up_tls() {
  const auto& easy = line_.easy;
  set(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 + 0L);
  set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!outgoing_.tls) return;
  const auto& tls = *outgoing_.tls;
  if (tls.authorities) {
    set(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set_blob(easy, CURLOPT_CAINFO_BLOB, *tls.authorities);
  } else if (!tls.system_file.empty()) {
    set(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set(easy, CURLOPT_CAINFO, tls.system_file.c_str());
  }
  if (tls.certificate.empty()) return;
  set_blob(easy, CURLOPT_SSLCERT_BLOB, tls.certificate);
  set_blob(easy, CURLOPT_SSLKEY_BLOB, tls.key);
  set(easy, CURLOPT_KEYPASSWD, "");  // never ask on the terminal
}

void Exchange::set_up_body() {
  const auto& easy = line_.easy;
  const auto& method = outgoing_.method;
  const bool has_body =
      outgoing_.pushed || !outgoing_.body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
  if (method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  } else if (has_body) {
    const auto length = outgoing_.pushed.value_or(outgoing_.body.size());
    set(easy, CURLOPT_UPLOAD, 1L);
    set(easy, CURLOPT_INFILESIZE_LARGE, base::checked_narrow<curl_off_t>(length));
    set(easy, CURLOPT_READFUNCTION, &Callbacks::want);
    set(easy, CURLOPT_READDATA, this);
    set(easy, CURLOPT_SEEKFUNCTION, &Callbacks::rewind);
    set(easy, CURLOPT_SEEKDATA, this);
    set(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  } else if (method != "GET") {
    set(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
}

void Exchange::set_up_headers() {
  append_line(header_list_, "Expect:");
  append_line(header_list_, "Accept-Encoding: identity");
  for (const auto& [name, value] : outgoing_.headers.fields()) {
    const auto line = name + ": " + value;
    const auto is_odd = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    if (std::ranges::any_of(line, is_odd)) {
      throw Error(ErrorCode::malformed, "header " + name + " would hold a control character");
    }
    append_line(header_list_, value.empty() ? name + ";" : line);
  }
  set(line_.easy, CURLOPT_HTTPHEADER, header_list_.get());
}

void Exchange::await_head() {
  drive_until([this] { return head_done_; });
  if (!head_done_) fail();
}

std::size_t Exchange::read(std::span<std::byte> out) {
  if (waiting() == 0 && !done_) {
    target_ = out;
    filled_ = 0;
    if (receive_paused_) pause(false, send_paused_);
    drive_until([this] { return filled_ > 0; });
    target_ = {};
    if (filled_ > 0) return filled_;
  }
  if (waiting() > 0) {
    const auto count = std::min(out.size(), waiting());
    std::copy_n(overflow_.begin() + static_cast<std::ptrdiff_t>(overflow_at_), count, out.begin());
    overflow_at_ += count;
    if (waiting() == 0) {
      overflow_.clear();
      overflow_at_ = 0;
    }
    return count;
  }
  if (result_ != CURLE_OK) fail();
  return 0;
}

base::Bytes Exchange::read_all(std::uint64_t limit) {
  base::Bytes all;
  base::Bytes chunk(64UL * 1024);
  while (const auto count = read(chunk)) {
    base::append(all, base::ByteView(chunk).first(count));
    base::check_limit(all.size(), limit, place() + ": the answer");
  }
  return all;
}

base::Bytes Exchange::drain() {
  base::Bytes all;
  const auto until = Clock::now() + kMaxDrainTime;
  while (all.size() < kMaxDrained) {
    base::append(all, base::ByteView(overflow_).subspan(overflow_at_));
    overflow_.clear();
    overflow_at_ = 0;
    if (done_) break;
    if (receive_paused_) pause(false, send_paused_);
    drive_until([&] { return waiting() > 0 || Clock::now() > until; });
    if (waiting() == 0 && !done_) break;
  }
  return all;
}

bool Exchange::write(base::ByteView bytes) {
  if (!outgoing_.pushed || bytes.size() > *outgoing_.pushed - taken_) {
    throw Error(ErrorCode::internal, place() + ": more bytes than were announced");
  }
  pending_ = bytes;
  if (send_paused_) pause(receive_paused_, false);
  drive_until([this] { return pending_.empty() || head_done_; });
  const bool is_taken = pending_.empty();
  pending_ = {};
  if (!head_done_ && done_) fail();
  return is_taken && !head_done_;
}

template <typename Enough>
void Exchange::drive_until(const Enough& enough) {
  last_progress_ = Clock::now();
  for (;;) {
    cancel_.check();
    perform();
    if (done_ || enough()) break;
    note_progress();
    check_idle();
    curl_multi_poll(line_.multi.get(), nullptr, 0, kPollMilliseconds, nullptr);
  }
  if (head_too_long_) {
    throw Error(ErrorCode::limit_exceeded, place() + ": the headers of the answer are too long");
  }
}

void Exchange::perform() {
  int running = 0;
  if (curl_multi_perform(line_.multi.get(), &running) != CURLM_OK) {
    throw Error(ErrorCode::internal, place() + ": libcurl cannot go on");
  }
  int left = 0;
  while (const auto* message = curl_multi_info_read(line_.multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    done_ = true;
    result_ = message->data.result;
  }
}

void Exchange::note_progress() {
  curl_off_t sent = 0;
  curl_off_t received = 0;
  curl_easy_getinfo(line_.easy.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  curl_easy_getinfo(line_.easy.get(), CURLINFO_SIZE_DOWNLOAD_T, &received);
  const auto moved = sent + received + static_cast<curl_off_t>(head_bytes_);
  if (moved == moved_) return;
  moved_ = moved;
  last_progress_ = Clock::now();
}

void Exchange::check_idle() const {
  if (Clock::now() - last_progress_ < outgoing_.timeout) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(outgoing_.timeout).count();
  throw Outage(Outage::Kind::passing, place() + ": no answer for " + std::to_string(seconds) + " s",
               "--timeout gives slow servers longer");
}

void Exchange::pause(bool receiving, bool sending) {
  receive_paused_ = receiving;
  send_paused_ = sending;
  // A failure comes out as the end of the transfer.
  curl_easy_pause(line_.easy.get(), (receiving ? CURLPAUSE_RECV : 0) | (sending ? CURLPAUSE_SEND : 0));
}

std::string Exchange::place() const { return outgoing_.method + " " + outgoing_.url.shown(); }

bool Exchange::on_header(std::string_view line) {
  head_bytes_ += line.size();
  if (head_bytes_ > kMaxHeaderBytes) {
    head_too_long_ = true;
    return false;
  }
  if (head_done_) return true;  // trailers say nothing that is needed
  try {
    const auto text = trimmed(line);
    if (line.starts_with("HTTP/")) {
      head_.status = status_of(text);
      head_.headers = {};
    } else if (text.empty()) {
      head_done_ = head_.status >= 200;
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
      head_.headers.add(std::string(trimmed(text.substr(0, colon))), std::string(trimmed(text.substr(colon + 1))));
    }
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

std::size_t Exchange::on_body(base::ByteView bytes) {
  if (waiting() > kMaxWaiting) {
    receive_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  const auto now = waiting() == 0 ? std::min(bytes.size(), target_.size()) : 0;
  std::copy_n(bytes.begin(), now, target_.begin());
  target_ = target_.subspan(now);
  filled_ += now;
  try {
    base::append(overflow_, bytes.subspan(now));
  } catch (const std::bad_alloc&) {
    return 0;
  }
  // No more is received than the reader wants, up to what libcurl holds already.
  if (target_.empty() && !receive_paused_) pause(true, send_paused_);
  return bytes.size();
}

std::size_t Exchange::on_want(std::span<std::byte> space) {
  if (pending_.empty()) {
    if (taken_ == outgoing_.pushed.value_or(outgoing_.body.size())) return 0;
    send_paused_ = true;
    return CURL_READFUNC_PAUSE;
  }
  const auto count = std::min(space.size(), pending_.size());
  std::copy_n(pending_.begin(), count, space.begin());
  pending_ = pending_.subspan(count);
  taken_ += count;
  return count;
}

namespace {

constexpr std::string_view kTlsHint = "give the authority of the server's certificate with --ca-file FILE";

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Failures that a second try will meet again.
bool is_lasting(CURLcode result, const std::string& text) {
  constexpr std::array kLasting{CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,         CURLE_SSL_CACERT_BADFILE,
                                CURLE_UNSUPPORTED_PROTOCOL,     CURLE_URL_MALFORMAT,           CURLE_SSL_CIPHER,
                                CURLE_SSL_ISSUER_ERROR,         CURLE_SSL_PINNEDPUBKEYNOTMATCH};
  if (std::ranges::find(kLasting, result) != kLasting.end()) return true;
  return result == CURLE_SSL_CONNECT_ERROR && !says(text, "SSL_ERROR_SYSCALL") && !says(text, "unexpected eof");
}

}  // namespace

void Exchange::fail() const {
  auto text = std::string(curl_says_.c_str());
  if (text.empty()) text = result_ == CURLE_OK ? "the server closed the connection" : curl_easy_strerror(result_);
  // libcurl's own limit on a single line.
  if (!head_done_ && (result_ == CURLE_OUT_OF_MEMORY || says(text, "oo long"))) {
    throw Error(ErrorCode::limit_exceeded, place() + ": a header of the answer is too long");
  }
  std::string hint;
  if (result_ == CURLE_PEER_FAILED_VERIFICATION) hint = kTlsHint;
  if (says(text, "wrong version number")) hint = "a server without TLS is reached with --plain-http";
  throw Outage(is_lasting(result_, text) ? Outage::Kind::lasting : Outage::Kind::passing, place() + ": " + text,
               std::move(hint));
}

}  // namespace gapstow::registry

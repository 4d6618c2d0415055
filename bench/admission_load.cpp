// Asks an admission listener over kept TLS connections with a client certificate, as fast as it answers, and prints the
// rate and how long answers took. Built and run by serve.sh.
//
//   admission_load PORT CA CERT KEY BODY-FILE CONNECTIONS SECONDS
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Job {
  std::uint16_t port = 0;
  const char* authority = nullptr;
  const char* certificate = nullptr;
  const char* key = nullptr;
  std::string request;
  Clock::time_point end;
};

struct Result {
  std::vector<float> milliseconds;
  std::uint64_t allowed = 0;
  std::uint64_t failed = 0;
};

int connected(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return -1;
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return descriptor;
}

/// One answer; empty when the connection ends.
std::string answer(SSL* ssl) {
  std::string text;
  char bytes[16384];
  for (;;) {
    const auto head = text.find("\r\n\r\n");
    const auto said = text.find("Content-Length: ");
    if (head != std::string::npos && said < head) {
      const auto length = std::strtoul(text.c_str() + said + 16, nullptr, 10);
      if (text.size() >= head + 4 + length) return text;
    }
    const int count = SSL_read(ssl, bytes, sizeof(bytes));
    if (count <= 0) return {};
    text.append(bytes, static_cast<std::size_t>(count));
  }
}

void ask(const Job& job, Result& result) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(context, job.authority, nullptr) != 1 ||
      SSL_CTX_use_certificate_chain_file(context, job.certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, job.key, SSL_FILETYPE_PEM) != 1) {
    ++result.failed;
    return;
  }
  SSL* ssl = SSL_new(context);
  const int socket = connected(job.port);
  SSL_set_fd(ssl, socket);
  if (socket >= 0 && SSL_connect(ssl) == 1) {
    for (auto start = Clock::now(); start < job.end;) {
      if (SSL_write(ssl, job.request.data(), static_cast<int>(job.request.size())) <= 0) break;
      const auto text = answer(ssl);
      const auto now = Clock::now();
      if (!text.starts_with("HTTP/1.1 200 ")) {
        ++result.failed;
        break;
      }
      if (text.find("\"allowed\":true") != std::string::npos) ++result.allowed;
      result.milliseconds.push_back(std::chrono::duration<float, std::milli>(now - start).count());
      start = now;
    }
  } else {
    ++result.failed;
  }
  SSL_free(ssl);
  SSL_CTX_free(context);
  ::close(socket);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr, "usage: admission_load PORT CA CERT KEY BODY-FILE CONNECTIONS SECONDS\n");
    return 2;
  }
  std::ifstream file(argv[5]);
  const std::string body{std::istreambuf_iterator<char>(file), {}};
  Job job{static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2], argv[3], argv[4], {}, {}};
  job.request =
      "POST /k8s/image-review?timeout=30s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  const int seconds = std::atoi(argv[7]);
  job.end = Clock::now() + std::chrono::seconds(seconds);
  std::vector<Result> results(static_cast<std::size_t>(std::atoi(argv[6])));
  {
    std::vector<std::jthread> threads;
    for (auto& result : results) threads.emplace_back([&job, &result] { ask(job, result); });
  }
  Result all;
  for (const auto& result : results) {
    all.milliseconds.insert(all.milliseconds.end(), result.milliseconds.begin(), result.milliseconds.end());
    all.allowed += result.allowed;
    all.failed += result.failed;
  }
  std::ranges::sort(all.milliseconds);
  const auto count = all.milliseconds.size();
  const auto at = [&](double part) {
    return count == 0 ? 0.0F : all.milliseconds[static_cast<std::size_t>(part * static_cast<double>(count - 1))];
  };
  std::printf("%zu decisions, %.0f/s, %llu allowed, %llu failed, p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n", count,
              static_cast<double>(count) / seconds, static_cast<unsigned long long>(all.allowed),
              static_cast<unsigned long long>(all.failed), static_cast<double>(at(0.5)), static_cast<double>(at(0.99)),
              static_cast<double>(at(1.0)));
  return all.failed == 0 ? 0 : 1;
}

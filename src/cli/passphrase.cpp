#include "passphrase.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "gapstow/base/error.h"
#include "gapstow/cli/terminal.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;

constexpr const char* kVariable = "GAPSTOW_PASSPHRASE";

/// The controlling terminal with echo switched off; switched on again at the end.
class SilentTerminal {
 public:
  SilentTerminal() : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (descriptor_ < 0) {
      throw Error(ErrorCode::key_unusable, "a passphrase is needed and there is no terminal to ask on",
                  std::string("set $") + kVariable + ", or use a key made with --no-passphrase");
    }
    ::tcgetattr(descriptor_, &saved_);
    termios silent = saved_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(descriptor_, TCSAFLUSH, &silent);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    ::tcsetattr(descriptor_, TCSAFLUSH, &saved_);
    ::close(descriptor_);
  }

  sign::SecretBytes ask(const std::string& prompt) {
    show(prompt);
    std::array<std::byte, 1024> line{};
    std::size_t length = 0;
    for (;;) {
      std::byte next{};
      const ssize_t count = ::read(descriptor_, &next, 1);
      if (count < 0 && errno == EINTR) {
        sign::wipe(line);
        show("\n");
        throw Error(ErrorCode::interrupted, "interrupted");
      }
      if (count <= 0 || next == std::byte{'\n'}) break;
      if (length < line.size()) line[length++] = next;
    }
    show("\n");
    auto secret = sign::SecretBytes::copy_of(base::ByteView(line).first(length));
    sign::wipe(line);
    return secret;
  }

 private:
  void show(const std::string& text) {
    if (::write(descriptor_, text.data(), text.size()) < 0)
      throw Error(ErrorCode::io_write, "cannot write to the terminal");
  }

  int descriptor_;
  termios saved_{};
};

std::optional<sign::SecretBytes> from_environment() {
  const char* value = std::getenv(kVariable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return sign::SecretBytes::copy_of(base::as_bytes(value));
}

}  // namespace

sign::SecretBytes ask_passphrase(const std::string& key) {
  if (auto secret = from_environment()) return std::move(*secret);
  return SilentTerminal().ask("Passphrase of " + key + ": ");
}

sign::SecretBytes ask_new_passphrase(const std::string& key) {
  if (auto secret = from_environment()) return std::move(*secret);
  SilentTerminal terminal;
  auto first = terminal.ask("New passphrase for " + key + ": ");
  if (first.empty())
    throw Error(ErrorCode::usage, "the passphrase is empty", "--no-passphrase makes a key without one");
  const auto second = terminal.ask("Once more: ");
  if (!base::equal(first.view(), second.view())) throw Error(ErrorCode::usage, "the two passphrases differ");
  return first;
}

}  // namespace gapstow::cli

// Streams on descriptors that are open already: standard input and output, pipes, devices.
#pragma once

#include <string>

#include "gapstow/base/cancel.h"
#include "gapstow/base/stream.h"

namespace gapstow::base {

/// Reads a descriptor that stays the caller's. `name` is for messages: "standard input". With a token a read that waits
/// for data ends when the token is cancelled.
class FdSource final : public Source {
 public:
  FdSource(int descriptor, std::string name, const CancelToken* cancel = nullptr)
      : descriptor_(descriptor), name_(std::move(name)), cancel_(cancel) {}
  std::size_t read(std::span<std::byte> out) override;

 private:
  int descriptor_;
  std::string name_;
  const CancelToken* cancel_;
};

/// Opens a pipe, device or terminal for reading.
class DeviceSource final : public Source {
 public:
  explicit DeviceSource(const std::string& path);
  DeviceSource(const DeviceSource&) = delete;
  DeviceSource& operator=(const DeviceSource&) = delete;
  ~DeviceSource() override;
  std::size_t read(std::span<std::byte> out) override { return inner_.read(out); }

 private:
  int descriptor_;
  FdSource inner_;
};

/// Writes a descriptor that stays the caller's. A closed pipe is Error{io_write}; SIGPIPE must be ignored. With a token
/// a write that waits for a reader ends when the token is cancelled.
class FdSink final : public Sink {
 public:
  FdSink(int descriptor, std::string name, const CancelToken* cancel = nullptr)
      : descriptor_(descriptor), name_(std::move(name)), cancel_(cancel) {}
  void write(ByteView bytes) override;
  void finish() override {}

 private:
  int descriptor_;
  std::string name_;
  const CancelToken* cancel_;
};

/// Opens a pipe, device or terminal for writing; never creates or truncates a regular file.
class DeviceSink final : public Sink {
 public:
  explicit DeviceSink(const std::string& path);
  DeviceSink(const DeviceSink&) = delete;
  DeviceSink& operator=(const DeviceSink&) = delete;
  ~DeviceSink() override;
  void write(ByteView bytes) override { inner_.write(bytes); }
  void finish() override;

 private:
  int descriptor_;
  FdSink inner_;
};

}  // namespace gapstow::base

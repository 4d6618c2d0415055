#include "comparing_sink.h"

#include <algorithm>
#include <cstring>

#include "gapstow/base/error.h"

namespace gapstow::oci {

using base::Error;
using base::ErrorCode;

void ComparingSink::write(base::ByteView bytes) {
  if (fresh_ != nullptr) return fresh_->write(bytes);
  if (bytes.size() > size_ - at_) {
    throw Error(ErrorCode::internal, "blob " + digest_.text() + " is longer than announced");
  }
  buffer_.resize(std::max(buffer_.size(), bytes.size()));
  const auto there = std::span(buffer_).first(bytes.size());
  const bool same = old_->read_at(at_, there) == bytes.size() &&
                    (bytes.empty() || std::memcmp(there.data(), bytes.data(), bytes.size()) == 0);
  if (!same) return start_fresh(bytes);
  at_ += bytes.size();
}

void ComparingSink::finish() {
  if (fresh_ != nullptr) return fresh_->finish();
  if (at_ != size_) throw Error(ErrorCode::internal, "blob " + digest_.text() + " is shorter than announced");
  plan_.finish(digest_);
}

void ComparingSink::start_fresh(base::ByteView bytes) {
  fresh_ = open_();
  base::FileSource source(*old_, 0, at_);
  base::ExactSource exact(source, at_);
  base::copy(exact, *fresh_);
  fresh_->write(bytes);
}

}  // namespace gapstow::oci

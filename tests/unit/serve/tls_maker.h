// Keys and certificates for one test, as PEM files in a folder.
#pragma once

#include <string>

#include "gapstow/serve/listener.h"

namespace gapstow::test {

struct MadeCertificate {
  std::string certificate;  ///< paths
  std::string key;
};

enum class KeyKind { p256, rsa2048 };

/// What the certificate says.
struct CertificateShape {
  std::string name = "localhost";  ///< common name
  KeyKind kind = KeyKind::p256;
  long begins = -3600;  ///< seconds from now
  long ends = 86'400;
  bool authority = false;
};

class TlsMaker {
 public:
  /// Makes files in `folder`, which the caller removes.
  explicit TlsMaker(std::string folder) : folder_(std::move(folder)) {}
  /// Signed by `issuer`, or by itself.
  MadeCertificate make(const std::string& file, const CertificateShape& shape,
                       const MadeCertificate* issuer = nullptr) const;

 private:
  std::string folder_;
};

}  // namespace gapstow::test

// Telling the service manager how a service is. Source: sd_notify(3), the protocol on $NOTIFY_SOCKET.
#pragma once

#include <string>
#include <string_view>

namespace gapstow::cli {

/// Does nothing where no manager asked to be told.
class ServiceManager {
 public:
  ServiceManager();
  void ready() const { tell("READY=1\n"); }
  void reloading() const;
  void stopping() const { tell("STOPPING=1\n"); }

 private:
  void tell(std::string_view state) const;
  std::string socket_;  ///< a path, or "@NAME" of the abstract name space; empty: nobody listens
};

}  // namespace gapstow::cli

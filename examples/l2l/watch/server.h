#pragma once
#include <functional>
#include <memory>
#include <string>

namespace l2l {

/// Whether only programs on this computer can reach this address: 127.x.x.x, ::1 or localhost.
bool is_loopback(const std::string& host);

/// Serves the page of `l2l watch`. The routes are fixed, and no part of a request becomes a path. A request for another
/// host than this one is refused: a site whose name was made to point here (DNS rebinding) learns nothing.
class WatchServer {
 public:
  /// Takes the port, or any that is free for port 0; an Error if it cannot. `progress` returns what the page shows, as
  /// JSON; it is called by several threads.
  WatchServer(const std::string& host, int port, std::function<std::string()> progress);
  ~WatchServer();

  /// Serves until `stop()` says so, within some 50 ms. An Error if it cannot go on.
  void run(const std::function<bool()>& stop);
  /// "http://127.0.0.1:8321/"
  const std::string& url() const { return url_; }

 private:
  struct Http;
  std::unique_ptr<Http> http_;
  std::string url_;
};

}  // namespace l2l

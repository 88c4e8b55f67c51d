#include "examples/l2l/watch/server.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>

#include "autodiff/error.h"
#include "examples/l2l/report/page_files.h"
#include "examples/l2l/watch/page_files.h"

namespace l2l {
namespace {

// Only what comes from here, and nothing inline; nobody may frame it.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

/// "[::1]:8321" → "::1", "localhost:8321" → "localhost"
std::string without_port(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes;
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::string own_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// Whether a request means this computer. On a loopback address that is so by its names alone; elsewhere also by any
/// address, which is no name that could have been made to point here.
bool is_meant(std::string requested, const std::string& served) {
  requested = without_port(requested);
  std::ranges::transform(requested, requested.begin(), [](unsigned char c) { return std::tolower(c); });
  if (requested.empty()) return false;
  if (is_loopback(requested) || requested == served) return true;
  return !is_loopback(served) && (is_address(requested) || requested == own_name());
}

void answer(httplib::Response& response, std::string_view content, const char* type) {
  response.set_content(content.data(), content.size(), type);
}

/// That of httplib would share the port with another process that serves there.
void allow_reuse_after_end(socket_t socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

}  // namespace

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || (host.starts_with("127.") && is_address(host));
}

struct WatchServer::Http {
  httplib::Server server;
};

WatchServer::WatchServer(const std::string& host, int port, std::function<std::string()> progress)
    : http_(std::make_unique<Http>()) {
  httplib::Server& server = http_->server;
  server.set_socket_options(allow_reuse_after_end);
  server.new_task_queue = [] { return new httplib::ThreadPool(8); };
  server.set_keep_alive_timeout(1);
  server.set_read_timeout(5, 0);
  server.set_write_timeout(5, 0);
  server.set_payload_max_length(0);
  server.set_default_headers({{"Content-Security-Policy", kPolicy},
                              {"X-Content-Type-Options", "nosniff"},
                              {"Referrer-Policy", "no-referrer"},
                              {"Cross-Origin-Resource-Policy", "same-origin"},
                              {"Cache-Control", "no-store"}});
  server.set_pre_routing_handler([host](const httplib::Request& request, httplib::Response& response) {
    const auto refuse = [&](int status, std::string_view why) {
      response.status = status;
      answer(response, why, "text/plain; charset=utf-8");
      return httplib::Server::HandlerResponse::Handled;
    };
    if (!is_meant(request.get_header_value("Host"), host)) {
      return refuse(403, "403: this is another host than the one that was asked for\n");
    }
    if (request.method != "GET" && request.method != "HEAD") return refuse(405, "405: there is nothing but to read\n");
    return httplib::Server::HandlerResponse::Unhandled;
  });
  server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.body.empty()) answer(response, std::to_string(response.status) + "\n", "text/plain; charset=utf-8");
  });
  const auto file = [&](const char* route, std::string_view content, const char* type) {
    server.Get(route, [=](const httplib::Request&, httplib::Response& response) { answer(response, content, type); });
  };
  file("/", watch_page(), "text/html; charset=utf-8");
  file("/common\\.js", common_script(), "text/javascript; charset=utf-8");
  file("/watch\\.js", watch_script(), "text/javascript; charset=utf-8");
  file("/watch\\.css", watch_style(), "text/css; charset=utf-8");
  file("/uplot\\.js", uplot_script(), "text/javascript; charset=utf-8");
  file("/uplot\\.css", uplot_style(), "text/css; charset=utf-8");
  server.Get("/progress\\.json", [progress](const httplib::Request&, httplib::Response& response) {
    answer(response, progress(), "application/json");
  });

  errno = 0;
  const int taken = port == 0 ? server.bind_to_any_port(host) : (server.bind_to_port(host, port) ? port : -1);
  if (taken < 0) {
    const std::string reason = errno == 0 ? "no such address" : std::strerror(errno);
    throw Error("http://", host, ":", port, "/ cannot be served: ", reason,
                "; another --port may be free, and --port 0 takes one that is");
  }
  url_ = "http://" + (host.find(':') == host.npos ? host : "[" + host + "]") + ":" + std::to_string(taken) + "/";
}

WatchServer::~WatchServer() = default;

void WatchServer::run(const std::function<bool()>& stop) {
  std::atomic<bool> over = false;
  std::thread serving([&] {
    http_->server.listen_after_bind();
    over = true;
  });
  while (!over && !stop()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const bool failed = over;
  while (!over) {  // asked again, as it may not have begun
    http_->server.stop();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  serving.join();
  if (failed) throw Error(url_, ": cannot be served any longer");
}

}  // namespace l2l

#pragma once
#include <chrono>
#include <string>

namespace l2l {

/// "2 threads", and in a team also ", 4 processes", with a note if there are fewer tasks to share out: `tasks`, as many
/// as the flag --`flag` says.
std::string workers(int threads, int tasks, const std::string& flag);

/// 1:11, or 2:03:04 from an hour on.
std::string duration(double seconds);

/// Progress on stderr. On a terminal one line is rewritten; in a log a line is added every few seconds.
class StatusLine {
 public:
  StatusLine();
  /// Ends an unfinished line, so that an error message starts on its own.
  ~StatusLine();
  /// Shows `text` if it is time to show something.
  void update(const std::string& text);
  /// Shows `text` in any case, and ends the line.
  void finish(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_;  // one that understands escape codes
  bool open_ = false;  // the terminal's line is not ended
  Clock::time_point due_;
};

/// The pace of finished epochs, or other units of work.
class Pace {
 public:
  Pace(int done, int total, std::string what = "epoch")
      : what_(std::move(what)), first_(done), total_(total), start_(std::chrono::steady_clock::now()) {}
  /// "epoch 120/1000  12.3/s  ETA 1:11"
  std::string after(int done) const;
  /// Other work took so long: it is not of these units.
  void leave_out(std::chrono::steady_clock::duration time) { start_ += time; }

 private:
  std::string what_;
  int first_, total_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace l2l

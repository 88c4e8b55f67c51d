#include "examples/l2l/rates.h"

#include <nlohmann/json.hpp>

#include "autodiff/error.h"
#include "examples/l2l/run/json_file.h"
#include "examples/l2l/run/locks.h"
#include "nn/files/atomic_file.h"
#include "optim/team.h"

namespace l2l {

RateFile::RateFile(const std::filesystem::path& path) : path_(path) {
  if (path_.empty()) return;
  if (std::filesystem::exists(path_)) rates_ = read();
  // Or processes of a team would not agree on what is to be tuned.
  check_same("the learning rates in " + path_.string(), nlohmann::ordered_json(rates_).dump());
  check_writable(path_);
}

/// "mnist, activation sigmoid, …: nag-cosine for 1000 steps, final, 16 functions of seed 0": every option is named, as
/// defaults may change.
std::string RateFile::key_of(const Rule& rule, const std::string& optimizee, const OptionValues& options,
                             const TuneOptions& tuning) {
  std::string key = optimizee;
  for (const auto& [name, value] : options) key += ", " + name + " " + value;
  return key + ": " + rule.name + " for " + std::to_string(tuning.evaluate.steps) + " steps, " +
         std::string(name_of(tuning.criterion)) + ", " + std::to_string(tuning.evaluate.functions) +
         " functions of seed " + std::to_string(tuning.evaluate.seed);
}

std::map<std::string, double> RateFile::read() const {
  return read_json(path_, "damaged, or not a file of learning rates: ", "; name another --rates",
                   [](const JsonObject& json) {
                     std::map<std::string, double> rates;
                     const JsonObject entries = json.object("rates");
                     for (const std::string& key : entries.names()) rates[key] = entries.number<double>(key, kPositive);
                     return rates;
                   });
}

void RateFile::add(const std::string& key, double rate) {
  rates_[key] = rate;
  if (path_.empty()) return;
  const OutputLock lock(path_);
  std::map<std::string, double> all = rates_;
  if (std::filesystem::exists(path_)) all.merge(read());  // what others have added meanwhile
  nlohmann::ordered_json json;
  json["rates"] = all;
  write_file_atomically(path_, json_text(json));
}

}  // namespace l2l

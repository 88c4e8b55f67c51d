#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "autodiff/error.h"
#include "examples/l2l/run/settings.h"
#include "examples/l2l/run/text_file.h"

/// The JSON files of the command. Files are written with a checksum (see nn/files/checksum.h), and read also without.
namespace l2l {

/// An object in a JSON file. Throws an Error that names a member if it is missing or has the wrong type.
class JsonObject {
 public:
  JsonObject(const nlohmann::json& json, const std::string& name);

  const nlohmann::json& at(const std::string& name) const;
  bool contains(const std::string& name) const { return json_->contains(name); }
  std::vector<std::string> names() const;
  JsonObject object(const std::string& name) const;
  std::vector<JsonObject> objects(const std::string& name) const;  // of an array
  std::string text(const std::string& name) const;
  std::map<std::string, std::string> texts(const std::string& name) const;  // of an object of strings
  bool truth(const std::string& name) const;
  /// T: int, std::uint64_t or double
  template <class T>
  T number(const std::string& name, Range range) const;
  /// NaN for null, which stands for every number that is not finite.
  double number_or_nan(const std::string& name) const;
  /// The same; throws an Error for a number below 0.
  double not_negative_or_nan(const std::string& name) const;
  /// Checks the version of l2l that wrote it, "1.2.3". Throws an Error if it is newer than this program.
  void check_version(const std::string& name) const;
  /// Throws an Error if there are others.
  void check_names(const std::vector<std::string>& known) const;

 private:
  const nlohmann::json* json_;
  std::string name_;
};

/// A parsed file. Throws an Error for a wrong checksum; a missing one is accepted. Errors do not name the file.
class JsonFile {
 public:
  explicit JsonFile(std::string text);
  ~JsonFile();
  JsonObject root() const;

 private:
  std::unique_ptr<nlohmann::json> json_;
};

/// What `read` returns for the object in a file. Every Error begins with the file and `not_what`, such as "not the
/// configuration of a run: ", and ends with the remedy.
template <class Read>
auto read_json(const std::filesystem::path& file, const std::string& not_what, const std::string& remedy, Read read) {
  const std::string text = read_text(file);
  try {
    return read(JsonFile(text).root());
  } catch (const Error& error) {
    throw Error(file.string(), ": ", not_what, error.what(), remedy);
  }
}

/// The text of a file to be written, with its checksum. Throws an Error if a text is not UTF-8.
std::string json_text(const nlohmann::ordered_json& json);

}  // namespace l2l

#include "examples/l2l/run/escape.h"

#include <cerrno>

#include "autodiff/format.h"

namespace l2l {
namespace {

/// The UTF-8 character that `text` begins with: its bytes and its code point. No bytes if there is none.
struct Character {
  std::size_t size = 0;
  unsigned code = 0;
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {1, lead};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
  unsigned code = lead & (0x7f >> size);
  for (std::size_t k = 1; k < size; ++k) {
    if ((byte(k) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(k) & 0x3f);
  }
  constexpr unsigned kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};  // by length; smaller code points need fewer bytes
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < kSmallest[size] || code > 0x10ffff || surrogate ? Character{} : Character{size, code};
}

/// Whether a character acts on the terminal or on the text around it.
bool is_control(unsigned code) {
  const auto within = [=](unsigned first, unsigned last) { return code >= first && code <= last; };
  return code < 0x20 || within(0x7f, 0x9f) || within(0x2028, 0x202e) || within(0x2066, 0x2069);
}

std::string escaped_control(unsigned code) {
  switch (code) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return code < 0x80 ? format("\\x%02x", code) : format("\\u%04x", code);
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Character c = first_character(text);
    const std::size_t size = c.size > 0 ? c.size : 1;
    if (c.size == 0) {
      result += format("\\x%02x", static_cast<unsigned char>(text[0]));
    } else if (is_control(c.code)) {
      result += escaped_control(c.code);
    } else {
      result += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return result;
}

std::string error_line(std::string_view text) {
  constexpr std::size_t kHead = 900, kTail = 500;  // the tail has the remedy
  const std::string line = printable(text);
  if (line.size() <= kHead + kTail) return line;
  const auto boundary = [&](std::size_t k) {  // of a UTF-8 character
    while ((static_cast<unsigned char>(line[k]) & 0xc0) == 0x80) --k;
    return k;
  };
  return line.substr(0, boundary(kHead)) + " ... " + line.substr(boundary(line.size() - kTail));
}

std::string html(std::string_view text) {
  std::string result;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default: result += c;
    }
  }
  return result;
}

std::string shell_word(std::string_view text) {
  constexpr auto kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) return std::string(text);
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string command_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

std::string own_call(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program_invocation_name);
  return command_line(arguments);
}

}  // namespace l2l

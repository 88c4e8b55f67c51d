#include <CLI/CLI.hpp>
#include <cstdio>
#include <sstream>

#include "examples/l2l/described.h"
#include "examples/l2l/generate.h"
#include "nn/spelling.h"

namespace l2l {
namespace {

/// The number of a character, whose first byte is text[k]; k moves on to the next. The text is valid UTF-8.
unsigned code_point(const std::string& text, std::size_t& k) {
  const auto byte = [&] { return static_cast<unsigned char>(text[k++]); };
  const unsigned first = byte();
  if (first < 0x80) return first;
  const int more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
  unsigned code = first & (0x3f >> more);
  for (int i = 0; i < more; ++i) code = code << 6 | (byte() & 0x3f);
  return code;
}

/// As text of roff. Every hyphen is the one of the keyboard, so that what is copied from the page can be run.
std::string roff(const std::string& text) {
  std::string result;
  bool line_begins = true;
  for (std::size_t k = 0; k < text.size();) {
    const unsigned c = code_point(text, k);
    if (line_begins && (c == '.' || c == '\'')) result += "\\&";  // else a request
    line_begins = c == '\n';
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else if (c >= 0x80) {
      char name[16];
      std::snprintf(name, sizeof(name), "\\[u%04X]", c);
      result += name;
    } else {
      result += static_cast<char>(c);
    }
  }
  return result;
}

/// "mnist: …" begins an entry of its own.
bool begins_entry(const std::string& line) {
  const std::size_t end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-");
  return end != std::string::npos && end > 0 && line.compare(end, 2, ": ") == 0;
}

/// Lines as one paragraph, broken where an entry begins.
std::string help_text(const std::string& help) {
  std::string text;
  for (const std::string& line : split(help, '\n')) {
    if (!text.empty() && begins_entry(line)) text += ".br\n";
    text += roff(line) + "\n";
  }
  return text;
}

/// Paragraphs; and of "Example: …", which ends a description, the lines as they are.
std::string description_text(const std::string& description) {
  static const std::string kExample = "Example: ";
  std::string text;
  bool example = false, space = false;
  for (std::string line : split(description, '\n')) {
    if (line.starts_with(kExample)) {
      example = true;
      text += ".PP\nExample:\n.PP\n.RS 4\n.nf\n";
    }
    if (example) {
      if (!line.empty()) text += roff(line.substr(std::min(kExample.size(), line.size()))) + "\n";
    } else if (line.empty()) {
      space = true;
    } else {
      text += (space ? ".PP\n" : "") + roff(line) + "\n";
      space = false;
    }
  }
  return text + (example ? ".fi\n.RE\n" : "");
}

/// "-n, --processes N" in bold and italics
std::string title(const DescribedFlag& flag) {
  std::string text;
  for (const std::string& name : flag.names) text += (text.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
  return text + (flag.placeholder.empty() ? "" : " \\fI" + roff(flag.placeholder) + "\\fR");
}

/// The flags, under the headings of their groups.
std::string flags_text(CLI::App& command, bool help_too) {
  std::string text, group = "Options";
  for (const DescribedFlag& flag : described_flags(command)) {
    if (!help_too && flag.names.back() == "--help") continue;
    if (flag.group != group) text += ".PP\n\\fB" + roff(flag.group) + "\\fR\n";
    group = flag.group;
    text += ".TP\n" + title(flag) + "\n" + help_text(flag.help + (flag.required ? " (required)" : ""));
  }
  return text;
}

}  // namespace

std::string manual_page(CLI::App& app) {
  const std::string description = app.get_description();
  std::ostringstream page;
  page << ".TH L2L 1 \"\" \"l2l " L2L_VERSION "\" \"User Commands\"\n"
       << ".nh\n.ad l\n"  // flags are not hyphenated
       << ".SH NAME\nl2l \\- " << roff(description.substr(0, description.find(':'))) << "\n"
       << ".SH SYNOPSIS\n\\fBl2l\\fR \\fISUBCOMMAND\\fR [\\fIOPTION\\fR ...]\n.br\n\\fBl2l\\fR [\\fISUBCOMMAND\\fR] "
       << "\\fB\\-\\-help\\fR\n"
       << ".SH DESCRIPTION\n"
       << description_text(description) << ".SH OPTIONS\n"
       << flags_text(app, true) << ".SH SUBCOMMANDS\n";
  for (CLI::App* command : described_commands(app)) {
    page << ".SS l2l " << roff(command->get_name()) << "\n"
         << description_text(command->get_description()) << flags_text(*command, false);
  }
  page << ".SH EXIT STATUS\n"
       << ".TP\n0\nSuccess.\n"
       << ".TP\n1\nAn error, which is told in one line on stderr.\n"
       << ".TP\n2\nA command line that cannot be right.\n"
       << ".TP\n130, 143, 129\nStopped by Ctrl\\-C, SIGTERM, SIGHUP.\n";
  return page.str();
}

}  // namespace l2l

#include "examples/l2l/report/gnuplot.h"

#include "autodiff/format.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/settings.h"

namespace l2l {

Commands Commands::data(const Commands& name, std::string_view lines) {
  Commands block("$", name, " << END\n");
  for (const char c : lines) {
    // The letters of "nan", "inf" and exponents. They form no word that could end the block.
    if (std::string_view("0123456789+-.,eainf \n").find(c) != std::string_view::npos) block.script_ += c;
  }
  if (!block.script_.ends_with('\n')) block.script_ += '\n';
  block.script_ += "END\n";
  return block;
}

void Commands::add(const Text& text) {
  script_ += '"';
  for (const char c : printable(text.text)) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       std::string_view(" .,:;()/+-=").find(c) != std::string_view::npos;
    // In octal: quotes, backslashes, backticks (which would run a command) and all bytes that are not ASCII.
    script_ += plain ? std::string(1, c) : format("\\%03o", static_cast<unsigned char>(c));
  }
  script_ += '"';
}

void Commands::add_number(float number) { script_ += to_text(number); }
void Commands::add_number(double number) { script_ += to_text(number); }

}  // namespace l2l

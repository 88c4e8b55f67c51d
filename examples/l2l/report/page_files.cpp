#include "examples/l2l/report/page_files.h"

#include <string_view>

// A file of report/page as it is, put into the command by the assembler, as l2l_page_NAME.
#define L2L_PAGE_FILE(name, path)                                        \
  asm(".section .rodata\n"                                               \
      "l2l_page_" #name                                                  \
      ":\n"                                                              \
      ".incbin \"" L2L_PAGE_FOLDER "/" path                              \
      "\"\n"                                                             \
      "l2l_page_" #name                                                  \
      "_end:\n"                                                          \
      ".previous\n");                                                    \
  extern "C" [[gnu::visibility("hidden")]] const char l2l_page_##name[], \
      l2l_page_##name##_end[]  // hidden: see optimizees/neural_art/default_features.cpp

L2L_PAGE_FILE(uplot, "third_party/uplot/uPlot.iife.min.js");
L2L_PAGE_FILE(uplot_licence, "third_party/uplot/LICENSE");
L2L_PAGE_FILE(uplot_style, "third_party/uplot/uPlot.min.css");
L2L_PAGE_FILE(style, "page.css");
L2L_PAGE_FILE(chart, "chart.js");
L2L_PAGE_FILE(controls, "controls.js");
L2L_PAGE_FILE(curves, "curves.js");
L2L_PAGE_FILE(probe, "probe.js");
L2L_PAGE_FILE(walk, "walk.js");
L2L_PAGE_FILE(page, "page.js");

#define L2L_PAGE_TEXT(name) std::string_view(l2l_page_##name, l2l_page_##name##_end - l2l_page_##name)

namespace l2l {

std::string page_style() { return std::string(L2L_PAGE_TEXT(uplot_style)).append("\n").append(L2L_PAGE_TEXT(style)); }

std::string page_scripts() {
  std::string elements = "<script>/*\n";
  elements.append(L2L_PAGE_TEXT(uplot_licence)).append("\n*/</script>\n");
  for (const std::string_view script :
       {L2L_PAGE_TEXT(uplot), L2L_PAGE_TEXT(chart), L2L_PAGE_TEXT(controls), L2L_PAGE_TEXT(curves),
        L2L_PAGE_TEXT(probe), L2L_PAGE_TEXT(walk), L2L_PAGE_TEXT(page)}) {  // the last one begins
    elements.append("<script>\n").append(script).append("</script>\n");
  }
  return elements;
}

}  // namespace l2l

#include "examples/l2l/watch/page_files.h"

// A file as it is, put into the command by the assembler, and the function that returns it.
#define L2L_WATCH_FILE(function, path)                                                        \
  asm(".section .rodata\n"                                                                    \
      "l2l_" #function                                                                        \
      ":\n"                                                                                   \
      ".incbin \"" L2L_COMMAND_FOLDER "/" path                                                \
      "\"\n"                                                                                  \
      "l2l_" #function                                                                        \
      "_end:\n"                                                                               \
      ".previous\n");                                                                         \
  extern "C" [[gnu::visibility("hidden")]] const char l2l_##function[],                       \
      l2l_##function##_end[]; /* hidden: see neural_art/default_features */                   \
  std::string_view l2l::function() {                                                          \
    return {l2l_##function, static_cast<std::size_t>(l2l_##function##_end - l2l_##function)}; \
  }

L2L_WATCH_FILE(watch_page, "watch/watch.html")
L2L_WATCH_FILE(watch_script, "watch/watch.js")
L2L_WATCH_FILE(watch_style, "watch/watch.css")
L2L_WATCH_FILE(plot_script, "report/page/third_party/uplot/uPlot.iife.min.js")
L2L_WATCH_FILE(plot_style, "report/page/third_party/uplot/uPlot.min.css")

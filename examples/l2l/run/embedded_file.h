#pragma once
#include <cstddef>
#include <string_view>

/// Defines `std::string_view l2l::FUNCTION()`, which returns a file of examples/l2l as it is. The assembler puts it
/// into the command; names are hidden as in optimizees/neural_art/default_features.cpp. CMake has to know the file too,
/// or it is not assembled again when it changes.
#define L2L_EMBED_FILE(function, path)                                                          \
  asm(".section .rodata\n"                                                                      \
      "l2l_" #function                                                                          \
      ":\n"                                                                                     \
      ".incbin \"" L2L_COMMAND_FOLDER "/" path                                                  \
      "\"\n"                                                                                    \
      "l2l_" #function                                                                          \
      "_end:\n"                                                                                 \
      ".previous\n");                                                                           \
  extern "C" [[gnu::visibility("hidden")]] const char l2l_##function[], l2l_##function##_end[]; \
  std::string_view l2l::function() {                                                            \
    return {l2l_##function, static_cast<std::size_t>(l2l_##function##_end - l2l_##function)};   \
  }

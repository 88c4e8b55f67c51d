#include "optimizees/neural_art/default_features.h"

#include <string_view>

// The file as it is, put into the library by the assembler.
asm(R"(
  .section .rodata
  l2l_default_features:
  .incbin ")" L2L_DEFAULT_FEATURES R"("
  l2l_default_features_end:
  .previous
)");
// Hidden: they are in this file. Through a global offset table, as position-independent code reaches what may be
// elsewhere, the assembler for AArch64 would lose where in the section they are.
extern "C" [[gnu::visibility("hidden")]] const char l2l_default_features[], l2l_default_features_end[];

namespace l2l {

std::shared_ptr<const Features> default_features(Pooling pooling) {
  const std::string_view content(l2l_default_features, l2l_default_features_end - l2l_default_features);
  return std::make_shared<const Features>(Features::parse(content, kDefaultFeatures, pooling));
}

}  // namespace l2l

#include "optimizees/data/picture_file.h"

#include "autodiff/error.h"

namespace l2l {

PictureFile check_picture(std::string_view file) {
  constexpr std::size_t kLargestFile = std::size_t{1} << 30;
  if (file.size() > kLargestFile) throw Error("a file of ", file.size(), " bytes; at most ", kLargestFile, " are read");
  if (file.starts_with("\xff\xd8")) return check_jpeg(file);
  if (file.starts_with("\x89PNG\r\n\x1a\n")) return check_png(file);
  throw Error("not a picture that can be read: it is neither a JPEG nor a PNG");
}

void check_size(Index height, Index width) {
  if (height < 1 || width < 1) throw Error("a picture of ", width, "x", height, " pixels");
  if (height > kLargestSide || width > kLargestSide || height * width > kMostPixels) {
    throw Error("a picture of ", width, "x", height, " pixels; at most ", kMostPixels, " pixels are read, and ",
                kLargestSide, " on a side");
  }
}

}  // namespace l2l

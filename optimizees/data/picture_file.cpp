#include "optimizees/data/picture_file.h"

#include "autodiff/error.h"

namespace l2l {

PictureFile check_picture(std::string_view file) {
  check_file_size(file.size());
  if (file.starts_with("\xff\xd8")) return check_jpeg(file);
  if (file.starts_with("\x89PNG\r\n\x1a\n")) return check_png(file);
  throw Error("not a picture that can be read: it is neither a JPEG nor a PNG");
}

void check_file_size(std::uintmax_t bytes) {
  constexpr std::uintmax_t kMaxBytes = std::uintmax_t{1} << 30;
  if (bytes > kMaxBytes) throw Error("a file of ", bytes, " bytes; at most ", kMaxBytes, " are read");
}

void check_size(Index height, Index width) {
  if (height < 1 || width < 1) throw Error("a picture of ", width, "x", height, " pixels");
  if (height > kMaxSide || width > kMaxSide || height * width > kMaxPixels) {
    throw Error("a picture of ", width, "x", height, " pixels; at most ", kMaxPixels, " pixels are read, and ",
                kMaxSide, " on a side");
  }
}

}  // namespace l2l

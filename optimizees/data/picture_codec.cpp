#include "optimizees/data/picture_codec.h"

#include <libexif/exif-data.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "autodiff/error.h"

// stb_image is small and reads what cameras write, but it was not written for files that mean harm. Fuzzing it found
// crashes, and none any more with these precautions: only two formats; sizes are looked at before anything is decoded;
// all memory is zeroed, so that nothing uninitialised is read; and no array is larger than a picture needs.
namespace {

/// Coefficients of a progressive JPEG of the most pixels: 3 channels of 16 bits.
constexpr std::size_t kLargestArray = (std::size_t{1} << 26) * 6 + (1 << 20);

void* allocate(std::size_t size) { return size <= kLargestArray ? std::calloc(1, size) : nullptr; }

void* reallocate(void* old, std::size_t old_size, std::size_t size) {
  if (size > kLargestArray) return nullptr;
  void* const fresh = std::realloc(old, size);
  if (fresh != nullptr && size > old_size) std::memset(static_cast<char*>(fresh) + old_size, 0, size - old_size);
  return fresh;
}

}  // namespace

#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 16384
#define STBI_MALLOC(size) allocate(size)
#define STBI_REALLOC(old, size) unused_without_the_old_size(old, size)
#define STBI_REALLOC_SIZED(old, old_size, size) reallocate(old, old_size, size)
#define STBI_FREE(memory) std::free(memory)
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>

#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>

namespace l2l {
namespace {

static_assert(kLargestSide == STBI_MAX_DIMENSIONS);

/// stb_image takes zeros for what is missing at the end of a JPEG, and returns a picture that is grey there. In
/// compressed data a byte 0xff is never followed by 0xd9, "end of image", so one must come after the last 0xff 0xda,
/// "start of scan" (ITU-T T.81, section B.1.1).
bool jpeg_is_cut_short(std::string_view file) {
  const std::size_t end = file.rfind("\xff\xd9"), scan = file.rfind("\xff\xda");
  return end == std::string_view::npos || (scan != std::string_view::npos && end < scan);
}

}  // namespace

Bitmap decode_picture(std::string_view file) {
  const bool jpeg = file.starts_with("\xff\xd8"), png = file.starts_with("\x89PNG\r\n\x1a\n");
  if (!jpeg && !png) throw Error("not a picture that can be read: it is neither a JPEG nor a PNG");
  if (file.size() > INT_MAX) throw Error("too large a file: ", file.size(), " bytes");
  const auto* const bytes = reinterpret_cast<const stbi_uc*>(file.data());
  const int size = static_cast<int>(file.size());
  int width = 0, height = 0, channels = 0;
  if (!stbi_info_from_memory(bytes, size, &width, &height, &channels)) {
    throw Error("a damaged picture, or one that cannot be read: of a rare kind, or larger than ", kLargestSide,
                " pixels on a side");
  }
  // Not every way through the library looks at its own limit.
  if (width < 1 || height < 1) throw Error("a picture of ", width, "x", height, " pixels");
  if (width > kLargestSide || height > kLargestSide || Index{width} * height > kMostPixels) {
    throw Error("a picture of ", width, "x", height, " pixels; at most ", kMostPixels, " pixels are read, and ",
                kLargestSide, " on a side");
  }
  if (jpeg && jpeg_is_cut_short(file)) throw Error("the picture is cut short");
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(bytes, size, &width, &height, &channels, 0), &stbi_image_free);
  if (!pixels) throw Error("a damaged or incomplete picture (", stbi_failure_reason(), ")");
  const std::size_t count = static_cast<std::size_t>(width) * height * channels;
  return {height, width, channels, {pixels.get(), pixels.get() + count}};
}

int orientation(std::string_view file) {
  const std::unique_ptr<ExifData, void (*)(ExifData*)> data(
      exif_data_new_from_data(reinterpret_cast<const unsigned char*>(file.data()), static_cast<unsigned>(file.size())),
      &exif_data_unref);
  if (!data) throw std::bad_alloc();
  const ExifEntry* const entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->size < 2) return 1;
  const int value = exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
  return value >= 1 && value <= 8 ? value : 1;
}

std::string encode_png(const Bitmap& bitmap) {
  const int stride = static_cast<int>(bitmap.width) * bitmap.channels;
  std::string file;
  const auto append = [](void* to, void* data, int size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
  };
  if (!stbi_write_png_to_func(append, &file, static_cast<int>(bitmap.width), static_cast<int>(bitmap.height),
                              bitmap.channels, bitmap.bytes.data(), stride)) {
    throw std::bad_alloc();
  }
  return file;
}

}  // namespace l2l

#include "optimizees/data/picture_codec.h"

#include <cstdlib>
#include <cstring>
#include <memory>

#include "autodiff/error.h"
#include "optimizees/data/exif.h"
#include "optimizees/data/picture_file.h"

// stb_image is small and reads what cameras write. But it was not written for malicious files, and it guesses if a file
// is ambiguous. So it never sees a file from outside: check_jpeg and check_png write a new one that holds only what
// they have understood and found right. Besides, all formats but two are disabled, all memory is zeroed, so that
// nothing uninitialised is read, and no array is larger than a picture needs.
namespace {

/// The largest possible PNG: 4 channels of 16 bits.
constexpr std::size_t kLargestArray = static_cast<std::size_t>(l2l::kMaxPixels) * 8 + (1 << 20);

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

static_assert(kMaxSide == STBI_MAX_DIMENSIONS);

Bitmap decode_picture(std::string_view file) {
  const PictureFile checked = check_picture(file);
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(checked.content.data()),
                            static_cast<int>(checked.content.size()), &width, &height, &channels, 0),
      &stbi_image_free);
  if (!pixels) {
    const char* const reason = stbi_failure_reason();
    throw Error("a damaged picture, or one that cannot be read: ", reason != nullptr ? reason : "no reason is known");
  }
  const std::size_t count = static_cast<std::size_t>(width) * height * channels;
  return {height, width, channels, {pixels.get(), pixels.get() + count}, orientation(checked.exif)};
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

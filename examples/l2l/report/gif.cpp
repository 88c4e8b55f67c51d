#include "examples/l2l/report/gif.h"

#include <cstddef>

#include "autodiff/error.h"

namespace l2l {
namespace {

/// Goes through the blocks of a GIF (CompuServe 1990, "Graphics Interchange Format", version 89a).
class GifReader {
 public:
  explicit GifReader(const std::string& bytes) : bytes_(bytes) {}

  std::size_t place() const { return place_; }
  int byte() {
    skip(1);
    return static_cast<unsigned char>(bytes_[place_ - 1]);
  }
  void skip(std::size_t count) {
    if (count > bytes_.size() - place_) throw Error("gnuplot made no animation, or an incomplete one");
    place_ += count;
  }
  /// A table of colours, if the flags before it say so.
  void skip_colours(int flags) {
    if (flags & 0x80) skip(std::size_t{3} << ((flags & 7) + 1));
  }
  /// Pieces of data, each after its length, to an empty one.
  void skip_pieces() {
    while (const int length = byte()) skip(length);
  }

 private:
  const std::string& bytes_;
  std::size_t place_ = 0;
};

}  // namespace

std::string last_frame_held(std::string gif, int time) {
  GifReader reader(gif);
  std::size_t delay = 0;  // of the last frame: where it is
  if (gif.starts_with("GIF89a")) {
    reader.skip(6 + 4);  // the size of the screen
    const int flags = reader.byte();
    reader.skip(2);
    reader.skip_colours(flags);
    for (int block = reader.byte(); block != 0x3b; block = reader.byte()) {
      if (block == 0x21) {  // an extension
        if (reader.byte() == 0xf9) delay = reader.place() + 2;  // graphic control: length, flags, delay …
      } else if (block == 0x2c) {  // an image: place and size, flags, colours, code size
        reader.skip(8);
        reader.skip_colours(reader.byte());
        reader.skip(1);
      } else {
        throw Error("gnuplot made an animation with a block ", block, " that no GIF has");
      }
      reader.skip_pieces();
    }
  }
  if (delay == 0) throw Error("gnuplot made no animation, or an incomplete one");
  gif[delay] = static_cast<char>(time & 0xff);
  gif[delay + 1] = static_cast<char>(time >> 8);
  return gif;
}

}  // namespace l2l

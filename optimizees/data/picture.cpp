#include "optimizees/data/picture.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

#include "autodiff/error.h"
#include "nn/files/atomic_file.h"
#include "nn/files/regular_file.h"
#include "optimizees/data/picture_codec.h"
#include "optimizees/data/picture_file.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

// ---- Resampling -----------------------------------------------------------------------------------------------

/// Keys's kernel with a = -1/2 ("Catmull-Rom"), at a distance in pixels.
double cubic(double x) {
  x = std::abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

/// A new pixel is a weighted mean of old ones, `first` and those after it, along one axis.
struct Weights {
  Index first;
  std::vector<Real> values;  // they sum to 1
};

/// For each of `count` new pixels, which divide the interval of `extent` old ones that begins at `start`.
std::vector<Weights> axis_weights(Index old_count, Index count, double start, double extent) {
  const double step = extent / static_cast<double>(count), widening = std::max(1.0, step);
  std::vector<Weights> weights(count);
  for (Index k = 0; k < count; ++k) {
    const double center = start + (static_cast<double>(k) + 0.5) * step;
    const Index first = std::clamp(static_cast<Index>(std::ceil(center - 2 * widening - 0.5)), Index{0}, old_count - 1);
    const Index last = std::clamp(static_cast<Index>(std::floor(center + 2 * widening - 0.5)), first, old_count - 1);
    std::vector<double> values;
    double total = 0;
    for (Index i = first; i <= last; ++i) {
      values.push_back(cubic((static_cast<double>(i) + 0.5 - center) / widening));
      total += values.back();
    }
    weights[k].first = first;
    for (const double value : values) weights[k].values.push_back(static_cast<Real>(value / total));
  }
  return weights;
}

/// Scales the width first, row by row, so that a large picture is never in memory as Reals; then the height.
/// `read_row(y, channel, row)` writes a row of the old picture to `row`.
template <class ReadRow>
Picture resample(Index old_height, Index old_width, ReadRow read_row, Index height, Index width, const Box& box) {
  const auto columns = axis_weights(old_width, width, box.left, box.width);
  const auto rows = axis_weights(old_height, height, box.top, box.height);
  const Index first = rows.front().first, last = rows.back().first + std::ssize(rows.back().values);
  std::vector<Real> row(old_width), narrow((last - first) * width);
  Picture result{height, width, std::vector<Real>(3 * height * width)};
  for (Index channel = 0; channel < 3; ++channel) {
    for (Index y = first; y < last; ++y) {
      read_row(y, channel, row);
      for (Index x = 0; x < width; ++x) {
        Real mean = 0;
        const Real* from = row.data() + columns[x].first;
        for (const Real weight : columns[x].values) mean += weight * *from++;
        narrow[(y - first) * width + x] = mean;
      }
    }
    for (Index y = 0; y < height; ++y) {
      const std::span<Real> to(result.pixels.data() + (channel * height + y) * width, width);
      const Real* from = narrow.data() + (rows[y].first - first) * width;
      for (const Real weight : rows[y].values) {
        for (Index x = 0; x < width; ++x) to[x] += weight * from[x];
        from += width;
      }
      for (Real& value : to) value = std::clamp(value, Real(0), Real(1));
    }
  }
  return result;
}

// ---- Files ----------------------------------------------------------------------------------------------------

std::string read_file(const fs::path& path) {
  if (const std::string reason = why_no_file(path); !reason.empty()) throw Error("cannot be read: ", reason);
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error("cannot be read: ", std::strerror(errno));
  std::error_code failure;
  if (const std::uintmax_t size = fs::file_size(path, failure); !failure) check_file_size(size);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Hidden files are left out: when a Mac copies a folder, it adds one named "._NAME" beside each file.
bool is_picture_name(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
  const bool hidden = path.filename().string().starts_with('.');
  return !hidden && (extension == ".jpg" || extension == ".jpeg" || extension == ".png");
}

/// One colour of a row, blended with white.
void unpack_row(const Bitmap& bitmap, Index y, Index channel, std::vector<Real>& row) {
  const int n = bitmap.channels;
  const bool grey = n <= 2, alpha = n % 2 == 0;
  const std::uint8_t* pixel = bitmap.bytes.data() + y * bitmap.width * n;
  for (Index x = 0; x < bitmap.width; ++x, pixel += n) {
    const int value = pixel[grey ? 0 : channel], opacity = alpha ? pixel[n - 1] : 255;
    row[x] = static_cast<Real>(value * opacity + 255 * (255 - opacity)) / (255 * 255);
  }
}

/// A picture with this Exif orientation, turned upright.
Picture upright(const Picture& stored, int orientation) {
  if (orientation == 1) return stored;
  const bool transposed = orientation >= 5;
  const bool upside_down = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool mirrored = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  Picture result = stored;
  if (transposed) std::swap(result.height, result.width);
  Real* to = result.pixels.data();
  for (Index channel = 0; channel < 3; ++channel) {
    for (Index y = 0; y < result.height; ++y) {
      for (Index x = 0; x < result.width; ++x) {
        Index row = transposed ? x : y, column = transposed ? y : x;
        if (upside_down) row = stored.height - 1 - row;
        if (mirrored) column = stored.width - 1 - column;
        *to++ = stored.pixels[(channel * stored.height + row) * stored.width + column];
      }
    }
  }
  return result;
}

}  // namespace

Box central_square(Index height, Index width) {
  const double side = static_cast<double>(std::min(height, width));
  return {(static_cast<double>(height) - side) / 2, (static_cast<double>(width) - side) / 2, side, side};
}

Picture read_picture(const fs::path& path, Index shorter_side) try {
  const std::string file = read_file(path);
  const Bitmap bitmap = decode_picture(file);
  Index height = bitmap.height, width = bitmap.width;
  if (const Index shorter = std::min(height, width); shorter_side > 0 && shorter > shorter_side) {
    height = std::lround(static_cast<double>(height * shorter_side) / static_cast<double>(shorter));
    width = std::lround(static_cast<double>(width * shorter_side) / static_cast<double>(shorter));
  }
  const Box whole{0, 0, static_cast<double>(bitmap.height), static_cast<double>(bitmap.width)};
  const auto unpack = [&](Index y, Index channel, std::vector<Real>& row) { unpack_row(bitmap, y, channel, row); };
  return upright(resample(bitmap.height, bitmap.width, unpack, height, width, whole), bitmap.orientation);
} catch (const Error& error) {
  throw Error(path.string(), ": ", error.what());
}

Picture resize(const Picture& picture, Index height, Index width, const Box& box) {
  const auto copy_row = [&](Index y, Index channel, std::vector<Real>& row) {
    const auto from = picture.pixels.begin() + (channel * picture.height + y) * picture.width;
    std::copy(from, from + picture.width, row.begin());
  };
  return resample(picture.height, picture.width, copy_row, height, width, box);
}

Picture resize(const Picture& picture, Index height, Index width) {
  return resize(picture, height, width,
                {0, 0, static_cast<double>(picture.height), static_cast<double>(picture.width)});
}

Picture grey(const Picture& picture) {
  const Index pixels = picture.height * picture.width;
  Picture result{picture.height, picture.width, std::vector<Real>(3 * pixels)};
  const Real* const in = picture.pixels.data();
  for (Index k = 0; k < pixels; ++k) {
    const Real luminance = Real(0.299) * in[k] + Real(0.587) * in[pixels + k] + Real(0.114) * in[2 * pixels + k];
    for (Index channel = 0; channel < 3; ++channel) result.pixels[channel * pixels + k] = luminance;
  }
  return result;
}

Picture with_colours_of(const Picture& colours, const Picture& picture) {
  Picture result = grey(picture);
  const Picture before = grey(colours);
  for (std::size_t k = 0; k < result.pixels.size(); ++k) {
    result.pixels[k] = colours.pixels[k] + (result.pixels[k] - before.pixels[k]);
  }
  return result;
}

void write_png(const fs::path& path, const Picture& picture) {
  Bitmap bitmap{picture.height, picture.width, 3, {}};
  const Index pixels = picture.height * picture.width;
  bitmap.bytes.resize(3 * pixels);
  for (Index channel = 0; channel < 3; ++channel) {
    for (Index k = 0; k < pixels; ++k) {
      const Real value = picture.pixels[channel * pixels + k];
      const Real clipped = value > 0 ? std::min(value, Real(1)) : 0;  // NaN becomes 0 too
      bitmap.bytes[3 * k + channel] = static_cast<std::uint8_t>(std::lround(255 * clipped));
    }
  }
  write_file_atomically(path, encode_png(bitmap));
}

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::error_code failure, ignored;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end; entry.increment(failure)) {
    if (is_picture_name(entry->path()) && entry->is_regular_file(ignored)) files.push_back(entry->path());
  }
  if (failure) throw Error(folder.string(), ": cannot be read as a folder: ", failure.message());
  if (files.empty()) throw Error(folder.string(), ": no picture in this folder (.jpg, .jpeg or .png)");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace l2l

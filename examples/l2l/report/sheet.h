#pragma once
#include <string>
#include <vector>

#include "optimizees/data/picture.h"

namespace l2l {

struct LabelledPicture {
  Picture picture;
  std::string label;  // ASCII; what does not fit above the picture is wrapped at spaces
};

/// Pictures in rows on white, each centred in its cell, with its label above. A column is as wide as its widest picture
/// or word; rows are as high as they have to be. Letters grow with the widest picture, so that they can be read where a
/// large sheet is shown small.
Picture sheet(const std::vector<std::vector<LabelledPicture>>& rows);

}  // namespace l2l

#pragma once
#include <vector>

#include "optimizees/data/picture.h"

namespace l2l {

/// Pictures in rows on white, each in the middle of its cell; a column is as wide as its widest picture, a row as high
/// as its highest.
Picture sheet(const std::vector<std::vector<Picture>>& rows);

}  // namespace l2l

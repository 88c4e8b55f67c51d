#pragma once
#include <vector>

#include "optimizees/data/picture.h"

namespace l2l {

/// Pictures in rows on white, each centred in its cell. A column is as wide as its widest picture; rows likewise.
Picture sheet(const std::vector<std::vector<Picture>>& rows);

}  // namespace l2l

#pragma once
#include <string>

namespace l2l {

/// The style of the page: that of its plotting library, and page.css.
std::string page_style();
/// Its scripts as elements of HTML: the plotting library, and those in report/page. They expect the data before them,
/// see page_data.h.
std::string page_scripts();

}  // namespace l2l

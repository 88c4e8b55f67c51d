#pragma once
#include <string>
#include <string_view>

namespace l2l {

/// uPlot, which draws on our pages.
std::string_view uplot_script();
std::string_view uplot_style();
std::string_view uplot_licence();

/// What is common to the scripts of our pages.
std::string_view common_script();

/// The style of the report: uPlot's, and page.css.
std::string page_style();
/// Its scripts as elements of HTML: uPlot, and those in report/page. They expect the data before them, see page_data.h.
std::string page_scripts();

}  // namespace l2l

#pragma once
#include <string_view>

/// The files of the page of `l2l watch`, which are part of the program. (uPlot: report/page_files.h)
namespace l2l {

std::string_view watch_page();  // HTML
std::string_view watch_script();
std::string_view watch_style();

}  // namespace l2l

#include "examples/l2l/report/page_files.h"

#include "examples/l2l/run/embedded_file.h"

namespace l2l {
std::string_view page_css(), chart_js(), controls_js(), curves_js(), probe_js(), walk_js(), page_js();
}

L2L_EMBED_FILE(uplot_script, "report/page/third_party/uplot/uPlot.iife.min.js")
L2L_EMBED_FILE(uplot_style, "report/page/third_party/uplot/uPlot.min.css")
L2L_EMBED_FILE(uplot_licence, "report/page/third_party/uplot/LICENSE")
L2L_EMBED_FILE(common_script, "report/page/common.js")
L2L_EMBED_FILE(page_css, "report/page/page.css")
L2L_EMBED_FILE(chart_js, "report/page/chart.js")
L2L_EMBED_FILE(controls_js, "report/page/controls.js")
L2L_EMBED_FILE(curves_js, "report/page/curves.js")
L2L_EMBED_FILE(probe_js, "report/page/probe.js")
L2L_EMBED_FILE(walk_js, "report/page/walk.js")
L2L_EMBED_FILE(page_js, "report/page/page.js")

namespace l2l {

std::string page_style() { return std::string(uplot_style()).append("\n").append(page_css()); }

std::string page_scripts() {
  std::string elements = "<script>/*\n";
  elements.append(uplot_licence()).append("\n*/</script>\n");
  for (const std::string_view script : {uplot_script(), common_script(), chart_js(), controls_js(), curves_js(),
                                        probe_js(), walk_js(), page_js()}) {  // the last one begins
    elements.append("<script>\n").append(script).append("</script>\n");
  }
  return elements;
}

}  // namespace l2l

#include "examples/l2l/watch/page_files.h"

#include "examples/l2l/run/embedded_file.h"

L2L_EMBED_FILE(watch_page, "watch/watch.html")
L2L_EMBED_FILE(watch_script, "watch/watch.js")
L2L_EMBED_FILE(watch_style, "watch/watch.css")

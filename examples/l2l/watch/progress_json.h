#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace l2l {

/// What the files of these runs say of their progress, as JSON:
///     {"runs": [{"name", "of", "kind": "training" or "refinement", "total", "written", "age",
///                "loss": what the loss is, "training": [[epochs], [losses]], "validation": [[…], […]],
///                "best": {"at", "loss"}, "reference": {"text", "loss"}, "note"}]}
/// `written`: when the log was written, in seconds of the clock, `age`: how long ago. A folder that is no run stands
/// for those below it. Instead of most, "message" says what is wrong, or that there is nothing yet. It never throws
/// for what is in the files, and texts are `printable`.
std::string progress_json(const std::vector<std::filesystem::path>& folders);

}  // namespace l2l

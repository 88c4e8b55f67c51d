#include "optim/groups.h"

#include <algorithm>

#include "autodiff/error.h"
#include "autodiff/ops.h"

namespace l2l {
namespace {

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Groups::Groups(const Layout& layout, const std::vector<std::string>& names) {
  if (names == std::vector<std::string>{""}) {
    ranges_ = {{{0, layout.size()}}};
    layouts_ = {layout};
    return;
  }
  const std::vector<std::string> there = layout.groups();
  for (const std::string& name : names) {
    if (!contains(there, name)) {
      throw Error("there is an optimizer for the group '", name, "', the groups of theta are ", list(there));
    }
    ranges_.push_back(layout.ranges(name));
    layouts_.push_back(layout.part(name));
  }
  for (const std::string& name : there) {
    if (!contains(names, name)) {
      throw Error("no optimizer is for the group '", name, "' of theta, there are those for ", list(names));
    }
  }
}

/// visit(i, j) for each element of group k: θ's i-th, its own j-th.
template <class Visit>
void Groups::for_each_element(Index k, Visit visit) const {
  Index j = 0;
  for (const auto& [first, count] : ranges_[k]) {
    for (Index i = first; i < first + count; ++i) visit(i, j++);
  }
}

std::vector<Real> Groups::gather(Index k, std::span<const Real> x) const {
  std::vector<Real> part(size(k));
  for_each_element(k, [&](Index i, Index j) { part[j] = x[i]; });
  return part;
}

void Groups::scatter(Index k, std::span<const Real> part, std::span<Real> x) const {
  for_each_element(k, [=](Index i, Index j) { x[i] = part[j]; });
}

Var Groups::gather(Index k, Var x) const {
  const std::vector<Layout::Range>& ranges = ranges_[k];
  if (ranges.size() == 1) return slice(x, ranges[0].first, ranges[0].count);
  auto part = Tape::output("gather", {size(k)}, {x});
  for_each_element(k, [=](Index i, Index j) { part.out[j] = x.value[i]; });
  part.tape->record("gather", {x}, part,
                    [this, k, x, part] { for_each_element(k, [=](Index i, Index j) { x.grad[i] += part.grad[j]; }); });
  return part;
}

Var Groups::merge(std::span<const Var> parts) const {
  if (parts.size() == 1) return parts[0];
  Index n = 0;
  for (const Var& part : parts) n += part.size();
  auto x = Tape::output("merge", {n}, parts);
  for (Index k = 0; k < count(); ++k) scatter(k, parts[k].values(), {x.out, static_cast<std::size_t>(n)});
  x.tape->record("merge", parts, x, [this, x, parts = x.tape->copy(parts)] {
    for (Index k = 0; k < count(); ++k) {
      const Var part = parts[k];
      if (part.grad) for_each_element(k, [=](Index i, Index j) { part.grad[j] += x.grad[i]; });
    }
  });
  return x;
}

}  // namespace l2l

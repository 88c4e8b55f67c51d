#include "nn/layout.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"

namespace l2l {

Var Parameter::in(Var theta) const {
  if (offset + shape.size() > theta.size()) {
    throw Error("layout: parameter '", name, "' ends at ", offset + shape.size(), ", theta has ", theta.size(),
                " elements");
  }
  return Tape::view("parameter", theta, offset, shape);
}

Layout Layout::flat(Index n) {
  Layout layout;
  layout.add("theta", {n});
  return layout;
}

Parameter Layout::add(const std::string& name, const Shape& shape, const std::string& group, Parameter::Kind kind) {
  for (const Parameter& p : parameters_) {
    if (p.name == name) throw Error("layout: two parameters are called '", name, "'");
  }
  if (kind == Parameter::Kind::linear_map && shape.rank() < 2) {
    throw Error("layout: the linear map '", name, "' has the shape ", shape, ", it must have rows and columns");
  }
  parameters_.push_back({name, shape, group, size_, kind});
  size_ += shape.size();
  return parameters_.back();
}

const Parameter& Layout::find(const std::string& name) const {
  for (const Parameter& p : parameters_) {
    if (p.name == name) return p;
  }
  throw Error("layout: no parameter is called '", name, "'");
}

std::vector<std::string> Layout::groups() const {
  std::vector<std::string> names;
  for (const Parameter& p : parameters_) {
    if (std::find(names.begin(), names.end(), p.group) == names.end()) names.push_back(p.group);
  }
  return names;
}

Layout Layout::part(const std::string& group) const {
  Layout part;
  for (const Parameter& p : parameters_) {
    if (p.group == group) part.add(p.name, p.shape, p.group, p.kind);
  }
  return part;
}

std::vector<Layout::Range> Layout::ranges(const std::string& group) const {
  std::vector<Range> ranges;
  for (const Parameter& p : parameters_) {
    if (p.group != group) continue;
    const bool joins = !ranges.empty() && ranges.back().first + ranges.back().count == p.offset;
    if (joins) {
      ranges.back().count += p.shape.size();
    } else {
      ranges.push_back({p.offset, p.shape.size()});
    }
  }
  return ranges;
}

const Parameter& Layout::at(Index k) const {
  for (const Parameter& p : parameters_) {
    if (k >= p.offset && k < p.offset + p.shape.size()) return p;
  }
  throw Error("layout: there is no element ", k, " of ", size_);
}

std::string Layout::place(Index k) const {
  const Parameter& p = at(k);
  std::string indices;
  Index rest = k - p.offset;
  for (int dim = p.shape.rank() - 1; dim >= 0; --dim) {
    indices = std::to_string(rest % p.shape[dim]) + (indices.empty() ? "" : ", ") + indices;
    rest /= p.shape[dim];
  }
  return p.name + (indices.empty() ? "" : "[" + indices + "]") + (p.group.empty() ? "" : ", group " + p.group);
}

std::string Layout::first_not_finite(std::span<const Real> x) const {
  const auto found =
      std::find_if(parameters_.begin(), parameters_.end(), [&](const Parameter& p) { return !all_finite(p.in(x)); });
  return found == parameters_.end() ? "" : found->name;
}

double norm(std::span<const Real> x) {
  double squares = 0;
  for (Real v : x) squares += static_cast<double>(v) * v;
  return std::sqrt(squares);
}

bool all_finite(std::span<const Real> x) {
  return std::all_of(x.begin(), x.end(), [](Real v) { return std::isfinite(v); });
}

}  // namespace l2l

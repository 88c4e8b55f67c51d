// l2l-double: the exact meta-gradient needs double precision. `l2l meta-gradient` starts this program, which is linked
// to the library in double, and reads what it prints, in lines of these kinds:
//   progress TEXT
//   loss VALUE                               f(θ_t), t = 0 ... steps
//   full BLOCK NORM                          φ as a whole ("all"), and each of its parameters
//   row UNROLL BLOCK COSINE RELATIVE_ERROR NORM
// Errors go to stderr, without the name of the program.

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "autodiff/error.h"
#include "examples/l2l/double/protocol.h"
#include "optim/study/meta_gradient.h"
#include "optimizees/registry.h"

namespace {

using namespace l2l;

void say_progress(const std::string& text) {
  std::printf("progress %s\n", text.c_str());
  std::fflush(stdout);
}

/// Visits φ as a whole, and each of its parameters.
template <class Visit>
void for_each_block(const Layout& layout, const std::vector<Real>& a, const std::vector<Real>& b, Visit visit) {
  visit(kWholePhi, std::span<const Real>(a), std::span<const Real>(b));
  for (const Parameter& p : layout.parameters()) visit(p.name.c_str(), p.in(std::span(a)), p.in(std::span(b)));
}

int run(const DoubleRequest& request) {
  const LearnedOptimizer learned = LearnedOptimizer::load(request.optimizer);
  const Family family = make_optimizee(find_optimizee(request.optimizee), request.options);
  say_progress("following the trajectory");
  const MetaGradient meta(learned, family, request.steps, Rng(request.seed), request.threads);
  const std::vector<Real> full = meta.full([&](int steps) {
    say_progress("full gradient: step " + std::to_string(steps) + "/" + std::to_string(request.steps));
  });
  for (const double loss : meta.losses()) std::printf("loss %.17g\n", loss);
  const Layout& layout = learned.model.layout();
  for_each_block(layout, full, full,
                 [](const char* block, auto part, auto) { std::printf("full %s %.17g\n", block, norm(part)); });
  if (!std::isfinite(norm(full))) {
    throw Error("the full gradient over ", request.steps, " steps is not finite; give fewer --steps");
  }
  for (const int unroll : request.unrolls) {
    say_progress("truncated gradient: unrolls of " + std::to_string(unroll));
    const std::vector<Real> truncated = meta.truncated(unroll, request.discount);
    for_each_block(layout, truncated, full, [unroll](const char* block, auto part, auto part_of_full) {
      const Agreement agrees = agreement(part, part_of_full);
      std::printf("row %d %s %.17g %.17g %.17g\n", unroll, block, agrees.cosine, agrees.relative_error, norm(part));
    });
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // end with l2l
#endif
  std::string what;
  try {
    return run(request_of({argv + 1, argv + argc}));
  } catch (const std::bad_alloc&) {
    what = "out of memory: fewer --steps may help";
  } catch (const std::exception& error) {
    what = error.what();
  }
  std::fputs(what.c_str(), stderr);
  return 1;
}

#include "optim/learned/models.h"

#include "autodiff/error.h"
#include "tests/catch.h"

namespace l2l::models_test {

TEST_CASE("every model of the table can be made, and is found by its name") {
  for (const NamedModel& row : models()) {
    CAPTURE(row.name);
    CHECK(&find_model(row.name) == &row);
    const CoordinateModel model(row.config);
    CHECK(model.config() == row.config);
  }
  CHECK(find_model("lstm").config == CoordinateConfig{});  // the paper's is what one gets without a choice
  CHECK_THROWS_WITH(find_model("lstn"),
                    "model 'lstn' is unknown; there are lstm, rnnprop, anchored and perceptron; did you mean lstm?");
}

}  // namespace l2l::models_test

# The page of l2l figures: what it says of each run, and what it refuses. Then it is used in a browser, headless
# Chromium, if there is one (page/page_test.py).
page_tests=$(cd "$(dirname "$0")" && pwd)/page
source "$(dirname "$0")/common.bash"

quiet train "${tiny[@]}" --preprocess none --out page/quadratic
quiet train --optimizee mnist --units 2 --batch 2 --steps 8 --unroll 4 --epochs 2 --hidden 2 --layers 1 \
  --model rnnprop --validation-functions 1 --out page/mnist
run=(figures --only quadratic,mnist --functions 2 --tune-functions 1 --out page)
quiet "${run[@]}"

# ---- Each run's own preprocessing -------------------------------------------------------------------------------
grep -q 'What the optimizer sees of a gradient (--preprocess none)' page/report.html || fail "quadratic's features"
grep -q 'What the optimizer sees of a gradient (--preprocess moments:0.95)' page/report.html || fail "mnist's features"
[[ $(head -1 page/quadratic/preprocess.csv) == gradient,feature_1 ]] || fail "$(head -1 page/quadratic/preprocess.csv)"
awk -F, 'NR > 1 && $1 != $2 { exit 1 }' page/quadratic/preprocess.csv || fail "the feature is not the gradient"
# After 20 gradients of 1 the gradient 1 changes nothing: ∇/s = m/s = 1.
awk -F, '$1 == 1 { found = 1; if (($2 - 1) ^ 2 > 1e-10 || ($3 - 1) ^ 2 > 1e-10) exit 1 } END { exit !found }' \
  page/mnist/preprocess.csv || fail "features after 20 gradients of 1: $(grep '^1,' page/mnist/preprocess.csv)"

# ---- The order of the optimizers, beside the paper's ------------------------------------------------------------
# losses LSTM SGD NAG RMSPROP ADAM: these, with standard errors of 0.01, are now the losses of quadratic.
losses() {
  unseal page/quadratic/compare.json
  awk -v losses="$*" 'BEGIN { split(losses, loss, " ") }
    /"(lstm|sgd|nag|rmsprop|adam)": \{/ { ++k }
    k && /"horizon_mean"/ { sub(/: [^,]*/, ": " loss[k]) }
    k && /"horizon_sem"/ { sub(/: [^,]*/, ": 0.01") } 1' page/quadratic/compare.json >changed.json
  mv changed.json page/quadratic/compare.json
  quiet "${run[@]}"
}
says() { grep -qF "$1" page/report.html || fail "the page does not say: $1; but $(grep -o 'At step [^<]*' page/report.html)"; }
losses 0.1 0.5 0.4 0.3 0.2
says 'At step 20 the order of the optimizers is the paper&#39;s (Fig. 4, step 99).'
losses 0.1 0.5 0.25 0.3 0.255
says 'differs from the paper&#39;s (Fig. 4, step 99), where these pairs are the other way round: NAG (0.25 ± 0.01, paper '\
'0.081) is here ahead of ADAM (0.255 ± 0.01, paper 0.052) [within one standard error here], RMSprop (0.3 ± 0.01, paper 0.06).'
losses null 0.5 0.4 0.3 0.2
says 'SGD (0.5 ± 0.01, paper 0.216) is here ahead of the LSTM (diverged, paper 0.04)'

# ---- A walk that is not one -------------------------------------------------------------------------------------
walk='{"optimizee": "quadratic", "options": {}, "function": 0, "seed": 0, "steps": 1, "kind": "plane", "x": [0, 1],
  "y": [0, 1], "columns": 2, "rows": 2, "grid": [1, 2, null, 4], "minima": [],
  "paths": [{"name": "lstm", "rate": null, "points": [[0, 0], [1, 1]], "losses": [1, 2]}]}'
refused_walk() {
  echo "${walk/"$1"/"$2"}" >page/quadratic/walk.json
  [[ $(<page/quadratic/walk.json) != "$walk" ]] || fail "nothing to replace: $1"
  expect_error 1 "page/quadratic/walk.json: damaged, or not written by l2l walk: .*$3.*; delete it" "${run[@]}"
}
refused_walk '"plane"' '"line"' "'kind' is 'line'"
refused_walk '[0, 1]' '[1, 1]' "'x' is not from a number to a larger one"
refused_walk '[0, 1]' '[0, null]' "'x' is not from a number to a larger one"
refused_walk '[0, 1]' '7' "'x' is not an array"
refused_walk '"columns": 2' '"columns": 1' "'columns'"
refused_walk '"columns": 2' '"columns": 1000' "'grid' has 4 numbers instead of 2000"
refused_walk 'null, 4' '"<b>", 4' "one of 'grid' is neither a number nor null"
refused_walk '"minima": []' '"minima": [[1]]' "'minima' has 1 numbers instead of 2"
refused_walk '[0, 0], [1, 1]' '[0, 0], [1, 1], [2, 2]' "'points' of 'lstm' are 3, for 1 steps"
refused_walk '[[0, 0], [1, 1]]' '[]' "'points' of 'lstm' are 0, for 1 steps"
refused_walk '"losses": [1, 2]' '"losses": [1]' "'losses' has 1 numbers instead of 2"
refused_walk '"rate": null' '"rate": "x"' "'rate' is neither a number nor null"
refused_walk '"name": "lstm", ' '' "has no 'name'"
refused_walk '"seed": 0' '"seed": -1' "'seed'"
echo "$walk" >page/quadratic/walk.json
quiet "${run[@]}"
says '<h3>The walk</h3>'

# ---- In a browser -----------------------------------------------------------------------------------------------
for program in python3 chromium chromedriver; do
  command -v $program >/dev/null && continue
  echo "skipped: no $program to use the page with (Debian's packages are python3, chromium and chromium-driver)"
  exit 77
done
python3 "$page_tests/tables.py" page
quiet "${run[@]}"
[[ $(grep -c '<!--' page/report.html) == 0 ]] || fail "a name in walk.json begins a comment"
mkdir browser
python3 -B "$page_tests/page_test.py" page browser || fail "see above"
for picture in light dark narrow; do [[ -s browser/$picture.png ]] || fail "no screenshot $picture.png"; done

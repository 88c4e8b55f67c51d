# Without gnuplot, or with one that fails, the numbers are written and the program says so.
source "$(dirname "$0")/common.bash"
mkdir empty broken
printf '#!/bin/sh\nexit 1\n' >broken/gnuplot
chmod +x broken/gnuplot

for path in empty broken; do
  PATH=$work/$path "$l2l" train "${tiny[@]}" --out "run-$path" >out.txt 2>err.txt || fail "train with gnuplot $path"
  grep -q 'no train.png.*gnuplot.*train.csv' err.txt || fail "train with gnuplot $path: $(cat err.txt)"
  [[ -s run-$path/train.csv && -s run-$path/optimizer.safetensors ]] || fail "train with gnuplot $path wrote too little"
  PATH=$work/$path "$l2l" compare --run "run-$path" --functions 2 --tune-functions 2 >out.txt 2>err.txt ||
    fail "compare with gnuplot $path"
  grep -q 'no compare.png.*gnuplot.*compare.csv' err.txt || fail "compare with gnuplot $path: $(cat err.txt)"
  [[ -s run-$path/compare.csv && -s run-$path/compare.json ]] || fail "compare with gnuplot $path wrote too little"
  PATH=$work/$path "$l2l" probe --run "run-$path" >out.txt 2>err.txt || fail "probe with gnuplot $path"
  grep -q 'no probe_updates.png.*gnuplot.*probe_updates.csv' err.txt || fail "probe with gnuplot $path: $(cat err.txt)"
  [[ -s run-$path/probe_response.csv && -s run-$path/probe.json ]] || fail "probe with gnuplot $path wrote too little"
  [[ -z $(find "run-$path" -name '*.png*') ]] || fail "a picture without gnuplot"
  touch "run-$path/compare.png"
  PATH=$work/$path "$l2l" compare --run "run-$path" --functions 2 --tune-functions 2 --force >out.txt 2>err.txt ||
    fail "compare again with gnuplot $path"
  [[ ! -e run-$path/compare.png ]] || fail "an old picture is left beside new numbers"
  ! grep -q png out.txt || fail "a picture is named that is not there"
done

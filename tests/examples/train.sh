# What train writes, where, and that neither threads nor the recorder's form change the run.
source "$(dirname "$0")/common.bash"

quiet train "${tiny[@]}" --out deep/run --threads 1
for file in optimizer.safetensors config.json train.csv checkpoint.safetensors; do
  [[ -s deep/run/$file ]] || fail "train did not write $file"
  grep -q checkpoint <<<"$file" || grep -q "deep/run/$file" out.txt || fail "train did not name $file"
done
[[ -z $(find deep -name '*.tmp*' -o -name '.*' -type f) ]] || fail "temporary files are left"
[[ $(head -1 deep/run/train.csv) == epoch,meta_loss,final_loss,gradient_norm,learning_rate,validation,deviation ]] ||
  fail "header of train.csv: $(head -1 deep/run/train.csv)"
[[ $(cut -d, -f1 deep/run/train.csv | tail -n +2 | xargs) == "1 2 3 4" ]] || fail "epochs of train.csv"
[[ $(awk -F, 'NF != 7 || (NR > 1 && $7 != "")' deep/run/train.csv | wc -l) == 0 ]] || fail "columns of train.csv"
[[ $(awk -F, 'NR > 1 && $6 != ""' deep/run/train.csv | wc -l) == 2 ]] || fail "validations in train.csv"
grep -q '"hidden": 4' deep/run/config.json || fail "config.json lacks the hidden units"
grep -q '"batch": "4"' deep/run/config.json || fail "config.json lacks the optimizee's options"
if command -v gnuplot >/dev/null; then
  head -c 4 deep/run/train.png | grep -q PNG || fail "train.png is not a picture"
fi

# The same bytes for any number of threads; other numbers from another seed.
quiet train "${tiny[@]}" --out two --threads 2
for file in optimizer.safetensors config.json train.csv checkpoint.safetensors; do
  same "deep/run/$file" "two/$file"
done
quiet train "${tiny[@]}" --out seed --seed 7
! cmp -s two/train.csv seed/train.csv || fail "another seed gave the same run"

# Every kind of preprocessing, and the plain recorder.
quiet train "${tiny[@]}" --out log --preprocess log:5
grep -q '"preprocess": "log:5"' log/config.json || fail "config.json has another preprocessing"
quiet train "${tiny[@]}" --out rescale --preprocess rescale:0.1 --plain
grep -q '"plain": true' rescale/config.json || fail "config.json does not say plain"

# Other features and proposals: trained, compared and looked at by what is there.
for kind in "moments squashed" "timescales anchored:0.02"; do
  read -r features proposal <<<"$kind"
  quiet train "${tiny[@]}" --out "$features" --preprocess "$features" --proposal "$proposal"
  grep -q "\"proposal\": \"$proposal\"" "$features/config.json" || fail "config.json has another proposal"
  quiet compare --run "$features" --functions 2 --tune-functions 2
  quiet probe --run "$features"
  quiet diagnose --run "$features"
  quiet refine --run "$features" --out "$features/refined" --iterations 1 --pairs 2
done

quiet train "${tiny[@]}" --out orthogonal --preprocess orthogonal --proposal anchored:0.02
quiet compare --run orthogonal --functions 2 --tune-functions 2
quiet diagnose --run orthogonal
quiet refine --run orthogonal --out orthogonal/refined --iterations 1 --pairs 2
expect_error 1 'probe: the features orthogonal .*l2l diagnose' probe --run orthogonal

# A model by its name, with a setting of one's own.
quiet train --optimizee quadratic --batch 4 --dim 3 --steps 20 --unroll 10 --epochs 2 --out named --model anchored --layers 2
grep -q '"model": "custom"' named/config.json && grep -q '"preprocess": "orthogonal:0.3"' named/config.json &&
  grep -q '"layers": 2' named/config.json && grep -q '"hidden": 8' named/config.json || fail "$(cat named/config.json)"
quiet train --optimizee quadratic --batch 4 --dim 3 --steps 20 --unroll 10 --epochs 2 --out named --model rnnprop --force
grep -q '"model": "rnnprop"' named/config.json || fail "another model: $(cat named/config.json)"
quiet train --resume --out named
expect_error 2 "model 'anchord' is unknown.*did you mean anchored" train "${tiny[@]}" --out x --model anchord

# By imitation: how far it is off is in the log. Training goes on in the same way.
quiet train "${tiny[@]}" --out copy --imitate sgd:0.1
grep -q '"imitate": "sgd:0.1"' copy/config.json || fail "config.json does not say what is imitated"
grep -q 'off by [0-9]*%' err.txt || fail "how far it is off: $(cat err.txt)"
awk -F, 'NR > 1 && !($7 > 0 && $7 < 2) { exit 1 }' copy/train.csv || fail "deviations: $(cut -d, -f7 copy/train.csv)"
! cmp -s deep/run/optimizer.safetensors copy/optimizer.safetensors || fail "--imitate changed nothing"
expect_error 2 "--imitate: 'sgd' is not RULE:RATE" train "${tiny[@]}" --out x --imitate sgd
expect_error 2 "--imitate: .*'wavelet'" train "${tiny[@]}" --out x --imitate wavelet:1
expect_error 2 "--imitate sgd: '-1'" train "${tiny[@]}" --out x --imitate sgd:-1
quiet train "${tiny[@]}" --out mixed --imitate sgd:0.1 --imitate-share 0.5 --seed 2
awk -F, 'NR > 1 { with += $7 != ""; without += $7 == "" } END { exit !(with && without) }' mixed/train.csv ||
  fail "some epochs imitate, some do not: $(cut -d, -f7 mixed/train.csv)"
expect_error 2 '--imitate-share 0.5: needs --imitate RULE:RATE' train "${tiny[@]}" --out x --imitate-share 0.5
expect_error 2 '--log-loss: with --imitate no loss counts' train "${tiny[@]}" --out x --imitate sgd:0.1 --log-loss
quiet train "${tiny[@]}" --plan --log-loss
quiet train "${tiny[@]}" --plan --log-loss --imitate sgd:0.1 --imitate-share 0.3 --augment coordinates:3
expect_error 2 "--imitate-share: '0' is not a number above 0, up to 1" train "${tiny[@]}" --out x --imitate sgd:0.1 --imitate-share 0

# By the logarithms of the losses, and on functions whose coordinates are scaled at random: a refinement scales them too.
quiet train "${tiny[@]}" --out plainly --seed 2
quiet train "${tiny[@]}" --out logs --log-loss --seed 2
grep -q '"log-loss": true' logs/config.json || fail "config.json does not say log-loss: $(cat logs/config.json)"
! cmp -s logs/optimizer.safetensors plainly/optimizer.safetensors || fail "--log-loss changed nothing"
for kind in coordinates:3 parameters:1; do
  quiet train "${tiny[@]}" --out "scaled-$kind" --augment "$kind" --seed 2
  grep -q "\"augment\": \"$kind\"" "scaled-$kind/config.json" || fail "config.json does not say --augment $kind"
  ! cmp -s "scaled-$kind/optimizer.safetensors" plainly/optimizer.safetensors || fail "--augment $kind changed nothing"
done
quiet train --optimizee quadratic --batch 4 --dim 3 --steps 20 --unroll 10 --epochs 0 --out begun --augment coordinates:3
quiet train --optimizee quadratic --batch 4 --dim 3 --steps 20 --unroll 10 --epochs 0 --out begun-plainly
quiet refine --run begun --out begun/refined --iterations 1 --pairs 2
quiet refine --run begun-plainly --out begun-plainly/refined --iterations 1 --pairs 2
! cmp -s begun/refined/refine.csv begun-plainly/refined/refine.csv || fail "a refinement does not scale at random"
[[ $(sed -n 2p begun/refined/refine.csv) == "$(sed -n 2p begun-plainly/refined/refine.csv)" ]] ||
  fail "a validation is of functions as they are"
for kind in coordinates coordinates:0 coordinates:21 rows:1 parameters:x ''; do
  expect_error 2 '--augment' train "${tiny[@]}" --out x --augment "$kind"
done

# A run is not overwritten, unless asked for, and then wholly.
cp -r two before
expect_error 1 'two: holds a run.*--force' train "${tiny[@]}" --out two
diff -r two before || fail "a refused run changed the folder"
touch two/compare.csv two/compare-old.json two/notes.txt
quiet train "${tiny[@]}" --out two --seed 7 --force
same two/train.csv seed/train.csv
[[ ! -e two/compare.csv && ! -e two/compare-old.json ]] || fail "a comparison of the replaced run is left"
[[ -e two/notes.txt ]] || fail "a file that is not of a run is gone"

# A file that grows too large, as on a full disk: one line with its name, and nothing is left.
if can_limit_files; then
  (ulimit -f 1 && expect_error 1 'limited/[a-z.]*: cannot be written: File too large' train "${tiny[@]}" --out limited)
fi
[[ ! -e limited ]] || fail "a failed command left $(ls -A limited)"

# A folder that cannot be one, or cannot be written to.
touch file
expect_error 1 'file' train "${tiny[@]}" --out file
expect_error 1 'file/below' train "${tiny[@]}" --out file/below
expect_error 1 '/proc/self' train "${tiny[@]}" --out /proc/self

# Escape codes are for terminals that take them.
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then  # there are pseudo-terminals
  for kind in dumb '' xterm; do
    TERM=$kind SHELL=/bin/sh script -qec "'$l2l' train ${tiny[*]} --out on-terminal --force" /dev/null >out.txt </dev/null ||
      fail "on a terminal: $(cat -v out.txt)"
    grep -q 'epoch 4/4' out.txt || fail "TERM=$kind shows no progress: $(cat -v out.txt)"
    escapes=$(grep -c $'\e' out.txt || true)
    [[ ($kind == xterm && $escapes -gt 0) || ($kind != xterm && $escapes == 0) ]] ||
      fail "TERM=$kind: $escapes lines with escape codes: $(cat -v out.txt)"
  done
fi
expect_error 2 '--groups conv: quadratic has no groups of parameters; leave it out' train "${tiny[@]}" --groups conv --out grouped
[[ ! -e grouped ]] || fail "a refused command made a folder"

# --plan says what a run would take, and the memory is what the run then takes.
source "$(dirname "$0")/common.bash"

# peak FILE: the megabytes in the line with 'peak'.
peak() { sed -nE 's/.*[^0-9.]([0-9.]+) MB.*/\1/p' <(grep peak "$1"); }

# Large enough that the program's own few megabytes do not decide. A sanitizer is slow, and its memory is not planned for.
batch=1500
[[ -z ${L2L_SANITIZE:-} ]] || batch=15
run=(train --optimizee quadratic --batch $batch --hidden 10 --functions 2 --threads 2 --epochs 2 --validate-every 2
  --validation-functions 2)
quiet "${run[@]}" --plan --out run
grep -qE '^coordinates  *(15,000|150) ' out.txt || fail "--plan does not say how many coordinates: $(cat out.txt)"
grep -q 'for a meta-epoch of 100 steps' out.txt || fail "--plan does not say how long it takes: $(cat out.txt)"
planned=$(peak out.txt)
[[ ! -e run ]] || fail "--plan wrote a run"
quiet "${run[@]}" --out run
measured=$(peak out.txt)
rm -r run
quiet "${run[@]}" --plan  # without a folder too
if [[ -z ${L2L_SANITIZE:-} ]]; then
  awk -v a="$planned" -v b="$measured" 'BEGIN { exit !(a > 0.9 * b && a < 1.1 * b) }' ||
    fail "$planned MB were planned, $measured MB taken"
fi
# Of two processes each has one of the two functions, and a tape of its own, which functions of a process share.
unrolls() { sed -nE 's/^memory *([0-9.]+) MB.*/\1/p' out.txt; }
quiet "${run[@]}" --plan
both=$(unrolls)
quiet "${run[@]}" --plan -n 2
grep -q '^each of 2 processes:' out.txt || fail "--plan -n 2 does not say so: $(cat out.txt)"
[[ -n ${L2L_SANITIZE:-} ]] || awk -v a="$both" -v b="$(unrolls)" 'BEGIN { exit !(b > 0.5 * a && b < 0.9 * a) }' ||
  fail "unrolls take $both MB in one process, $(unrolls) MB in each of two"
expect_error 2 '-n 2 is for --plan' train --optimizee quadratic -n 2 --out run
expect_error 2 '--out is missing' train --optimizee quadratic
expect_error 2 '--out is missing' train --resume
expect_error 2 '--plan .*--resume' train --resume --plan --out run

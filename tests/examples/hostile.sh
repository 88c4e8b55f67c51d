# Texts that are commands to gnuplot, a shell, a browser or a terminal, in every flag and in every field of the files: they
# are refused or stand there as text. None of them is run.
source "$(dirname "$0")/common.bash"
data=/usr/share/datasets/fashion-mnist

# One that no name may be, one that may be the name of a folder, and one that is not UTF-8.
commands=$'x\'"\nsystem("touch pwned")\n#\nEND\nsystem("touch pwned")\n`touch pwned`\e]0;pwned\a\xc2\x9b31m\xe2\x80\xae'
name='x`touch pwned`$(touch pwned)'\''"; system("touch pwned") #<script>{^_@&~\n'
texts=("$commands" "$name" $'x\xff\x9b31m`touch pwned`')
# The first two as they stand in a JSON file.
json=('x\u0000'\''\"\nsystem(\"touch pwned\")\n#\nEND\nsystem(\"touch pwned\")\n`touch pwned`\u001b[31m\u009b31m\u202e<script>'
  'x`touch pwned`$(touch pwned)'\''\"; system(\"touch pwned\") #<script>{^_@&~\\n')

# harmless CODE WHAT: what the call that was just made may have done. What it said goes to transcript.txt.
harmless() {
  local lines
  [[ ! -e $work/pwned ]] || fail "$2: a command was run"
  { printf '$ %s\n' "$2"; cat out.txt err.txt; } >>transcript.txt
  [[ $1 == [012] ]] || fail "$2: exit code $1: $(cat err.txt)"
  [[ $1 != 0 ]] || return 0
  mapfile -t lines <err.txt
  [[ ${lines[-1]:-} == 'l2l: '* && ${lines[*]} != *'l2l: '*'l2l: '* ]] || fail "$2: $(cat err.txt)"
}
# harmless_words: what all of them may have shown: no control characters but for the end of a line, nor those that UTF-8 has
# beyond ASCII.
harmless_words() {
  local control='[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]'
  [[ -s transcript.txt ]] || fail "nothing was called"
  ! LC_ALL=C grep -aP -B 5 "$control" transcript.txt >bad.txt || fail "control characters: $(cat -v bad.txt)"
  iconv -f UTF-8 -t UTF-8 transcript.txt >good.txt || fail "not UTF-8, after: $(tail -n 5 good.txt)"
  [[ -z $(find "$work" -name pwned) ]] || fail "a command was run"
}
call() {
  local code=0 what
  "$l2l" "$@" >out.txt 2>err.txt || code=$?
  LC_ALL=C printf -v what '%q ' l2l "$@"
  harmless "$code" "$what"
}

# ---- The command line -------------------------------------------------------------------------------------------
quiet train "${tiny[@]}" --out run
fast=(--functions 1 --tune-functions 1)
declare -A needed=([train]="${tiny[*]} --out new --force" [refine]='--run run --out new --force --iterations 1 --pairs 1'
  [compare]="--run run --force ${fast[*]} --steps 2" [probe]='--run run --force --adam-rate 1 --sgd-rate 1 --steps 2'
  [walk]='--run run --force --tune-functions 1 --steps 2 --grid 4'
  [figures]="--out page --runs . --only quadratic ${fast[*]} --epochs 1" [diagnose]='--run run --force --steps 2'
  [ablate-preprocessing]="${tiny_optimizer[*]} --out new --epochs 1 --seeds 1 --functions 1" [meta-gradient]='--run run --force --steps 2'
  [style]='--run run --content x.png --style x.png')
for command in "${!needed[@]}"; do
  [[ -z ${L2L_SANITIZE:-} || $command == train || $command == style ]] || continue
  while read -r flag type; do
    # Numbers are read in one place, options of optimizees in another.
    [[ $type != [NX] && ($type != VALUE || $command == train) ]] && number=3 || number=1
    [[ $command == train || $number == 3 || $flag == --data ]] || continue
    others=$(sed -E "s/ *$flag [^ ]+//" <<<"${needed[$command]}")
    for text in "${texts[@]:0:$number}"; do
      [[ $command/$flag/$text != figures/--out/"$name" ]] || continue  # it would train, see below
      call "$command" $others "$flag" "$text"
    done
  done < <("$l2l" "$command" --help | grep -oE '^ +--[a-z-]+ [A-Z]+')
  call "$command" "$commands"
  call "$command" "--$commands"
done
call "$commands"
call "$name"
for flag in --run --label --style --data; do
  expect_error 2 "$flag: 'x.*[\\]nsystem.* must be UTF-8 text without control characters" compare "$flag" "$commands"
done

# ---- Names that may be: they stand in titles, tables and the page -------------------------------------------------
mkdir -p "$name"
ln -s $data "$name/$name"
image=(--optimizee mnist --data "$name/$name" --units 2 --batch 2 --steps 2 --unroll 1 --epochs 1 --hidden 2 --layers 1
  --validation-functions 1)
run=$name/mnist
for arguments in "train" "compare" "probe" "walk" "diagnose"; do
  case $arguments in
    train) call train "${image[@]}" --out "$run" ;;
    compare) call compare --run "$run" "${fast[@]}" ;;
    probe) call probe --run "$run" --adam-rate 1 --sgd-rate 1 --pick 1 ;;
    walk) call walk --run "$run" --tune-functions 1 --grid 4 ;;
    diagnose) call diagnose --run "$run" ;;
  esac
  [[ ! -s err.txt ]] || ! grep '^l2l: no ' err.txt || fail "$arguments in a folder with a strange name"
done
grep -qF "$name" out.txt || fail "the name is not shown as it is: $(cat out.txt)"
if command -v gnuplot >/dev/null; then
  for picture in train compare probe_updates walk diagnose; do
    head -c 4 "$run/$picture.png" | grep -q PNG || fail "$picture.png with a strange title"
  done
fi

# ---- config.json, and what else a folder may bring ----------------------------------------------------------------
# with_field FILE NUMBER VALUE: the file, with another value in its NUMBER-th line.
with_field() {
  local lines comma=''
  mapfile -t lines <"$1"
  [[ ${lines[$2]} != *, ]] || comma=,
  lines[$2]="${lines[$2]%%: *}: \"$3\"$comma"
  printf '%s\n' "${lines[@]}"
}
# each_field FILE CALL ...: the call, for each field of the file with each of the texts in it. (Of fields of one name, such
# as those of every optimizer, the first.)
each_field() {
  local file=$1 number name text
  local -A seen=()
  shift
  unseal "$file"
  cp "$file" whole.json
  while IFS=: read -r number name _; do
    [[ -z ${seen[$name]:-} ]] || continue
    seen[$name]=yes
    for text in "${json[@]}"; do
      with_field whole.json $((number - 1)) "$text" >"$file"
      "$@" </dev/null
    done
  done < <(grep -n '": [^{[]' whole.json)
  cp whole.json "$file"
}
unseal run/optimizer.safetensors
each_field run/config.json call compare --run run "${fast[@]}" --force --steps 2
each_field run/config.json call train --resume --out run
unseal "$run/config.json" "$run/optimizer.safetensors"
# The system ends a path at \u0000, the title does not.
sed "s|\"data\": .*|\"data\": \"$data\\\\u0000\\\\nsystem(\\\\\"touch pwned\\\\\")\\\\n#\",|" "$run/config.json" >evil.json
mkdir evil && cp "$run/optimizer.safetensors" evil && mv evil.json evil/config.json
grep -q 'u0000.nsystem' evil/config.json || fail "the test's own config.json: $(cat evil/config.json)"
call compare --run evil "${fast[@]}"
expect_error 1 'evil/config.json: .*--data: .*x00.nsystem.* control characters' compare --run evil "${fast[@]}"

# A log that ends gnuplot's data and goes on.
cp -r run logged
sed -i '2s/.*/END/; 3s/.*/system("touch pwned")/' logged/train.csv
call train --resume --out logged
call diagnose --run logged

# ---- The page: fields of compare.json, probe.json, refine.json and walk.json --------------------------------------
mkdir -p trained empty
quiet refine --run run --out trained/quadratic --iterations 1 --pairs 1 --validation-functions 1
page=(figures --only quadratic --functions 1 --tune-functions 1)
quiet "${page[@]}" --runs trained --out page
cp trained/quadratic/refine.json page/quadratic
cat >page/quadratic/walk.json <<'END'
{
  "optimizee": "quadratic",
  "function": 0,
  "seed": 0,
  "steps": 1,
  "kind": "plane",
  "columns": 2,
  "rows": 2,
  "x": [0, 1], "y": [0, 1], "grid": [1, 2, 3, 4], "minima": [], "paths": [{
    "name": "lstm",
    "rate": null,
    "points": [[0, 0], [1, 1]], "losses": [1, 2]}]
}
END
quiet "${page[@]}" --out page
scripts() { grep -oi '<script\|<!--' page/report.html | wc -l; }
own=$(scripts)
show() {
  local code=0
  PATH=$work/empty "$l2l" "${page[@]}" --out page >out.txt 2>err.txt || code=$?
  harmless $code "$*"
  [[ $(scripts) == "$own" ]] || fail "$*: a script in the page"
}
for file in compare probe refine walk; do each_field page/quadratic/$file.json show "$file.json"; done
harmless_words

# ---- A very long word: the message keeps its beginning, and its end with the remedy --------------------------------
expect_error 2 "'xxx.* ... x*.*see .*--help" train "$(printf 'x%.0s' {1..5000})"
[[ $(wc -c <err.txt) -lt 1500 ]] || fail "a message of $(wc -c <err.txt) bytes"

# l2l watch: the progress of a training as a page that is served on this computer, to nobody else, and from files alone.
here=$(cd "$(dirname "$0")" && pwd)
source "$(dirname "$0")/common.bash"
sources=$here/../../examples/l2l

# begin ARGUMENT...: starts the server; its address is in $url and $port.
begin() {
  env --default-signal=INT,TERM "$l2l" watch "$@" >served.txt 2>served-err.txt &
  server=$!
  for _ in $(seq 500); do
    port=$(sed -nE 's|^progress  http://[^ ]*:([0-9]+)/ .*|\1|p' served.txt)
    [[ -z $port ]] || break
    kill -0 $server 2>/dev/null || fail "l2l watch $*: $(cat served-err.txt)"
    sleep 0.02
  done
  [[ -n $port ]] || fail "l2l watch $*: no address in $(cat served.txt)"
  url=http://127.0.0.1:$port/
}
# end SIGNAL CODE: ends it so, within some seconds.
end() {
  local start=$SECONDS code=0
  kill "-$1" $server
  wait $server || code=$?
  [[ $code == "$2" && $((SECONDS - start)) -le 5 ]] || fail "SIG$1: exit code $code after $((SECONDS - start)) s"
}
# ask PATH [HOST [METHOD]]: the answer's head is in head.txt, its body in body.txt. (No curl: there may be none.)
ask() {
  local line host="Host: ${2-127.0.0.1:$port}"$'\r\n'
  [[ ${2-} != none ]] || host=
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf '%s %s HTTP/1.1\r\n%sConnection: close\r\n\r\n' "${3:-GET}" "$1" "$host" >&3
  while IFS= read -r line <&3 && [[ $line != $'\r' ]]; do echo "${line%$'\r'}"; done >head.txt
  cat <&3 >body.txt
  exec 3>&-
}
# answers CODE PATH [HOST [METHOD]]
answers() {
  local code=$1
  shift
  ask "$@"
  [[ $(head -n 1 head.txt) == "HTTP/1.1 $code"* ]] || fail "$*: $(head -n 1 head.txt), not $code"
}
# says PATTERN: the progress does, in the next seconds.
says() {
  for _ in $(seq 100); do
    answers 200 /progress.json
    grep -qE -- "$1" body.txt && return
    sleep 0.1
  done
  fail "the progress does not say '$1': $(cut -c 1-2000 body.txt)"
}

# ---- While a training runs --------------------------------------------------------------------------------------
mkdir new
begin --run new --port 0
says '"name":"new".*"message":"nothing is written yet'
"$l2l" train "${tiny_optimizer[@]}" --epochs 300 --out new --reference always >train.txt 2>&1 &
training=$!
says '"validation":\[\[2,'
wait $training || fail "a training that is watched: $(cat train.txt)"
says '"of":"an LSTM of 1 x 4 units on quadratic, batch 4, dim 3","total":300,"loss":"loss at step 20"'
says '"done":300,"best":\{"at":[0-9]+,"loss":[0-9.e-]+\},"reference":\{"text":"ADAM with [^"]*","loss":[0-9.]+\}'
# What it says is what the log says, and the training is the one that is not watched.
last=$(tail -n 1 new/train.csv | cut -d, -f3) validation=$(tail -n 1 new/train.csv | cut -d, -f6)
grep -qF ",300],[" body.txt && grep -qF ",$last]]" body.txt && grep -qF ",$validation]]" body.txt ||
  fail "not the last line of the log, $(tail -n 1 new/train.csv): $(cat body.txt)"
quiet train "${tiny_optimizer[@]}" --epochs 300 --out unwatched --reference always
for file in optimizer.safetensors checkpoint.safetensors train.csv reference.json; do
  same "new/$file" "unwatched/$file"
done

# ---- Fixed routes, this host, nothing to write ------------------------------------------------------------------
while read -r route file; do
  answers 200 "$route"
  same body.txt "$sources/$file"
  grep -q "^Content-Security-Policy: default-src 'none'; script-src 'self';" head.txt || fail "$route: $(cat head.txt)"
  grep -q '^X-Content-Type-Options: nosniff' head.txt || fail "$route: $(cat head.txt)"
  ! grep -qi '^Access-Control' head.txt || fail "$route is for other sites too: $(cat head.txt)"
done <<'END'
/ watch/watch.html
/watch.js watch/watch.js
/common.js report/page/common.js
/watch.css watch/watch.css
/uplot.js report/page/third_party/uplot/uPlot.iife.min.js
/uplot.css report/page/third_party/uplot/uPlot.min.css
/?path=../config.json watch/watch.html
END
for path in /nothing /new/config.json /config.json /../new/config.json /%2e%2e/new/config.json //etc/passwd /watchxjs \
  /progress.json/.. /progress.json%00; do
  answers 404 "$path"
done
for host in "localhost:$port" 127.0.0.1 LOCALHOST "[::1]:$port" 127.0.0.2; do answers 200 / "$host"; done
for host in evil.example "evil.example:$port" 127.0.0.1.evil.example 192.0.2.7 '' none localhost.evil.example '[' ; do
  answers 403 /progress.json "$host"
  ! grep -q quadratic body.txt || fail "told to $host: $(cat body.txt)"
done
for method in POST PUT DELETE; do answers 405 / "127.0.0.1:$port" $method; done
expect_error 1 "http://127.0.0.1:$port/ cannot be served: Address already in use; another --port" \
  watch --run new --port "$port"
end INT 0

# ---- Several runs, and files that are damaged -------------------------------------------------------------------
mkdir runs 'runs/empty' && cp -r new runs/a && cp -r new 'runs/b<b>bold<img src=x>"&'
quiet refine --run new --out runs/refined --iterations 4 --pairs 2 --validate-every 2 --reference always
begin --run runs unwatched --port 0
says '"name":"runs/a"'
names=$(grep -oE '"name":"[^"\\]*' body.txt | cut -c 9- | paste -sd' ')
[[ $names == 'runs/a runs/b<b>bold<img src=x> runs/refined runs/refined unwatched' ]] || fail "the runs, by name: $names"
says '"name":"runs/refined","kind":"refinement".*"total":4,"loss":"loss of a validation"'
says '"validation":\[\[0,2,4\],.*"reference":\{"text":"ADAM'
cp runs/a/train.csv whole.csv
head -c 1000 whole.csv >runs/a/train.csv
says '"name":"runs/a","kind":"training","message":"[^"]*train.csv: damaged: line [0-9]+ has no end"'
printf 'epoch,\0\xff<script>\n' >runs/a/train.csv
says '"name":"runs/a","kind":"training","message":"[^"]*train.csv: damaged: its first line is not epoch'
cp whole.csv runs/a/train.csv
head -c 100 new/config.json >runs/a/config.json
says '"name":"runs/a","kind":"training","message":"runs/a/config.json: not the configuration of a run'
cp new/config.json runs/a
echo '{}' >runs/a/reference.json
says '"name":"runs/a".*"done":[0-9]+.*"note":"runs/a/reference.json: not the reference of this training'  # beside the curves
sed -i '3s/,[^,]*/,nan/2' runs/a/train.csv && cp new/reference.json runs/a
says '"name":"runs/a".*"training":\[\[1,2,3,.*,null,'
[[ $(grep -o '"name":"unwatched".*"done":300' body.txt | wc -l) == 1 ]] || fail "the others are lost: $(cat body.txt)"

# In a browser: drawn, without a message in its console, by keyboard, in light and dark, on a narrow screen.
browser=77
if command -v python3 >/dev/null; then
  browser=0
  timeout 120 python3 "$here/browser/watch_page.py" "$url" ${L2L_SCREENSHOTS:+"$L2L_SCREENSHOTS"} >browser.txt 2>&1 ||
    browser=$?
fi
case $browser in
  0) ;;
  77) echo "not looked at in a browser: there is no python3, chromium or chromedriver" ;;
  *) fail "in a browser: $(cat browser.txt)" ;;
esac
rm -r unwatched
says '"name":"unwatched","kind":"training","message":"the folder is gone"'
end TERM 143

# ---- What cannot be ---------------------------------------------------------------------------------------------
expect_error 1 'nowhere: there is no such folder' watch --run nowhere
expect_error 1 'whole.csv: there is no such folder' watch --run whole.csv
expect_error 2 '--run is missing' watch
expect_error 2 "--port: '70000' is not a whole number from 0 to 65535" watch --run new --port 70000
expect_error 1 'http://nowhere.invalid:0/ cannot be served' watch --run new --port 0 --host nowhere.invalid
# For others: not without a warning, and by the names of this computer.
begin --run new --port 0 --host 0.0.0.0
grep -q '^l2l: warning: --host 0.0.0.0: whoever reaches this computer there can read how the runs go$' served-err.txt ||
  fail "no warning: $(cat served-err.txt)"
answers 200 / 192.0.2.7
answers 403 / evil.example
end INT 0

# What style writes and prints, and the pictures and requests that it refuses.
pictures=$(cd "$(dirname "$0")/pictures" && pwd)
source "$(dirname "$0")/common.bash"
quiet train "${tiny[@]}" --out run  # for another optimizee: its LSTM takes pictures all the same
content=$pictures/content.png style=$pictures/style.jpg
fast=(--run run --size 16 --scales 1 --steps 6)
pair=(--content "$content" --style "$style")
both=("${fast[@]}" "${pair[@]}")
size_of() { od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }'; }  # of a PNG
picture() { head -c 4 "$1" | grep -q PNG || fail "$1 is not a picture"; }

quiet style "${both[@]}"
grep -q '^run was trained on quadratic; the loss is neural_art' out.txt || fail "another optimizee: $(cat out.txt)"
grep -qE '^memory about [0-9]+ MB' out.txt || fail "$(cat out.txt)"
grep -q '^content-style.png: 19x16 pixels, 912 coordinates' out.txt || fail "$(cat out.txt)"
grep -qE '^19x16: learned, 6 steps: loss [0-9.]+ to .*content .*style .*smoothness .*range ' err.txt || fail "$(cat err.txt)"
[[ $(size_of content-style.png) == 19x16 ]] || fail "the shorter side is not --size: $(size_of content-style.png)"

# Nothing is overwritten unasked; the same call makes the same bytes, another seed others.
expect_error 1 'content-style.png: exists already.*--force' style "${both[@]}"
# What a killed call left of its lock goes with the next one, whatever that makes; a lock that is held stays.
touch .l2l-1.lock .l2l-2.lock
exec 8<.l2l-2.lock && flock 8
quiet style "${both[@]}" --out again.png --threads 1
exec 8<&-
[[ $(echo .l2l-*) == .l2l-2.lock ]] && rm .l2l-2.lock || fail "locks are left, or one that was held is not: $(echo .l2l-*)"
same content-style.png again.png
expect_error 2 'again.png: is one of the pictures to start from' style "${fast[@]}" --content again.png --style "$pictures/style.jpg" --out again.png --force
quiet style "${both[@]}" --out again.png --seed 1 --force
! cmp -s content-style.png again.png || fail "--seed changed nothing"
quiet style "${both[@]}" --out constant.png --schedule none
quiet style "${both[@]}" --out cooldown.png --schedule cooldown
same content-style.png cooldown.png
! cmp -s cooldown.png constant.png || fail "--schedule none changed nothing"
expect_error 2 "--schedule: schedule 'step' is unknown; there are cosine, cooldown and sqrt" style "${both[@]}" --schedule step
rm -- *.png

# Pictures on the way are those of a shorter search, until its steps shrink; the sheet has them between content and
# style.
quiet style "${both[@]}" --out a.png --frames 3 --sheet sheet.png
[[ $(echo *.png) == 'a-2.png a-4.png a.png sheet.png' ]] || fail "--frames 3: $(echo *.png)"
quiet style --run run --size 16 --scales 1 --steps 4 "${pair[@]}" --out short.png
same a-4.png short.png
[[ $(size_of sheet.png) == 233x76 ]] || fail "the sheet of four 19x16, a 16x16, labels and gaps is $(size_of sheet.png)"
expect_error 2 'two pictures would be called ./b.png' style "${both[@]}" --out b.png --sheet ./b.png
expect_error 2 'two pictures would be called b-2.png' style "${both[@]}" --out b.png --frames 3 --sheet b-2.png
mkdir folder.png
expect_error 1 'folder.png: is a folder' style "${both[@]}" --out folder.png --force
rmdir folder.png
rm a.png
expect_error 1 'a-2.png: exists already; choose another --sheet, or' style "${both[@]}" --out b.png --sheet a-2.png
expect_error 1 'a-2.png: exists already; choose another --out, or' style "${both[@]}" --out a.png --frames 3 --sheet other.png
rm -- *.png

# Several contents, and a rule: tuned on the picture, or with the rate that is given.
quiet style "${fast[@]}" --content "$content" "$pictures/alpha.png" --style "$style" --out styled/ --sheet sheet.png
picture styled/content-style.png && picture styled/alpha-style.png
[[ $(size_of sheet.png) == 137x146 ]] || fail "the sheet of two rows is $(size_of sheet.png)"
quiet style "${both[@]}" --optimizer adam --out tuned.png
grep -q '^tuned adam-cooldown: learning rate' err.txt || fail "adam is not tuned: $(cat err.txt)"
quiet style "${both[@]}" --optimizer adam --rate 0.1 --out rated.png
! grep -q tuned err.txt || fail "--rate is tuned over"
comparison() { printf '{"optimizee": "%s", "optimizers": {"adam": {"learning_rate": %s}}}' "$1" "$2"; }
comparison neural_art 0.1 >compare.json
comparison neural_art -1 >negative.json
comparison mnist 0.1 >other.json
quiet style "${both[@]}" --optimizer adam --rate-of compare.json --out same.png
same rated.png same.png
expect_error 1 'compare.json: .*no learning rate of sgd' style "${both[@]}" --optimizer sgd --rate-of compare.json --out x.png
expect_error 1 'negative.json: .*above 0' style "${both[@]}" --optimizer adam --rate-of negative.json --out x.png
expect_error 1 'other.json: a comparison on mnist' style "${both[@]}" --optimizer adam --rate-of other.json --out x.png
expect_error 1 'nowhere.json: cannot be read' style "${both[@]}" --optimizer sgd --rate-of nowhere.json --out x.png
expect_error 2 'rate' style "${both[@]}" --optimizer sgd --rate-of compare.json --rate 1 --out x.png
expect_error 2 "--rate-of: the learned optimizer has no" style "${both[@]}" --rate-of compare.json --out x.png
expect_error 2 "--rate: the learned optimizer has no" style "${both[@]}" --rate 0.1 --out x.png
expect_error 2 "'wavelet'" style "${both[@]}" --optimizer wavelet --out x.png
expect_error 2 'two pictures are called content' style "${fast[@]}" --content "$content" "$content" --style "$style" --out x
rm -r -- *.png styled

# Coarse to fine: a search for each size, the last of which has the frames; each begins with the one before it.
large=(--run run --scales 1 --steps 2 "${pair[@]}")
quiet style "${large[@]}" --size 150 --frames 2 --out fine.png --preview preview.png
[[ $(grep -c 'steps: loss' err.txt) == 2 ]] && grep -q '^90x75: ' err.txt && grep -q '^180x150: ' err.txt ||
  fail "two levels: $(cat err.txt)"
[[ $(size_of fine-1.png) == 180x150 && $(size_of fine.png) == 180x150 ]] || fail "frames of the last level"
same preview.png fine.png
quiet style "${large[@]}" --size 150 --levels 1 --out at-once.png
[[ $(grep -c 'steps: loss' err.txt) == 1 ]] || fail "--levels 1: $(cat err.txt)"
! cmp -s fine.png at-once.png || fail "--levels changed nothing"

# The memory is measured on pictures that are large enough for all scales.
quiet style --run run --scales 4 --steps 1 "${pair[@]}" --size 64 --out scales.png

# Several styles, their size and strength; colours.
quiet style "${both[@]}" --out one.png
quiet style "${both[@]}" "$pictures/alpha.png" --style-weights 1e9,1 --out two.png
quiet style "${fast[@]}" --content "$content" --style "$style" "$pictures/alpha.png" --out equal.png
! cmp -s one.png equal.png || fail "the second style changed nothing"
expect_error 2 '--style-weights has 2 numbers, but --style 1' style "${both[@]}" --style-weights 1,2 --out x.png
expect_error 2 '--style-weights' style "${both[@]}" --style-weights 0 --out x.png
quiet style "${both[@]}" --style-size 64 --out wide.png
! cmp -s one.png wide.png || fail "--style-size changed nothing"
quiet style "${both[@]}" --strength 0.5 --out half.png
! cmp -s one.png half.png || fail "--strength changed nothing"
# Without strength the style does not matter.
quiet style "${both[@]}" --strength 0 --out none.png
quiet style "${fast[@]}" --content "$content" --style "$pictures/alpha.png" --strength 0 --out same.png --force
same none.png same.png
expect_error 2 "--strength: '1.5'" style "${both[@]}" --strength 1.5 --out x.png
quiet style "${both[@]}" --keep-colours --out kept.png
! cmp -s one.png kept.png || fail "--keep-colours changed nothing"
expect_error 2 'preview x.jpg: it must end in .png' style "${both[@]}" --preview x.jpg --out x.png
expect_error 1 'one.png: exists already; choose another --preview' style "${both[@]}" --preview one.png --out x.png
rm -- *.png

# Pictures of every kind: as content and as style. A phone's film behind a picture is no part of it.
{ cat "$style"; printf '..\xff\xda..'; } >film.jpg
quiet style "${fast[@]}" --content "$content" --style film.jpg --out film.png
quiet style "${both[@]}" --out plain.png
same film.png plain.png
rm film.jpg film.png plain.png
for name in grey-16-bit.png alpha.png cmyk.jpg; do
  quiet style "${fast[@]}" --content "$pictures/$name" --style "$pictures/$name" --out kind.png --force
  picture kind.png
done
rm kind.png
echo 'no picture' >text.png
head -c 700 "$content" >cut.png
head -c 400 "$style" >cut.jpg
: >empty.jpg
printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\0\0\0\1\0\0\x8\2\0\0\0\xe3\xe6\xa7\xb4' >enormous.png
{ head -c 600 "$content"; printf x; tail -c +602 "$content"; } >flipped.png
printf '\xff\xd8\xff\xc4\3\x10\x13\0\0\0\0\0\0\0\0\xff\xff\xff\0\0\0\0\0' >huffman.jpg
head -c 1000 /dev/zero >>huffman.jpg
{ head -c 2 "$pictures/cmyk.jpg"; tail -c +19 "$pictures/cmyk.jpg"; } >four.jpg  # without Adobe's segment
refused() {  # FILE PATTERN
  expect_error 1 "$1: .*$2" style "${fast[@]}" --content "$1" --style "$style" --out x.png
  expect_error 1 "$1: .*$2" style "${fast[@]}" --content "$content" --style "$1" --out x.png
  expect_error 1 "$1: .*$2" style "${fast[@]}" --content "$content" "$1" --style "$style" --out styled
}
refused text.png 'neither a JPEG nor a PNG'
refused empty.jpg 'neither a JPEG nor a PNG'
refused cut.png 'cut short'
refused cut.jpg 'cut short'
refused enormous.png '65536x65536 pixels; at most'
refused flipped.png "the checksum of its chunk IDAT is wrong"
refused huffman.jpg "a Huffman table has 765 symbols"
refused four.jpg "four colours without Adobe's marker"
refused missing.png 'cannot be read'
refused run 'not a regular file'
refused "$pictures/narrow.png" '1x24 pixels: one side is more than 4 times the other'

# Weights.
tensors() {  # HEADER BYTES: a safetensors file of zeros
  printf "\\x$(printf %02x ${#1})\0\0\0\0\0\0\0%s" "$1"
  head -c "$2" /dev/zero
}
tensors '{}' 0 >nothing.safetensors
tensors '{"features.0.weight":{"dtype":"F16","shape":[1,2,3,3],"data_offsets":[0,36]}}' 36 >misshapen.safetensors
expect_error 1 "nothing.safetensors: .*no tensor 'features.0.weight'" style "${both[@]}" --features nothing.safetensors
expect_error 1 "misshapen.safetensors: .*'features.0.(weight|bias)'" style "${both[@]}" --features misshapen.safetensors
expect_error 1 'text.png' style "${both[@]}" --features text.png
expect_error 1 "no layer 'relu9_1'" style "${both[@]}" --content-layer relu9_1
expect_error 2 "pooling 'min'" style "${both[@]}" --pooling min
expect_error 2 "--style-weight '-1'" style "${both[@]}" --style-weight -1

expect_error 2 '--out.*must end in .png' style "${both[@]}" --out x.jpg
expect_error 2 '--sheet x.jpg: it must end in .png' style "${both[@]}" --sheet x.jpg
expect_error 2 '--content is empty' style "${fast[@]}" --content "" --style "$style"
expect_error 1 'no folder nowhere' style "${both[@]}" --out nowhere/x.png
expect_error 1 'no folder nowhere' style "${both[@]}" --sheet nowhere/x.png
long=$(printf 'x%.0s' {1..251})  # with .png as long as a name may be
quiet style "${both[@]}" --out "$long.png" && rm "$long.png"
expect_error 1 'File name too long' style "${both[@]}" --out "x$long.png"
expect_error 1 'File name too long' style "${both[@]}" --frames 2 --out "$long.png"
expect_error 1 'File name too long' style "${both[@]}" --sheet "x$long.png"
expect_error 2 '--frames 7: there are only 6 steps' style "${both[@]}" --frames 7
expect_error 2 "--size: '15'" style --run run "${pair[@]}" --size 15
expect_error 2 '--style' style "${fast[@]}" --content "$content"
expect_error 2 '--content' style "${fast[@]}" --style "$style"
expect_error 1 'nowhere' style --run nowhere "${pair[@]}"
mkdir folder
expect_error 1 'folder: no picture in this folder' train --optimizee neural_art --out x --content folder \
  --style "$style"
cp "$content" "$style" folder
echo hidden >folder/._x.jpg
expect_error 1 "folder: 2 pictures, too few" train --optimizee neural_art --out x --content folder --style "$style"
cp text.png folder/broken.png
expect_error 1 'folder/broken.png: not a picture' train --optimizee neural_art --out x --content folder --style "$style"
[[ -z $(find . -name 'x*' -o -name styled -o -name 'content-style*') ]] || fail "a refused call left: $(echo *)"

# A call that is stopped leaves whole pictures or none.
"$l2l" style --run run "${pair[@]}" --size 64 --steps 100000 --frames 100000 --out i.png >/dev/null 2>&1 &
stopped=$!
for _ in $(seq 200); do [[ ! -e i-3.png ]] || break; sleep 0.05; done
kill $stopped || true
wait $stopped || code=$?
[[ -e i-3.png && ! -e i.png && ${code:-0} != 0 ]] || fail "the stopped call: exit code ${code:-0}, $(ls | head -20)"
for file in i-*.png; do [[ $(tail -c 8 "$file" | head -c 4) == IEND ]] || fail "$file is half written"; done

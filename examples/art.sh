# Sourced by run.sh: trains an optimizer for style transfer, refines it, tests it as the paper does, and draws it at work.
# The photographs are CC-BY, CC-BY-SA and CC0; their names name their authors.
backgrounds=/usr/share/backgrounds
trained_style=$backgrounds/Picture_1A_by_freespace.jpg
new_style=$backgrounds/Painting-Colors_by__herobrine7gamer.jpg
# Pictures that the training keeps for testing.
contents=("$backgrounds"/{Bridge_by_Sander_Klootwijk,Picture_0B_by_freespace,friends_by_Aitzol_Berasategi}.jpg)
run=(--run "$runs/neural_art")

echo
echo "== Training on neural_art, by imitation of ADAM"
# With the rate that the comparison below finds best for it.
build/release/l2l train --optimizee neural_art --out "$runs/neural_art-trained" --imitate adam:1.1 --epochs 200 \
  --validate-every 20 --validation-functions 8 --seed 1
echo
echo "== Refining it for the loss at the end, on pictures of a quarter of the pixels"
build/release/l2l refine --run "$runs/neural_art-trained" --size 32 --out "$runs/neural_art"
echo
echo "== Comparing"
build/release/l2l compare "${run[@]}" --steps 128 --functions 16 --tune-functions 4
echo
echo "== A style that it has never seen, at twice the size"
build/release/l2l compare "${run[@]}" --style "$new_style" --size 128 --label new-style --steps 128 --functions 4 \
  --tune-functions 2

# Content, results after 32, 64, 96 and 128 steps, style: by the LSTM, and by ADAM with the rate that a comparison found.
sheet() {  # NAME STYLE SIZE FLAGS...
  mkdir -p "$runs/$1"
  build/release/l2l style "${run[@]}" --content "${contents[@]}" --style "$2" --size "$3" --frames 4 --out "$runs/$1" \
    --sheet "$runs/neural_art/sheet-$1.png" "${@:4}"
}
echo
echo "== Styling pictures: the LSTM, and ADAM"
sheet trained-style-64-lstm "$trained_style" 64
sheet trained-style-64-adam "$trained_style" 64 --optimizer adam --rate-of "$runs/neural_art/compare.json"
sheet new-style-128-lstm "$new_style" 128
sheet new-style-128-adam "$new_style" 128 --optimizer adam --rate-of "$runs/neural_art/compare-new-style.json"

echo
echo "== Looking inside it"
build/release/l2l probe "${run[@]}" --pick 3

build/release/l2l figures --only neural_art --out "$runs"

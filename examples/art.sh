# Sourced by run.sh: trains an optimizer for style transfer, tests it as the paper does, and draws it at work.
# The photographs are CC-BY, CC-BY-SA and CC0; their names name their authors.
backgrounds=/usr/share/backgrounds
trained_style=$backgrounds/Picture_1A_by_freespace.jpg
new_style=$backgrounds/Painting-Colors_by__herobrine7gamer.jpg
# Pictures that the training keeps for testing.
contents=("$backgrounds"/{Bridge_by_Sander_Klootwijk,Picture_0B_by_freespace,friends_by_Aitzol_Berasategi}.jpg)
run=(--run "$runs/neural_art")

echo
echo "== Training on neural_art: from steps of ADAM's kind on, by evolution strategies"
build/release/l2l train --optimizee neural_art --model anchored --preprocess orthogonal:0.2 \
  --proposal anchored:0.45:0.15 --epochs 0 --out "$runs/neural_art-begun"
build/release/l2l refine --run "$runs/neural_art-begun" --window 32 --shortest 64 --last 8 --pairs 12 --deviation 0.1 \
  --lr 0.03 --iterations 50 --validate-every 10 --validation-functions 12 --seed 1 --out "$runs/neural_art"
echo
echo "== Comparing"
build/release/l2l compare "${run[@]}" --steps 128 --functions 16 --tune-functions 2
echo
echo "== A style that it has never seen, at twice the size"
build/release/l2l compare "${run[@]}" --style "$new_style" --size 128 --label new-style --steps 128 --functions 4 \
  --tune-functions 1

# Content, results after 32, 64, 96 and 128 steps, style: by the learned one, and by ADAM with the rate that a comparison
# found; at full size at once, so that both begin with the same noise.
sheet() {  # NAME STYLE SIZE FLAGS...
  mkdir -p "$runs/$1"
  build/release/l2l style "${run[@]}" --content "${contents[@]}" --style "$2" --size "$3" --levels 1 --frames 4 \
    --out "$runs/$1" --sheet "$runs/neural_art/sheet-$1.png" "${@:4}"
}
echo
echo "== Styling pictures: the learned optimizer, and ADAM"
sheet trained-style-64-learned "$trained_style" 64
sheet trained-style-64-adam "$trained_style" 64 --optimizer adam --rate-of "$runs/neural_art/compare.json"
sheet new-style-128-learned "$new_style" 128
sheet new-style-128-adam "$new_style" 128 --optimizer adam --rate-of "$runs/neural_art/compare-new-style.json"

echo
echo "== Looking inside it"
build/release/l2l probe "${run[@]}" --pick 3

build/release/l2l figures --only neural_art --out "$runs"

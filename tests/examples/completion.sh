# What completes command lines in bash and zsh, and the manual page: that they say what --help says.
source "$(dirname "$0")/common.bash"
for page in bash zsh man; do
  quiet generate $page
  cp out.txt l2l.$page
  [[ ! -s err.txt ]] || fail "generate $page: $(cat err.txt)"
done
expect_error 2 "generate: 'fish' is none of bash, zsh and man" generate fish
quiet --help
! grep -q generate out.txt || fail "--help shows what is for CMake only"
commands=$(sed -n '/^Subcommands:/,$s/^  \([a-z-]*\) .*/\1/p' out.txt)
[[ $(wc -w <<<"$commands") -ge 10 ]] || fail "subcommands in --help: $commands"

# ---- bash -------------------------------------------------------------------------------------------------------
# offered WORD...: what bash offers in place of the last word, on one line. The words are cut as bash cuts them.
offered() {
  bash --norc -c 'source ./l2l.bash
    COMP_WORDBREAKS=$'"' \\t\\n\"\\'><=;|&(:'"' COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) _l2l_reply=
    _l2l
    echo "${COMPREPLY[*]}"' - l2l "$@" 2>err.txt
  [[ ! -s err.txt ]] || fail "completion of $*: $(cat err.txt)"
}
# offers EXPECTED WORD...
offers() {
  local expected=$1 found
  shift
  found=$(offered "$@")
  [[ $found == "$expected" ]] || fail "l2l $*: bash offers '$found', not '$expected'"
}
mkdir -p 'some runs/mnist'
touch 'some runs/file' some.jpg
offers train tra
offers 'diagnose' d
offers '--help' --h
offers '--version' --v
offers quadratic train --optimizee quad
offers 'mnist' train --optimizee = mn
offers 'mnist' train --steps 5 --optimizee mn
offers '' train --steps ''
offers '' train --steps ''
offers '--steps' train --ste
offers '--steps' train --force --ste
offers '--units' train --optimizee mnist --uni
offers 'tanh' train --optimizee mnist --activation t
offers 'final sum' compare --criterion ''
offers 'cosine cooldown' compare --schedule co
offers 'cosine,sqrt' compare --schedule cosine,s
offers 'muon,momentum' compare --run x --also muon,mom
offers 'cosine,cooldown' compare --schedule = cosine,coo
offers 'adam:' train --imitate ad
offers '' train --imitate adam : 0
offers 'parameters:' train --augment par
offers 'anchored' train --model an
offers 'mnist,quadratic' figures --only mnist,qua
offers 'ensemble' train --members mnist,mnist : depth = 2 nothing --optimizee ens
offers 'some runs' compare --run so
offers 'some runs/mnist' compare --run 'some runs/'
offers 'some.jpg some runs' style --content so
offers 'some.jpg some runs' style --content a.jpg b.jpg so
offers '--content --content-weight --content-layer' style --cont
offers '' compare --label a so
offers '' unknown --run so
for command in $commands; do
  quiet "$command" --help
  flags=$(grep -oE '^  (-[a-z],)?--[a-z-]+' out.txt | sed 's/.*--/--/' | sort)
  [[ $(offered "$command" -- | tr ' ' '\n' | sort) == "$flags" ]] ||
    fail "bash offers other flags for $command than --help"
  while read -r flag; do
    grep -qE -- "[ '{,(]$flag[]=['},)]" l2l.zsh || fail "zsh does not know $command $flag"
    LC_ALL=C grep -qF -- "\\fB${flag//-/\\-}\\fR" l2l.man || fail "the manual page does not know $command $flag"
  done <<<"$flags"
done

# Every word that is offered is one that the flag takes: an error is about something else, as about --out here.
quiet train "${tiny[@]}" --out taken
refused() {  # FLAG WORD ARGUMENT...: whether the error is about the flag
  ! "$l2l" "${@:3}" "$1" "$2" >out.txt 2>err.txt || fail "l2l ${*:3} $1 $2 did something"
  grep -qE -- "^l2l: $1|unknown" err.txt
}
tried=0
while read -r command flag words; do
  case $command$flag in
    train--optimizee) given=(--out taken --data none --content none) ;;
    train--proposal) given=(--optimizee quadratic --out taken --preprocess timescales) ;;
    train--activation) given=(--optimizee mnist --data none --out taken) ;;
    train--pooling) given=(--optimizee neural_art --content none --out taken) ;;
    train--mode) given=(--optimizee ensemble --members mnist:data=none --out taken) ;;
    train--members) continue ;;  # they would read data
    train*) given=(--optimizee quadratic --out taken) ;;
    compare*) given=(--run none) ;;
    style--optimizer | style--schedule) given=(--run none --content none --style none) ;;
    *) continue ;;  # the same words as above
  esac
  for word in $words; do
    [[ $word != *: ]] || word+=0.5
    ! refused "$flag" "$word" "$command" "${given[@]}" || fail "$flag $word is offered and refused: $(cat err.txt)"
    tried=$((tried + 1))
  done
done < <(sed -nE "s/^    '([a-z-]+) (--[a-z-]+)'\) echo '(several )?(word|list) (.*)' ;;/\1 \2 \5/p" l2l.bash)
[[ $tried -ge 40 ]] || fail "only $tried offered words were found"
refused --model nonsense train --optimizee quadratic --out taken ||
  fail "a refused word was not noticed: $(cat err.txt)"

# ---- zsh --------------------------------------------------------------------------------------------------------
skipped=()
if command -v zsh >/dev/null; then
  cp l2l.zsh _l2l
  cat >driver.zsh <<'END'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= PS2= fpath=($PWD $fpath); autoload -U compinit; compinit -u -D; setopt no_beep no_list_ambiguous'
zpty -w shell 'l2l() { print -r -- "GO""T<${(j:|:)@}>" }; print REA""DY'
zpty -r shell line '*READY*'
while read -r typed; do
  zpty -w shell $'l2l '$typed$'\t'
  zpty -r shell line '*GOT<*>*'
  print -r -- "${${line##*GOT<}%>*}"
done
zpty -d shell
END
  # typed, and what zsh makes of it
  cat >cases.txt <<'END'
tra => train
train --optimizee quad => train|--optimizee|quadratic
train --optimizee=mn => train|--optimizee=mnist
train --ste => train|--steps
train --imitate ad => train|--imitate|adam:
train --optimizee mnist --activation t => train|--optimizee|mnist|--activation|tanh
compare --run some => compare|--run|some runs
compare --schedule cosine,s => compare|--schedule|cosine,sqrt
compare --criterion=f => compare|--criterion=final
style --content some.jpg --style some. => style|--content|some.jpg|--style|some.jpg
style --content a.jpg some. => style|--content|a.jpg|some.jpg
figures --only mnist,qua => figures|--only|mnist,quadratic
END
  sed 's/ => .*//' cases.txt >typed.txt
  sed 's/.* => //' cases.txt >expected.txt
  timeout 60 zsh -f driver.zsh <typed.txt >found.txt 2>err.txt || fail "zsh: $(cat err.txt found.txt)"
  diff expected.txt found.txt || fail "zsh completes otherwise, see above"
else
  skipped+=(zsh)
fi

# ---- The manual page --------------------------------------------------------------------------------------------
if command -v groff >/dev/null; then
  groff -man -ww -Tutf8 l2l.man >page.txt 2>err.txt || fail "groff: $(cat err.txt)"
  [[ ! -s err.txt ]] || fail "groff warns: $(cat err.txt)"
else
  skipped+=(groff)
fi
if command -v man >/dev/null; then
  MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -P cat -l l2l.man >page.txt 2>err.txt || fail "man: $(cat err.txt)"
  [[ ! -s err.txt ]] || fail "man warns: $(cat err.txt)"
  for text in 'l2l refine' '--optimizee NAME' 'EXIT STATUS' 'l2l train --optimizee quadratic --out runs/quadratic'; do
    grep -qF -- "$text" page.txt || fail "the manual page lacks $text"
  done
else
  skipped+=(man)
fi
[[ ${#skipped[@]} == 0 ]] || echo "not tested, as they are not installed: ${skipped[*]}"

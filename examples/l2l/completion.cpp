#include <CLI/CLI.hpp>
#include <sstream>

#include "examples/l2l/described.h"
#include "examples/l2l/generate.h"

namespace l2l {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// Between single quotes of a shell.
std::string shell_quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

// ---- bash -----------------------------------------------------------------------------------------------------

/// What the function below is told about a flag: "none" if it takes no value, else the kind of the offer and its words.
std::string bash_offer(const DescribedFlag& flag) {
  if (flag.placeholder.empty()) return "none";
  const std::string several = flag.several ? "several " : "";
  switch (flag.offer.kind) {
    case Offer::Kind::text: return several + "text";
    case Offer::Kind::word: return several + "word " + joined(flag.offer.words);
    case Offer::Kind::list: return several + "list " + joined(flag.offer.words);
    case Offer::Kind::files: return several + "files";
    case Offer::Kind::folders: return several + "folders";
  }
  return {};
}

constexpr char kBashFunction[] = R"bash(
_l2l() {
  COMPREPLY=()
  # The words up to the cursor. Bash has cut them at '=' and ':' too; together again they are what was typed.
  local words=() word before= k
  for ((k = 1; k <= COMP_CWORD; ++k)); do
    word=${COMP_WORDS[k]}
    if ((${#words[@]})) && { [[ $word == [=:]* && $COMP_WORDBREAKS == *"${word:0:1}"* ]] ||
      [[ $before == *[=:] && $COMP_WORDBREAKS == *"${before: -1}"* ]]; }; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    before=$word
  done
  local last=$((${#words[@]} - 1)) current=${words[-1]} command= flag= prefix= offer=
  if ((last > 0)) && [[ ${words[0]} != -* ]]; then command=${words[0]}; fi

  # The flag whose value is being typed.
  if [[ $current == --*=* ]]; then
    flag=${current%%=*} current=${current#*=}
    [[ $COMP_WORDBREAKS == *=* ]] || prefix=$flag=
    offer=$(_l2l_offer "$command $flag")
  elif [[ $current != -* ]]; then
    for ((k = last - 1; k >= 0; --k)); do
      [[ ${words[k]} == -* ]] || continue
      offer=$(_l2l_offer "$command ${words[k]}")
      ((k == last - 1)) || [[ $offer == several* ]] || offer=none
      break
    done
  fi
  offer=${offer#several }

  local candidates=() start=
  case $offer in
    word*) mapfile -t candidates < <(compgen -W "${offer#word }" -- "$current") ;;
    list*)  # after the last comma
      [[ $current != *,* ]] || start=${current%,*},
      mapfile -t candidates < <(compgen -P "$start" -W "${offer#list }" -- "${current#"$start"}")
      ;;
    files | folders)
      local option=-f
      [[ $offer == files ]] || option=-d
      mapfile -t candidates < <(compgen "$option" -- "$current")
      compopt -o filenames 2>/dev/null
      ;;
    text) ;;
    *) mapfile -t candidates < <(compgen -W "$(_l2l_words "$command")" -- "$current") ;;
  esac
  # Bash replaces only what comes after the last ':'.
  start=
  [[ $COMP_WORDBREAKS != *:* || $current != *:* ]] || start=${current%:*}:
  for word in "${candidates[@]}"; do
    COMPREPLY+=("$prefix${word#"$start"}")
    [[ $word != *: ]] || compopt -o nospace 2>/dev/null
  done
}
complete -F _l2l l2l
)bash";

// ---- zsh ------------------------------------------------------------------------------------------------------

/// As a part of what _arguments is told, where brackets and colons have a meaning.
std::string zsh_text(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

/// What completes a value.
std::string zsh_action(const Offer& offer) {
  const auto words = [&] {
    std::string text;
    for (const std::string& word : offer.words) text += " " + zsh_text(word);
    return text;
  };
  switch (offer.kind) {
    case Offer::Kind::text: return "";
    case Offer::Kind::word: return " _l2l_word" + words();
    case Offer::Kind::list: return "_sequence compadd -" + words();
    case Offer::Kind::files: return "_files";
    case Offer::Kind::folders: return "_files -/";
  }
  return {};
}

/// '--steps=[help]:N:action' with alternatives '(-h --help)'{-h,--help}'[help]'
std::string zsh_flag(const DescribedFlag& flag) {
  std::string names;
  for (const std::string& name : flag.names) {
    const bool equals = !flag.placeholder.empty() && name.starts_with("--");
    names += (names.empty() ? "" : ",") + name + (equals ? "=" : "");
  }
  std::string rest = "[" + zsh_text(flag.help) + "]";
  if (!flag.placeholder.empty()) {
    rest += ":" + zsh_text(flag.placeholder) + ":" + zsh_action(flag.offer);
  }
  if (flag.names.size() == 1) return shell_quoted(names + rest);
  return shell_quoted("(" + joined(flag.names) + ")") + "{" + names + "}" + shell_quoted(rest);
}

/// The flags; and more values of a flag that takes several, which are words without a flag to zsh.
void write_zsh_arguments(std::ostream& out, CLI::App& command, const std::string& indent) {
  std::string more;
  for (const DescribedFlag& flag : described_flags(command)) {
    out << " \\\n" << indent << zsh_flag(flag);
    if (flag.several) more = "*:" + zsh_text(flag.placeholder) + ":" + zsh_action(flag.offer);
  }
  if (!more.empty()) out << " \\\n" << indent << shell_quoted(more);
}

}  // namespace

std::string bash_completion(CLI::App& app) {
  std::ostringstream commands, offers;
  const auto describe = [&](CLI::App& command, const std::string& name) {
    commands << "    " << shell_quoted(name) << ") echo '";
    std::string words;
    if (name.empty()) {
      for (CLI::App* subcommand : described_commands(app)) words += subcommand->get_name() + " ";
    }
    for (const DescribedFlag& flag : described_flags(command)) {
      words += flag.names.back() + " ";
      for (const std::string& spelling : flag.names) {
        offers << "    " << shell_quoted(name + " " + spelling) << ") echo " << shell_quoted(bash_offer(flag))
               << " ;;\n";
      }
    }
    commands << words << "' ;;\n";
  };
  describe(app, "");
  for (CLI::App* command : described_commands(app)) describe(*command, command->get_name());
  return "# Completion of l2l by bash, made by l2l from what its --help says.\n\n"
         "# What may follow after a subcommand, or after none.\n"
         "_l2l_words() {\n  case $1 in\n" +
         commands.str() +
         "  esac\n}\n\n"
         "# What the value of a flag may be. Of some there may be several.\n"
         "_l2l_offer() {\n  case $1 in\n" +
         offers.str() + "  esac\n}\n" + kBashFunction;
}

std::string zsh_completion(CLI::App& app) {
  std::ostringstream out;
  out << "#compdef l2l\n"
         "# Completion of l2l by zsh, made by l2l from what its --help says.\n\n"
         "# One of these words. After one that ends with a colon there is more to type.\n"
         "_l2l_word() {\n"
         "  compadd -S '' -- ${(M)@:#*:}\n"
         "  compadd -- ${@:#*:}\n"
         "}\n\n"
         "_l2l() {\n"
         "  local curcontext=$curcontext state state_descr line\n"
         "  typeset -A opt_args\n"
         "  _arguments -C";
  write_zsh_arguments(out, app, "    ");
  out << " \\\n    '1: :->command' '*:: :->arguments' && return\n"
         "  case $state in\n"
         "    command)\n"
         "      local -a commands=(\n";
  for (CLI::App* command : described_commands(app)) {
    out << "        " << shell_quoted(command->get_name() + ":" + zsh_text(summary_of(*command))) << "\n";
  }
  out << "      )\n"
         "      _describe -t commands 'subcommand' commands\n"
         "      ;;\n"
         "    arguments)\n"
         "      curcontext=${curcontext%:*:*}:l2l-$words[1]:\n"
         "      case $words[1] in\n";
  for (CLI::App* command : described_commands(app)) {
    out << "        " << command->get_name() << ")\n          _arguments";
    write_zsh_arguments(out, *command, "            ");
    out << "\n          ;;\n";
  }
  out << "      esac\n"
         "      ;;\n"
         "  esac\n"
         "}\n\n"
         "_l2l \"$@\"\n";
  return out.str();
}

}  // namespace l2l

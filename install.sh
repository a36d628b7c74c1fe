#!/bin/sh
# Builds and installs pushgate from this checkout, and its hook into a repository; takes both away again.

usage() {
  cat <<'END'
usage: ./install.sh [REPO]
       ./install.sh --uninstall [REPO]

Builds and installs the program with cargo, installs the hook into REPO, and
writes a policy where there is none. REPO: the repository that the push goes
from; default: the one you call this from. A hook that is there already is kept,
and runs after the gates have passed.

  --uninstall   take away the hook, the policy (if nobody touched it), and the
                program
  --help        show this

The program goes where cargo puts programs: CARGO_INSTALL_ROOT, else CARGO_HOME,
else ~/.cargo; its manual goes beside it, and what completes it at Tab goes
where bash, fish and zsh look.
END
}

say() {
  printf '%s\n' "${bold}install.sh:${plain} $*"
}

# Lines that belong to the one before them.
also() {
  printf '  %s\n' "$@"
}

# die WHAT [LINE...]
die() {
  printf '%s\n' "${red}install.sh: $1${plain}" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# A word for a command line that somebody copies.
word() {
  case $1 in
    *[!A-Za-z0-9_./@%+=:,-]*) printf "'%s'\n" "$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# The directory of this script: the checkout.
find_source() {
  source=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
  if ! grep -q '^name = "pushgate"$' "$source/Cargo.toml" 2>/dev/null; then
    die "no checkout of pushgate around this script" "clone pushgate whole, and run the install.sh that is in it"
  fi
}

# The top of the repository that was meant, or nothing.
find_repository() {
  if [ -n "$1" ]; then
    [ -d "$1" ] || die "there is no directory $1"
    top=$(git -C "$1" rev-parse --show-toplevel) ||
      die "no repository with a work tree at $1"
  else
    top=$(git rev-parse --show-toplevel 2>/dev/null) || top=
    # Whoever builds pushgate seldom means to deploy it.
    [ "$top" != "$source" ] || top=
  fi
}

# Run from here: the repository may pin another toolchain, or configure cargo for its own needs.
run_cargo() {
  (cd -- "$source" && exec cargo "$@")
}

need_git() {
  has git || die "git is missing" "Debian: apt-get install git"
}

# Sets `rust` to the version that is needed.
need_cargo() {
  rust=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$source/Cargo.toml")
  if ! has cargo; then
    die "cargo is missing: pushgate is built with Rust $rust or newer" \
      "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" \
      "then open a new terminal, or: . \"\$HOME/.cargo/env\"" \
      "Debian 13 and newer, too: apt-get install rustup && rustup default stable" \
      "(Debian's own package cargo is older than $rust.)"
  fi
  if ! version=$(run_cargo --version 2>&1); then
    die "cargo does not run" "$version" "with rustup: rustup default stable"
  fi
  version=${version#cargo }
  version=${version%% *}
  if is_older "$version" "$rust"; then
    die "cargo $version is too old: pushgate needs Rust $rust or newer" \
      "with rustup: rustup update stable" \
      "without: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
  fi
}

# is_older 1.63.0 1.95; what cannot be read is left to cargo itself.
is_older() {
  major=${1%%.*} minor=${1#*.}
  minor=${minor%%.*}
  case $major$minor in
    '' | *[!0-9]*) return 1 ;;
  esac
  least=${2#*.}
  [ "$major" -lt "${2%%.*}" ] || { [ "$major" -eq "${2%%.*}" ] && [ "$minor" -lt "${least%%.*}" ]; }
}

# libgit2 is compiled from its C source: that takes a compiler, and the headers of the C library.
need_compiler() {
  cc=${CC:-cc}
  printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' >"$scratch/probe.c"
  # CC may hold options.
  # shellcheck disable=SC2086
  if ! $cc -o "$scratch/probe" "$scratch/probe.c" >"$scratch/probe.log" 2>&1; then
    die "no C compiler that works: \`$cc\` (libgit2 is built with it)" \
      "$(sed -n 1p "$scratch/probe.log")" \
      "Debian: apt-get install gcc libc6-dev" "macOS: xcode-select --install"
  fi
}

# Where cargo installs to, unless its configuration says otherwise.
find_binary() {
  case ${CARGO_INSTALL_ROOT-} in
    '' | /*) ;;
    *) export CARGO_INSTALL_ROOT="$PWD/$CARGO_INSTALL_ROOT" ;;
  esac
  binary=${CARGO_INSTALL_ROOT:-${CARGO_HOME:-$HOME/.cargo}}/bin/pushgate
}

build() {
  say "building pushgate with cargo $version: a minute or two, the first time"
  if ! run_cargo install --locked --path . >"$scratch/build.log" 2>&1; then
    cat "$scratch/build.log" >&2
    die "the build failed: cargo's words are above"
  fi
  # cargo says where it went; its configuration may have moved that.
  said=$(sed -n -e 's|^ *Installing \(/.*/pushgate\)$|\1|p' -e 's|^ *Replacing \(/.*/pushgate\)$|\1|p' "$scratch/build.log")
  [ ! -x "$said" ] || binary=$said
  [ -x "$binary" ] || die "cargo installed no $binary" "$(sed -n '$p' "$scratch/build.log")"
  say "installed $binary"
}

# The manual beside the program, where `man` looks for it; the rest where each shell looks.
find_comforts() {
  root=${binary%/bin/*}
  pages=$root/share/man/man1
  case ${XDG_DATA_HOME-} in
    /*) data=$XDG_DATA_HOME ;;
    *) data=$HOME/.local/share ;;
  esac
  # What everybody's shells read anyway.
  case :${XDG_DATA_DIRS:-/usr/local/share:/usr/share}: in
    *:"$root/share":* | *:"$root/share/":*) data=$root/share ;;
  esac
  for_bash=$data/bash-completion/completions/pushgate
  for_fish=$data/fish/vendor_completions.d/pushgate.fish
  for_zsh=$root/share/zsh/site-functions/_pushgate
}

# Without them the program is as good: what is missing is only said.
install_comforts() {
  find_comforts
  if "$binary" man --out "$pages" 2>"$scratch/man.log"; then
    say "installed the manual: man pushgate"
  else
    say "the manual is not written:"
    also "$(sed -n 2,3p "$scratch/man.log")"
  fi
  completed=
  install_completion bash "$for_bash"
  install_completion fish "$for_fish"
  install_completion zsh "$for_zsh"
  [ -z "$completed" ] || say "installed what completes it at Tab in$completed"
  if has zsh && ! zsh -fc 'print -rl -- $fpath' </dev/null 2>/dev/null | grep -qxF "${for_zsh%/*}"; then
    say "zsh looks there, once this stands in ~/.zshrc before compinit:"
    also "fpath+=$(word "${for_zsh%/*}")"
  fi
}

# install_completion SHELL FILE
install_completion() {
  if mkdir -p -- "${2%/*}" 2>/dev/null && "$binary" completions "$1" 2>/dev/null >"$2"; then
    completed=$completed${completed:+,}\ $1
  else
    say "no completion for $1: $2 cannot be written"
  fi
}

remove_comforts() {
  [ ! -e "$pages/pushgate.1" ] || say "removed the manual and the completions"
  rm -f -- "$pages"/pushgate.1 "$pages"/pushgate-*.1 "$for_bash" "$for_fish" "$for_zsh"
  # Of the directories, those that are empty now.
  empty "$data" bash-completion/completions
  empty "$data" fish/vendor_completions.d
  empty "$root" share/zsh/site-functions
  empty "$root" share/man/man1
}

# empty TOP DIRECTORIES
empty() {
  (cd -- "$1" && rmdir -p -- "$2") 2>/dev/null || :
}

install_hook() {
  (cd -- "$top" && "$binary" install) ||
    die "the program is installed, the hook is not: see above" \
      "then: ./install.sh $(word "$top")"
}

# A policy that is committed, and only missing here, is a policy.
write_policy() {
  if [ -e "$top/.pushgate.yml" ] || git -C "$top" cat-file -e HEAD:.pushgate.yml 2>/dev/null; then
    say "the policy $top/.pushgate.yml is there already"
  else
    (cd -- "$top" && "$binary" init) || die "the hook is installed, the policy is not written: see above"
  fi
}

find_hook() {
  hooks=$(git -C "$top" rev-parse --path-format=absolute --git-path hooks) || exit 1
  hook=$hooks/pre-push
  # Where pre-commit and prek run it from, and where git's configuration does.
  for seat in "$hook" "$hook.legacy" "$hooks/../pushgate-hook/pre-push"; do
    if is_ours "$seat"; then
      hook=$seat
      return
    fi
  done
}

is_ours() {
  grep -q '^# The pre-push hook of pushgate' "$1" 2>/dev/null
}

check() {
  version=$("$binary" --version) || die "$binary does not run"
  say "checked: $version runs"
  [ -n "$top" ] || return 0
  find_hook
  if ! is_ours "$hook"; then
    # husky and lefthook have lines of the team's instead, and `pushgate install` has looked at them.
    grep -q 'husky\|lefthook' "$hook" "$hooks/h" 2>/dev/null || die "$hook is not the hook of pushgate"
    say "installed beside husky or lefthook: pushgate doctor tells whether it calls the gate"
    return
  fi
  [ -x "$hook" ] || die "$hook is not executable"
  say "checked: $hook is in place"
}

say_next() {
  if [ -z "$top" ]; then
    say "next: install the hook where you push from"
    also "./install.sh REPO, or in the repository:" "$(word "$binary") install && $(word "$binary") init"
  else
    say "next, in $top:"
    if git -C "$top" ls-files --error-unmatch .pushgate.yml >/dev/null 2>&1; then
      also "look .pushgate.yml over: is it what the team wants?"
    else
      also "look .pushgate.yml over: the suite, the apps, the hours" \
        "git add .pushgate.yml && git commit -m 'Add the deploy policy' .pushgate.yml"
    fi
    also "$(program) check      the verdict, without a push"
  fi
  on_path || {
    say "the hook finds the program; for your own use, put it on your PATH:"
    also "PATH=$(word "$(dirname -- "$binary")"):\$PATH"
  }
}

on_path() {
  [ "$(command -v pushgate 2>/dev/null)" = "$binary" ]
}

# The program as somebody can type it.
program() {
  if on_path; then
    echo pushgate
  else
    word "$binary"
  fi
}

install() {
  find_source
  need_git
  find_repository "$1"
  need_cargo
  need_compiler
  find_binary
  build
  install_comforts
  if [ -n "$top" ]; then
    install_hook
    write_policy
  fi
  check
  say_next
}

# The policy is ours to take only while nobody has it in git and nobody changed it.
remove_policy() {
  policy=$top/.pushgate.yml
  [ -e "$policy" ] || return 0
  if git -C "$top" ls-files --error-unmatch .pushgate.yml >/dev/null 2>&1; then
    say "left: $policy, which is in git"
  elif [ -x "$binary" ] && (cd -- "$top" && "$binary" init --stdout) >"$scratch/policy" 2>/dev/null &&
    cmp -s "$scratch/policy" "$policy"; then
    rm -- "$policy" && say "removed $policy: nobody had changed it"
  else
    say "left: $policy, which is not what init would write"
  fi
}

# Whether the hook is what this version wrote, but for the path of the program.
is_as_written() {
  sed '/^pushgate=/d' "$source/hooks/pre-push" >"$scratch/written"
  sed '/^pushgate=/d' "$hook" | cmp -s - "$scratch/written"
}

# An edit of our hook is kept.
set_aside() {
  aside=$hook.edited number=1
  while [ -e "$aside" ]; do
    number=$((number + 1))
    aside=$hook.edited.$number
  done
  cp -p -- "$hook" "$aside" || die "$hook was edited, or is of another version, and cannot be copied"
  say "$hook was edited, or is of another version: it is in $aside"
}

# Puts the hook that was there before back.
give_back() {
  waiting=$(cd -- "$hooks/.." && pwd)/.pushgate-hooks
  kept=$waiting/pre-push
  if [ -e "$kept" ] || [ -L "$kept" ]; then
    mv -f -- "$kept" "$hook" && say "$hook is again what it was before"
  else
    rm -- "$hook" && say "removed $hook"
  fi
  clear_waiting
}

# The links to the neighbours that it had.
clear_waiting() {
  [ -d "$waiting" ] || return 0
  find "$waiting" -type l -exec rm -- {} +
  rmdir -- "$waiting" 2>/dev/null || say "left: $waiting, which holds what is not pushgate's"
}

remove_hook() {
  find_hook
  if [ -x "$binary" ]; then
    # It says itself what it does not take, and why.
    (cd -- "$top" && "$binary" uninstall) || :
  elif is_ours "$hook"; then
    is_as_written || set_aside
    give_back
    ledger=$(git -C "$top" rev-parse --path-format=absolute --git-common-dir)/pushgate
    [ ! -d "$ledger" ] || say "left: the ledger $ledger"
    # Where the suite ran.
    git -C "$top" worktree list --porcelain | sed -n 's|^worktree \(.*/pushgate/.*/tree\)$|\1|p' |
      while IFS= read -r tree; do
        say "left: $tree; to remove it: git worktree remove --force $(word "$tree")"
      done
  else
    say "$hook is not there, or not pushgate's"
  fi
  # Without the program, it would refuse every push.
  ! is_ours "$hook" || die "the hook is still there, so the program stays, too: see above"
}

remove_binary() {
  installed=
  if has cargo && ! installed=$(run_cargo install --list 2>&1); then
    say "cargo does not run:"
    also "$installed"
    installed=
  fi
  if printf '%s\n' "$installed" | grep -q '^pushgate v'; then
    run_cargo uninstall --quiet pushgate || die "cargo uninstall failed: see above"
    say "removed $binary"
    also "a repository that still has the hook refuses to push now; for each such:" \
      "./install.sh --uninstall REPO"
  elif [ -x "$binary" ]; then
    say "left: $binary, which cargo does not take away"
    also "to remove it: rm $(word "$binary")"
  else
    say "$binary is not there"
  fi
}

uninstall() {
  find_source
  need_git
  find_repository "$1"
  find_binary
  [ -x "$binary" ] || ! has pushgate || binary=$(command -v pushgate)
  if [ -n "$top" ]; then
    remove_hook
    remove_policy
  fi
  find_comforts
  remove_binary
  [ -x "$binary" ] || remove_comforts
}

main() {
  bold='' red='' plain=''
  if [ -t 1 ] && [ -t 2 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
    bold=$(printf '\033[1m') red=$(printf '\033[1;31m') plain=$(printf '\033[0m')
  fi
  action=install repository=
  for argument; do
    case $argument in
      -h | --help)
        usage
        exit 0
        ;;
      --uninstall) action=uninstall ;;
      -*) bad_usage "there is no option $argument" ;;
      '') bad_usage "REPO is empty" ;;
      *)
        [ -z "$repository" ] || bad_usage "one REPO at a time"
        repository=$argument
        ;;
    esac
  done
  scratch=$(mktemp -d) || exit 1
  trap 'rm -rf -- "$scratch"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  "$action" "$repository"
}

bad_usage() {
  printf '%s\n' "${red}install.sh: $1${plain}" >&2
  usage >&2
  exit 2
}

main "$@"

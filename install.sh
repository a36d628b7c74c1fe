#!/bin/sh
# usage: ./install.sh [REPO]
#        ./install.sh --uninstall [REPO]
#
# Builds and installs the program with cargo, writes a policy into REPO where
# there is none, and installs the hook. REPO: the repository that the push goes
# from; default: the one you call this from. A hook that is there already is kept,
# and runs after the gates have passed. --uninstall takes away the hook, the
# policy (if nobody changed it), and the program.
#
# The program goes where cargo puts programs: CARGO_INSTALL_ROOT, else CARGO_HOME,
# else ~/.cargo; its manual goes beside it, and what completes it at Tab goes
# where bash, fish and zsh look.

# say WHAT [LINE...]
say() {
  printf '%s\n' "${bold}install.sh:${plain} $1"
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@"
}

die() {
  bold=$red
  say "$@" >&2
  exit "$failure"
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# Quotes a word of a command that is to be copied.
word() {
  case $1 in
    *[!A-Za-z0-9_./@%+=:,-]*) printf "'%s'\n" "$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# The top of the repository that is meant, or nothing; and the start of a command that is to run there.
find_repository() {
  has git || die "git is missing; on Debian, install it by" "apt-get install git"
  if [ -n "$1" ]; then
    top=$(git -C "$1" rev-parse --show-toplevel) || die "no repository with a work tree at $1"
  else
    top=$(git rev-parse --show-toplevel 2>/dev/null) || top=
    # A deploy of pushgate itself is seldom meant.
    [ "$top" != "$source" ] || top=
  fi
  there=
  [ "$top" = "$(pwd -P)" ] || there="cd $(word "$top") && "
}

# Runs from here: the repository may pin another toolchain, or configure cargo for its own needs.
run_cargo() {
  (cd -- "$source" && exec cargo "$@")
}

build() {
  rust=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$source/Cargo.toml")
  has cargo || die "cargo is missing: pushgate takes Rust $rust or newer; to install it:" \
    "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" \
    "on Debian 13 and newer, also by" "apt-get install rustup && rustup default stable"
  say "building pushgate with cargo: a minute or two, the first time"
  if ! log=$(run_cargo install --locked --path . 2>&1); then
    printf '%s\n' "$log" >&2
    die "the build failed; it takes Rust $rust or newer, and a C compiler" \
      "the newest Rust:" "rustup update stable" \
      "the compiler, on Debian:" "apt-get install gcc libc6-dev" "on macOS:" "xcode-select --install"
  fi
  # cargo says where it went; its configuration may have moved that.
  said=$(printf '%s\n' "$log" | sed -En 's,^ *(Installing|Replacing) (/.*/pushgate)$,\2,p')
  [ ! -x "$said" ] || binary=$said
  [ -x "$binary" ] || die "cargo installed no $binary" "$(printf '%s\n' "$log" | sed -n '$p')"
  say "installed $binary"
}

# The manual goes beside the program, where `man` looks for it; the rest where each shell looks.
find_comforts() {
  root=${binary%/bin/*} data=$HOME/.local/share
  case ${XDG_DATA_HOME-} in /*) data=$XDG_DATA_HOME ;; esac
  # Where the shells of all users look anyway.
  case :${XDG_DATA_DIRS:-/usr/local/share:/usr/share}: in
    *:"$root/share":* | *:"$root/share/":*) data=$root/share ;;
  esac
  pages=$root/share/man/man1
  for_bash=$data/bash-completion/completions/pushgate
  for_fish=$data/fish/vendor_completions.d/pushgate.fish
  for_zsh=$root/share/zsh/site-functions/_pushgate
}

# The program works without them: what is missing is only said.
install_comforts() {
  find_comforts
  said=$("$binary" man --out "$pages" 2>&1) || say "the manual is not written" "$said"
  set -- bash fish zsh
  for file in "$for_bash" "$for_fish" "$for_zsh"; do
    { mkdir -p -- "${file%/*}" && "$binary" completions "$1" >"$file"; } 2>/dev/null ||
      say "no completion for $1: $file cannot be written"
    shift
  done
  if has zsh && ! zsh -fc 'print -rl -- $fpath' </dev/null 2>/dev/null | grep -qxF "${for_zsh%/*}"; then
    say "zsh completes it, once this stands in ~/.zshrc before compinit:" "fpath+=$(word "${for_zsh%/*}")"
  fi
}

is_committed() {
  git -C "$top" ls-files --error-unmatch .pushgate.yml >/dev/null 2>&1
}

# Whether a hook of ours stands here, pre-commit runs it, or git's configuration names it.
has_hook() {
  hooks=$(git -C "$top" rev-parse --path-format=absolute --git-path hooks) || exit 1
  grep -qs '^# The pre-push hook of pushgate' "$hooks/pre-push" "$hooks/pre-push.legacy" "$hooks/../pushgate-hook/pre-push"
}

install() {
  build
  install_comforts
  pushgate=pushgate
  if [ "$(command -v pushgate 2>/dev/null)" != "$binary" ]; then
    pushgate=$(word "$binary")
    say "the hook finds the program; for your own use, put it on your PATH:" "PATH=$(word "${binary%/*}"):\$PATH"
  fi
  if [ -z "$top" ]; then
    say "next, in the repository that you push from:" "$pushgate init --install"
    return
  fi
  set -- init --install
  # A policy that is committed, and only missing here, is a policy.
  if [ -e "$top/.pushgate.yml" ] || git -C "$top" cat-file -e HEAD:.pushgate.yml 2>/dev/null; then
    set -- install
  fi
  (cd -- "$top" && "$binary" "$@") || die "the program is installed, the hook is not: see above, then" "$there$pushgate install"
  if is_committed; then
    say "next, the verdict without a push:" "$there$pushgate check"
  else
    say "next, once .pushgate.yml says what the team wants:" \
      "${there}git add .pushgate.yml && git commit -m 'Add the deploy policy' .pushgate.yml"
  fi
}

uninstall() {
  [ -x "$binary" ] || ! has pushgate || binary=$(command -v pushgate)
  if [ -n "$top" ]; then
    # Only the program can take the hook away. It says itself what it leaves, and why.
    [ -x "$binary" ] || ! has_hook || build
    [ ! -x "$binary" ] || (cd -- "$top" && "$binary" uninstall) || :
    # Without the program, it would refuse every deploy.
    ! has_hook || die "the hook is still there, so the program stays, too: see above"
    policy=$top/.pushgate.yml
    if is_committed; then
      say "left: $policy, which is in git"
    elif (cd -- "$top" && "$binary" init --stdout) 2>/dev/null | cmp -s - "$policy"; then
      rm -- "$policy" && say "removed $policy: nobody had changed it"
    elif [ -e "$policy" ]; then
      say "left: $policy, which is not what init would write"
    fi
  fi
  if has cargo && run_cargo install --list | grep -q '^pushgate v'; then
    run_cargo uninstall pushgate || exit 1
    say "a repository that still has the hook refuses to deploy; for each:" "./install.sh --uninstall REPO"
  elif [ -x "$binary" ]; then
    say "left: $binary, which cargo does not take away; to remove it:" "rm $(word "$binary")"
    return
  else
    say "$binary is not there"
  fi
  find_comforts
  rm -f -- "$pages"/pushgate.1 "$pages"/pushgate-*.1 "$for_bash" "$for_fish" "$for_zsh"
  # Of the directories, those that are empty now.
  (cd -- "$data" && rmdir -p -- bash-completion/completions fish/vendor_completions.d) 2>/dev/null || :
  (cd -- "$root" && rmdir -p -- share/zsh/site-functions share/man/man1) 2>/dev/null || :
}

bold='' red='' plain='' action=install repository='' failure=2
if [ -t 1 ] && [ -t 2 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
  bold=$(printf '\033[1m') red=$(printf '\033[1;31m') plain=$(printf '\033[0m')
fi
for argument; do
  case $argument in
    -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" && exit ;;
    --uninstall) action=uninstall ;;
    -*) die "there is no option $argument; for those that there are:" "$(word "$0") --help" ;;
    '') die "REPO is empty" ;;
    *)
      [ -z "$repository" ] || die "one REPO at a time"
      repository=$argument
      ;;
  esac
done
failure=1
source=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
grep -qs '^name = "pushgate"$' "$source/Cargo.toml" || die "no checkout of pushgate around this script: clone it whole"
find_repository "$repository"
# Where cargo installs to, unless its configuration says otherwise.
case ${CARGO_INSTALL_ROOT:-/} in /*) ;; *) export CARGO_INSTALL_ROOT="$PWD/$CARGO_INSTALL_ROOT" ;; esac
binary=${CARGO_INSTALL_ROOT:-${CARGO_HOME:-$HOME/.cargo}}/bin/pushgate
"$action" "$repository"

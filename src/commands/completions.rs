//! `pushgate completions SHELL`: the script for a shell, and what completes a word at each Tab.

use std::{
    env,
    ffi::OsString,
    io::{Write, stdout},
    process::ExitCode,
};

use clap::{Arg, Command, CommandFactory, ValueEnum};
use clap_complete::{
    engine::{ArgValueCandidates, CompletionCandidate},
    env::EnvCompleter,
};

use super::{Done, local};
use crate::{
    cli::{Cli, Completions, Shell},
    commands::Error,
    git::Repository,
    report,
};

/// Names the shell that asks; only the scripts set it.
const ASKS: &str = "PUSHGATE_COMPLETE";
const NAME: &str = "pushgate";

/// The end of the script for zsh, which loads it at the first Tab: that Tab wants an answer, too.
const AUTOLOADED: &str = "\
if [[ ${funcstack[1]} == _pushgate ]]; then
    _clap_dynamic_completer_pushgate \"$@\"
fi
";

/// What the script for bash does before it asks. bash takes `--name=value` apart at the `=`, which is
/// a word to it; without that word, what is left reads as `--name value`.
const ASKED_BY_BASH: &str = "    COMPREPLY=( $( \\\n";
const UNITED: &str = r#"    local index all=("${words[@]}")
    words=()
    for index in "${!all[@]}"; do
        if [[ "${all[index]}" == "=" && "$index" -lt "$COMP_CWORD" ]]; then
            _CLAP_COMPLETE_INDEX=$((_CLAP_COMPLETE_INDEX - 1))
        else
            words+=("${all[index]}")
        fi
    done
"#;

pub(crate) fn run(args: &Completions) -> Done {
    let mut script = Vec::new();
    completer(args.shell)
        .write_registration(ASKS, NAME, NAME, NAME, &mut script)
        .map_err(Error::stdout)?;
    let script = String::from_utf8_lossy(&script);
    let mut script = format!("{}\n", script.trim());
    match args.shell {
        Shell::Bash => {
            script = script.replacen(ASKED_BY_BASH, &format!("{UNITED}{ASKED_BY_BASH}"), 1);
        }
        Shell::Zsh => script += AUTOLOADED,
        Shell::Elvish | Shell::Fish | Shell::Powershell => {}
    }
    report::data(&script).map_err(Error::stdout)?;
    Ok(0)
}

/// Completes a word for a shell, if one asks: `PUSHGATE_COMPLETE=bash pushgate -- WORDS`.
///
/// Without an answer it prints nothing: an error would stand amid the line that is being typed. The
/// hook is never called so, whatever the environment says.
pub fn complete(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut words = args.into_iter().skip(1);
    if words.next()? != "--" {
        return None;
    }
    let shell = Shell::from_str(env::var_os(ASKS)?.to_str()?, true).ok()?;
    let words: Vec<_> = words.collect();
    if words.is_empty() {
        return Some(ExitCode::SUCCESS);
    }
    let mut answer = Vec::new();
    let here = env::current_dir().ok();
    let done = completer(shell).write_complete(&mut command(), words, here.as_deref(), &mut answer);
    if done.is_ok() {
        let mut stdout = stdout().lock();
        let _ = stdout.write_all(&answer).and_then(|()| stdout.flush());
    }
    Some(ExitCode::SUCCESS)
}

fn completer(shell: Shell) -> &'static dyn EnvCompleter {
    use clap_complete::env::{Bash, Elvish, Fish, Powershell, Zsh};
    match shell {
        Shell::Bash => &Bash,
        Shell::Elvish => &Elvish,
        Shell::Fish => &Fish,
        Shell::Powershell => &Powershell,
        Shell::Zsh => &Zsh,
    }
}

/// The command line, whose arguments know the words that are possible here.
fn command() -> Command {
    Cli::command().mut_subcommands(|sub| {
        let name = sub.get_name().to_owned();
        sub.mut_args(move |arg| with_candidates(arg, &name))
    })
}

fn with_candidates(arg: Arg, command: &str) -> Arg {
    // These two take trunk for an environment, too.
    let trunk = matches!(command, "check" | "log");
    match arg.get_id().as_str() {
        "environment" => arg.add(ArgValueCandidates::new(move || environments(trunk))),
        "commit" => arg.add(ArgValueCandidates::new(revisions)),
        "command" => arg.add(ArgValueCandidates::new(commands)),
        _ => arg,
    }
}

/// The environments of the policy of HEAD, or else of the work tree, or else of the Heroku remotes.
fn environments(trunk: bool) -> Vec<CompletionCandidate> {
    let policy = || -> Result<_, Error> {
        let world = Repository::open()?;
        let head = world.reference("HEAD")?;
        Ok(world.policy(head.as_ref())?.policy)
    };
    let named = policy().into_iter().flat_map(|policy| policy.environments);
    let named = named.map(|environment| {
        let after = environment.after.map(|after| format!("after {after}"));
        let help = after.unwrap_or_else(|| "environment".to_owned());
        CompletionCandidate::new(environment.name).help(Some(help.into()))
    });
    let help = Some("where deploys come from".into());
    let trunk = trunk.then(|| CompletionCandidate::new("trunk").help(help));
    named.chain(trunk).collect()
}

/// HEAD, the branches and the tags.
fn revisions() -> Vec<CompletionCandidate> {
    let Ok(world) = Repository::open() else {
        return Vec::new();
    };
    let mut named = vec![("HEAD".to_owned(), "what is checked out")];
    named.extend(local::revisions(&world));
    let candidate = |(name, kind): (String, &'static str)| {
        CompletionCandidate::new(name).help(Some(kind.into()))
    };
    named.into_iter().map(candidate).collect()
}

/// The subcommands that there is help for.
fn commands() -> Vec<CompletionCandidate> {
    Cli::command()
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set())
        .map(|sub| CompletionCandidate::new(sub.get_name()).help(sub.get_about().cloned()))
        .collect()
}

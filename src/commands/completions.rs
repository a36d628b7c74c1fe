//! `pushgate completions SHELL`: the script for a shell, and what completes a word at each Tab.

use std::{env, ffi::OsString, process::ExitCode};

use clap::{Arg, Command, CommandFactory};
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCandidates, CompletionCandidate},
    env::Shells,
};

use super::{Done, local, print_machine_data};
use crate::{
    cli::{Cli, Completions},
    commands::Error,
    git::Repository,
    guides::GUIDES,
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
    let shell = args.shell.to_lowercase();
    let mut script = Vec::new();
    if let Some(completer) = Shells::builtins().completer(&shell) {
        completer
            .write_registration(ASKS, NAME, NAME, NAME, &mut script)
            .map_err(super::not_written)?;
    }
    let script = String::from_utf8_lossy(&script);
    let mut script = format!("{}\n", script.trim());
    match shell.as_str() {
        "bash" => script = script.replacen(ASKED_BY_BASH, &format!("{UNITED}{ASKED_BY_BASH}"), 1),
        "zsh" => script += AUTOLOADED,
        _ => {}
    }
    print_machine_data(&script)?;
    Ok(0)
}

/// Completes a word for a shell, if one asks: `PUSHGATE_COMPLETE=bash pushgate -- WORDS`.
///
/// Without an answer it prints nothing: an error would stand amid the line that is being typed. The
/// hook is never called so, whatever the environment says.
pub fn complete(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let args: Vec<_> = args.into_iter().collect();
    if args.len() < 3 || args[1] != "--" {
        return None;
    }
    let asked = CompleteEnv::with_factory(command).var(ASKS);
    let here = env::current_dir().ok();
    let is_answered = asked.try_complete(args, here.as_deref()).unwrap_or(true);
    is_answered.then_some(ExitCode::SUCCESS)
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
        "environment" | "diff" => arg.add(ArgValueCandidates::new(move || environments(trunk))),
        "commit" => arg.add(ArgValueCandidates::new(revisions)),
        "command" => arg.add(ArgValueCandidates::new(commands)),
        "topic" => arg.add(ArgValueCandidates::new(topics)),
        _ => arg,
    }
}

/// The environments of the policy of HEAD, or else of the work tree, or else of the Heroku remotes.
fn environments(trunk: bool) -> Vec<CompletionCandidate> {
    let policy = || -> Result<_, Error> {
        let world = Repository::open()?;
        Ok(world.policy_of_head()?.policy)
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

/// The subcommands and the guides.
fn topics() -> Vec<CompletionCandidate> {
    let guides = GUIDES.iter();
    let guides = guides.map(|one| CompletionCandidate::new(one.topic).help(Some(one.about.into())));
    commands().into_iter().chain(guides).collect()
}

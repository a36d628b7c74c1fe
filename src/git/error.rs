//! Why git, or a remote, gave no answer; the details are git's own words.

use super::login::windowed_askpass;
use crate::{
    cure::{Cure, command},
    gates::{Stop, facts::TrunkName},
    policy::FILE,
    text::did_you_mean,
};

impl Stop {
    /// A program failed, and said why.
    pub(crate) fn not_run(command: &str, words: Vec<String>) -> Self {
        Self::undecided(format!("could not run `{command}`")).details(words)
    }

    /// git could not reach a remote, or was not let in.
    pub(super) fn unreachable(remote: &str, words: Vec<String>) -> Self {
        let wants_login = |line: &String| line.contains("terminal prompts disabled");
        let login = words.iter().any(wants_login).then(|| match windowed_askpass() {
            Some(variable) => format!(
                "{variable} is not asked, for it may open a window (DISPLAY or WAYLAND_DISPLAY is set): unset these where it needs no person, or set a credential helper (gitcredentials(7))"
            ),
            None => "no credential helper and no askpass program answers for it: set one (gitcredentials(7))".to_owned(),
        });
        let mut undecided = Self::undecided(format!("could not ask `{remote}` for its branches"));
        undecided.cures.extend(login.map(Cure::words));
        undecided.details(words).hint_ask(remote)
    }

    pub(super) fn hint_ask(self, remote: &str) -> Self {
        let words = "see that this answers without asking for anything, then try again";
        self.cure(words, [command(["git", "ls-remote", remote])])
    }

    pub(crate) fn no_trunk_remote(remote: &str, known: &[String]) -> Self {
        let near = did_you_mean(remote, known);
        Self::undecided(format!(
            "there is no remote `{remote}`, where trunk should be{near}"
        ))
        .cure(
            format!("add it, or name another in `trunk.remote` of {FILE}"),
            [command(["git", "remote", "add", remote, "URL"])],
        )
    }

    /// `is_here`: this clone has a branch of that name.
    pub(crate) fn no_trunk(trunk: &TrunkName, is_here: bool) -> Self {
        let TrunkName { remote, branch } = trunk;
        let error = Self::undecided(format!("`{trunk}` does not exist"));
        if is_here {
            let words = format!("push it, or name another in `trunk.branch` of {FILE}");
            error.cure(words, [command(["git", "push", remote, branch])])
        } else {
            error.hint(format!("name another in `trunk.branch` of {FILE}"))
        }
    }

    pub(super) fn not_signed(words: Vec<String>) -> Self {
        Self::undecided("could not sign it, which the policy asks for")
            .details(words)
            .hint("see that `git commit -S` works: gpg.format and user.signingKey (git-config(1))")
    }
}

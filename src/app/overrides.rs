//! The environment variables that override the gates for one push.

use std::collections::{BTreeMap, BTreeSet};

pub use crate::push::variables::{AFTER, REASON, ROLLBACK, SKIP, SWITCH};
use crate::{
    gates::{GovernedPush, LocalRepository, ORDER, Stop, verdict::Gate},
    policy::{Environment, Reason},
    process::variable,
    push::{
        Deploy,
        variables::{COMMIT, COMPLETE, DEPLOY, ENVIRONMENT, LIVE, REPLACES, RUNNING},
    },
    text::{nearest, printable, says_something, shell_word},
};

const OFF: [&str; 4] = ["off", "0", "false", "no"];
const ON: [&str; 5] = ["", "on", "1", "true", "yes"];

/// Warnings about variables that look like ours and are not: a misspelt override must not look like
/// one that was heeded.
pub(crate) fn misspelt<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let known = [
        SWITCH,
        SKIP,
        ROLLBACK,
        REASON,
        RUNNING,
        AFTER,
        LIVE,
        COMPLETE,
        DEPLOY,
        ENVIRONMENT,
        COMMIT,
        REPLACES,
    ];
    let is_misspelt = |name: &&str| name.starts_with("PUSHGATE_") && !known.contains(name);
    let line = |name| match nearest(name, [SKIP, ROLLBACK, REASON]) {
        Some(meant) => format!("{name} means nothing; did you mean {meant}?"),
        None => {
            format!("{name} means nothing; there are {SWITCH}, {SKIP}, {ROLLBACK} and {REASON}")
        }
    };
    let mut found: Vec<&str> = names.into_iter().filter(is_misspelt).collect();
    found.sort_unstable();
    found.into_iter().map(line).collect()
}

/// What the variables ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Overrides {
    /// No gate is asked.
    pub(crate) off: bool,
    /// These gates do not decide.
    pub(crate) skip: BTreeSet<Gate>,
    pub(crate) rollback: bool,
    pub(crate) reason: Option<String>,
}

impl Overrides {
    /// Reads them from the environment.
    pub(crate) fn of_environment() -> Result<Self, BadWord> {
        Self::read(variable)
    }

    /// Whether there is none of the reason that the environment's policy demands of an override, or one without a
    /// letter or digit.
    pub(crate) fn lack_reason(&self, environment: &Environment) -> bool {
        let is_required = environment.reason == Reason::Required;
        (self.reason.as_deref()).map_or(is_required, |reason| !says_something(reason))
    }

    /// Writes those that are asked for as they stand before a command, but for what `deploy` says itself.
    pub(crate) fn written(&self, deploy: Option<&Deploy>) -> String {
        let is_named = deploy.is_some_and(|deploy| deploy.is_rollback);
        let is_reasoned = deploy.is_some_and(|deploy| deploy.reason.is_some());
        let skip: Vec<_> = self.skip.iter().map(|gate| gate.name()).collect();
        let reason = self.reason.as_deref().filter(|_| !is_reasoned);
        let because = reason.map(shell_word).unwrap_or_default();
        let all = [
            (self.off, format!("{SWITCH}=off ")),
            (!skip.is_empty(), format!("{SKIP}={} ", skip.join(","))),
            (self.rollback && !is_named, format!("{ROLLBACK}=1 ")),
            (reason.is_some(), format!("{REASON}={because} ")),
        ];
        let asked = all.into_iter().filter(|(is_asked, _)| *is_asked);
        asked.map(|(_, words)| words).collect()
    }

    /// Reads them; `get` gives the value of a variable.
    ///
    /// An unknown word is refused: a misspelt override must not look like one that was heeded.
    pub(crate) fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, BadWord> {
        let get = |name: &'static str| get(name).unwrap_or_default().trim().to_owned();
        let off = switch(&get, SWITCH, &ON, &OFF, "`off` (also `0`, `false`, `no`)")?;
        // An empty value asks for nothing.
        let no = [&OFF[..], &[""]].concat();
        let rollback = switch(
            &get,
            ROLLBACK,
            &no,
            &ON[1..],
            "`1` (also `on`, `true`, `yes`)",
        )?;
        let reason = Some(get(REASON)).filter(|text| !text.is_empty());
        let mut skip = BTreeSet::new();
        // Where the gate is off, no gate is asked anyway.
        let words = if off { String::new() } else { get(SKIP) };
        let words = words.split(',').map(str::trim);
        for word in words.filter(|word| !word.is_empty()) {
            let mut gates = ORDER.into_iter();
            let gate = gates.find(|gate| gate.name().eq_ignore_ascii_case(word));
            let known = "`target`, `window`, `trunk`, `lock`, `promotion` and `suite`";
            let unknown = || BadWord::new(SKIP, word, known, &ORDER.map(Gate::name), &get);
            skip.insert(gate.ok_or_else(unknown)?);
        }
        Ok(Self {
            off,
            skip,
            rollback,
            reason,
        })
    }
}

/// Whether a variable has one of the words for yes; an error where it has none of those for no either.
fn switch(
    get: &impl Fn(&'static str) -> String,
    variable: &'static str,
    no: &[&str],
    yes: &[&'static str],
    known: &'static str,
) -> Result<bool, BadWord> {
    let word = get(variable).to_ascii_lowercase();
    let says_yes = yes.contains(&word.as_str());
    if says_yes || no.contains(&word.as_str()) {
        return Ok(says_yes);
    }
    Err(BadWord::new(variable, &word, known, yes, get))
}

/// A variable of ours has a value without a meaning.
#[derive(Clone, Debug)]
pub(crate) struct BadWord {
    pub(crate) variable: &'static str,
    word: String,
    /// The words that have a meaning.
    known: &'static str,
    /// The nearest of them.
    nearest: Option<&'static str>,
    /// The variables that are set.
    set: BTreeMap<&'static str, String>,
}

impl BadWord {
    fn new(
        variable: &'static str,
        word: &str,
        known: &'static str,
        words: &[&'static str],
        get: &impl Fn(&'static str) -> String,
    ) -> Self {
        let all = [SWITCH, SKIP, ROLLBACK, REASON].map(|name| (name, get(name)));
        Self {
            set: (all.into_iter())
                .filter(|(_, value)| !value.is_empty())
                .collect(),
            variable,
            word: word.to_owned(),
            known,
            nearest: nearest(word, words.iter().copied()),
        }
    }

    pub(crate) fn why(&self) -> String {
        let variable = self.variable;
        let word = printable(self.word.as_bytes().into());
        let meant = match self.nearest {
            Some(nearest) => format!("; did you mean `{nearest}`?"),
            None => String::new(),
        };
        format!("{variable} says `{word}`; it knows {}{meant}", self.known)
    }

    /// The refusal, with the same push as it was probably meant, and without this variable.
    pub(crate) fn explain(
        &self,
        push: &GovernedPush<'_>,
        repository: &dyn LocalRepository,
    ) -> Stop {
        let again = push.command_again(repository);
        let with = |value: String| {
            let mut set = self.set.clone();
            set.insert(self.variable, value);
            set
        };
        let written = |set: &BTreeMap<&str, String>| {
            let set = set.iter();
            let set = set.map(|(name, value)| format!("{name}={} ", shell_word(value)));
            set.collect::<String>() + &again
        };
        let fixed = self.nearest.map(|nearest| {
            let words = self.set[self.variable].split(',').map(str::trim);
            let is_bad = |word: &str| word.eq_ignore_ascii_case(&self.word);
            let words = words.map(|word| if is_bad(word) { nearest } else { word });
            with(words.collect::<Vec<_>>().join(","))
        });
        // There may be more that has no meaning.
        let fixed = fixed.filter(|set| Overrides::read(|name| set.get(name).cloned()).is_ok());
        let (refusal, without) = (Stop::refused(self.why()), written(&with(String::new())));
        match fixed {
            Some(fixed) => {
                (refusal.cure("say it so", [written(&fixed)])).cure("or without it", [without])
            }
            None => refusal.cure("without it", [without]),
        }
    }
}

/// The refusal of an override without the reason that the policy demands.
pub(crate) fn no_reason(
    push: &GovernedPush<'_>,
    environment: &str,
    given: &Overrides,
    repository: &dyn LocalRepository,
) -> Stop {
    let without = Overrides {
        reason: None,
        ..given.clone()
    };
    let asked = without.written(push.push.deploy.as_ref());
    let again = format!("{asked}{REASON}=\"...\" {}", push.command_again(repository));
    let why = match &given.reason {
        Some(reason) => format!(
            "`{}` is no reason for an override",
            printable(reason.as_bytes().into())
        ),
        None => format!("an override of {environment} must say why"),
    };
    Stop::refused(why).cure("say it in place of the dots", [again])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Overrides, String> {
        let find = |name: &str| {
            (pairs.iter())
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Overrides::read(find).map_err(|bad| bad.why())
    }

    #[test]
    fn nothing_set_overrides_nothing() {
        assert_eq!(read(&[]).unwrap(), Overrides::default());
        assert_eq!(
            read(&[(SWITCH, ""), (SKIP, " "), (REASON, " ")]).unwrap(),
            Overrides::default()
        );
    }

    #[test]
    fn a_reason_without_a_letter_or_digit_lacks_wherever_it_is_given() {
        let lack = |pairs: &[(&str, &str)], reason| {
            let environment = Environment {
                reason,
                ..Environment::named("staging")
            };
            read(pairs).unwrap().lack_reason(&environment)
        };
        for given in ["...", "?!"] {
            assert!(lack(&[(REASON, given)], Reason::Optional), "{given}");
            assert!(lack(&[(REASON, given)], Reason::Required), "{given}");
        }
        assert!(!lack(&[(REASON, " ")], Reason::Optional) && lack(&[], Reason::Required));
        assert!(!lack(&[(REASON, "down")], Reason::Required));
    }

    #[test]
    fn the_switch_has_four_words_for_off() {
        for word in ["off", "0", "false", "no", "OFF", " off "] {
            assert!(read(&[(SWITCH, word)]).unwrap().off, "{word}");
        }
        assert!(!read(&[(SWITCH, "on")]).unwrap().off);
    }

    #[test]
    fn a_misspelt_switch_is_refused_with_the_nearest_word() {
        let message = read(&[(SWITCH, "of")]).unwrap_err();
        assert_eq!(
            message,
            "PUSHGATE says `of`; it knows `off` (also `0`, `false`, `no`); did you mean `off`?"
        );
    }

    #[test]
    fn a_variable_that_looks_like_ours_is_said() {
        let ours = [
            "PUSHGATE",
            SKIP,
            REASON,
            "PUSHGATE_RUNNING",
            AFTER,
            ROLLBACK,
            "PATH",
            "PUSHGATES",
        ];
        assert!(misspelt(ours).is_empty());
        assert_eq!(
            misspelt(["PUSHGATE_SKPI", "HOME", "PUSHGATE_REASN", "PUSHGATE_FORCE"]),
            [
                "PUSHGATE_FORCE means nothing; there are PUSHGATE, PUSHGATE_SKIP, PUSHGATE_ROLLBACK and PUSHGATE_REASON",
                "PUSHGATE_REASN means nothing; did you mean PUSHGATE_REASON?",
                "PUSHGATE_SKPI means nothing; did you mean PUSHGATE_SKIP?",
            ]
        );
    }

    #[test]
    fn a_rollback_is_asked_for_by_a_word_for_yes() {
        for word in ["1", "true", "YES"] {
            assert!(read(&[(ROLLBACK, word)]).unwrap().rollback, "{word}");
        }
        for word in ["", "0", "off"] {
            assert!(!read(&[(ROLLBACK, word)]).unwrap().rollback, "{word}");
        }
        let message = read(&[(ROLLBACK, "ture")]).unwrap_err();
        assert_eq!(
            message,
            "PUSHGATE_ROLLBACK says `ture`; it knows `1` (also `on`, `true`, `yes`); did you mean `true`?"
        );
    }

    #[test]
    fn gates_are_skipped_by_name() {
        let skip = read(&[(SKIP, "suite, Window,")]).unwrap().skip;
        assert_eq!(skip, BTreeSet::from([Gate::Window, Gate::Suite]));
    }

    #[test]
    fn an_unknown_gate_is_refused_with_the_list() {
        assert_eq!(
            read(&[(SKIP, "window,suit")]).unwrap_err(),
            "PUSHGATE_SKIP says `suit`; it knows `target`, `window`, `trunk`, `lock`, `promotion` and `suite`; did you mean `suite`?"
        );
    }
}

//! The environment variables that make the gate stand aside, and the reason they leave behind.

use std::collections::BTreeSet;

use crate::{
    gates::{Explanation, verdict::Gate},
    push::variables::RUNNING,
    text::{nearest, printable},
};

pub use crate::push::variables::{AFTER, REASON, SKIP, SWITCH};

pub(crate) const OFF: [&str; 4] = ["off", "0", "false", "no"];
pub(crate) const ON: [&str; 5] = ["", "on", "1", "true", "yes"];
pub(crate) const GATES: [Gate; 5] = crate::gates::ORDER;

/// Set for the suite, for what comes after the gates, and by the scripts that complete.
pub(crate) const OTHERS: [&str; 3] = [RUNNING, AFTER, "PUSHGATE_COMPLETE"];

/// What there is to say of variables that look like ours and are not: a misspelt override must not
/// look like one that was heeded.
pub fn strangers<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let known = [SWITCH, SKIP, REASON].into_iter().chain(OTHERS);
    let is_strange =
        |name: &&str| name.starts_with("PUSHGATE_") && !known.clone().any(|known| known == *name);
    let line = |name| match nearest(name, [SKIP, REASON]) {
        Some(meant) => format!("{name} means nothing; did you mean {meant}?"),
        None => format!("{name} means nothing; there are {SWITCH}, {SKIP} and {REASON}"),
    };
    let mut strange: Vec<&str> = names.into_iter().filter(is_strange).collect();
    strange.sort_unstable();
    strange.into_iter().map(line).collect()
}

/// What the variables ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The whole gate stands aside.
    pub off: bool,
    /// These gates do not decide.
    pub skip: BTreeSet<Gate>,
    /// Why.
    pub reason: Option<String>,
}

impl Overrides {
    /// Reads the variables; `get` answers for the environment.
    ///
    /// A word that is not known is refused: a misspelt override must not look like one that holds.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, BadWord> {
        let get = |name| get(name).map(|value| value.trim().to_owned());
        let switch = get(SWITCH).unwrap_or_default().to_ascii_lowercase();
        let off = OFF.contains(&switch.as_str());
        let reason = get(REASON).filter(|text| !text.is_empty());
        if !off && !ON.contains(&switch.as_str()) {
            let known = "`off` (also `0`, `false`, `no`)";
            return Err(bad(SWITCH, &switch, known, &["off", "false", "no"]));
        }
        let mut skip = BTreeSet::new();
        // Off is off: what else is asked for makes no difference.
        let words = if off {
            String::new()
        } else {
            get(SKIP).unwrap_or_default()
        };
        for word in words
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            match GATES
                .iter()
                .find(|gate| gate.name().eq_ignore_ascii_case(word))
            {
                Some(gate) => skip.insert(*gate),
                None => {
                    let known = "`target`, `window`, `trunk`, `promotion` and `suite`";
                    return Err(bad(SKIP, word, known, &GATES.map(Gate::name)));
                }
            };
        }
        Ok(Self { off, skip, reason })
    }
}

pub(crate) fn bad(
    variable: &'static str,
    word: &str,
    known: &'static str,
    words: &[&'static str],
) -> BadWord {
    BadWord {
        variable,
        word: word.to_owned(),
        known,
        nearest: nearest(word, words.iter().copied()),
    }
}

/// A variable of ours has a value without a meaning.
#[derive(Clone, Debug)]
pub struct BadWord {
    pub variable: &'static str,
    pub word: String,
    /// The words that have a meaning.
    pub known: &'static str,
    /// The nearest of them.
    pub nearest: Option<&'static str>,
}

impl BadWord {
    pub(crate) fn explain(&self) -> Explanation {
        let variable = self.variable;
        let word = printable(self.word.as_bytes().into());
        let meant = match self.nearest {
            Some(nearest) => format!("; did you mean `{nearest}`?"),
            None => String::new(),
        };
        Explanation::new(
            format!("{variable} says `{word}`; it knows {}{meant}", self.known),
            [format!("fix or unset {variable}, then push again")],
        )
    }
}

/// The refusal of an override that does not say why, where the policy demands that.
pub(crate) fn no_reason(environment: &str) -> Explanation {
    Explanation::new(
        format!("an override of {environment} must say why"),
        ["PUSHGATE_REASON=\"why\" before the same git push"],
    )
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
        Overrides::read(find).map_err(|bad| bad.explain().why)
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
            "PATH",
            "PUSHGATES",
        ];
        assert!(strangers(ours).is_empty());
        assert_eq!(
            strangers(["PUSHGATE_SKPI", "HOME", "PUSHGATE_REASN", "PUSHGATE_FORCE"]),
            [
                "PUSHGATE_FORCE means nothing; there are PUSHGATE, PUSHGATE_SKIP and PUSHGATE_REASON",
                "PUSHGATE_REASN means nothing; did you mean PUSHGATE_REASON?",
                "PUSHGATE_SKPI means nothing; did you mean PUSHGATE_SKIP?",
            ]
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
            "PUSHGATE_SKIP says `suit`; it knows `target`, `window`, `trunk`, `promotion` and `suite`; did you mean `suite`?"
        );
    }
}

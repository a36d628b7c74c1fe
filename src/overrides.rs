//! The environment variables that make the gate stand aside, and the reason they leave behind.

use std::collections::BTreeSet;

use crate::verdict::{Gate, Refusal};

/// Turns the gate off for one push.
pub const SWITCH: &str = "PUSHGATE";
/// Names gates that are not asked.
pub const SKIP: &str = "PUSHGATE_SKIP";
/// Says why.
pub const REASON: &str = "PUSHGATE_REASON";

const OFF: [&str; 4] = ["off", "0", "false", "no"];
const ON: [&str; 5] = ["", "on", "1", "true", "yes"];
const GATES: [Gate; 5] = crate::gates::ORDER;

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
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, Box<Refusal>> {
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

fn bad(
    variable: &'static str,
    word: &str,
    known: &'static str,
    words: &[&'static str],
) -> Box<Refusal> {
    let near = |candidate: &&&str| strsim::damerau_levenshtein(word, candidate);
    let nearest = words
        .iter()
        .min_by_key(near)
        .filter(|candidate| near(candidate) <= 2);
    Box::new(Refusal::BadOverride {
        variable,
        word: word.to_owned(),
        known,
        nearest: nearest.copied(),
    })
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
        Overrides::read(find).map_err(|refusal| refusal.to_string())
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

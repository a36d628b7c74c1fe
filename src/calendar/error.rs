//! What can be wrong with a rule of a window.

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error(
        "a rule is empty: write `Mon-Fri 09:00-16:00`, `22:00-07:00`, `Sat,Sun`, `2026-12-24` or \
         `2026-12-24..2027-01-02`"
    )]
    Empty,
    #[error(
        "`{0}` is not a rule: write `[DAYS] HH:MM-HH:MM`, `DAYS`, `DATE`, `DATE..DATE` or \
         `DATE HH:MM..DATE HH:MM`"
    )]
    Form(String),
    #[error(
        "`{word}` is not a day of the week: write `Mon`, `Mon-Fri` or `Sat,Sun`{}",
        did_you_mean(*.nearest)
    )]
    Day {
        word: String,
        nearest: Option<&'static str>,
    },
    #[error("a day is missing in `{0}`: write `Mon`, `Mon-Fri` or `Sat,Sun`")]
    MissingDay(String),
    #[error("`{text}` names one day twice: write `{day}`, or `Mon-Sun` for every day")]
    SameDay { text: String, day: &'static str },
    #[error("`{0}` is not a time of day: write HH:MM, from 00:00 to 23:59, or 24:00 as an end")]
    Time(String),
    #[error("`{0}` starts at 24:00, which can only be an end: start at 00:00")]
    StartsAt24(String),
    #[error("`{0}` has no end: write HH:MM-HH:MM")]
    NoEnd(String),
    #[error("`{0}` is not a date: write YYYY-MM-DD, and `..` between two dates")]
    Date(String),
    #[error("`{0}` is not in the calendar")]
    NoSuchDate(String),
    #[error("`{0}` has a time on one side only: write `DATE..DATE` or `DATE HH:MM..DATE HH:MM`")]
    OneTime(String),
    #[error("`{0}` gives a time to a single date: write `DATE HH:MM..DATE HH:MM`")]
    DateWithTime(String),
    #[error("`{0}` has no length: a range ends after it starts; a whole day is `00:00-24:00`")]
    NoLength(String),
    #[error("`{0}` ends before it starts")]
    Backwards(String),
}

/// The suggestion that follows a wrong name, or nothing.
pub(super) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"))
}

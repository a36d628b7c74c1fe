//! Reads the lines of a calendar, strictly: what is not understood is an error with its line.

use ical::tree::line::IcalLine;

use super::{
    event::Event,
    value::{EventTime, Length, Repeat, length, repeat},
};

/// The largest calendar that is read, in bytes.
pub const LIMIT: usize = 256 * 1024;

/// The most rules of one file; each may have to be followed through a century.
const MOST_RULES: usize = 200;
/// The longest name that is shown, in characters.
const LONGEST: usize = 60;

/// The name of an event that has none.
const NAMELESS: &str = "an event without a name";

/// The line, if the problem has one, and what is wrong.
type Problem = (Option<usize>, String);

/// Reads every event of a file.
pub(super) fn events(bytes: &[u8]) -> Result<Vec<Event>, Problem> {
    if bytes.len() > LIMIT {
        let size = bytes.len();
        let words = format!("the file has {size} bytes or more; at most {LIMIT} are read");
        return Err((None, words));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Err(error) = std::str::from_utf8(bytes) {
        let line = newlines(&bytes[..error.valid_up_to()]) + 1;
        return Err((Some(line), "not UTF-8 text".to_owned()));
    }
    let mut reader = Reader::default();
    let (mut rest, mut lines) = (bytes, 0);
    while !rest.trim_ascii().is_empty() {
        let blank = rest.len() - rest.trim_ascii_start().len();
        let number = lines + newlines(&rest[..blank]) + 1;
        let (line, tail) = IcalLine::take(rest).map_err(|_| {
            let words = "not a line of a calendar: write NAME:VALUE";
            (Some(number), words.to_owned())
        })?;
        reader.take(&Line { number, line })?;
        lines += newlines(&rest[..rest.len() - tail.len()]);
        rest = tail;
    }
    reader.end()
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

/// One logical line.
struct Line<'f> {
    number: usize,
    line: IcalLine<'f>,
}

impl Line<'_> {
    fn name(&self) -> String {
        self.line.name.get().to_ascii_uppercase()
    }

    fn value(&self) -> String {
        self.line.raw_value_str().trim().to_owned()
    }

    fn param(&self, name: &str) -> Option<&str> {
        let found =
            (self.line.params.iter()).find(|param| param.name.get().eq_ignore_ascii_case(name))?;
        Some(found.values.first().map_or("", |value| value.get()))
    }

    fn problem<T>(&self, words: impl Into<String>) -> Result<T, Problem> {
        Err((Some(self.number), words.into()))
    }

    /// Reads the value; an error gets the number of this line.
    fn read<T>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, Problem> {
        read(&self.value()).map_err(|words| (Some(self.number), words))
    }

    fn moment(&self) -> Result<EventTime, Problem> {
        self.read(|text| EventTime::read(text, self.param("TZID")))
    }

    fn moments(&self) -> Result<Vec<EventTime>, Problem> {
        let moment = |text: &str| EventTime::read(text.trim(), self.param("TZID"));
        self.read(|text| text.split(',').map(moment).collect())
    }
}

#[derive(Default)]
struct Reader {
    /// The components that are open, and their lines.
    open: Vec<(String, usize)>,
    has_calendar: bool,
    draft: Draft,
    events: Vec<Event>,
    /// The occurrences that an event of their own replaces: the UID of the series, and the time.
    replaced: Vec<(Option<String>, EventTime)>,
    rules: usize,
}

/// The event that is being read.
#[derive(Default)]
struct Draft {
    line: usize,
    name: Option<String>,
    series: Option<String>,
    start: Option<EventTime>,
    end: Option<EventTime>,
    length: Option<Length>,
    rules: Vec<Repeat>,
    dates: Vec<EventTime>,
    without: Vec<EventTime>,
    replaces: Option<EventTime>,
    is_cancelled: bool,
}

impl Reader {
    fn take(&mut self, line: &Line<'_>) -> Result<(), Problem> {
        let (name, value) = (line.name(), line.value().to_ascii_uppercase());
        match name.as_str() {
            "BEGIN" => {
                match (self.open.len(), value.as_str()) {
                    (0, "VCALENDAR") => self.has_calendar = true,
                    (0, _) => return line.problem("a calendar begins with BEGIN:VCALENDAR"),
                    (1, "VEVENT") => {
                        self.draft = Draft {
                            line: line.number,
                            ..Draft::default()
                        };
                    }
                    _ => {}
                }
                self.open.push((value, line.number));
            }
            "END" => match self.open.pop() {
                Some((open, _)) if open == value => {
                    if self.open.len() == 1 && value == "VEVENT" {
                        self.finish()?;
                    }
                }
                Some((open, at)) => {
                    return line.problem(format!("END:{value} where {open} of line {at} is open"));
                }
                None => return line.problem(format!("END:{value} where nothing is open")),
            },
            _ => match self.open.as_slice() {
                [] => return line.problem("a calendar begins with BEGIN:VCALENDAR"),
                [_, (event, _)] if event == "VEVENT" => self.property(&name, line)?,
                _ => {}
            },
        }
        Ok(())
    }

    fn property(&mut self, name: &str, line: &Line<'_>) -> Result<(), Problem> {
        let draft = &mut self.draft;
        match name {
            "SUMMARY" => once(&mut draft.name, line, title(&line.value()))?,
            "UID" => once(&mut draft.series, line, line.value())?,
            "DTSTART" => once(&mut draft.start, line, line.moment()?)?,
            "DTEND" => once(&mut draft.end, line, line.moment()?)?,
            "DURATION" => once(&mut draft.length, line, line.read(length)?)?,
            "RECURRENCE-ID" if line.param("RANGE").is_some() => {
                return line.problem("a change of this and all later occurrences is not read here");
            }
            "RECURRENCE-ID" => once(&mut draft.replaces, line, line.moment()?)?,
            "RRULE" => {
                self.rules += 1;
                if self.rules > MOST_RULES {
                    return line.problem(format!("more than {MOST_RULES} rules in one file"));
                }
                draft.rules.push(line.read(repeat)?);
            }
            "EXRULE" => return line.problem("EXRULE is not read here; write EXDATE"),
            "RDATE" => draft.dates.extend(line.moments()?),
            "EXDATE" => draft.without.extend(line.moments()?),
            "STATUS" => draft.is_cancelled = line.value().eq_ignore_ascii_case("CANCELLED"),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Problem> {
        let draft = std::mem::take(&mut self.draft);
        let problem = |words: &str| Err((Some(draft.line), words.to_owned()));
        let Some(start) = draft.start else {
            return problem("the event has no DTSTART");
        };
        if let Some(replaces) = draft.replaces {
            self.replaced.push((draft.series.clone(), replaces));
        }
        let length = match (draft.length, &draft.end) {
            (Some(_), Some(_)) => return problem("the event has a DTEND and a DURATION"),
            (Some(length), None) => length,
            (None, Some(end)) => {
                between(&start, end).map_err(|words| (Some(draft.line), words.to_owned()))?
            }
            (None, None) if matches!(start, EventTime::Date(_)) => Length::days(1),
            (None, None) => {
                return problem("the event has no length: it needs a DTEND or a DURATION");
            }
        };
        if !draft.is_cancelled {
            self.events.push(Event {
                name: draft.name.unwrap_or_else(|| NAMELESS.to_owned()),
                series: draft.series,
                start,
                length,
                rules: draft.rules,
                dates: draft.dates,
                without: draft.without,
            });
        }
        Ok(())
    }

    fn end(mut self) -> Result<Vec<Event>, Problem> {
        if let Some((name, line)) = self.open.pop() {
            return Err((Some(line), format!("BEGIN:{name} has no END:{name}")));
        }
        if !self.has_calendar {
            let words = "not an iCalendar file: it has no BEGIN:VCALENDAR";
            return Err((None, words.to_owned()));
        }
        for (series, replaced) in self.replaced {
            let repeats = |event: &&mut Event| event.series == series && event.is_series();
            for event in self.events.iter_mut().filter(repeats) {
                event.without.push(replaced.clone());
            }
        }
        Ok(self.events)
    }
}

/// Takes a property that an event has once.
fn once<T>(slot: &mut Option<T>, line: &Line<'_>, value: T) -> Result<(), Problem> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => line.problem(format!("a second {} of one event", line.name())),
    }
}

/// How long it is from a start to an end.
fn between(start: &EventTime, end: &EventTime) -> Result<Length, &'static str> {
    let length = match (start, end) {
        (EventTime::Date(from), EventTime::Date(until)) => {
            Length::days(until.duration_since(*from).as_hours() / 24)
        }
        (EventTime::Civil(from), EventTime::Civil(until)) => {
            Length::seconds(until.duration_since(*from).as_secs())
        }
        (EventTime::Fixed(_, zone), EventTime::Fixed(..)) => {
            match (start.instant(zone), end.instant(zone)) {
                (Some(from), Some(until)) => Length::seconds(until.duration_since(from).as_secs()),
                _ => return Err("the event lies outside the calendar"),
            }
        }
        _ => return Err("DTSTART and DTEND are of two kinds"),
    };
    match length.days.max(length.seconds) {
        1.. => Ok(length),
        _ => Err("the event ends before it has begun: DTEND is the time at which it has ended"),
    }
}

/// A name as it can be shown on one line (RFC 5545, 3.3.11 has its escapes).
fn title(text: &str) -> String {
    // What turns the direction of the text would show another order than the one that is meant.
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut name = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            '\\' => chars.next().filter(|c| !matches!(c, 'n' | 'N')),
            _ => Some(c),
        };
        name.push(c.filter(|c| !c.is_control() && !turns(*c)).unwrap_or(' '));
    }
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    match name.char_indices().nth(LONGEST) {
        _ if name.is_empty() => NAMELESS.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

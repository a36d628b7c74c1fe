//! The lines of an iCalendar file and the components that they make (RFC 5545, 3.1 and 3.4).

/// The line, if the problem has one, and what is wrong.
pub(super) type Problem = (Option<usize>, String);

/// What stands between a BEGIN and its END.
#[derive(Default)]
pub(super) struct Component {
    /// In capitals, such as `VEVENT`.
    pub(super) kind: String,
    /// The number of its first line.
    pub(super) line: usize,
    properties: Vec<Property>,
    pub(super) parts: Vec<Component>,
}

/// One logical line: `NAME;PARAMETER=VALUE:VALUE`.
pub(super) struct Property {
    pub(super) line: usize,
    /// In capitals.
    name: String,
    params: Vec<(String, String)>,
    pub(super) value: String,
}

/// Reads the calendars of a file.
pub(super) fn calendars(bytes: &[u8]) -> Result<Vec<Component>, Problem> {
    let mut calendars = Vec::new();
    let mut open: Vec<Component> = Vec::new();
    for (line, text) in unfold(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
        let problem = |words: &str| Err((Some(line), words.to_owned()));
        let Ok(text) = String::from_utf8(text) else {
            return problem("not UTF-8 text; save the file as UTF-8");
        };
        if text.trim().is_empty() {
            continue;
        }
        let Some(property) = Property::read(line, &text) else {
            return problem("not a line of a calendar: write NAME:VALUE");
        };
        let kind = property.value.to_ascii_uppercase();
        match property.name.as_str() {
            "BEGIN" if kind == "VCALENDAR" || !open.is_empty() => open.push(Component {
                kind,
                line,
                ..Component::default()
            }),
            "END" => {
                let Some(closed) = open.pop() else {
                    return problem(&format!("END:{kind} where nothing is open"));
                };
                if closed.kind != kind {
                    let Component {
                        kind: open, line, ..
                    } = closed;
                    return problem(&format!("END:{kind} where {open} of line {line} is open"));
                }
                let parts = open.last_mut().map(|parent| &mut parent.parts);
                parts.unwrap_or(&mut calendars).push(closed);
            }
            _ => match open.last_mut() {
                Some(component) => component.properties.push(property),
                None => return problem("a calendar begins with BEGIN:VCALENDAR"),
            },
        }
    }
    if let Some(Component { kind, line, .. }) = open.pop() {
        return Err((Some(line), format!("BEGIN:{kind} has no END:{kind}")));
    }
    if calendars.is_empty() {
        let words = "not an iCalendar file: it has no BEGIN:VCALENDAR";
        return Err((None, words.to_owned()));
    }
    Ok(calendars)
}

/// The logical lines and their numbers. A fold may be inside a character, so they are bytes still.
fn unfold(bytes: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut lines: Vec<(usize, Vec<u8>)> = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line, lines.last_mut()) {
            ([b' ' | b'\t', rest @ ..], Some((_, folded))) => folded.extend(rest),
            _ => lines.push((index + 1, line.to_vec())),
        }
    }
    lines
}

impl Component {
    /// Every property of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Property> {
        (self.properties.iter()).filter(move |property| property.name == name)
    }

    /// A property that stands there once at most.
    pub(super) fn once(&self, name: &str) -> Result<Option<&Property>, Problem> {
        let mut found = self.all(name);
        let first = found.next();
        match found.next() {
            Some(second) => second.problem(format!("a second {name} in one {}", self.kind)),
            None => Ok(first),
        }
    }

    pub(super) fn problem<T>(&self, words: &str) -> Result<T, Problem> {
        Err((Some(self.line), words.to_owned()))
    }
}

impl Property {
    fn read(line: usize, text: &str) -> Option<Self> {
        let (head, value) = text.split_at(text.find(unquoted(':'))?);
        let mut parts = head.split(unquoted(';'));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let name = (parts.next()).filter(|name| !name.is_empty() && name.chars().all(is_plain))?;
        let params = parts.map(|param| {
            let (name, value) = param.split_once('=').unwrap_or((param, ""));
            let value = value.trim_matches('"').to_owned();
            (name.to_ascii_uppercase(), value)
        });
        Some(Self {
            line,
            name: name.to_ascii_uppercase(),
            params: params.collect(),
            value: value[1..].trim().to_owned(),
        })
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    pub(super) fn problem<T>(&self, words: impl Into<String>) -> Result<T, Problem> {
        Err((Some(self.line), words.into()))
    }

    /// Reads the value; an error gets the number of this line.
    pub(super) fn parse<T>(
        &self,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, Problem> {
        read(&self.value).map_err(|words| (Some(self.line), words))
    }
}

/// Finds a mark that is not in quotes.
fn unquoted(mark: char) -> impl FnMut(char) -> bool {
    let mut in_quotes = false;
    move |c| {
        in_quotes ^= c == '"';
        c == mark && !in_quotes
    }
}

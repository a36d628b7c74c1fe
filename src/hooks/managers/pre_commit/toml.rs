//! The configuration as TOML, which prek reads before any other, as far as it is simple: a whole parser
//! would be a fiftieth of the program. What is not read is not edited.

use serde_yaml::{Mapping, Value};

/// The hook as one more of `repos`.
pub(crate) const LINES: &str = "\
[[repos]]
repo = \"local\"

[[repos.hooks]]
id = \"pushgate\"
name = \"pushgate\"
entry = \"pushgate pre-push --from pre-commit\"
language = \"system\"
stages = [\"pre-push\"]
always_run = true
pass_filenames = false
verbose = true
";

/// What it says; where it says it in a way that is not read here, or is broken.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    let mut reader = Reader { rest: text };
    let mut tables = Tables::default();
    let read = loop {
        reader.skip_lines();
        if reader.rest.is_empty() {
            break Some(tables.all());
        }
        if reader.statement(&mut tables).is_none() {
            break None;
        }
    };
    read.ok_or_else(|| {
        let before = &text[..text.len() - reader.rest.len()];
        let line = before.matches('\n').count() + 1;
        format!("line {line} is not as simple as pushgate needs it, or wrong")
    })
}

/// The tables of a file, by their headers.
#[derive(Default)]
pub(crate) struct Tables {
    top: Mapping,
    repos: Vec<(Mapping, Vec<Value>)>,
}

impl Tables {
    pub(crate) fn repo(&mut self) -> Option<()> {
        self.repos.push(Default::default());
        (!self.top.contains_key("repos")).then_some(())
    }

    pub(crate) fn hook(&mut self) -> Option<()> {
        let (repo, hooks) = self.repos.last_mut()?;
        hooks.push(Mapping::new().into());
        (!repo.contains_key("hooks")).then_some(())
    }

    /// Sets a key of the last table; `None`: it is there already.
    pub(crate) fn set(&mut self, key: String, value: Value) -> Option<()> {
        let table = match self.repos.last_mut() {
            None => &mut self.top,
            Some((repo, hooks)) => match hooks.last_mut() {
                None => repo,
                Some(hook) => hook.as_mapping_mut()?,
            },
        };
        table.insert(key.into(), value).is_none().then_some(())
    }

    pub(crate) fn all(mut self) -> Value {
        let whole = |(mut repo, hooks): (Mapping, Vec<Value>)| {
            if !hooks.is_empty() {
                repo.insert("hooks".into(), hooks.into());
            }
            Value::from(repo)
        };
        let repos: Vec<_> = self.repos.into_iter().map(whole).collect();
        if !repos.is_empty() {
            self.top.insert("repos".into(), repos.into());
        }
        self.top.into()
    }
}

pub(crate) struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    /// A header, or a key with its value, to the end of its line.
    pub(crate) fn statement(&mut self, tables: &mut Tables) -> Option<()> {
        if self.takes("[[repos]]") {
            tables.repo()?;
        } else if self.takes("[[repos.hooks]]") {
            tables.hook()?;
        } else {
            let (key, value) = self.entry()?;
            tables.set(key, value)?;
        }
        self.skip_blanks();
        self.skip_comment();
        (self.rest.is_empty() || self.takes("\n") || self.takes("\r\n")).then_some(())
    }

    pub(crate) fn entry(&mut self) -> Option<(String, Value)> {
        let key = match self.rest.chars().next()? {
            quote @ ('"' | '\'') => self.text(quote)?,
            _ => Some(self.word()).filter(|word| !word.is_empty())?,
        };
        self.skip_blanks();
        self.takes("=").then_some(())?;
        self.skip_blanks();
        Some((key, self.value()?))
    }

    pub(crate) fn value(&mut self) -> Option<Value> {
        match self.rest.chars().next()? {
            quote @ ('"' | '\'') => self.text(quote).map(Value::from),
            '[' => self.list(),
            '{' => self.table(),
            _ => match self.word().as_str() {
                "true" => Some(true.into()),
                "false" => Some(false.into()),
                word => {
                    let number: i64 = word.parse().ok()?;
                    (number.to_string() == word).then(|| number.into())
                }
            },
        }
    }

    /// A list, over as many lines as it likes.
    pub(crate) fn list(&mut self) -> Option<Value> {
        let mut items = Vec::new();
        self.takes("[");
        loop {
            self.skip_lines();
            if self.takes("]") {
                return Some(items.into());
            }
            items.push(self.value()?);
            self.skip_lines();
            if !self.takes(",") && !self.rest.starts_with(']') {
                return None;
            }
        }
    }

    /// A table in one line.
    pub(crate) fn table(&mut self) -> Option<Value> {
        let mut table = Mapping::new();
        self.takes("{");
        loop {
            self.skip_blanks();
            let (key, value) = self.entry()?;
            if table.insert(key.into(), value).is_some() {
                return None;
            }
            self.skip_blanks();
            if self.takes("}") {
                return Some(table.into());
            }
            self.takes(",").then_some(())?;
        }
    }

    /// What stands between quotes, in one line and without escapes.
    pub(crate) fn text(&mut self, quote: char) -> Option<String> {
        let (text, rest) = self.rest.get(1..)?.split_once(quote)?;
        let is_other = |c: char| c == '\\' || (c.is_control() && c != '\t');
        // Three quotes begin a text of many lines.
        if text.contains(is_other) || (text.is_empty() && rest.starts_with(quote)) {
            return None;
        }
        self.rest = rest;
        Some(text.to_owned())
    }

    /// A bare key, a number, or a word.
    pub(crate) fn word(&mut self) -> String {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    pub(crate) fn takes(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    pub(crate) fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    pub(crate) fn skip_comment(&mut self) {
        let is_other = |c: char| c.is_control() && c != '\t';
        if self.rest.starts_with('#') {
            let end = self.rest.find(is_other).unwrap_or(self.rest.len());
            self.rest = &self.rest[end..];
        }
    }

    /// Blanks, comments and ends of lines.
    pub(crate) fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            self.skip_comment();
            if !self.takes("\n") && !self.takes("\r\n") {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_means_what_a_whole_parser_reads() {
        for text in [
            "",
            "# a",
            "a = 1\nb-c = -20 # x\n_d = 'it'",
            "a = \"x # y\"\t# z\r\n\"b c\" = 'x y'\n'' = true\n",
            "a = [\n  1, # one\n  [ ], [\"x\"\n ,],\n]\nb = {c = {d=[false]} , e = \"\"}\n",
            "x = 1\n[[repos]]\nrepo = 'a'\n [[repos.hooks]] # x\nid = 'b'\n\n[[repos.hooks]]\n[[repos]]\nhooks = [ {id = 'c'} ]",
            LINES,
        ] {
            let expected = ::toml::from_str::<Value>(text);
            assert_eq!(read(text).unwrap(), expected.unwrap(), "{text}");
        }
    }

    #[test]
    fn what_is_broken_is_not_read() {
        for text in [
            "a",
            "a =",
            "a = \n1",
            "= 1",
            "a = 1 b = 2",
            "a = 01",
            "a = 'x",
            "a = 'x\ny'",
            "a = \"\u{7}\"",
            "# \u{7}\n",
            "a = [1 2]",
            "a = [,]",
            "a = {b = 1",
            "a = {b = 1, b = 2}",
            "a = 1\na = 2",
            "a = 1\n\"a\" = 2",
            "a = 1\r",
            "repos [",
            "repos = []\n[[repos]]\n",
            "[[repos.hooks]]\nid = 'x'\n[[repos]]\nrepo = 'a'\n",
            "[[repos]]\nhooks = []\n[[repos.hooks]]\n",
            "[[repos]\n",
        ] {
            assert!(::toml::from_str::<Value>(text).is_err(), "{text}");
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_simple_is_not_read() {
        for text in [
            "a = \"\"\"\nx\"\"\"\n",
            "a = '''\nx'''\n",
            "a = \"\\n\"\n",
            "a.b = 1\n",
            "[a]\n",
            "[[a]]\n",
            "[[ repos ]]\n",
            "a = 1.5\n",
            "a = 2026-01-02\n",
            "a = {}\n",
            "a = +1\n",
            "a = 0x10\n",
        ] {
            assert!(::toml::from_str::<Value>(text).is_ok(), "{text}");
            let why = read(text).unwrap_err();
            assert!(why.starts_with("line "), "{why}");
        }
    }
}

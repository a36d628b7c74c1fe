//! Where each key and value of a policy stands, for errors that `serde_yaml` gives no place; and the parts of YAML
//! that it would take without a word.

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use super::error::{Fault, Place, Problem};

/// The deepest nesting that is read; a policy needs five.
const DEPTH: usize = 16;

/// The most items of a list, or keys of a map.
const WIDTH: usize = 1000;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// A scalar, without its quotes.
    Scalar(String),
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Vec<Entry>),
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Node,
}

/// One step from a value to one inside it.
#[derive(Clone, Debug)]
pub(super) enum Segment {
    Key(String),
    /// An item of a list, or an entry of a map.
    Index(usize),
}

impl Default for Node {
    /// The document of an empty file.
    fn default() -> Self {
        Self {
            place: Place::START,
            kind: Kind::Scalar(String::new()),
        }
    }
}

impl Node {
    fn step(&self, segment: &Segment) -> Option<(Option<&Entry>, &Self)> {
        match (segment, &self.kind) {
            (Segment::Key(name), Kind::Map(entries)) => {
                let entry = entries.iter().find(|entry| entry.key == *name)?;
                Some((Some(entry), &entry.value))
            }
            (Segment::Index(index), Kind::Map(entries)) => {
                let entry = entries.get(*index)?;
                Some((Some(entry), &entry.value))
            }
            (Segment::Index(index), Kind::List(items)) => Some((None, items.get(*index)?)),
            // One value stands for a list of one.
            (Segment::Index(0), Kind::Scalar(_)) => Some((None, self)),
            _ => None,
        }
    }

    /// Follows a path as far as it goes: the last key on it, the value there, and whether that is its end.
    pub(super) fn follow(&self, path: &[Segment]) -> (Option<&Entry>, &Self, bool) {
        let (mut key, mut node) = (None, self);
        for segment in path {
            let Some((entry, next)) = node.step(segment) else {
                return (key, node, false);
            };
            (key, node) = (entry.or(key), next);
        }
        (key, node, true)
    }

    /// The value at the end of a path of keys.
    pub(super) fn value(&self, keys: &[&str]) -> Option<&Self> {
        let path: Vec<_> = keys.iter().map(|key| Segment::from(*key)).collect();
        let (_, node, found) = self.follow(&path);
        found.then_some(node)
    }

    /// The place of the last key of a path that the file has.
    pub(super) fn key_place(&self, keys: &[&str]) -> Place {
        let path: Vec<_> = keys.iter().map(|key| Segment::from(*key)).collect();
        let (key, node, _) = self.follow(&path);
        key.map_or(node.place, |entry| entry.place)
    }
}

impl From<&str> for Segment {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

/// Reads one document of plain YAML.
///
/// Refused with their place: aliases, anchors, tags, merge keys, a second document, keys that are
/// lists or maps, a key that its map has already, deep nesting and long lists.
pub(super) fn read(text: &str) -> Result<Node, Fault> {
    let parser = Parser::new_from_str(text);
    let mut events = Events { text, parser };
    let (mut root, mut documents) = (Node::default(), 0);
    while let Some((event, place)) = events.next()? {
        match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(refuse(place, "several documents", "keep one"));
                }
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            event => root = events.node(event, place, 0)?,
        }
    }
    Ok(root)
}

struct Events<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
}

impl<'t> Events<'t> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Place)>, Fault> {
        let Some(event) = self.parser.next_event() else {
            return Ok(None);
        };
        let place = |mark: saphyr_parser::Marker| Place {
            line: mark.line().max(1),
            column: mark.col() + 1,
        };
        match event {
            Ok((event, span)) => Ok(Some((event, place(span.start)))),
            Err(error) => Err(syntax(self.text, place(*error.marker()), error.info())),
        }
    }

    /// The next event inside a list or a map that has `width` entries; `None` at its end.
    fn inside(&mut self, width: usize) -> Result<Option<(Event<'t>, Place)>, Fault> {
        match self.next()? {
            None | Some((Event::SequenceEnd | Event::MappingEnd, _)) => Ok(None),
            Some((_, place)) if width == WIDTH => {
                Err(place.fault(Problem::TooMany { limit: WIDTH }))
            }
            event => Ok(event),
        }
    }

    /// The value that begins with an event, inside so many lists and maps.
    fn node(&mut self, event: Event<'t>, place: Place, depth: usize) -> Result<Node, Fault> {
        plain(&event, place)?;
        if let Event::Scalar(text, ..) = event {
            let kind = Kind::Scalar(text.into_owned());
            return Ok(Node { place, kind });
        }
        if depth == DEPTH {
            return Err(place.fault(Problem::TooDeep { limit: DEPTH }));
        }
        let kind = if matches!(event, Event::SequenceStart(..)) {
            let mut items = Vec::new();
            while let Some((event, place)) = self.inside(items.len())? {
                items.push(self.node(event, place, depth + 1)?);
            }
            Kind::List(items)
        } else {
            let mut entries = Vec::new();
            while let Some((event, place)) = self.inside(entries.len())? {
                let entry = self.entry(&entries, event, place, depth)?;
                entries.push(entry);
            }
            Kind::Map(entries)
        };
        Ok(Node { place, kind })
    }

    /// The entry of a map whose key is an event.
    fn entry(
        &mut self,
        before: &[Entry],
        key: Event<'t>,
        place: Place,
        depth: usize,
    ) -> Result<Entry, Fault> {
        plain(&key, place)?;
        let key = match key {
            Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<" => {
                return Err(refuse(place, "merge keys (`<<`)", "write the keys out"));
            }
            Event::Scalar(text, ..) => text.into_owned(),
            event => {
                let is_list = matches!(event, Event::SequenceStart(..));
                let found = if is_list { "a list" } else { "a map" }.to_owned();
                let quotable = false;
                return Err(place.fault(Problem::KeyNotText { found, quotable }));
            }
        };
        if let Some(first) = before.iter().find(|entry| entry.key == key) {
            let first = first.place.line;
            return Err(place.fault(Problem::DuplicateKey { key, first }));
        }
        let mut value = Node::default();
        if let Some((event, at)) = self.next()? {
            // There is no text to point at where nothing follows a key.
            let is_nothing =
                matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty());
            let at = if is_nothing { place } else { at };
            value = self.node(event, at, depth + 1)?;
        }
        Ok(Entry { key, place, value })
    }
}

/// A syntax error, in the words of this program where it has some.
fn syntax(text: &str, place: Place, why: &str) -> Fault {
    let lines = || text.lines().skip(place.line - 1);
    // An alias without its anchor is an error of syntax.
    if lines()
        .next()
        .and_then(|line| line.chars().nth(place.column - 1))
        == Some('*')
    {
        return alias(place);
    }
    // The parser gives up at 256 brackets that are open.
    let read = text.split_inclusive('\n').take(place.line);
    let count = |brackets: [char; 2]| read.clone().flat_map(|line| line.matches(brackets)).count();
    if count(['[', '{']) > count([']', '}']) + usize::from(u8::MAX) {
        return place.fault(Problem::TooDeep { limit: DEPTH });
    }
    // A tab often upsets the line before its own.
    for (line, text) in lines().take(2).enumerate() {
        let indentation = &text[..text.len() - text.trim_start().len()];
        if let Some(column) = indentation.find('\t') {
            let (line, column) = (place.line + line, column + 1);
            return Place { line, column }.fault(Problem::Tab);
        }
    }
    place.fault(Problem::Syntax(why.to_owned()))
}

/// Refuses an alias, an anchor or a tag.
fn plain(event: &Event<'_>, place: Place) -> Result<(), Fault> {
    let (anchor, is_tagged) = match event {
        Event::Alias(_) => return Err(alias(place)),
        Event::Scalar(_, _, anchor, tag)
        | Event::SequenceStart(anchor, tag)
        | Event::MappingStart(anchor, tag) => (*anchor, tag.is_some()),
        _ => return Ok(()),
    };
    if is_tagged {
        Err(refuse(place, "tags (`!name`)", "remove it"))
    } else if anchor != 0 {
        Err(refuse(place, "anchors (`&name`)", "write the value out"))
    } else {
        Ok(())
    }
}

fn alias(place: Place) -> Fault {
    refuse(place, "aliases (`*name`)", "write the value out")
}

fn refuse(place: Place, what: &'static str, cure: &'static str) -> Fault {
    place.fault(Problem::NotAccepted { what, cure })
}

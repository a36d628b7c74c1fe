//! The first reading of a policy: is it plain YAML, and where does each key and value stand.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use super::error::{Fault, Place, Problem};

/// The deepest nesting that is read; a policy needs five.
const DEPTH: usize = 16;

/// The most items of a list, or keys of a map.
const WIDTH: usize = 1000;

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Kind {
    /// A scalar, without its quotes.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Node,
}

/// One step from a value to one inside it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// To the value of a key.
    Key(&'a str),
    /// To an item of a list.
    Item(usize),
}

impl Node {
    /// Follows a path as far as it goes; returns the last key on it, if any, and the value there.
    pub(super) fn follow<'p>(
        &self,
        path: impl IntoIterator<Item = Step<'p>>,
    ) -> (Option<&Entry>, &Self) {
        let (mut key, mut node) = (None, self);
        for step in path {
            match (step, &node.kind) {
                (Step::Key(name), Kind::Map(entries)) => {
                    let Some(entry) = entries.iter().find(|entry| entry.key == name) else {
                        break;
                    };
                    (key, node) = (Some(entry), &entry.value);
                }
                (Step::Item(index), Kind::List(items)) => {
                    let Some(item) = items.get(index) else { break };
                    node = item;
                }
                _ => break,
            }
        }
        (key, node)
    }

    /// The place of the last key of a path.
    pub(super) fn key(&self, path: &[&str]) -> Place {
        let (key, node) = self.follow(path.iter().copied().map(Step::Key));
        key.map_or(node.place, |entry| entry.place)
    }

    /// The place of the value at the end of a path, or of one of its items where it is a list; where the
    /// last key of the path was not given, the place of the one before it.
    pub(super) fn value(&self, path: &[&str], item: usize) -> Place {
        let keys = path.iter().copied().map(Step::Key);
        let (parent, section) = self.follow(keys.clone().take(path.len() - 1));
        let (_, node) = self.follow(keys.chain([Step::Item(item)]));
        match parent {
            Some(parent) if std::ptr::eq(section, node) => parent.place,
            _ => node.place,
        }
    }
}

/// Reads one document of plain YAML; `None` where there is none.
///
/// Refused with their place: aliases, anchors, tags, merge keys, a second document, keys that are
/// lists or maps, a key that its map has already, and nesting without end.
pub(super) fn read(text: &str) -> Result<Option<Node>, Fault> {
    let mut parser = Parser::new_from_str(text);
    let mut tree = Tree::default();
    while let Some(event) = parser.next_event() {
        let (event, span) =
            event.map_err(|error| syntax(text, place(*error.marker()), error.info()))?;
        tree.take(event, place(span.start))?;
    }
    Ok(tree.root)
}

/// A syntax error, in the words of this program where it has some.
pub(super) fn syntax(text: &str, place: Place, why: &str) -> Fault {
    if why.contains("recursion limit") {
        return place.fault(Problem::TooDeep { limit: DEPTH });
    }
    if why.contains("unknown anchor") {
        return alias(place);
    }
    // A tab often upsets the line before its own.
    let lines = text.lines().enumerate().skip(place.line - 1);
    let suspects = if why.contains(" tab") { 2 } else { 1 };
    let tab = lines.take(suspects).find_map(|(index, line)| {
        let indentation = &line[..line.len() - line.trim_start().len()];
        let column = indentation.find('\t')? + 1;
        Some(Place {
            line: index + 1,
            column,
        })
    });
    match tab {
        Some(tab) => tab.fault(Problem::Tab),
        None => place.fault(Problem::Syntax(why.to_owned())),
    }
}

/// The tree so far, and what of it is still open.
#[derive(Default)]
struct Tree {
    root: Option<Node>,
    open: Vec<Open>,
    documents: usize,
}

/// A list or a map whose end has not come.
struct Open {
    place: Place,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// The keys so far, and their lines.
        seen: BTreeMap<String, usize>,
        /// The key whose value comes next.
        key: Option<(String, Place)>,
    },
}

impl Tree {
    fn take(&mut self, event: Event<'_>, place: Place) -> Result<(), Fault> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(refuse(place, "several documents", "keep one"));
                }
            }
            Event::Alias(_) => {
                return Err(alias(place));
            }
            Event::Scalar(text, style, anchor, tag) => {
                plain(place, anchor, tag.is_some())?;
                self.scalar(text.into_owned(), style, place)?;
            }
            Event::SequenceStart(anchor, tag) => {
                plain(place, anchor, tag.is_some())?;
                self.open(place, OpenKind::List(Vec::new()), "a list")?;
            }
            Event::MappingStart(anchor, tag) => {
                plain(place, anchor, tag.is_some())?;
                let map = OpenKind::Map {
                    entries: Vec::new(),
                    seen: BTreeMap::new(),
                    key: None,
                };
                self.open(place, map, "a map")?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// Refuses what would be one more than a list or a map may have.
    fn room(&self, place: Place) -> Result<(), Fault> {
        let width = match self.open.last().map(|open| &open.kind) {
            Some(OpenKind::List(items)) => items.len(),
            Some(OpenKind::Map { entries, .. }) => entries.len(),
            None => 0,
        };
        if width < WIDTH {
            Ok(())
        } else {
            Err(place.fault(Problem::TooMany { limit: WIDTH }))
        }
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, place: Place) -> Result<(), Fault> {
        self.room(place)?;
        if let Some(Open {
            kind: OpenKind::Map { seen, key, .. },
            ..
        }) = self.open.last_mut()
            && key.is_none()
        {
            if text == "<<" && style == ScalarStyle::Plain {
                return Err(refuse(place, "merge keys (`<<`)", "write the keys out"));
            }
            if let Some(&first) = seen.get(&text) {
                return Err(place.fault(Problem::DuplicateKey { key: text, first }));
            }
            seen.insert(text.clone(), place.line);
            *key = Some((text, place));
        } else {
            // Nothing, after a key, stands where the key does: there is no text to point at.
            let place = match self.open.last() {
                Some(Open {
                    kind:
                        OpenKind::Map {
                            key: Some((_, key)),
                            ..
                        },
                    ..
                }) if text.is_empty() && style == ScalarStyle::Plain => *key,
                _ => place,
            };
            self.put(Node {
                place,
                kind: Kind::Scalar(text),
            });
        }
        Ok(())
    }

    fn open(&mut self, place: Place, kind: OpenKind, found: &str) -> Result<(), Fault> {
        self.room(place)?;
        if let Some(Open {
            kind: OpenKind::Map { key: None, .. },
            ..
        }) = self.open.last()
        {
            return Err(place.fault(Problem::KeyNotText {
                found: found.to_owned(),
                quotable: false,
            }));
        }
        if self.open.len() == DEPTH {
            return Err(place.fault(Problem::TooDeep { limit: DEPTH }));
        }
        self.open.push(Open { place, kind });
        Ok(())
    }

    fn close(&mut self) {
        if let Some(Open { place, kind }) = self.open.pop() {
            let kind = match kind {
                OpenKind::List(items) => Kind::List(items),
                OpenKind::Map { entries, .. } => Kind::Map(entries),
            };
            self.put(Node { place, kind });
        }
    }

    fn put(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(OpenKind::List(items)) => items.push(node),
            Some(OpenKind::Map { entries, key, .. }) => {
                if let Some((key, place)) = key.take() {
                    entries.push(Entry {
                        key,
                        place,
                        value: node,
                    });
                }
            }
        }
    }
}

/// Refuses an anchor or a tag.
fn plain(place: Place, anchor: usize, tag: bool) -> Result<(), Fault> {
    if tag {
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

fn place(mark: Marker) -> Place {
    Place {
        line: mark.line().max(1),
        column: mark.col() + 1,
    }
}

//! Where each key and value of a policy stands, which `serde_yaml` does not tell; and the parts of YAML that it would
//! take without a word.

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use super::error::{Fault, Place, quoted};

/// The deepest nesting that is read; a policy needs five.
const DEPTH: usize = 16;

/// The most items of a list, or keys of a map.
const WIDTH: usize = 1000;

/// A value as it stands in the file.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The key that has this value, in a map.
    pub(super) key: String,
    /// Where that key stands; elsewhere the same as `place`.
    pub(super) key_place: Place,
    pub(super) place: Place,
    /// A scalar, without its quotes.
    pub(super) text: String,
    /// The items of a list, or the values of a map, in the order of the file.
    pub(super) inside: Vec<Node>,
}

impl Node {
    /// The value of a key of a map.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.inside.iter().find(|value| value.key == key)
    }

    /// The items of a list; one value stands for a list of one.
    pub(super) fn items(&self) -> &[Self] {
        match self.inside.as_slice() {
            [] => std::slice::from_ref(self),
            items => items,
        }
    }
}

/// Reads one document of plain YAML; of a text that is none, what stands before the error of syntax, and that error.
///
/// Refused with their place: aliases, anchors, tags, merge keys, a second document, keys that are
/// lists or maps, a key that its map has already, deep nesting and long lists.
pub(super) fn read(text: &str) -> Result<(Node, Option<Fault>), Fault> {
    let mut events = Events {
        text,
        parser: Parser::new_from_str(text),
        broken: None,
    };
    let root = events.document()?;
    Ok((root, events.broken))
}

/// An event of the parser, and where it begins.
type Located<'t> = (Event<'t>, Place);

struct Events<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    /// The error of syntax that the parser stopped at.
    broken: Option<Fault>,
}

impl<'t> Events<'t> {
    fn document(&mut self) -> Result<Node, Fault> {
        let (mut root, mut documents) = (Node::default(), 0);
        while let Some((event, place)) = self.next()? {
            match event {
                Event::DocumentStart(_) if documents > 0 => {
                    return Err(refuse(place, "several documents", "keep one"));
                }
                Event::DocumentStart(_) => documents += 1,
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                event => root = self.node((event, place), 0)?,
            }
        }
        Ok(root)
    }

    fn next(&mut self) -> Result<Option<Located<'t>>, Fault> {
        let place = |mark: saphyr_parser::Marker| Place {
            line: mark.line().max(1),
            column: mark.col() + 1,
        };
        if self.broken.is_some() {
            return Ok(None);
        }
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, place(span.start)))),
            Some(Err(error)) => {
                let fault = self.syntax(place(*error.marker()), error.info())?;
                self.broken = Some(fault);
                Ok(None)
            }
        }
    }

    /// The next event inside a list or a map that has `width` entries; `None` at its end.
    fn inside(&mut self, width: usize) -> Result<Option<Located<'t>>, Fault> {
        match self.next()? {
            None | Some((Event::SequenceEnd | Event::MappingEnd, _)) => Ok(None),
            Some((_, place)) if width == WIDTH => {
                Err(place.fault(format!("more than {WIDTH} entries")))
            }
            event => Ok(event),
        }
    }

    /// The value that begins with an event, inside so many lists and maps.
    fn node(&mut self, (event, place): Located<'t>, depth: usize) -> Result<Node, Fault> {
        check_plain(&event, place)?;
        let mut node = Node {
            key_place: place,
            place,
            ..Node::default()
        };
        let is_list = matches!(event, Event::SequenceStart(..));
        if let Event::Scalar(text, ..) = event {
            node.text = text.into_owned();
            return Ok(node);
        }
        if depth == DEPTH {
            return Err(too_deep(place));
        }
        while let Some(first) = self.inside(node.inside.len())? {
            let inside = if is_list {
                self.node(first, depth + 1)?
            } else {
                self.entry(&node.inside, first, depth + 1)?
            };
            node.inside.push(inside);
        }
        Ok(node)
    }

    /// The value of a map whose key is an event.
    fn entry(
        &mut self,
        before: &[Node],
        (event, key_place): Located<'t>,
        depth: usize,
    ) -> Result<Node, Fault> {
        check_plain(&event, key_place)?;
        let key = match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<" => {
                return Err(refuse(key_place, "merge keys (`<<`)", "write the keys out"));
            }
            Event::Scalar(text, ..) => text.into_owned(),
            Event::SequenceStart(..) => {
                return Err(key_place.fault("a key must be text, not a list"));
            }
            _ => return Err(key_place.fault("a key must be text, not a map")),
        };
        if let Some(first) = before.iter().find(|value| value.key == key) {
            let (key, line) = (quoted(&key), first.key_place.line);
            let message = format!("duplicate key {key}; it is already on line {line}");
            return Err(key_place.fault(message));
        }
        let (event, mut place) = self.next()?.unwrap_or((Event::Nothing, key_place));
        // There is no text to point at where nothing follows a key.
        if matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty()) {
            place = key_place;
        }
        Ok(Node {
            key,
            key_place,
            ..self.node((event, place), depth)?
        })
    }

    /// A syntax error, in the words of this program where it has some; `Err`: it is refused whatever `serde_yaml` says.
    fn syntax(&self, place: Place, why: &str) -> Result<Fault, Fault> {
        let lines = || self.text.lines().skip(place.line - 1);
        // An alias without its anchor is an error of syntax.
        let line = lines().next().unwrap_or_default();
        if line.chars().nth(place.column - 1) == Some('*') {
            return Err(alias(place));
        }
        // The parser gives up at 256 brackets that are open, where `serde_yaml` would take minutes.
        let read = self.text.split_inclusive('\n').take(place.line);
        let count =
            |brackets: [char; 2]| read.clone().flat_map(|line| line.matches(brackets)).count();
        if count(['[', '{']) > count([']', '}']) + usize::from(u8::MAX) {
            return Err(too_deep(place));
        }
        // A tab often upsets the line before its own.
        for (line, text) in lines().take(2).enumerate() {
            let indentation = &text[..text.len() - text.trim_start().len()];
            if let Some(column) = indentation.find('\t') {
                let (line, column) = (place.line + line, column + 1);
                let tab = Place { line, column };
                return Ok(tab.fault("a tab in the indentation; use spaces"));
            }
        }
        Ok(place.fault(format!("not valid YAML: {why}")))
    }
}

/// Refuses an alias, an anchor or a tag.
fn check_plain(event: &Event<'_>, place: Place) -> Result<(), Fault> {
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

fn refuse(place: Place, what: &str, cure: &str) -> Fault {
    place.fault(format!("{what} are not accepted here; {cure}"))
}

fn too_deep(place: Place) -> Fault {
    place.fault(format!("nested deeper than {DEPTH} levels"))
}

//! Text for a terminal: what comes from elsewhere is escaped, and only a style adds control sequences.

use std::{
    fmt::{self, Display, Write},
    ops::{Add, AddAssign},
};

use anstyle::{AnsiColor, Effects, Style};

use crate::text::{escaped, is_odd};

pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const LOUD: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default();
pub(crate) const PLAIN: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().effects(Effects::DIMMED);

/// The indent of continued lines, and of quotations, which are not wrapped.
pub(crate) const DEEP: &str = "    ";

/// Text that a terminal may be given.
///
/// Whatever is made into a text is escaped, but for line feeds and tabs: our own sentences may have
/// come together with the name of a branch, or the words of a server. What is not a text is not printed,
/// and there is no other way to make one than those below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(String);

/// Puts a text into a style.
pub(crate) fn paint(style: Style, text: impl Into<Text>) -> Text {
    let Text(text) = text.into();
    Text(format!("{style}{text}{style:#}"))
}

impl<T: Display> From<T> for Text {
    fn from(text: T) -> Self {
        Self::default() + text
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += &escaped(text, |c| is_odd(c) && !matches!(c, '\n' | '\t'));
        Ok(())
    }
}

impl<T: Display> AddAssign<T> for Text {
    fn add_assign(&mut self, text: T) {
        // A string takes everything.
        let _ = write!(self, "{text}");
    }
}

impl AddAssign<Text> for Text {
    fn add_assign(&mut self, text: Text) {
        self.0 += &text.0;
    }
}

impl<T> Add<T> for Text
where
    Self: AddAssign<T>,
{
    type Output = Self;

    fn add(mut self, text: T) -> Self {
        self += text;
        self
    }
}

impl FromIterator<Text> for Text {
    fn from_iter<I: IntoIterator<Item = Text>>(texts: I) -> Self {
        texts.into_iter().fold(Self::default(), Self::add)
    }
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The columns that it takes.
    pub(crate) fn width(&self) -> usize {
        textwrap::core::display_width(&self.0)
    }

    /// Cuts it, which has no style yet, to the columns that it may have.
    pub(crate) fn cut(self, room: usize) -> Self {
        const MORE: &str = "...";
        if self.width() <= room {
            return self;
        }
        let mut kept = Self::default();
        for c in self.0.chars() {
            kept.0.push(c);
            if kept.width() + MORE.len() > room {
                kept.0.pop();
                break;
            }
        }
        Self(kept.0.trim_end().to_owned()) + &MORE[..MORE.len().min(room)]
    }

    /// Breaks it between words; `first` and `next` stand before its first line and the others.
    pub(crate) fn fill(&self, columns: usize, first: &Text, next: &str) -> Self {
        let options = between_words(columns)
            .initial_indent(&first.0)
            .subsequent_indent(next)
            .break_words(false);
        Self(textwrap::fill(self.0.trim_end(), options) + "\n")
    }

    /// Breaks its lines between words, with this indent where a line goes on; deep lines are left as
    /// they are.
    pub(crate) fn wrap(&self, columns: usize, next: &str) -> Self {
        let options = between_words(columns)
            .subsequent_indent(next)
            .break_words(false);
        let line = |line: &str| match line.strip_suffix('\n') {
            Some(line) if !line.starts_with(next) => textwrap::fill(line, &options) + "\n",
            _ => line.to_owned(),
        };
        Self(self.0.split_inclusive('\n').map(line).collect())
    }
}

/// Options to break lines only between words, where that is possible: ids and commands stay whole.
pub(crate) fn between_words(columns: usize) -> textwrap::Options<'static> {
    textwrap::Options::new(columns)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a terminal gets, without the sequences of the styles.
    fn shown(text: &Text) -> String {
        let mut shown = text.0.clone();
        for style in [BAD, GOOD, LOUD, HINT, PLAIN, DIM] {
            for sequence in [format!("{style}"), format!("{style:#}")] {
                shown = shown.replace(&sequence, "");
            }
        }
        shown
    }

    proptest! {
        #[test]
        fn nothing_but_a_style_adds_a_control_sequence(
            words in proptest::collection::vec(any::<String>(), 4),
            odd in "[\\x00-\\x1f\\x7f-\\u{9f}\\u{200e}\\u{200f}\\u{202a}-\\u{202e}\\u{2066}-\\u{2069}]{0,20}",
            columns in 1_usize..60,
        ) {
            let [a, b, c, d] = words.as_slice() else { unreachable!() };
            let text = Text::from(a) + paint(BAD, b) + &odd + paint(HINT, format_args!("{c}{odd}")) + d;
            let all = [
                text.wrap(columns, DEEP),
                text.fill(columns, &Text::from(&odd), "  "),
                Text::from(d).cut(columns),
                [Text::from(&odd), text.clone()].into_iter().collect(),
                text,
            ];
            for text in all {
                let is_odd = |c: char| is_odd(c) && !matches!(c, '\n' | '\t');
                prop_assert!(!shown(&text).contains(is_odd), "{text:?}");
            }
        }
    }
}

//! The manual: a page of roff (man(7)) for pushgate and for each of its commands, made from the command line.

mod facts;

use clap::Command;
use clap_mangen::Man;
use roff::{Inline, Roff, bold, italic, roman};

use self::facts::{ENVIRONMENT, FILES, Fact};

/// The day on which what the pages say last changed.
const DATE: &str = "2026-11-23";
const MANUAL: &str = "pushgate manual";
/// The columns of a terminal of an ordinary width.
const WIDTH: usize = 80;

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The command that it is about; `None`: pushgate itself.
    pub command: Option<String>,
    /// The name of its file: `pushgate-check.1`.
    pub file: String,
    /// The page, as roff.
    pub text: String,
}

/// All pages, that of the program first.
pub fn pages(mut program: Command) -> Vec<Page> {
    program.build();
    let names: Vec<String> = shown(&program)
        .map(|command| format!("pushgate-{}", command.get_name()))
        .collect();
    let commands: Vec<Command> = shown(&program).cloned().collect();
    let first = page(program, None, &names);
    let others = commands.into_iter().map(|command| {
        let name = command.get_name().to_owned();
        page(command, Some(name), &names)
    });
    [first].into_iter().chain(others).collect()
}

fn shown(program: &Command) -> impl Iterator<Item = &Command> {
    program.get_subcommands().filter(|sub| !sub.is_hide_set())
}

fn page(command: Command, name: Option<String>, all: &[String]) -> Page {
    let help = Help::of(&command);
    let title = command
        .get_display_name()
        .unwrap_or("pushgate")
        .to_uppercase();
    let has_commands = command.has_subcommands();
    let man = Man::new(command)
        .title(title)
        .date(DATE)
        .source(concat!("pushgate ", env!("CARGO_PKG_VERSION")))
        .manual(MANUAL);
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = man.render_title(&mut text);
    let _ = man.render_name_section(&mut text);
    let _ = man.render_synopsis_section(&mut text);
    roffed(&mut text, |roff| {
        section(roff, "DESCRIPTION");
        prose(roff, &help.prose);
    });
    let _ = man.render_options_section(&mut text);
    if has_commands {
        let _ = man.render_subcommands_section(&mut text);
    }
    roffed(&mut text, |roff| {
        let name = name.as_deref();
        section(roff, "EXAMPLES");
        verbatim(roff, &help.examples);
        section(roff, "EXIT STATUS");
        for (code, meaning) in &help.codes {
            tagged(roff, bold(code.as_str()), meaning);
        }
        facts(roff, "ENVIRONMENT", &ENVIRONMENT, name);
        facts(roff, "FILES", &FILES, name);
        section(roff, "SEE ALSO");
        see_also(roff, name, all);
    });
    Page {
        file: man.get_filename(),
        text: tidy(&String::from_utf8_lossy(&text)),
        command: name,
    }
}

/// Each section brings the same preamble: one is enough. What typographers make pretty stays what
/// can be typed.
fn tidy(text: &str) -> String {
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    let preamble = &text[..ends.take(2).last().unwrap_or(0)];
    let text = text.replace(preamble, "");
    let text = text
        .replace('`', r"\(ga")
        .replace('~', r"\(ti")
        .replace('^', r"\(ha");
    let lines = text.lines().map(|line| format!("{}\n", line.trim_end()));
    [preamble.to_owned()].into_iter().chain(lines).collect()
}

/// What the help of a command says before its options and after them, by its parts.
#[derive(Debug, Default)]
struct Help {
    prose: Vec<String>,
    examples: Vec<String>,
    /// Each exit code and its meaning.
    codes: Vec<(String, String)>,
}

impl Help {
    fn of(command: &Command) -> Self {
        let about = command.get_long_about().or(command.get_about());
        let about = about.map_or(String::new(), ToString::to_string);
        // A sentence, which clap took the full stop from.
        let stop = if about.ends_with('.') { "" } else { "." };
        let mut help = Self {
            prose: format!("{about}{stop}\n")
                .lines()
                .map(str::to_owned)
                .collect(),
            ..Self::default()
        };
        help.prose.push(String::new());
        let text = command.get_after_help().map(ToString::to_string);
        for block in text.unwrap_or_default().split("\n\n") {
            if let Some(examples) = block.strip_prefix("Examples:\n") {
                help.examples = examples.lines().map(str::to_owned).collect();
            } else if let Some(codes) = block.strip_prefix("Exit codes: ") {
                help.codes = by_code(codes);
            } else if !block.is_empty() {
                help.prose.extend(block.lines().map(str::to_owned));
                help.prose.push(String::new());
            }
        }
        if help.codes.is_empty() {
            help.codes = by_code("0 done, 2 could not be done.");
        }
        help
    }
}

/// Takes `0 go, 1 refused, 2 could not decide.` apart, where a comma and a digit part two codes.
fn by_code(text: &str) -> Vec<(String, String)> {
    let text = text.replace('\n', " ");
    let mut codes: Vec<(String, String)> = Vec::new();
    for part in text.trim_end_matches('.').split(", ") {
        match (part.split_once(' '), codes.last_mut()) {
            (Some((code, meaning)), _) if code.bytes().all(|byte| byte.is_ascii_digit()) => {
                codes.push((code.to_owned(), meaning.to_owned()));
            }
            (_, Some((_, meaning))) => *meaning += &format!(", {part}"),
            (_, None) => codes.push((String::new(), part.to_owned())),
        }
    }
    codes
}

/// Writes sections of our own.
fn roffed(text: &mut Vec<u8>, write: impl FnOnce(&mut Roff)) {
    let mut roff = Roff::new();
    write(&mut roff);
    let _ = roff.to_writer(text);
}

fn section(roff: &mut Roff, title: &str) {
    roff.control("SH", [title]);
}

/// Paragraphs; what is indented stands as it is.
fn prose(roff: &mut Roff, lines: &[String]) {
    let paragraphs = lines.split(String::is_empty).filter(|it| !it.is_empty());
    for (index, paragraph) in paragraphs.enumerate() {
        for run in paragraph.chunk_by(|one, next| one.starts_with(' ') == next.starts_with(' ')) {
            if index > 0 {
                roff.control("PP", []);
            }
            if run[0].starts_with(' ') {
                verbatim(roff, run);
            } else {
                roff.text([roman(run.join(" "))]);
            }
        }
    }
}

/// Lines as they are, further left than the text where they would be wider than a terminal.
fn verbatim(roff: &mut Roff, lines: &[String]) {
    /// How far right of the margin the text of a page begins (man(7)).
    const TEXT: usize = 7;
    let indent = |line: &str| line.len() - line.trim_start().len();
    let margin = lines.iter().map(|line| indent(line)).min().unwrap_or(0);
    let widths = lines.iter().map(|line| line.chars().count() - margin);
    let left = (TEXT + widths.max().unwrap_or(0)).saturating_sub(WIDTH);
    roff.control("nf", []);
    if left > 0 {
        roff.control("in", [format!("-{}n", left.min(TEXT)).as_str()]);
    }
    for line in lines {
        roff.text([roman(&line[margin..])]);
    }
    if left > 0 {
        roff.control("in", []);
    }
    roff.control("fi", []);
}

fn tagged(roff: &mut Roff, tag: Inline, text: &str) {
    roff.control("TP", []);
    roff.text([tag]);
    roff.text([roman(text)]);
}

/// What of a table matters to a command; all of it to the program.
fn facts(roff: &mut Roff, title: &str, facts: &[Fact], command: Option<&str>) {
    let matters = |fact: &&Fact| command.is_none_or(|command| fact.commands.contains(&command));
    let mut facts = facts.iter().filter(matters).peekable();
    if facts.peek().is_some() {
        section(roff, title);
    }
    for fact in facts {
        tagged(roff, bold(fact.name), fact.meaning);
    }
}

fn see_also(roff: &mut Roff, command: Option<&str>, all: &[String]) {
    let ours: Vec<&str> = match command {
        None => all.iter().map(String::as_str).collect(),
        Some(_) => vec!["pushgate"],
    };
    let ours = ours.into_iter().map(|name| (name, "(1)"));
    let names = ours.chain([("git-push", "(1)"), ("githooks", "(5)")]);
    let mut line = Vec::new();
    for (index, (name, section)) in names.enumerate() {
        if index > 0 {
            line.push(roman(", "));
        }
        line.extend([italic(name), roman(section)]);
    }
    roff.text(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_parts_two_codes_only_before_a_digit() {
        let codes = by_code("0 it would go, 1 refused, by a gate, 2 could not\ndecide.");
        let codes: Vec<_> = (codes.iter())
            .map(|(code, meaning)| (code.as_str(), meaning.as_str()))
            .collect();
        assert_eq!(
            codes,
            [
                ("0", "it would go"),
                ("1", "refused, by a gate"),
                ("2", "could not decide")
            ]
        );
    }

    #[test]
    fn every_command_that_a_fact_names_exists() {
        use clap::CommandFactory;
        let program = crate::cli::Cli::command();
        let known: Vec<_> = shown(&program).map(Command::get_name).collect();
        for fact in ENVIRONMENT.iter().chain(&FILES) {
            for command in fact.commands {
                assert!(known.contains(command), "{}: {command}", fact.name);
            }
        }
    }
}

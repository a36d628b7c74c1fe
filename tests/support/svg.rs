//! What a terminal shows, as a picture whose text can be selected, for light pages and dark ones.

use std::fmt::Write;

/// The size of a character cell and the space around all of them, in pixels.
const CELL: (f64, u32) = (8.4, 19);
const MARGIN: u32 = 14;

const STYLE: &str = "\
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre;fill:#1f2328}\
rect{fill:#f6f8fa;stroke:#d1d9e0}.b{font-weight:bold}.d{fill-opacity:.6}\
.c1{fill:#b3161f}.c2{fill:#116329}.c3{fill:#7d4e00}.c4{fill:#0550ae}.c5{fill:#8250df}.c6{fill:#0a6470}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#161b22;stroke:#3d444d}\
.c1{fill:#ff8a80}.c2{fill:#56d364}.c3{fill:#e3b341}.c4{fill:#79c0ff}.c5{fill:#d2a8ff}.c6{fill:#76e3ea}}";

/// How characters look (ECMA-48, SGR): the few ways that we use.
#[derive(Clone, Copy, Default, PartialEq)]
struct Look {
    bold: bool,
    dim: bool,
    colour: Option<u8>,
}

impl Look {
    fn set(&mut self, code: &str) {
        match code {
            "" | "0" => *self = Self::default(),
            "1" => self.bold = true,
            "2" => self.dim = true,
            "22" => (self.bold, self.dim) = (false, false),
            "39" => self.colour = None,
            code => match code.parse::<u8>() {
                Ok(colour @ 31..=36) => self.colour = Some(colour - 30),
                _ => panic!("a picture has no `{code}`"),
            },
        }
    }

    fn classes(self) -> String {
        let mut classes = Vec::new();
        classes.extend(self.bold.then(|| "b".to_owned()));
        classes.extend(self.dim.then(|| "d".to_owned()));
        classes.extend(self.colour.map(|colour| format!("c{colour}")));
        classes.join(" ")
    }
}

/// Draws what was written to a terminal of so many columns.
pub fn draw(title: &str, written: &str, columns: usize) -> String {
    // What takes the last colours back is no line.
    let end = written
        .rfind(|c: char| !c.is_whitespace())
        .map_or(0, |at| at + 1);
    let end = written[..end]
        .strip_suffix("\n\x1b[m")
        .map_or(end, str::len);
    let lines: Vec<_> = written[..end].split('\n').map(str::trim_end).collect();
    let columns = f64::from(u32::try_from(columns).unwrap());
    let width = (columns * CELL.0).ceil() + f64::from(MARGIN) * 2.0;
    let rows = u32::try_from(lines.len()).unwrap();
    let height = rows * CELL.1 + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n<rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n",
        escape(title),
        width - 1.0,
        height - 1,
    );
    let mut y = MARGIN + 14;
    let mut look = Look::default();
    for line in &lines {
        let shown = spans(line, &mut look);
        writeln!(
            svg,
            "<text x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\">{shown}</text>"
        )
        .unwrap();
        y += CELL.1;
    }
    svg + "</svg>\n"
}

/// One line; how it looks goes on into the next.
fn spans(line: &str, look: &mut Look) -> String {
    let mut shown = String::new();
    let mut rest = line;
    loop {
        let (text, after) = rest.split_once("\x1b[").unwrap_or((rest, ""));
        let classes = look.classes();
        match (text.is_empty(), classes.is_empty()) {
            (true, _) => {}
            (false, true) => shown += &escape(text),
            (false, false) => {
                write!(shown, "<tspan class=\"{classes}\">{}</tspan>", escape(text)).unwrap();
            }
        }
        if text.len() == rest.len() {
            return shown;
        }
        let (codes, after) = after.split_once('m').expect("the end of a colour");
        codes.split(';').for_each(|code| look.set(code));
        rest = after;
    }
}

fn escape(text: &str) -> String {
    assert!(!text.contains(|c: char| c.is_control()), "{text:?}");
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[test]
fn a_picture_keeps_the_text_and_its_colours() {
    let svg = draw("x", "\x1b[1m\x1b[31mbad & worse\x1b[0m\r\n  a < b\r\n", 20);
    assert!(
        svg.contains("<tspan class=\"b c1\">bad &amp; worse</tspan></text>"),
        "{svg}"
    );
    assert!(svg.contains(">  a &lt; b</text>"), "{svg}");
}

//! The README, the guides and the pictures say what is true.

mod guides;
mod pictures;
mod pipelines;
mod readme;
mod shop;
mod transcripts;

use std::{fs, path::PathBuf};

/// The README or a guide.
pub struct Page {
    /// Its path in this repository.
    pub path: String,
    pub text: String,
}

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The page at this path.
pub fn page(path: &str) -> Page {
    Page {
        path: path.to_owned(),
        text: fs::read_to_string(file(path)).unwrap(),
    }
}

/// The README, then the guides by their names.
pub fn pages() -> Vec<Page> {
    let guides = fs::read_dir(file("src/guides")).unwrap();
    let names = guides.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name != "mod.rs").collect();
    names.sort();
    let paths = names.iter().map(|name| format!("src/guides/{name}"));
    let all = ["README.md".to_owned()].into_iter().chain(paths);
    all.map(|path| page(&path)).collect()
}

impl Page {
    /// The code blocks of a language.
    pub fn blocks(&self, language: &str) -> Vec<&str> {
        let fence = format!("```{language}\n");
        let after = self.text.split(fence.as_str()).skip(1);
        after
            .map(|rest| rest.split("```").next().unwrap())
            .collect()
    }
}

/// Whether the pictures and transcripts are to be written anew (`tests/pictures/draw`).
fn draws() -> bool {
    std::env::var_os("PUSHGATE_DRAWS").is_some_and(|value| !value.is_empty())
}

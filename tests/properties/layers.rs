//! The layout of `src`: which room may know which. Imports go down only, and never in a circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use syn::{ItemUse, UseTree, visit::Visit};

/// The rooms from the top down: each may use those below it, and none above or beside it.
const FLOORS: [&str; 20] = [
    "main", "commands", "cli", "report", "doctor", "app", "hooks", "ci", "suite", "git", "process",
    "gates", "memory", "policy", "calendar", "push", "cure", "text", "file", "guides",
];

/// A path within the crate, such as `git::network::Network`.
type Name = Vec<String>;

/// One source file, its unit tests left out.
struct Module {
    /// Its own path, such as `git::network`.
    path: Name,
    syntax: syn::File,
}

fn modules() -> Vec<Module> {
    let mut found = Vec::new();
    read_directory(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &[],
        &mut found,
    );
    assert!(
        found.len() > 50,
        "too few files were found: {}",
        found.len()
    );
    found
}

fn read_directory(directory: &Path, path: &[String], found: &mut Vec<Module>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let file = entry.path();
        let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if stem == "tests" {
            continue;
        }
        let mut own = path.to_vec();
        if !["mod", "lib"].contains(&stem.as_str()) {
            own.push(stem);
        }
        if file.is_dir() {
            read_directory(&file, &own, found);
        } else if file.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&file).unwrap();
            let syntax = syn::parse_file(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            found.push(Module { path: own, syntax });
        }
    }
}

/// Collects the paths of a file that lead to somewhere in this crate.
struct Paths<'m> {
    module: &'m [String],
    /// Each path, and whether it is only exported again under another address.
    found: Vec<(Name, bool)>,
}

impl Paths<'_> {
    fn add(&mut self, segments: &[String], exported: bool) {
        let mut path = match segments[0].as_str() {
            "crate" | "pushgate" => Vec::new(),
            "self" | "super" => self.module.to_vec(),
            _ => return,
        };
        let supers = segments.iter().take_while(|word| *word == "super").count();
        path.truncate(path.len().saturating_sub(supers));
        path.extend(segments[supers.max(1)..].iter().cloned());
        self.found.push((path, exported));
    }

    fn add_tree(&mut self, prefix: &mut Name, tree: &UseTree, exported: bool) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.add_tree(prefix, &path.tree, exported);
                prefix.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(prefix, tree, exported);
                }
            }
            UseTree::Name(name) if name.ident == "self" => self.add(prefix, exported),
            UseTree::Name(syn::UseName { ident, .. })
            | UseTree::Rename(syn::UseRename { ident, .. }) => {
                prefix.push(ident.to_string());
                self.add(prefix, exported);
                prefix.pop();
            }
            UseTree::Glob(_) => self.add(prefix, exported),
        }
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        // The only modules within a file are those of unit tests.
        assert!(
            module.content.is_none() || module.ident == "tests",
            "{} is a module within a file",
            module.ident
        );
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let exported = !matches!(item.vis, syn::Visibility::Inherited);
        self.add_tree(&mut Vec::new(), &item.tree, exported);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Name = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if segments.len() > 1 {
            self.add(&segments, false);
        }
        syn::visit::visit_path(self, path);
    }
}

/// The files and the arrows between them, an arrow for each file that another one uses.
fn arrows(modules: &[Module]) -> BTreeMap<Name, BTreeSet<Name>> {
    let paths: Vec<_> = (modules.iter())
        .map(|module| {
            let mut paths = Paths {
                module: &module.path,
                found: Vec::new(),
            };
            paths.visit_file(&module.syntax);
            paths.found
        })
        .collect();
    // `pub use` gives what is defined in one file a second address in another one.
    let mut addresses: BTreeMap<Name, Name> = BTreeMap::new();
    for (module, paths) in modules.iter().zip(&paths) {
        for (path, _) in paths.iter().filter(|(_, exported)| *exported) {
            let mut address = module.path.clone();
            address.extend(path.last().cloned());
            addresses.insert(address, path.clone());
        }
    }
    let resolve = |path: &Name| {
        let mut path = path.clone();
        for _ in 0..8 {
            let known = (1..=path.len()).rev().find_map(|length| {
                let defined = addresses.get(&path[..length])?;
                Some((length, defined.clone()))
            });
            let Some((length, mut defined)) = known else {
                break;
            };
            defined.extend_from_slice(&path[length..]);
            if defined == path {
                break;
            }
            path = defined;
        }
        path
    };
    let files: BTreeSet<&[String]> = modules
        .iter()
        .map(|module| module.path.as_slice())
        .collect();
    let mut arrows = BTreeMap::new();
    for (module, paths) in modules.iter().zip(&paths) {
        let used = (paths.iter())
            .filter(|(_, exported)| !exported)
            .filter_map(|(path, _)| {
                let path = resolve(path);
                let file = (0..=path.len())
                    .rev()
                    .find(|length| files.contains(&path[..*length]))?;
                Some(path[..file].to_vec())
            })
            .filter(|file| *file != module.path && !file.is_empty());
        arrows
            .entry(module.path.clone())
            .or_insert_with(BTreeSet::new)
            .extend(used);
    }
    arrows
}

fn floor(room: &str) -> usize {
    let found = FLOORS.iter().position(|name| *name == room);
    found.unwrap_or_else(|| panic!("`{room}` has no floor: put it into FLOORS"))
}

#[test]
fn imports_between_rooms_go_down_only() {
    let mut up = Vec::new();
    for (from, used) in arrows(&modules()) {
        let Some(room) = from.first() else { continue };
        for to in used.iter().filter(|to| to[0] != *room) {
            if floor(&to[0]) <= floor(room) {
                up.push(format!("{} uses {}", from.join("::"), to.join("::")));
            }
        }
    }
    assert!(up.is_empty(), "imports that go up:\n{}", up.join("\n"));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let mut left = arrows(&modules());
    // What uses nothing that is left is in no circle, nor is what nothing uses.
    loop {
        let before = left.len();
        let names: BTreeSet<Name> = left.keys().cloned().collect();
        left.retain(|_, used| {
            used.retain(|file| names.contains(file));
            !used.is_empty()
        });
        let used: BTreeSet<Name> = left.values().flatten().cloned().collect();
        left.retain(|file, _| used.contains(file));
        if left.len() == before {
            break;
        }
    }
    let lines = left.iter().map(|(file, used)| {
        let used: Vec<_> = used.iter().map(|file| file.join("::")).collect();
        format!("{} uses {}", file.join("::"), used.join(", "))
    });
    let lines: Vec<_> = lines.collect();
    assert!(
        lines.is_empty(),
        "files in circles, or between circles:\n{}",
        lines.join("\n")
    );
}

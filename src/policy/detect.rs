//! Which command runs a project's tests, told from the project's own files.

use serde_json::Value;

/// What detection asks of a tree, be it a directory or a commit.
pub trait Look {
    /// Returns the contents of the file at this path from the root, `None` where there is no file.
    fn read(&self, path: &str) -> Option<Vec<u8>>;
    /// Tells whether a file is there that may be executed.
    fn is_executable(&self, path: &str) -> bool;
    /// Tells whether a directory is there.
    fn is_dir(&self, path: &str) -> bool;
}

/// What was found to run the tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detected {
    /// One command.
    Found(Candidate),
    /// Commands with the same claim, for a person to choose from.
    Several(Vec<Candidate>),
    /// None.
    None,
}

/// A command that may be the suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The shell command.
    pub command: String,
    /// The files that speak for it.
    pub because: String,
}

impl Candidate {
    fn new(command: impl Into<String>, because: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            because: because.into(),
        }
    }
}

/// Finds the command that runs the entire suite.
///
/// Five ranks; the first that has a candidate decides, and where it has several nobody guesses:
///
/// 1. `bin/ci`, the project's own word for everything;
/// 2. `bin/test`;
/// 3. Rails, which keeps other languages' manifests for its assets;
/// 4. the languages' manifests, all of one rank: a repository with `package.json` and `Cargo.toml` has two suites;
/// 5. Makefile and justfile, which often only wrap the above.
pub fn suite(tree: &dyn Look) -> Detected {
    let script = |path: &str| -> Vec<Candidate> {
        let found = tree.is_executable(path).then(|| Candidate::new(path, path));
        found.into_iter().collect()
    };
    let ranks: [&dyn Fn() -> Vec<Candidate>; 5] = [
        &|| script("bin/ci"),
        &|| script("bin/test"),
        &|| rails(tree),
        &|| manifests(tree),
        &|| recipes(tree),
    ];
    for rank in ranks {
        let mut candidates = rank();
        if candidates.len() > 1 {
            return Detected::Several(candidates);
        }
        if let Some(candidate) = candidates.pop() {
            return Detected::Found(candidate);
        }
    }
    Detected::None
}

fn manifests(tree: &dyn Look) -> Vec<Candidate> {
    [ruby, node, rust, go, python, elixir, php, jvm]
        .into_iter()
        .flat_map(|language| language(tree))
        .collect()
}

fn recipes(tree: &dyn Look) -> Vec<Candidate> {
    [makefile(tree), justfile(tree)]
        .into_iter()
        .flatten()
        .collect()
}

fn rails(tree: &dyn Look) -> Vec<Candidate> {
    let (runner, file) = if tree.is_executable("bin/rails") {
        ("bin/rails test", "bin/rails")
    } else if has(tree, "bin/rails") {
        ("bundle exec rails test", "bin/rails")
    } else if has(tree, "config/application.rb") {
        ("bundle exec rails test", "config/application.rb")
    } else {
        return Vec::new();
    };
    let rspec = || Candidate::new("bundle exec rspec", format!("{file}, spec/"));
    match (tree.is_dir("spec"), tree.is_dir("test")) {
        (true, true) => vec![Candidate::new(runner, format!("{file}, test/")), rspec()],
        (true, false) => vec![rspec()],
        (false, _) => vec![Candidate::new(runner, format!("{file}, no spec/"))],
    }
}

/// Ruby without Rails: its Rakefile, or `RSpec` where there is none.
fn ruby(tree: &dyn Look) -> Vec<Candidate> {
    if !has(tree, "Gemfile") {
        Vec::new()
    } else if has(tree, "Rakefile") {
        vec![Candidate::new("bundle exec rake", "Gemfile, Rakefile")]
    } else if tree.is_dir("spec") {
        vec![Candidate::new(
            "bundle exec rspec",
            "Gemfile, spec/, no Rakefile",
        )]
    } else {
        Vec::new()
    }
}

/// A package with a real `test` script, run by the manager it names or else by those whose lock files are there.
fn node(tree: &dyn Look) -> Vec<Candidate> {
    // `bun test` is another thing than the script.
    const MANAGERS: [(&str, &str, &[&str]); 4] = [
        (
            "npm",
            "npm test",
            &["package-lock.json", "npm-shrinkwrap.json"],
        ),
        ("yarn", "yarn test", &["yarn.lock"]),
        ("pnpm", "pnpm test", &["pnpm-lock.yaml"]),
        ("bun", "bun run test", &["bun.lock", "bun.lockb"]),
    ];

    let Some(package) = json(tree, "package.json") else {
        return Vec::new();
    };
    let script = package.pointer("/scripts/test").and_then(Value::as_str);
    if script.is_none_or(|script| script.trim().is_empty() || script.contains("no test specified"))
    {
        return Vec::new();
    }

    let named = package.get("packageManager").and_then(Value::as_str);
    let named = named.map(|named| named.split('@').next().unwrap_or(named));
    if let Some((name, command, _)) = MANAGERS.iter().find(|(name, ..)| named == Some(name)) {
        let because = format!("package.json, packageManager {name}");
        return vec![Candidate::new(*command, because)];
    }
    let locked: Vec<Candidate> = MANAGERS
        .iter()
        .filter_map(|(_, command, locks)| {
            let lock = locks.iter().find(|lock| has(tree, lock))?;
            Some(Candidate::new(*command, format!("package.json, {lock}")))
        })
        .collect();
    if locked.is_empty() {
        vec![Candidate::new("npm test", "package.json, no lock file")]
    } else {
        locked
    }
}

fn rust(tree: &dyn Look) -> Vec<Candidate> {
    let Some(manifest) = text(tree, "Cargo.toml") else {
        return Vec::new();
    };
    let is_workspace = manifest
        .lines()
        .any(|line| line.trim_start().starts_with("[workspace"));
    vec![if is_workspace {
        Candidate::new("cargo test --workspace", "Cargo.toml, [workspace]")
    } else {
        Candidate::new("cargo test", "Cargo.toml")
    }]
}

fn go(tree: &dyn Look) -> Vec<Candidate> {
    only_if(tree, "go.mod", "go test ./...")
}

/// tox, nox, or pytest where there is neither, through uv or poetry where one of them has locked the project.
fn python(tree: &dyn Look) -> Vec<Candidate> {
    let (prefix, lock) = if has(tree, "uv.lock") {
        ("uv run ", ", uv.lock")
    } else if has(tree, "poetry.lock") {
        ("poetry run ", ", poetry.lock")
    } else {
        ("", "")
    };
    let candidate = |command: &str, file: &str| {
        Candidate::new(format!("{prefix}{command}"), format!("{file}{lock}"))
    };

    let tox = text(tree, "tox.ini");
    // A tox.ini may hold the settings of other tools alone.
    let is_tox = |ini: &str| {
        ini.lines()
            .any(|line| line.starts_with("[tox") || line.starts_with("[testenv"))
    };
    let mut runners = Vec::new();
    if tox.as_deref().is_some_and(is_tox) {
        runners.push(candidate("tox", "tox.ini"));
    }
    if has(tree, "noxfile.py") {
        runners.push(candidate("nox", "noxfile.py"));
    }
    if runners.is_empty() {
        let files = ["pytest.ini", "tox.ini", "pyproject.toml"];
        let file = files.into_iter().find(|file| has(tree, file));
        runners.extend(file.map(|file| candidate("pytest", file)));
    }
    runners
}

fn elixir(tree: &dyn Look) -> Vec<Candidate> {
    only_if(tree, "mix.exs", "mix test")
}

fn php(tree: &dyn Look) -> Vec<Candidate> {
    let Some(composer) = json(tree, "composer.json") else {
        return Vec::new();
    };
    vec![if composer.pointer("/scripts/test").is_some() {
        Candidate::new("composer test", "composer.json, script test")
    } else {
        Candidate::new("vendor/bin/phpunit", "composer.json, no script test")
    }]
}

/// Maven and Gradle, by the wrapper where the project has one.
fn jvm(tree: &dyn Look) -> Vec<Candidate> {
    let wrapped = |file: &str, wrapper: &str, tool: &str, task: &str| {
        if tree.is_executable(wrapper) {
            Candidate::new(format!("./{wrapper} {task}"), format!("{file}, {wrapper}"))
        } else {
            Candidate::new(format!("{tool} {task}"), format!("{file}, no {wrapper}"))
        }
    };
    let mut builds = Vec::new();
    if has(tree, "pom.xml") {
        builds.push(wrapped("pom.xml", "mvnw", "mvn", "verify"));
    }
    if let Some(file) = ["build.gradle", "build.gradle.kts"]
        .into_iter()
        .find(|file| has(tree, file))
    {
        builds.push(wrapped(file, "gradlew", "gradle", "check"));
    }
    builds
}

/// The target `test`, or `check` where there is none, of the file that make reads first.
fn makefile(tree: &dyn Look) -> Option<Candidate> {
    let names = ["GNUmakefile", "makefile", "Makefile"];
    let (file, text) = names
        .into_iter()
        .find_map(|file| Some((file, text(tree, file)?)))?;
    let has_target = |target: &str| {
        text.lines().any(|line| {
            let Some((targets, rest)) = line.split_once(':') else {
                return false;
            };
            // `test := x` is a variable; a line that begins with a tab is a command.
            !line.starts_with('\t')
                && !rest.trim_start_matches(':').starts_with('=')
                && !targets.contains(['=', '#'])
                && targets.split_whitespace().any(|word| word == target)
        })
    };
    let target = ["test", "check"]
        .into_iter()
        .find(|target| has_target(target))?;
    Some(Candidate::new(
        format!("make {target}"),
        format!("{file}, target {target}"),
    ))
}

fn justfile(tree: &dyn Look) -> Option<Candidate> {
    let names = ["justfile", "Justfile", ".justfile"];
    let (file, text) = names
        .into_iter()
        .find_map(|file| Some((file, text(tree, file)?)))?;
    let is_recipe = |line: &str| {
        let Some(rest) = line.strip_prefix('@').unwrap_or(line).strip_prefix("test") else {
            return false;
        };
        // `test a="b":` is a recipe, `test := "x"` a variable, `tests:` another recipe.
        rest.starts_with([' ', ':']) && rest.contains(':') && !rest.trim_start().starts_with(":=")
    };
    text.lines()
        .any(is_recipe)
        .then(|| Candidate::new("just test", format!("{file}, recipe test")))
}

fn only_if(tree: &dyn Look, file: &str, command: &str) -> Vec<Candidate> {
    if has(tree, file) {
        vec![Candidate::new(command, file)]
    } else {
        Vec::new()
    }
}

fn has(tree: &dyn Look, path: &str) -> bool {
    tree.read(path).is_some()
}

fn text(tree: &dyn Look, path: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&tree.read(path)?).into_owned())
}

fn json(tree: &dyn Look, path: &str) -> Option<Value> {
    serde_json::from_slice(&tree.read(path)?).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests;

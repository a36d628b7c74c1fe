//! Detects the command that runs a project's tests, from the project's own files.

use serde_json::Value;

/// The files of a directory or of a commit.
pub trait Look {
    /// Returns the contents of the file at this path from the root, `None` where there is no file.
    fn read(&self, path: &str) -> Option<Vec<u8>>;
    /// Whether a file is there that may be executed.
    fn is_executable(&self, path: &str) -> bool;
    fn is_dir(&self, path: &str) -> bool;
}

/// A command that may be the suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub command: String,
    /// The files that it was told from.
    pub because: String,
}

fn candidate(command: impl Into<String>, because: impl Into<String>) -> Candidate {
    Candidate {
        command: command.into(),
        because: because.into(),
    }
}

/// Detects the command that runs the entire suite; where there are several, a person has to say which.
///
/// Five ranks; the first that has a candidate decides:
///
/// 1. `bin/ci`, the project's own word for everything;
/// 2. `bin/test`;
/// 3. Rails, which keeps other languages' manifests for its assets;
/// 4. the languages' manifests, all of one rank: a repository with `package.json` and `Cargo.toml` has two suites;
/// 5. Makefile and justfile, which often only wrap the above.
pub fn suite(tree: &dyn Look) -> Vec<Candidate> {
    let script = |path: &str| {
        let found = tree.is_executable(path).then(|| candidate(path, path));
        Vec::from_iter(found)
    };
    let wrappers = || makefile(tree).into_iter().chain(justfile(tree)).collect();
    let ranks: [&dyn Fn() -> Vec<Candidate>; 5] = [
        &|| script("bin/ci"),
        &|| script("bin/test"),
        &|| rails(tree),
        &|| languages(tree),
        &wrappers,
    ];
    let mut found = ranks.into_iter().map(|rank| rank());
    found.find(|found| !found.is_empty()).unwrap_or_default()
}

fn languages(tree: &dyn Look) -> Vec<Candidate> {
    let by_file = |file: &str, command: &str| has(tree, file).then(|| candidate(command, file));
    let mut found = Vec::from_iter(ruby(tree));
    found.extend(node(tree));
    found.extend(rust(tree));
    found.extend(by_file("go.mod", "go test ./..."));
    found.extend(python(tree));
    found.extend(by_file("mix.exs", "mix test"));
    found.extend(php(tree));
    found.extend(jvm(tree));
    found
}

fn rails(tree: &dyn Look) -> Vec<Candidate> {
    let Some(file) = first(tree, &["bin/rails", "config/application.rb"]) else {
        return Vec::new();
    };
    let runner = if tree.is_executable("bin/rails") {
        "bin/rails test"
    } else {
        "bundle exec rails test"
    };
    let rspec = candidate("bundle exec rspec", format!("{file}, spec/"));
    match (tree.is_dir("spec"), tree.is_dir("test")) {
        (true, true) => vec![candidate(runner, format!("{file}, test/")), rspec],
        (true, false) => vec![rspec],
        (false, _) => vec![candidate(runner, format!("{file}, no spec/"))],
    }
}

/// Ruby without Rails: its Rakefile, or `RSpec` where there is none.
fn ruby(tree: &dyn Look) -> Option<Candidate> {
    if !has(tree, "Gemfile") {
        None
    } else if has(tree, "Rakefile") {
        Some(candidate("bundle exec rake", "Gemfile, Rakefile"))
    } else {
        let rspec = || candidate("bundle exec rspec", "Gemfile, spec/, no Rakefile");
        tree.is_dir("spec").then(rspec)
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

    let package = json(tree, "package.json").unwrap_or_default();
    let script = package["scripts"]["test"].as_str().unwrap_or_default();
    if script.trim().is_empty() || script.contains("no test specified") {
        return Vec::new();
    }
    let named = package["packageManager"].as_str().unwrap_or_default();
    let named = named.split('@').next().unwrap_or_default();
    if let Some((name, command, _)) = MANAGERS.iter().find(|(name, ..)| *name == named) {
        let because = format!("package.json, packageManager {name}");
        return vec![candidate(*command, because)];
    }
    let locked = MANAGERS.iter().filter_map(|(_, command, locks)| {
        let lock = first(tree, locks)?;
        Some(candidate(*command, format!("package.json, {lock}")))
    });
    let mut candidates: Vec<Candidate> = locked.collect();
    if candidates.is_empty() {
        candidates.push(candidate("npm test", "package.json, no lock file"));
    }
    candidates
}

/// tox, nox, or pytest where there is neither, through uv or poetry where one of them has locked the project.
fn python(tree: &dyn Look) -> Vec<Candidate> {
    let lock = first(tree, &["uv.lock", "poetry.lock"]);
    let found = |command: &str, file: &str| match lock {
        None => candidate(command, file),
        Some(lock) => {
            let runner = lock.trim_end_matches(".lock");
            candidate(format!("{runner} run {command}"), format!("{file}, {lock}"))
        }
    };
    // A tox.ini may hold the settings of other tools alone.
    let is_of_tox = |line: &str| line.starts_with("[tox") || line.starts_with("[testenv");
    let tox = text(tree, "tox.ini").unwrap_or_default();
    let mut runners = Vec::new();
    if tox.lines().any(is_of_tox) {
        runners.push(found("tox", "tox.ini"));
    }
    if has(tree, "noxfile.py") {
        runners.push(found("nox", "noxfile.py"));
    }
    // Django's own runner finds the tests of all apps; a pytest.ini says that pytest does.
    if runners.is_empty() && has(tree, "manage.py") && !has(tree, "pytest.ini") {
        runners.push(found("python manage.py test", "manage.py"));
    }
    if runners.is_empty() {
        let file = first(tree, &["pytest.ini", "tox.ini", "pyproject.toml"]);
        runners.extend(file.map(|file| found("pytest", file)));
    }
    runners
}

fn rust(tree: &dyn Look) -> Option<Candidate> {
    let manifest = text(tree, "Cargo.toml")?;
    let begins = |line: &str| line.trim_start().starts_with("[workspace");
    Some(if manifest.lines().any(begins) {
        candidate("cargo test --workspace", "Cargo.toml, [workspace]")
    } else {
        candidate("cargo test", "Cargo.toml")
    })
}

fn php(tree: &dyn Look) -> Option<Candidate> {
    Some(
        match json(tree, "composer.json")?.pointer("/scripts/test") {
            Some(_) => candidate("composer test", "composer.json, script test"),
            None => candidate("vendor/bin/phpunit", "composer.json, no script test"),
        },
    )
}

/// Maven and Gradle, by the wrapper where the project has one.
fn jvm(tree: &dyn Look) -> Vec<Candidate> {
    let found = |files: &[&str], wrapper: &str, tool: &str, task: &str| {
        let file = first(tree, files)?;
        Some(if tree.is_executable(wrapper) {
            candidate(format!("./{wrapper} {task}"), format!("{file}, {wrapper}"))
        } else {
            candidate(format!("{tool} {task}"), format!("{file}, no {wrapper}"))
        })
    };
    let maven = found(&["pom.xml"], "mvnw", "mvn", "verify");
    let gradle = ["build.gradle", "build.gradle.kts"];
    let gradle = found(&gradle, "gradlew", "gradle", "check");
    maven.into_iter().chain(gradle).collect()
}

/// The target `test`, or `check` where there is none, of the file that make reads first.
fn makefile(tree: &dyn Look) -> Option<Candidate> {
    let file = first(tree, &["GNUmakefile", "makefile", "Makefile"])?;
    let text = text(tree, file)?;
    // `test := x` is a variable; a line that begins with a tab is a command.
    let rules = (text.lines())
        .filter(|line| !line.starts_with('\t'))
        .filter_map(|line| line.split_once(':'))
        .filter(|(_, rest)| !rest.trim_start_matches(':').starts_with('='))
        .filter(|(targets, _)| !targets.contains(['=', '#']));
    let targets: Vec<&str> = rules
        .flat_map(|(targets, _)| targets.split_whitespace())
        .collect();
    let target = ["test", "check"]
        .into_iter()
        .find(|target| targets.contains(target))?;
    let because = format!("{file}, target {target}");
    Some(candidate(format!("make {target}"), because))
}

fn justfile(tree: &dyn Look) -> Option<Candidate> {
    let file = first(tree, &["justfile", "Justfile", ".justfile"])?;
    // `test a="b":` is a recipe, `test := "x"` a variable, `tests:` another recipe.
    let is_recipe = |line: &str| {
        let rest = line.strip_prefix('@').unwrap_or(line).strip_prefix("test");
        rest.is_some_and(|rest| {
            rest.starts_with([' ', ':'])
                && rest.contains(':')
                && !rest.trim_start().starts_with(":=")
        })
    };
    let found = text(tree, file)?.lines().any(is_recipe);
    found.then(|| candidate("just test", format!("{file}, recipe test")))
}

/// The first of these files that is there.
fn first<'f>(tree: &dyn Look, files: &[&'f str]) -> Option<&'f str> {
    files.iter().copied().find(|file| has(tree, file))
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

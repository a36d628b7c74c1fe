//! Trees of files, and the command that is detected in them.

use super::*;

/// Files by path and text; `+` before a path makes it executable, `/` after it a directory.
struct Tree<'a>(&'a [(&'a str, &'a str)]);

impl Look for Tree<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let file = self
            .0
            .iter()
            .find(|(name, _)| name.trim_start_matches('+') == path);
        file.map(|(_, text)| text.as_bytes().to_vec())
    }

    fn is_executable(&self, path: &str) -> bool {
        self.0
            .iter()
            .any(|(name, _)| name.strip_prefix('+') == Some(path))
    }

    fn is_dir(&self, path: &str) -> bool {
        self.0
            .iter()
            .any(|(name, _)| name.strip_suffix('/') == Some(path))
    }
}

#[track_caller]
fn case(files: &[(&str, &str)], commands: &[&str]) {
    let found = suite(&Tree(files));
    let found: Vec<&str> = found.iter().map(|found| found.command.as_str()).collect();
    assert_eq!(found, commands, "{files:?}");
}

const TESTED: (&str, &str) = ("package.json", r#"{"scripts":{"test":"jest"}}"#);

#[test]
fn nothing_is_found_in_nothing() {
    case(&[], &[]);
    case(&[("README.md", "")], &[]);
}

#[test]
fn the_projects_own_script_comes_first() {
    let all = [
        ("+bin/ci", ""),
        ("+bin/test", ""),
        ("+bin/rails", ""),
        TESTED,
    ];
    case(&all, &["bin/ci"]);
    case(&all[1..], &["bin/test"]);
    case(&[("bin/ci", ""), ("go.mod", "")], &["go test ./..."]);
}

#[test]
fn rails_is_told_apart_by_its_directories() {
    case(&[("+bin/rails", "")], &["bin/rails test"]);
    case(&[("+bin/rails", ""), ("test/", "")], &["bin/rails test"]);
    case(&[("+bin/rails", ""), ("spec/", "")], &["bundle exec rspec"]);
    case(
        &[("+bin/rails", ""), ("spec/", ""), ("test/", "")],
        &["bin/rails test", "bundle exec rspec"],
    );
    case(&[("bin/rails", "")], &["bundle exec rails test"]);
    case(
        &[("config/application.rb", "")],
        &["bundle exec rails test"],
    );
    case(
        &[
            ("+bin/rails", ""),
            ("Gemfile", ""),
            ("Rakefile", ""),
            TESTED,
            ("Makefile", "test:"),
        ],
        &["bin/rails test"],
    );
}

#[test]
fn other_ruby_runs_its_rakefile() {
    case(&[("Gemfile", ""), ("Rakefile", "")], &["bundle exec rake"]);
    case(&[("Gemfile", ""), ("spec/", "")], &["bundle exec rspec"]);
    case(&[("Gemfile", "")], &[]);
    case(&[("Rakefile", "")], &[]);
}

#[test]
fn a_package_is_run_by_its_own_manager() {
    case(&[TESTED], &["npm test"]);
    case(&[TESTED, ("package-lock.json", "")], &["npm test"]);
    case(&[TESTED, ("yarn.lock", "")], &["yarn test"]);
    case(&[TESTED, ("pnpm-lock.yaml", "")], &["pnpm test"]);
    case(&[TESTED, ("bun.lockb", "")], &["bun run test"]);
    case(
        &[TESTED, ("yarn.lock", ""), ("package-lock.json", "")],
        &["npm test", "yarn test"],
    );
    let named = r#"{"packageManager":"pnpm@9.1.0+sha512.ab","scripts":{"test":"x"}}"#;
    case(
        &[("package.json", named), ("yarn.lock", "")],
        &["pnpm test"],
    );
}

#[test]
fn a_package_without_a_real_test_script_has_no_suite() {
    let placeholder = r#"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#;
    case(&[("package.json", placeholder)], &[]);
    case(&[("package.json", "{}")], &[]);
    case(&[("package.json", r#"{"scripts":{"test":" "}}"#)], &[]);
    case(&[("package.json", r#"{"scripts":{"test":1}}"#)], &[]);
    case(&[("package.json", "not json")], &[]);
}

#[test]
fn each_language_has_its_command() {
    case(&[("Cargo.toml", "[package]")], &["cargo test"]);
    case(
        &[("Cargo.toml", "[workspace.dependencies]")],
        &["cargo test --workspace"],
    );
    case(&[("go.mod", "")], &["go test ./..."]);
    case(&[("mix.exs", "")], &["mix test"]);
    case(
        &[("composer.json", r#"{"scripts":{"test":["a"]}}"#)],
        &["composer test"],
    );
    case(&[("composer.json", "{}")], &["vendor/bin/phpunit"]);
    case(&[("pom.xml", "")], &["mvn verify"]);
    case(&[("pom.xml", ""), ("+mvnw", "")], &["./mvnw verify"]);
    case(
        &[("build.gradle", ""), ("+gradlew", "")],
        &["./gradlew check"],
    );
    case(&[("build.gradle.kts", "")], &["gradle check"]);
}

#[test]
fn python_is_told_apart_by_its_runner() {
    case(&[("pyproject.toml", "")], &["pytest"]);
    case(&[("pytest.ini", ""), ("uv.lock", "")], &["uv run pytest"]);
    case(&[("tox.ini", "[tox]")], &["tox"]);
    case(
        &[("manage.py", ""), ("pyproject.toml", "")],
        &["python manage.py test"],
    );
    case(
        &[("manage.py", ""), ("uv.lock", "")],
        &["uv run python manage.py test"],
    );
    case(&[("manage.py", ""), ("pytest.ini", "")], &["pytest"]);
    case(&[("tox.ini", "[flake8]")], &["pytest"]);
    case(
        &[("noxfile.py", ""), ("poetry.lock", "")],
        &["poetry run nox"],
    );
    case(
        &[("tox.ini", "[testenv]"), ("noxfile.py", "")],
        &["tox", "nox"],
    );
}

#[test]
fn two_languages_have_two_suites() {
    case(&[TESTED, ("Cargo.toml", "")], &["npm test", "cargo test"]);
    case(
        &[("Gemfile", ""), ("Rakefile", ""), ("go.mod", "")],
        &["bundle exec rake", "go test ./..."],
    );
    case(
        &[("pom.xml", ""), ("build.gradle", "")],
        &["mvn verify", "gradle check"],
    );
}

#[test]
fn a_makefile_or_a_justfile_is_asked_last() {
    case(
        &[("Makefile", ".PHONY: test\ntest: build\n\tgo test\n")],
        &["make test"],
    );
    case(&[("Makefile", "lint check: x\n")], &["make check"]);
    case(&[("Makefile", "check:\ntest::\n")], &["make test"]);
    case(
        &[(
            "Makefile",
            "test := x\ntest = a:b\n.PHONY: test\n# test:\n\ttest: x\n",
        )],
        &[],
    );
    case(&[("justfile", "test *args:\n  x\n")], &["just test"]);
    case(&[("Justfile", "@test: build\n")], &["just test"]);
    case(
        &[("justfile", "test := \"x:\"\ntests:\nalias t := test\n")],
        &[],
    );
    case(
        &[("Makefile", "test:"), ("justfile", "test:")],
        &["make test", "just test"],
    );
    case(&[("Makefile", "test:"), ("mix.exs", "")], &["mix test"]);
}

#[test]
fn a_candidate_says_why() {
    let found = suite(&Tree(&[("+bin/rails", "")]));
    assert_eq!(found[0].because, "bin/rails, no spec/");
}

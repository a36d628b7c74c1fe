//! Whether the output is what the policy expects, and whether a run that passed has run any test: test
//! runners print that at their end.

use std::fmt::Display;

use regex_lite::Regex;

use super::log::Log;
use crate::{file, gates::Stop};

/// Test runners, three lines each: the name, and the regular expressions of a line that they print after no
/// test, and after some.
const RUNNERS: &str = include_str!("test_runners.txt");

/// A warning where a test runner has printed that no test ran, and not that some did.
pub(super) fn ran_no_test(output: &[u8]) -> Option<String> {
    let mut output = plain(output);
    // Each line once more as it was before what runs the tests of several packages put their name before it: `web: `
    // (lerna), `web:test: ` (turbo), `packages/web test: ` (pnpm), `[web] ` (concurrently), `web-1  | ` (compose).
    let name = Regex::new(r"(?m)^((\S+ )?\S+:|\[\S+\]:?| *\S+ +\|) ").ok()?;
    output += &format!("\n{}", name.replace_all(&output, ""));
    let says = |pattern: &str| {
        let pattern = Regex::new(&format!("(?m){}", pattern.trim_start()));
        pattern.is_ok_and(|pattern| pattern.is_match(&output))
    };
    let lines: Vec<_> = RUNNERS.lines().collect();
    let mut runners = lines.as_chunks().0.iter();
    let [name, ..] = runners.find(|[_, none, some]| says(none) && !says(some))?;
    Some(format!(
        "{name} says that no test ran; `suite.expect` can demand some"
    ))
}

/// The program that a shell did not find on its PATH, by the line that it prints: `sh: 1: rake: not found`,
/// `bin/ci: line 3: rake: command not found`, `bin/ci:3: command not found: rake`, `env: 'node': No such file
/// or directory`.
pub(super) fn not_found(output: &[u8]) -> Option<String> {
    const LINE: &str = r"(?m)^(?:(?:\S*sh|\S+: (?:line )?\d+): ([^/\s:]+): (?:command )?not found|\S+: command not found: ([^/\s]+)|\S*env: ['‘]?([^/\s'’:]+)['’]?: No such file or directory)$";
    let output = plain(output);
    let found = Regex::new(LINE).ok()?.captures_iter(&output).last()?;
    let program = found.iter().skip(1).flatten().next()?;
    Some(program.as_str().to_owned())
}

/// Whether the whole output matches the policy's expression.
pub(super) fn matches(expected: &str, log: &Log) -> Result<bool, Stop> {
    let failed =
        |reason: &dyn Display| Stop::failed("look for `suite.expect` in the output", reason);
    let path = log
        .path()
        .ok_or_else(|| failed(&"the output could not be kept whole"))?;
    let output = file::read(&path).map_err(|error| failed(&error))?;
    let expected = Regex::new(expected).map_err(|error| failed(&error))?;
    Ok(expected.is_match(&plain(&output)))
}

/// The output without colours and the returns of progress bars.
fn plain(output: &[u8]) -> String {
    let stripped = anstream::adapter::strip_bytes(output);
    let bytes: Vec<u8> = stripped.flat_map(<[u8]>::to_vec).collect();
    String::from_utf8_lossy(&bytes).replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn none(output: &str, runner: &str) {
        let warning = ran_no_test(output.as_bytes()).unwrap_or_default();
        assert!(warning.starts_with(runner), "{output}: {warning}");
    }

    #[track_caller]
    fn some(output: &str) {
        assert_eq!(ran_no_test(output.as_bytes()), None, "{output}");
    }

    #[test]
    fn a_run_without_a_test_is_told_by_its_closing_line() {
        none(
            "\nFinished in 0.0002 seconds\n0 examples, 0 failures\n",
            "RSpec",
        );
        none(
            "0 runs, 0 assertions, 0 failures, 0 errors, 0 skips\n",
            "Rails",
        );
        none(
            "\x1b[33m===== \x1b[0m\x1b[33mno tests ran\x1b[0m in 0.01s =====\n",
            "pytest",
        );
        none("No tests found, exiting with code 0\n", "Jest");
        none(
            "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored\n",
            "cargo test",
        );
        none("?   \texample.org/shop\t[no test files]\n", "go test");
        none(
            "\texample.org/shop\t\tcoverage: 0.0% of statements\n",
            "go test",
        );
        none(
            "ok  \tx/web\t0.002s\tcoverage: 0.0% of statements [no tests to run]\n",
            "go test",
        );
        none(
            "    Starting 0 tests across 1 binary (1 test skipped)\n────────────\n     Summary [   0.000s] 0 tests run: 0 passed, 1 skipped\nwarning: no tests to run\n",
            "cargo test",
        );
        none(
            "Excluding tags: [:slow]\n\nAll tests have been excluded.\n\nFinished in 0.01 seconds (0.00s async, 0.01s sync)\n2 tests, 0 failures, 2 excluded\n",
            "ExUnit",
        );
        none("# tests 0\n# pass 0\n", "node");
        none("> Task :app:testDebugUnitTest NO-SOURCE\n", "Gradle");
        none("> Task :test SKIPPED\n", "Gradle");
        none("\n   INFO  No tests found.\n", "PHPUnit");
        none("\n\n  0 passing (2ms)\n\n", "Mocha");
        none(
            "\n\n  cart\n    - b\n\n\n  0 passing (3ms)\n  1 pending\n",
            "Mocha",
        );
        none(
            "\n RUN  v4.1.12 /srv/shop\n\nNo test files found, exiting with code 0\n",
            "Vitest",
        );
        none(
            "\x1b[2m Test Files \x1b[22m \x1b[33m1 skipped\x1b[39m\x1b[90m (1)\x1b[39m\n\x1b[2m      Tests \x1b[22m \x1b[33m1 skipped\x1b[39m\x1b[90m (1)\x1b[39m\n",
            "Vitest",
        );
        none(
            "bun test v1.4.5 (a7733435c)\n\nbt/a.test.js:\n\n 0 pass\n 0 fail\nRan 0 tests across 1 file. [9.00ms]\n",
            "bun",
        );
        none(
            "The following filters did not match any test files:\n empty\n9 files were searched [3.00ms]\n",
            "bun",
        );
        none(
            "PHPUnit 9.6.7 by Sebastian Bergmann and contributors.\n\nNo tests executed!\n",
            "PHPUnit",
        );
        none("There are no tests to run\n", "ExUnit");
        none(
            "\nFinished in 0.01 seconds (0.00s async, 0.01s sync)\n0 failures\n\nRandomized with seed 587206\n",
            "ExUnit",
        );
        none(
            "[INFO] --- maven-surefire-plugin:2.22.3:test (default-test) @ shop ---\n[INFO] No tests to run.\n[INFO] BUILD SUCCESS\n",
            "Maven",
        );
        none("[INFO] Tests are skipped.\n", "Maven");
        none(
            "[INFO] Tests run: 0, Failures: 0, Errors: 0, Skipped: 0\n",
            "Maven",
        );
        none(
            "Tests run: 0, Failures: 0, Errors: 0, Skipped: 0\n",
            "Maven",
        );
        none(
            " Test Files  1 passed (1)\n      Tests  no tests\n",
            "Vitest",
        );
        none("0 tests, 0 failures\n", "ExUnit");
        none(":testClasses UP-TO-DATE\n:test NO-SOURCE\n", "Gradle");
        none("> Task :shop:test NO-SOURCE\n", "Gradle");
        let dashes = "-".repeat(70);
        none(
            &format!("\n{dashes}\nRan 0 tests in 0.000s\n\nOK\n"),
            "unittest",
        );
        none(
            &format!(
                "Found 0 test(s).\nSystem check identified no issues (0 silenced).\n\n{dashes}\nRan 0 tests in 0.000s\n\nOK\n"
            ),
            "unittest",
        );
    }

    #[test]
    fn the_name_of_a_package_may_stand_before_each_line() {
        for prefix in [
            "a: ",
            "@shop/web: ",
            "web:test: ",
            "packages/web test: ",
            "packages/web test:unit: ",
            "[0] ",
            "[@shop/web]: ",
            "web-1  | ",
        ] {
            none(
                &format!("{prefix}> mocha\n{prefix}\n{prefix}  \x1b[32m 0 passing\x1b[0m (1ms)\n"),
                "Mocha",
            );
            some(&format!(
                "{prefix}  0 passing (1ms)\nother: \x1b[32m 1 passing (1ms)\n"
            ));
            none(
                &format!("{prefix}No tests found, exiting with code 0\n"),
                "Jest",
            );
        }
    }

    #[test]
    fn a_program_that_no_shell_finds_is_named() {
        for line in [
            "/bin/sh: 1: rake: not found",
            "sh: rake: not found",
            "bin/ci: 3: rake: not found",
            "bin/ci: line 3: rake: command not found",
            "bash: rake: command not found",
            "bin/ci:3: command not found: rake",
            "env: 'rake': No such file or directory",
            "/usr/bin/env: ‘rake’: No such file or directory",
            "env: rake: No such file or directory",
        ] {
            let output = format!("a line\n\x1b[31m{line}\x1b[0m\r\nmake: *** [test] Error 127\n");
            assert_eq!(
                not_found(output.as_bytes()).as_deref(),
                Some("rake"),
                "{line}"
            );
        }
        for line in [
            "/bin/sh: 1: bin/ci: not found",
            "Error: page: not found",
            "rake: not found",
            "GET /rake: 404 not found",
            "env: './x': No such file or directory",
        ] {
            assert_eq!(not_found(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn each_runner_has_two_patterns_that_are_valid() {
        let lines: Vec<_> = RUNNERS.lines().collect();
        let (runners, []) = lines.as_chunks::<3>() else {
            panic!("a line is missing")
        };
        for [name, patterns @ ..] in runners {
            assert!(!name.starts_with(' '), "{name}");
            for pattern in patterns {
                assert!(pattern.starts_with("  "), "{pattern}");
                assert!(Regex::new(pattern.trim_start()).is_ok(), "{pattern}");
            }
        }
    }

    #[test]
    fn a_run_with_tests_is_believed() {
        some("12 examples, 0 failures\n");
        some("[INFO] Tests run: 0, Failures: 0\n[INFO] Tests run: 7, Failures: 0\n");
        some("1 example, 0 failures\n");
        some("7 runs, 12 assertions, 0 failures, 0 errors, 0 skips\n");
        some("===== 3 skipped, 41 passed in 1.20s =====\n");
        some("Tests:       1 skipped, 9 passed, 10 total\n");
        some("test result: ok. 0 passed; 0 failed\n\ntest result: ok. 41 passed; 0 failed\n");
        some("ok  \texample.org/shop\t0.012s\n?   \texample.org/shop/web\t[no test files]\n");
        some("ok  \texample.org/shop\t(cached)\n");
        some("ok  \tx\t0.002s\tcoverage: 50.0% of statements\n?   \tx/web\t[no test files]\n");
        some("# tests 14\n");
        some("\n\n  cart\n    ✔ adds\n    - b\n\n\n  1 passing (3ms)\n  1 pending\n");
        some(
            "\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[32m1 passed\x1b[39m\x1b[22m\x1b[90m (1)\x1b[39m\n",
        );
        some("(pass) x [0.04ms]\n\n 1 pass\n 0 fail\nRan 1 test across 1 file. [16.00ms]\n");
        some(
            "OK, but incomplete, skipped, or risky tests!\nTests: 2, Assertions: 1, Skipped: 1.\n",
        );
        some("OK (2 tests, 2 assertions)\n");
        some("There are no tests to run\nResult: 6 passed\nFinished in 0.7 seconds\n");
        some("1 doctest, 1 test, 0 failures\n\nRandomized with seed 566664\n");
        some(
            "There are no tests to run\nExcluding tags: [:slow]\n\n.\n\nFinished in 0.01 seconds (0.00s async, 0.01s sync)\n2 tests, 0 failures, 1 excluded\n",
        );
        some(
            "All tests have been excluded.\n2 tests, 0 failures, 2 excluded\n\n  * test b (0.00ms) [L#8]\n2 tests, 0 failures, 1 excluded\n",
        );
        some(
            "All tests have been excluded.\n2 tests, 0 failures, 2 excluded\n\n2 tests, 0 failures\n",
        );
        some(
            "     Summary [   0.013s] 1 test run: 1 passed, 0 skipped\ntest result: ok. 0 passed; 0 failed\n",
        );
        some(
            "\tx\t\tcoverage: 0.0% of statements\nok  \tx/web\t0.002s\tcoverage: 50.0% of statements in ./...\n",
        );
        some("?   \tx\t[no test files]\nok  \tx/web\t(cached)\tcoverage: [no statements]\n");
        some(
            "[WARNING] Tests run: 2, Failures: 0, Errors: 0, Skipped: 1\n[INFO] No tests to run.\n",
        );
        some(":a:test NO-SOURCE\n:b:test\n\nBUILD SUCCESSFUL in 5s\n");
        some("> Task :a:test NO-SOURCE\n> Task :b:test UP-TO-DATE\n");
        some(".\nRan 1 test in 0.001s\n\nOK\nDestroying test database for alias 'default'...\n");
        some("all is well\n");
        some("");
    }
}

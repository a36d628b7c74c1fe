//! Whether the output is what the policy expects, and whether a run that passed has run any test: test
//! runners print that at their end.

use std::{fmt::Display, fs};

use regex_lite::Regex;

use super::{error::Error, log::Log};

/// Test runners, with the regular expressions of what they print after no test, and after some.
const RUNNERS: [(&str, &str, &str); 7] = [
    (
        "RSpec",
        r"(?m)^0 examples, 0 failures",
        r"(?m)^[1-9][0-9]* examples?, ",
    ),
    (
        "Rails",
        r"(?m)^0 (runs|tests), 0 assertions",
        r"(?m)^[1-9][0-9]* (runs|tests), ",
    ),
    (
        "pytest",
        r"(?m)^(=+ )?no tests ran\b",
        r"(?m)^(=+ )?([0-9]+ [a-z]+, )*[1-9][0-9]* passed\b",
    ),
    (
        "Jest",
        r"(?m)^No tests found|^Tests: +0 total",
        r"(?m)^Tests: .*[1-9][0-9]* total",
    ),
    (
        "cargo test",
        r"(?m)^test result: ok\. 0 passed",
        r"(?m)^test result: ok\. [1-9][0-9]* passed",
    ),
    (
        "go test",
        r"(?m)\[no test files\]|\[no tests to run\]",
        r"(?m)^ok\s+\S+\s+(\(cached\)|[0-9.]+s)\s*$",
    ),
    (
        "node",
        r"(?m)^(# |\S+ )tests 0$",
        r"(?m)^(# |\S+ )tests [1-9]",
    ),
];

/// A warning where a test runner has printed that no test ran, and not that some did.
pub(super) fn ran_no_test(output: &[u8]) -> Option<String> {
    let output = plain(output);
    let says = |pattern: &str| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(&output));
    let (name, ..) = RUNNERS
        .iter()
        .find(|(_, none, some)| says(none) && !says(some))?;
    Some(format!(
        "{name} says that no test ran; `suite.expect` can demand some"
    ))
}

/// Whether the whole output matches the policy's expression.
pub(super) fn matches(expected: &str, log: &Log) -> Result<bool, Error> {
    let failed = |reason: &dyn Display| Error::Failed {
        what: "look for `suite.expect` in the output".to_owned(),
        reason: reason.to_string(),
    };
    let path = log
        .path()
        .ok_or_else(|| failed(&"the output could not be kept whole"))?;
    let output = fs::read(path).map_err(|error| failed(&error))?;
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
        none("# tests 0\n# pass 0\n", "node");
    }

    #[test]
    fn a_run_with_tests_is_believed() {
        some("12 examples, 0 failures\n");
        some("1 example, 0 failures\n");
        some("7 runs, 12 assertions, 0 failures, 0 errors, 0 skips\n");
        some("===== 3 skipped, 41 passed in 1.20s =====\n");
        some("Tests:       1 skipped, 9 passed, 10 total\n");
        some("test result: ok. 0 passed; 0 failed\n\ntest result: ok. 41 passed; 0 failed\n");
        some("ok  \texample.org/shop\t0.012s\n?   \texample.org/shop/web\t[no test files]\n");
        some("ok  \texample.org/shop\t(cached)\n");
        some("# tests 14\n");
        some("all is well\n");
        some("");
    }
}

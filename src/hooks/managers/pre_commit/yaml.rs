//! The configuration as YAML, which both read.

use serde_yaml::Value;

/// The hook as `repos` lists it.
pub(crate) const LINES: &str = "\
- repo: local
  hooks:
    - id: pushgate
      name: pushgate
      entry: pushgate pre-push --from pre-commit
      language: system
      stages: [pre-push]
      always_run: true
      pass_filenames: false
      verbose: true
";

/// What it says; where it goes wrong, and how.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    serde_yaml::from_str(text).map_err(|error| error.to_string())
}

//! The guides: the longer texts that `pushgate help TOPIC` prints, and that the README links to.

/// One guide, which is a Markdown file of at most 80 columns so that it reads well in a terminal.
pub struct Guide {
    /// The word after `pushgate help`, which is also the name of the file.
    pub topic: &'static str,
    pub about: &'static str,
    pub text: &'static str,
}

macro_rules! guide {
    ($topic:literal, $about:literal) => {
        Guide {
            topic: $topic,
            about: $about,
            text: include_str!(concat!($topic, ".md")),
        }
    };
}

/// Every guide, in the order in which a new user needs them.
pub const GUIDES: [Guide; 8] = [
    guide!("policy", "the keys of .pushgate.yml and their defaults"),
    guide!("windows", "deploy hours, freezes and holidays"),
    guide!("suite", "the test suite, here or on a CI"),
    guide!(
        "promotion",
        "staging first, sign-offs, rollback, what the team sees"
    ),
    guide!("pipelines", "deploying from GitHub Actions or GitLab CI"),
    guide!(
        "hook-managers",
        "husky, lefthook, pre-commit, prek and git-lfs"
    ),
    guide!("json", "what programs can read"),
    guide!(
        "how-it-works",
        "what the hook does, and what doctor looks at"
    ),
];

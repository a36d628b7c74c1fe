//! The guides: the longer texts that `pushgate help TOPIC` prints, and that the README links to.

/// One guide, which is a Markdown file of at most 80 columns so that it reads well in a terminal.
pub struct Guide {
    /// The word after `pushgate help`, which is also the name of the file.
    pub topic: &'static str,
    pub about: &'static str,
    pub text: &'static str,
}

/// Every guide, in the order in which a new user needs them.
pub const GUIDES: [Guide; 8] = [
    Guide {
        topic: "policy",
        about: "the keys of .pushgate.yml and their defaults",
        text: include_str!("policy.md"),
    },
    Guide {
        topic: "windows",
        about: "deploy hours, freezes and holidays",
        text: include_str!("windows.md"),
    },
    Guide {
        topic: "suite",
        about: "the test suite, here or on a CI",
        text: include_str!("suite.md"),
    },
    Guide {
        topic: "promotion",
        about: "staging first, sign-offs, rollback, what the team sees",
        text: include_str!("promotion.md"),
    },
    Guide {
        topic: "pipelines",
        about: "deploying from GitHub Actions or GitLab CI",
        text: include_str!("pipelines.md"),
    },
    Guide {
        topic: "hook-managers",
        about: "husky, lefthook, pre-commit, prek and git-lfs",
        text: include_str!("hook-managers.md"),
    },
    Guide {
        topic: "json",
        about: "what programs can read",
        text: include_str!("json.md"),
    },
    Guide {
        topic: "how-it-works",
        about: "what the hook does, and what doctor looks at",
        text: include_str!("how-it-works.md"),
    },
];

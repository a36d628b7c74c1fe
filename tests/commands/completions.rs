//! What the shells complete, each asked at its own prompt in a real terminal.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use crate::support::{PUSHGATE, Ran, Sandbox, tmux::Terminal, tool, until};

/// A clone with a branch and a tag, and the program on everybody's PATH.
fn shop() -> Sandbox {
    let shop = Sandbox::new();
    shop.git(["branch", "feature-basket"]).goes();
    shop.git(["tag", "v1.0"]).goes();
    fs::create_dir(shop.path("bin")).unwrap();
    std::os::unix::fs::symlink(PUSHGATE, shop.path("bin/pushgate")).unwrap();
    shop
}

/// The script for a shell.
fn script(shop: &Sandbox, shell: &str) -> String {
    shop.pushgate(["completions", shell]).goes().stdout
}

/// The line that the help would have in the shell's own file.
fn line_of_the_help(shop: &Sandbox, shell: &str) -> String {
    let help = shop.pushgate(["completions", "--help"]).goes().stdout;
    let asks = format!("pushgate completions {shell}");
    let line = help.lines().find(|line| line.contains(&asks)).unwrap();
    line.split('\'')
        .nth(1)
        .expect("a line in quotes")
        .to_owned()
}

fn with_path(shop: &Sandbox) -> String {
    let path = std::env::var("PATH").unwrap();
    format!("{}:{path}", shop.path("bin").display())
}

/// What is typed before Tab, and what the line is then.
const LINES: [(&str, &str); 14] = [
    ("pushgate chec", "pushgate check"),
    ("pushgate check prod", "pushgate check production"),
    ("pushgate check tr", "pushgate check trunk"),
    ("pushgate approve stag", "pushgate approve staging"),
    ("pushgate window pro", "pushgate window production"),
    (
        "pushgate log --environment prod",
        "pushgate log --environment production",
    ),
    (
        "pushgate check --commit feat",
        "pushgate check --commit feature-basket",
    ),
    ("pushgate help appr", "pushgate help approve"),
    ("pushgate man schem", "pushgate man schema"),
    (
        "pushgate completions pow",
        "pushgate completions powershell",
    ),
    ("pushgate install --co", "pushgate install --config"),
    ("pushgate status --j", "pushgate status --json"),
    (
        "pushgate status --diff prod",
        "pushgate status --diff production",
    ),
    ("pushgate window --a", "pushgate window --at"),
];

/// The same with an option and its value in one word.
const JOINED: [(&str, &str); 2] = [
    (
        "pushgate log --environment=prod",
        "pushgate log --environment=production",
    ),
    (
        "pushgate log --environment=staging --s",
        "pushgate log --environment=staging --since",
    ),
];

/// Each line, typed at the prompt of a shell that is ready.
fn completes(terminal: &Terminal<'_>, joined: &[(&str, &str)]) {
    for (typed, whole) in LINES.iter().chain(joined) {
        terminal.begins(typed);
        terminal.presses("Tab");
        terminal.shows(whole);
        // The next one begins on an empty line.
        terminal.presses("C-u");
        until("the line is empty", || {
            (!terminal.screen().contains("pushgate")).then_some(())
        });
    }
}

#[test]
#[ignore = "slow: needs three other shells and strace"]
fn bash_completes_at_its_prompt() {
    let shop = shop();
    let rc = format!(
        "PS1='ready$ '\nPATH='{}'\n{}\n",
        with_path(&shop),
        line_of_the_help(&shop, "bash")
    );
    fs::write(shop.path("rc"), rc).unwrap();
    let terminal = Terminal::running(&shop, 80, "bash --noprofile --rcfile ../rc");
    terminal.shows("ready$");
    completes(&terminal, &JOINED);
}

#[test]
#[ignore = "slow: needs three other shells and strace"]
fn zsh_completes_at_its_prompt_sourced_and_loaded_at_the_first_tab() {
    tool("zsh", "zsh");
    for sourced in [true, false] {
        let shop = shop();
        let text = script(&shop, "zsh");
        fs::create_dir(shop.path("functions")).unwrap();
        fs::write(shop.path("functions/_pushgate"), text).unwrap();
        let how = if sourced {
            let line = line_of_the_help(&shop, "zsh");
            format!("autoload -Uz compinit\ncompinit -u -D\n{line}")
        } else {
            "fpath+=../functions\nautoload -Uz compinit\ncompinit -u -D".to_owned()
        };
        let rc = format!("PS1='ready%% '\nPATH='{}'\n{how}\n", with_path(&shop));
        fs::write(shop.path("home/.zshrc"), rc).unwrap();
        let terminal = Terminal::running(&shop, 80, "zsh -o NO_GLOBAL_RCS");
        terminal.shows("ready%");
        completes(&terminal, &JOINED);
    }
}

#[test]
#[ignore = "slow: needs three other shells and strace"]
fn fish_completes_at_its_prompt_and_says_what_is_what() {
    tool("fish", "fish");
    let shop = shop();
    let config = shop.path("home/.config/fish");
    fs::create_dir_all(&config).unwrap();
    let rc = format!(
        "set -gx PATH (string split : '{}')\nset -g fish_greeting\nfunction fish_prompt; echo 'ready> '; end\nset -g fish_autosuggestion_enabled 0\n{}\n",
        with_path(&shop),
        line_of_the_help(&shop, "fish")
    );
    fs::write(config.join("config.fish"), rc).unwrap();
    let terminal = Terminal::running(&shop, 80, "fish");
    terminal.shows("ready>");
    completes(&terminal, &JOINED);
    let ask = |line: &str| {
        let mut fish = shop.command("fish");
        let ran = Ran::of(fish.args(["-c", &format!("complete -C '{line}'")])).goes();
        assert_eq!(ran.stderr, "");
        ran.stdout
    };
    let environments = ask("pushgate check ");
    assert!(environments.contains("staging\t"), "{environments}");
    assert!(environments.contains("production\tafter staging\n"));
    assert!(environments.contains("trunk\t"));
    // No command there is about a file of the work tree.
    assert!(!environments.contains(".pushgate.yml"), "{environments}");
    let window = ask("pushgate window ");
    assert!(window.contains("staging\t") && !window.contains("trunk\t"));
    let commands = ask("pushgate ");
    assert!(commands.contains("check\tSay whether"), "{commands}");
    let hidden = |line: &str| line.starts_with("pre-push") || line.starts_with("watchdog");
    assert!(!commands.lines().any(hidden), "{commands}");
}

#[test]
#[ignore = "slow: needs three other shells and strace"]
fn elvish_completes_at_its_prompt() {
    tool("elvish", "elvish");
    let shop = shop();
    let rc = format!(
        "set-env PATH '{}'\nset edit:prompt = {{ put 'ready> ' }}\nset edit:rprompt = {{ }}\n{}",
        with_path(&shop),
        line_of_the_help(&shop, "elvish")
    );
    fs::write(shop.path("rc.elv"), rc).unwrap();
    let terminal = Terminal::running(&shop, 80, "elvish -rc ../rc.elv -db ../elvish.db");
    terminal.shows("ready>");
    completes(&terminal, &[]);
    // It puts into quotes what it must.
    terminal.begins("pushgate log --environment=prod");
    terminal.presses("Tab");
    terminal.shows("pushgate log '--environment=production'");
}

/// There is no PowerShell in Debian: its script is that of `clap_complete`, and what it calls answers.
#[test]
#[ignore = "slow: needs three other shells and strace"]
fn powershell_gets_an_answer_with_a_description_a_line() {
    let shop = shop();
    let text = script(&shop, "powershell");
    for name in ["pwsh", "PowerShell", "PWSH"] {
        assert_eq!(script(&shop, name), text);
    }
    assert!(text.starts_with("Register-ArgumentCompleter -Native -CommandName pushgate "));
    assert!(text.contains("\n& pushgate -- $args\n"), "{text}");
    assert!(
        text.contains("$env:PUSHGATE_COMPLETE = \"powershell\""),
        "{text}"
    );
    let answer = ask(&shop, &shop.app, "powershell", &["pushgate", "check", ""]);
    assert!(
        answer
            .stdout
            .starts_with("staging\tenvironment\nproduction\tafter staging\ntrunk\t")
    );
}

/// Asks the program as the scripts do.
fn ask(shop: &Sandbox, directory: &Path, shell: &str, words: &[&str]) -> Ran {
    let mut command = shop.command(PUSHGATE);
    command
        .current_dir(directory)
        .env("PUSHGATE_COMPLETE", shell)
        .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
        .env("_CLAP_IFS", "\n")
        .arg("--")
        .args(words);
    Ran::of(&mut command)
}

#[test]
#[ignore = "slow: needs three other shells and strace"]
fn where_there_is_nothing_to_say_nothing_is_said() {
    let shop = Sandbox::bare();
    let elsewhere = shop.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        for line in [
            &["pushgate", "window", "x"][..],
            &["pushgate", "check", "--commit", "x"],
            &["pushgate", "nonsense", "x"],
            &["pushgate", "nonsense", "--", "x"],
        ] {
            // A clone without a commit and a policy, and no repository.
            for directory in [&shop.app, &elsewhere] {
                let ran = ask(&shop, directory, shell, line).goes();
                assert_eq!(ran.stderr, "", "{shell} {line:?}");
                assert_eq!(ran.stdout.trim(), "", "{shell} {line:?}");
            }
        }
    }
    shop.policy("environments: [\n");
    let ran = ask(&shop, &shop.app, "fish", &["pushgate", "check", "t"]).goes();
    assert_eq!(ran.stderr, "");
    assert_eq!(ran.stdout, "trunk\twhere deploys come from\n");
}

#[test]
#[ignore = "slow: needs three other shells and strace"]
fn without_a_policy_the_heroku_remotes_are_the_environments() {
    let shop = Sandbox::bare();
    for app in ["shop-staging", "shop"] {
        let url = format!("https://git.heroku.com/{app}.git");
        shop.git(["remote", "add", app, &url]).goes();
    }
    let ran = ask(&shop, &shop.app, "fish", &["pushgate", "window", ""]).goes();
    assert!(
        ran.stdout
            .starts_with("staging\tenvironment\nproduction\tafter staging\n"),
        "{ran}"
    );
    assert_eq!(ran.stderr, "");
}

#[test]
#[ignore = "slow: needs three other shells and strace"]
fn no_tab_asks_the_network_or_takes_long() {
    let shop = shop();
    let strace = tool("strace", "strace");
    let calls = shop.path("calls");
    for line in [
        &["pushgate", "check", ""][..],
        &["pushgate", "check", "--commit", ""],
        &["pushgate", "log", "--environment", ""],
    ] {
        let mut command = shop.command(&strace);
        command
            .args(["-f", "-qq", "-e", "trace=%network,execve", "-o"])
            .arg(&calls)
            .arg(PUSHGATE)
            .arg("--")
            .args(line)
            .env("PUSHGATE_COMPLETE", "fish");
        Ran::of(&mut command).goes();
        let calls = fs::read_to_string(&calls).unwrap();
        assert!(calls.contains("execve("), "{calls}");
        for call in calls.lines().filter(|call| !call.contains("execve(")) {
            assert!(!call.contains("AF_INET"), "{line:?}: {call}");
        }
        for program in ["ls-remote", "\"fetch\"", "ssh"] {
            assert!(!calls.contains(program), "{line:?}: {calls}");
        }
        // Other tests run beside this one: one measured in peace is enough.
        let is_quick = (0..50).any(|_| {
            let begin = Instant::now();
            ask(&shop, &shop.app, "fish", line).goes();
            begin.elapsed() < Duration::from_millis(150)
        });
        assert!(is_quick);
    }
}

#[test]
#[ignore = "slow: needs three other shells and strace"]
fn no_variable_makes_the_hook_answer_instead_of_judging() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    for shell in ["bash", "fish", "nonsense", ""] {
        shop.push_with(&[("PUSHGATE_COMPLETE", shell)], "production", "master")
            .refused("promotion");
    }
}

#[test]
#[ignore = "slow: needs three other shells and strace"]
fn a_shell_that_is_not_known_is_refused_with_the_list() {
    let shop = Sandbox::bare();
    let ran = shop.pushgate(["completions", "bsh"]);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("[possible values: bash, elvish, fish, powershell, zsh]")
        .says("a similar value exists: 'bash'");
}

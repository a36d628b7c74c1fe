//! A real terminal with a real shell in it.

use std::{
    fs,
    path::PathBuf,
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    PATIENCE, Ran, Sandbox,
    processes::{Server, server},
    until,
};

/// A terminal; it and its shell are gone when this is dropped.
pub struct Terminal<'t> {
    shop: &'t Sandbox,
    socket: PathBuf,
    _server: Server,
}

impl<'t> Terminal<'t> {
    /// Opens one of 80 columns with bash in the clone, whose prompt is `$ `.
    pub fn open(shop: &'t Sandbox) -> Self {
        // As root, bash takes no prompt from the environment.
        fs::write(shop.path("bashrc"), "PS1='$ '\n").unwrap();
        let terminal = Self::running(shop, 80, "bash --rcfile ../bashrc");
        terminal.shows("$");
        terminal
    }

    /// Opens one of so many columns in which this runs, in the clone.
    pub fn running(shop: &'t Sandbox, columns: u16, command_line: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let socket = shop.path(&format!("tmux-{number}"));
        let mut command = server(shop, "tmux", "tmux");
        command.args(["-f", "/dev/null", "-D", "-S"]).arg(&socket);
        let terminal = Self {
            shop,
            socket,
            _server: Server::start(command.stderr(Stdio::null())),
        };
        // A client that finds no server would start one that nobody ends.
        let columns = columns.to_string();
        let size = ["-x", &columns, "-y", "24"];
        let new: Vec<_> = (["new-session", "-d"].iter())
            .chain(&size)
            .chain(&[command_line])
            .copied()
            .collect();
        let starts = || (terminal.tmux(&new).code == 0).then_some(());
        until("tmux starts", starts);
        terminal
    }

    fn tmux(&self, args: &[&str]) -> Ran {
        let mut command = self.shop.command(super::tool("tmux", "tmux"));
        Ran::of(command.args(["-N", "-S"]).arg(&self.socket).args(args))
    }

    /// Types, and leaves the line as it is.
    pub fn begins(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]).goes();
    }

    /// Types a line.
    pub fn types(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]).goes();
        self.tmux(&["send-keys", "Enter"]).goes();
    }

    /// Presses a key, by tmux's name for it.
    pub fn presses(&self, key: &str) {
        self.tmux(&["send-keys", key]).goes();
    }

    /// Closes the window, as a person does.
    pub fn closes(&self) {
        self.tmux(&["kill-session"]);
    }

    /// What is seen now, without the empty lines at its end.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
            .goes()
            .stdout
            .trim_end()
            .to_owned()
    }

    /// Waits until this is seen; what is then.
    #[track_caller]
    pub fn shows(&self, text: &str) -> String {
        // A client that finds no server would start one that nobody ends.
        let begin = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(text) {
                return screen;
            }
            assert!(
                begin.elapsed() < PATIENCE,
                "nobody shows `{text}`:\n{screen}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

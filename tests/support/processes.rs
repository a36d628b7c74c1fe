//! Programs that a test starts beside git, and what is left of a sandbox among the machine's processes.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus},
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::{Pid, geteuid},
};

use super::{Ran, Sandbox, tool, until};

/// A server in a process group of its own; it and all that it started are gone when this is dropped.
pub struct Server(Child);

/// A program that heeds every signal, as one that a person starts at a prompt; whoever runs the tests
/// in the background has some ignored (sh(1), `&`).
pub fn heeding(shop: &Sandbox, program: &str) -> Command {
    let mut command = shop.command(tool("env", "coreutils"));
    command.args(["--default-signal", program]);
    command
}

/// A program that runs beside the test; it is killed where the test ends before it.
pub struct Started(Child);

impl Started {
    /// Starts it.
    pub fn new(command: &mut Command) -> Self {
        let child = command.spawn();
        Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Sends it a signal, by its short name.
    pub fn send(&self, signal: &str) {
        let signal = format!("SIG{signal}").parse::<Signal>().unwrap();
        kill(Pid::from_raw(self.0.id().cast_signed()), signal).unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ends(&mut self) -> ExitStatus {
        until("a process ends", || self.0.try_wait().unwrap())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `sh -euc SCRIPT` in a mount namespace of its own, so that what it mounts ends with it.
pub fn namespace(shop: &Sandbox, script: &str) -> Command {
    let unshare = tool("unshare", "util-linux");
    tool("mount", "mount");
    let mut command = shop.command(unshare);
    if !geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--mount", "sh", "-euc", script]);
    command
}

/// Writes a script that can be run, and returns its path.
///
/// Another process writes it: while this one has it open, a child that a test beside us starts at
/// this moment has it open too, and nobody can run it.
pub fn script(shop: &Sandbox, path: &Path, text: &str) -> String {
    let mut command = shop.command("sh");
    command
        .args(["-c", "cat >\"$1\" && chmod 755 \"$1\"", "sh"])
        .arg(path);
    Ran::fed(&mut command, text.as_bytes()).goes();
    path.to_str().unwrap().to_owned()
}

/// A program that ends when the test does, even if nobody is left to drop its [`Server`].
pub fn server(shop: &Sandbox, program: &str, package: &str) -> Command {
    let mut command = shop.command(tool("setpriv", "util-linux"));
    command
        .args(["--pdeathsig", "TERM", "--"])
        .arg(tool(program, package));
    command
}

impl Server {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        let child = command.process_group(0).spawn();
        Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = self.0.id().cast_signed();
        // sshd gives every session a group of its own: those are found by their parents.
        for child in descendants(pid) {
            let _ = kill(Pid::from_raw(child), Signal::SIGKILL);
        }
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

/// Every process that descends from this one.
fn descendants(pid: i32) -> Vec<i32> {
    let all: Vec<_> = pids().filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(above) = found.get(next).copied() {
        found.extend(
            all.iter()
                .filter(|(_, parent)| *parent == above)
                .map(|(pid, _)| pid),
        );
        next += 1;
    }
    found.remove(0);
    found
}

fn pids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// proc(5): after the name in parentheses come the state and the parent.
fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// The command lines of the processes whose arguments or environment name this directory.
pub fn living_in(directory: &Path) -> Vec<String> {
    let name = directory.as_os_str().as_encoded_bytes();
    let read = |pid: i32, file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let of_it = |pid: &i32| {
        ["cmdline", "environ"].iter().any(|file| {
            read(*pid, file)
                .windows(name.len())
                .any(|part| part == name)
        })
    };
    pids()
        .filter(of_it)
        .map(|pid| {
            format!(
                "{pid} {}",
                String::from_utf8_lossy(&read(pid, "cmdline")).replace('\0', " ")
            )
        })
        .collect()
}

/// Waits until the process is there that ends a suite whose parent is killed.
#[track_caller]
pub fn is_guarded(shop: &Sandbox) {
    until("the suite is guarded", || {
        let all = living_in(shop.root());
        let is_there = all.iter().any(|line| line.contains("pushgate watchdog "));
        is_there.then_some(())
    });
}

/// Waits until no process knows this directory any more.
///
/// What must be ended has to go on for longer than [`PATIENCE`](super::PATIENCE) by itself.
#[track_caller]
pub fn assert_no_process_in(directory: &Path) {
    let mut left = Vec::new();
    let is_empty = || {
        left = living_in(directory);
        left.is_empty().then_some(())
    };
    until("no process of the sandbox is left", is_empty);
}

//! A real sshd on the loopback with keys of its own, and a client configuration that knows it.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use super::{
    PATIENCE, Sandbox,
    clock::Clock,
    processes::{Server, server},
    tool,
};

/// The server, and the files of a client that may talk to it.
pub struct Sshd {
    _server: Server,
    /// Where clients reach it.
    pub port: u16,
    user: String,
    directory: PathBuf,
}

impl Sshd {
    /// Starts it on a free port and waits until it listens.
    pub fn serve(shop: &Sandbox) -> Self {
        let directory = shop.path("ssh");
        fs::create_dir(&directory).unwrap();
        for name in ["host", "key"] {
            let file = directory.join(name);
            keygen(
                shop,
                &["-t", "ed25519", "-N", "", "-f", file.to_str().unwrap()],
            );
        }
        fs::copy(directory.join("key.pub"), directory.join("authorized")).unwrap();
        fs::write(
            directory.join("sshd_config"),
            configuration(shop, &directory),
        )
        .unwrap();
        if nix::unistd::geteuid().is_root() {
            // Where the service never ran, sshd misses the directory that it locks itself into.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let (server, port) = listening(shop, &directory);
        let user = shop.run_in(shop.root(), "id", ["-un"]).goes();
        let sshd = Self {
            _server: server,
            port,
            user: user.stdout.trim_end().to_owned(),
            directory,
        };
        sshd.reached_by(port)
    }

    /// Clients reach it by this port from now on, which may be another's that passes all on.
    pub fn reached_by(mut self, port: u16) -> Self {
        self.port = port;
        let key = fs::read_to_string(self.file("host.pub")).unwrap();
        fs::write(self.file("known"), format!("[127.0.0.1]:{port} {key}")).unwrap();
        self.client("");
        self
    }

    /// The client has never met this server.
    pub fn is_unknown(&self) {
        fs::write(self.directory.join("known"), "").unwrap();
    }

    /// Writes the client's configuration: these lines first, which therefore win (`ssh_config(5)`).
    pub fn client(&self, lines: &str) {
        let Self { port, user, .. } = self;
        let directory = self.directory.display();
        let config = format!(
            "{lines}\n\
             Host shop-host\n  HostName 127.0.0.1\n  Port {port}\n\
             Host *\n  User {user}\n  IdentityFile {directory}/key\n  IdentitiesOnly yes\n  \
             IdentityAgent none\n  UserKnownHostsFile {directory}/known\n  \
             GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking ask\n"
        );
        fs::write(self.directory.join("config"), config).unwrap();
    }

    /// A file of the client.
    pub fn file(&self, name: &str) -> String {
        self.directory.join(name).to_str().unwrap().to_owned()
    }

    /// The ssh command of a user who keeps the configuration elsewhere.
    pub fn command(&self) -> String {
        format!("ssh -F {}", self.file("config"))
    }

    /// The URL of one of the sandbox's repositories.
    pub fn url(&self, shop: &Sandbox, name: &str) -> String {
        let (user, port, root) = (&self.user, self.port, shop.root().display());
        format!("ssh://{user}@127.0.0.1:{port}{root}/{name}.git")
    }

    /// From now on the client's key wants a passphrase.
    pub fn locks_key(&self, shop: &Sandbox) {
        let passphrase = ["-p", "-a", "1", "-P", "", "-N", "a passphrase", "-f"];
        keygen(shop, &[&passphrase[..], &[&self.file("key")]].concat());
    }

    /// How many connections it has taken so far.
    pub fn connections(&self) -> usize {
        self.logged("Accepted publickey for")
    }

    /// How many sessions it has opened so far.
    pub fn sessions(&self) -> usize {
        self.logged("Starting session: command")
    }

    fn logged(&self, what: &str) -> usize {
        let log = fs::read_to_string(self.file("sshd.log")).unwrap();
        log.matches(what).count()
    }
}

fn keygen(shop: &Sandbox, args: &[&str]) {
    let program = tool("ssh-keygen", "openssh-client");
    shop.run_in(
        shop.root(),
        program.to_str().unwrap(),
        [&["-q"], args].concat(),
    )
    .goes();
}

/// sshd takes no socket that listens already: a port that somebody else was quicker to take is
/// given up for another.
fn listening(shop: &Sandbox, directory: &Path) -> (Server, u16) {
    let log = directory.join("sshd.log");
    for _ in 0..10 {
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut command = server(shop, "sshd", "openssh-server");
        command
            .env_remove("LD_PRELOAD")
            .args(["-D", "-e", "-f"])
            .arg(directory.join("sshd_config"))
            .args(["-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap());
        let mut started = Server::start(&mut command);
        let deadline = Instant::now() + PATIENCE;
        while !started.has_ended() {
            if fs::read_to_string(&log)
                .unwrap()
                .contains("Server listening on")
            {
                return (started, port);
            }
            assert!(Instant::now() < deadline, "sshd does not start");
            thread::sleep(Duration::from_millis(10));
        }
    }
    panic!(
        "sshd does not start:\n{}",
        fs::read_to_string(&log).unwrap()
    );
}

fn configuration(shop: &Sandbox, directory: &Path) -> String {
    let (home, directory) = (shop.path("home"), directory.display());
    let path = std::env::var("PATH").unwrap();
    let home = home.display();
    let variables = |clock: &Clock| {
        let set = |(name, value)| format!(" \"{name}={value}\"");
        clock.variables().map(set).concat()
    };
    let clock = shop.clock.as_ref().map(variables).unwrap_or_default();
    format!(
        "ListenAddress 127.0.0.1\nHostKey {directory}/host\nPidFile none\nLogLevel VERBOSE\n\
         AuthorizedKeysFile {directory}/authorized\nStrictModes no\nUsePAM no\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         PermitRootLogin prohibit-password\nAcceptEnv GIT_PROTOCOL\n\
         SetEnv PATH={path} HOME={home} GIT_CONFIG_GLOBAL={home}/.gitconfig GIT_CONFIG_SYSTEM=/dev/null{clock}\n"
    )
}

//! A forge on loopback that answers as GitHub and GitLab document it: pages, headers, errors.
//!
//! The real `gh` reaches it as its host `github.localhost`, which it asks without TLS, through an HTTP
//! proxy; the real `glab` by `api_host` and `api_protocol` of its configuration.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    Ran, Sandbox,
    clock::{BEGIN, parse},
    tool,
};

/// The token that it takes.
const TOKEN: &str = "s3cret-token";
/// The project that it has.
const PROJECT: &str = "acme/shop";

/// What it says of the commit, or what goes wrong.
#[derive(Clone)]
pub enum Scene {
    /// GitHub's check suites, check runs and commit statuses.
    Github {
        suites: Vec<Value>,
        runs: Vec<Value>,
        statuses: Vec<Value>,
    },
    /// GitLab's statuses.
    Gitlab(Vec<Value>),
    /// An error: status, headers, body.
    Error(u16, &'static str, &'static str),
    /// This body, whatever was asked.
    Body(String),
    /// It promises more than it sends, and hangs up.
    Cut,
    /// It hangs up without a word.
    Nothing,
    /// So many megabytes.
    Huge(usize),
}

/// How it answers, whatever it says.
#[derive(Clone, Copy, Default)]
pub struct Manners {
    /// So long it thinks.
    pub thinks: Duration,
    /// It does not say that a page follows.
    pub hides_links: bool,
}

/// The forge; it ends with the test.
pub struct Forge {
    port: u16,
    state: Arc<State>,
}

struct State {
    commit: Mutex<String>,
    /// One after the other; the last one stays.
    scenes: Mutex<Vec<Scene>>,
    asked: Mutex<Vec<String>>,
    manners: Mutex<Manners>,
    is_over: AtomicBool,
}

impl Forge {
    /// Starts it. It knows this commit, and each time that it is asked anew it plays the next scene.
    pub fn new(commit: &str, scenes: Vec<Scene>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            commit: Mutex::new(commit.to_owned()),
            scenes: Mutex::new(scenes),
            asked: Mutex::default(),
            manners: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                // Who asks may be gone before the answer.
                thread::spawn(move || drop(shared.answer(stream)));
            }
        });
        Self { port, state }
    }

    /// Plays these scenes from now on.
    pub fn plays(&self, scenes: Vec<Scene>) {
        *self.state.scenes.lock().unwrap() = scenes;
    }

    /// Answers like this from now on.
    pub fn behaves(&self, manners: Manners) {
        *self.state.manners.lock().unwrap() = manners;
    }

    /// Knows this commit and no other.
    pub fn knows(&self, commit: &str) {
        commit.clone_into(&mut self.state.commit.lock().unwrap());
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.state.asked.lock().unwrap().clone()
    }

    /// Makes the sandbox's origin a project of GitHub, and lets its gh find the way.
    pub fn makes_github_of(shop: &Sandbox) {
        tool("gh", "gh");
        let url = format!("https://github.localhost/{PROJECT}.git");
        Self::is_origin(shop, &url);
    }

    /// Makes it one of GitLab's.
    pub fn is_gitlab_of(&self, shop: &Sandbox) {
        tool("glab", "glab (of Debian 13; tests/run fetches it)");
        Self::is_origin(shop, &format!("git@gitlab.corp.test:{PROJECT}.git"));
        let config = shop.path("home/.config/glab-cli");
        fs::create_dir_all(&config).unwrap();
        let config = config.join("config.yml");
        let text = format!(
            "hosts:\n  gitlab.corp.test:\n    token: {TOKEN}\n    api_protocol: http\n    api_host: 127.0.0.1:{}\n",
            self.port
        );
        fs::write(&config, text).unwrap();
        fs::set_permissions(config, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Has this URL lead to the sandbox's origin.
    pub fn is_origin(shop: &Sandbox, url: &str) {
        let bare = shop.path("origin.git");
        let key = format!("url.{}.insteadOf", bare.display());
        shop.git(["config", &key, url]).goes();
        shop.git(["remote", "set-url", "origin", url]).goes();
    }

    /// Adds what its program needs to know.
    pub fn lets_in<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("HTTP_PROXY", format!("http://127.0.0.1:{}", self.port))
            .env("GH_TOKEN", TOKEN)
            .env("GH_ENTERPRISE_TOKEN", TOKEN)
    }

    /// `git push REMOTE master` by somebody who is logged in.
    pub fn push(&self, shop: &Sandbox, remote: &str) -> Ran {
        let mut command = shop.command("git");
        Ran::of(self.lets_in(command.args(["push", remote, "master"])))
    }
}

impl Drop for Forge {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl State {
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let request = lines.next().unwrap_or(Ok(String::new()))?;
        let mut is_known = false;
        for header in lines {
            let header = header?;
            is_known |= header.contains(TOKEN);
            if header.is_empty() {
                break;
            }
        }
        let Some(path) = request.split(' ').nth(1) else {
            return Ok(());
        };
        let path = path
            .strip_prefix("http://api.github.localhost")
            .unwrap_or(path);
        self.asked.lock().unwrap().push(path.to_owned());
        if !is_known {
            return self.send(&mut stream, 401, "", r#"{"message":"Bad credentials"}"#);
        }
        match self.scene(path) {
            Scene::Error(status, headers, body) => self.send(&mut stream, status, headers, body),
            Scene::Body(body) => self.send(&mut stream, 200, "", &body),
            Scene::Nothing => Ok(()),
            Scene::Cut => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n{\"total_count\":0,\"check_runs\":[]")
            }
            Scene::Huge(megabytes) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"total_count\":0,\"check_suites\":[],\"x\":\"")?;
                let block = vec![b'x'; 1 << 20];
                for _ in 0..megabytes {
                    stream.write_all(&block)?;
                }
                stream.write_all(b"\"}")
            }
            told => self.tell(&mut stream, path, &told),
        }
    }

    /// The scene of a request: a first page of the first question begins the next one.
    fn scene(&self, path: &str) -> Scene {
        let mut scenes = self.scenes.lock().unwrap();
        let begins = path.contains("/check-suites?") || path.starts_with("/api/v4/");
        let now = scenes[0].clone();
        // What GitHub says stands until its last question was answered.
        let ends = match &now {
            Scene::Github { .. } => path.contains("/status?"),
            _ => begins,
        };
        if ends && scenes.len() > 1 {
            scenes.remove(0);
        }
        now
    }

    fn tell(&self, stream: &mut TcpStream, path: &str, scene: &Scene) -> std::io::Result<()> {
        let commit = self.commit.lock().unwrap().clone();
        let (place, query) = path.split_once('?').unwrap();
        let number = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let found = pairs.find(|(known, _)| *known == name);
            found.map(|(_, number)| number.parse::<usize>().unwrap())
        };
        let (page, size) = (
            number("page").unwrap_or(1),
            number("per_page").unwrap_or(30),
        );
        assert!(size <= 100, "both forges give a hundred at most");
        let github = format!("/repos/{PROJECT}/commits/{commit}/");
        let gitlab = format!("/api/v4/projects/acme%2Fshop/repository/commits/{commit}/statuses");
        let (all, key) = match scene {
            Scene::Github {
                suites,
                runs,
                statuses,
            } => match place.strip_prefix(&github) {
                Some("check-suites") => (suites, "check_suites"),
                Some("check-runs") => (runs, "check_runs"),
                Some("status") => (statuses, "statuses"),
                _ if place.starts_with(&format!("/repos/{PROJECT}/")) => {
                    let sha = place.split('/').nth(5).unwrap();
                    let body = json!({"message": format!("No commit found for SHA: {sha}"), "status": "422"});
                    return self.send(stream, 422, "", &body.to_string());
                }
                _ => return self.send(stream, 404, "", r#"{"message":"Not Found"}"#),
            },
            Scene::Gitlab(jobs) if place == gitlab => (jobs, ""),
            _ => return self.send(stream, 404, "", r#"{"message":"404 Commit Not Found"}"#),
        };
        let part = all
            .iter()
            .skip((page - 1) * size)
            .take(size)
            .cloned()
            .map(|mut entry| {
                // Whatever is said is said of this commit, unless the test says otherwise.
                for key in ["head_sha", "sha"] {
                    if entry.get(key) == Some(&Value::Null) {
                        entry[key] = json!(commit);
                    }
                }
                entry
            });
        let part = part.collect::<Vec<_>>();
        let hides_links = self.manners.lock().unwrap().hides_links;
        let next = if page * size < all.len() && !hides_links {
            let host = match scene {
                Scene::Gitlab(_) => format!("127.0.0.1:{}", stream.local_addr()?.port()),
                _ => "api.github.localhost".to_owned(),
            };
            format!(
                "Link: <http://{host}{place}?per_page={size}&page={}>; rel=\"next\"\r\n",
                page + 1
            )
        } else {
            String::new()
        };
        let body = match key {
            "" => json!(part),
            "statuses" => {
                json!({"sha": commit, "state": "pending", "total_count": all.len(), key: part})
            }
            _ => json!({"total_count": all.len(), key: part}),
        };
        self.send(stream, 200, &next, &body.to_string())
    }

    fn send(
        &self,
        stream: &mut TcpStream,
        status: u16,
        headers: &str,
        body: &str,
    ) -> std::io::Result<()> {
        let manners = *self.manners.lock().unwrap();
        thread::sleep(manners.thinks);
        let kind = if body.starts_with(['{', '[']) {
            "application/json; charset=utf-8"
        } else {
            "text/plain"
        };
        write!(
            stream,
            "HTTP/1.1 {status} Status\r\nContent-Type: {kind}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    }
}

/// A moment as both forges write it, so many seconds before the sandbox began.
pub fn ago(seconds: i64) -> String {
    let moment = parse(BEGIN) - SignedDuration::from_secs(seconds);
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A check run of GitHub Actions; one that is done ended an hour ago.
pub fn run(name: &str, conclusion: &str) -> Value {
    let (status, conclusion) = match conclusion {
        running @ ("queued" | "in_progress") => (running, None),
        done => ("completed", Some(done)),
    };
    let completed = conclusion.map(|_| ago(3600));
    json!({"id": 7, "name": name, "head_sha": null, "status": status, "conclusion": conclusion, "completed_at": completed,
        "html_url": format!("https://github.localhost/{PROJECT}/actions/runs/7/{name}"), "app": {"slug": "github-actions"}, "check_suite": {"id": 7}})
}

/// The same check of another workflow, or of another event, in a suite of its own.
pub fn twin(id: u64, name: &str, conclusion: &str) -> [Value; 2] {
    let (mut run, mut suite) = (run(name, conclusion), suite(1, conclusion));
    run["check_suite"] = json!({"id": id});
    (run["id"], suite["id"]) = (json!(id), json!(id));
    [suite, run]
}

/// A commit status, as other services post it.
pub fn status(context: &str, state: &str) -> Value {
    json!({"context": context, "state": state, "updated_at": ago(3600), "target_url": format!("https://ci.example/{context}")})
}

/// The check suite of GitHub Actions.
pub fn suite(runs: usize, conclusion: &str) -> Value {
    let mut suite = run("", conclusion);
    suite["latest_check_runs_count"] = json!(runs);
    suite["app"] = json!({"slug": "github-actions", "name": "GitHub Actions"});
    suite
}

/// A workflow whose runs are all there.
pub fn github(runs: Vec<Value>) -> Scene {
    let is_done = runs.iter().all(|run| run["status"] == "completed");
    let suites = vec![suite(
        runs.len(),
        if is_done { "success" } else { "in_progress" },
    )];
    Scene::Github {
        suites: if runs.is_empty() { Vec::new() } else { suites },
        runs,
        statuses: Vec::new(),
    }
}

/// A job of GitLab.
pub fn job(id: usize, name: &str, status: &str) -> Value {
    json!({"id": id, "sha": null, "ref": "master", "name": name, "status": status, "allow_failure": false,
        "finished_at": ago(3600), "target_url": format!("https://gitlab.corp.test/{PROJECT}/-/jobs/{id}")})
}

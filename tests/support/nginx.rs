//! A web server that serves a sandbox's repositories: nginx, fcgiwrap and git-http-backend.

use std::{
    fs,
    net::TcpListener,
    os::{fd::OwnedFd, unix::net::UnixListener},
    path::PathBuf,
    process::Stdio,
};

use super::{
    Sandbox,
    processes::{Server, server},
};

/// Whom the server lets in.
pub const USER: &str = "ana";
/// Her password.
pub const PASSWORD: &str = "s3cret-Of-Ana";

/// The server. What is under `/open/` is anybody's, what is under `/shut/` wants [`USER`] and
/// [`PASSWORD`], and `/broken/` answers 500.
pub struct Nginx {
    _web: Server,
    _git: Server,
    port: u16,
    log: PathBuf,
}

impl Nginx {
    /// Serves the sandbox's repositories on a port of the kernel's choice.
    pub fn serve(shop: &Sandbox) -> Self {
        let prefix = shop.path("nginx");
        fs::create_dir(&prefix).unwrap();
        // Both servers inherit sockets that listen already: no port is lost to somebody else in
        // between, and nobody has to wait until they are up.
        let web = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = web.local_addr().unwrap().port();
        let socket = prefix.join("git.sock");
        let git = UnixListener::bind(&socket).unwrap();
        let mut wrap = server(shop, "fcgiwrap", "fcgiwrap");
        wrap.stdin(Stdio::from(OwnedFd::from(git)))
            .stdout(Stdio::null())
            .stderr(fs::File::create(prefix.join("fcgiwrap.log")).unwrap());
        let config = prefix.join("nginx.conf");
        fs::write(&config, configuration(shop, port)).unwrap();
        fs::write(
            prefix.join("users"),
            format!("{USER}:{{PLAIN}}{PASSWORD}\n"),
        )
        .unwrap();
        for name in ["origin", "staging", "production"] {
            // git-http-backend(1): a push by nobody in particular has to be allowed.
            let bare = shop.path(&format!("{name}.git"));
            shop.run_in(bare, "git", ["config", "http.receivepack", "true"])
                .goes();
        }
        let mut web_server = server(shop, "nginx", "nginx-light");
        web_server.arg("-p").arg(&prefix).arg("-c").arg(&config);
        web_server
            .args(["-e", "error.log"])
            // nginx(8): sockets to inherit, meant for upgrading it on the fly.
            .env("NGINX", "0;")
            .stdin(Stdio::from(OwnedFd::from(web)))
            .stdout(Stdio::null())
            .stderr(fs::File::create(prefix.join("nginx.log")).unwrap());
        Self {
            _git: Server::start(&mut wrap),
            _web: Server::start(&mut web_server),
            port,
            log: prefix.join("access.log"),
        }
    }

    /// The URL of one of the repositories.
    pub fn url(&self, place: &str, name: &str) -> String {
        format!("http://127.0.0.1:{}/{place}/{name}.git", self.port)
    }

    /// The same with the user and the password in it.
    pub fn url_with_password(&self, name: &str) -> String {
        let url = self.url("shut", name);
        url.replacen("://", &format!("://{USER}:{PASSWORD}@"), 1)
    }

    /// Where host and port stand for the whole server in reports.
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How many requests it has answered that hold this: `USER STATUS METHOD PATH`.
    pub fn answered(&self, what: &str) -> usize {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().filter(|line| line.contains(what)).count()
    }
}

fn configuration(shop: &Sandbox, port: u16) -> String {
    let exec_path = shop.run_in(shop.root(), "git", ["--exec-path"]).goes();
    let backend = format!("{}/git-http-backend", exec_path.stdout.trim_end());
    let root = shop.root().display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("  {name}_temp_path {root}/nginx/{name};\n"))
        .concat();
    // Started by root, its worker would be somebody else, who may not look into the sandbox.
    let user = if nix::unistd::geteuid().is_root() {
        "user root;"
    } else {
        ""
    };
    format!(
        r#"daemon off;
worker_processes 1;
{user}
pid {root}/nginx/pid;
events {{ worker_connections 64; }}
http {{
  log_format short '$remote_user $status $request_method $uri';
  access_log {root}/nginx/access.log short;
{temporary}
  client_max_body_size 0;
  fastcgi_param SCRIPT_FILENAME {backend};
  fastcgi_param GIT_PROJECT_ROOT {root};
  fastcgi_param GIT_HTTP_EXPORT_ALL 1;
  fastcgi_param HTTP_GIT_PROTOCOL $http_git_protocol;
  fastcgi_param PATH_INFO $repository;
  fastcgi_param QUERY_STRING $query_string;
  fastcgi_param REQUEST_METHOD $request_method;
  fastcgi_param CONTENT_TYPE $content_type;
  fastcgi_param CONTENT_LENGTH $content_length;
  fastcgi_param REMOTE_USER $remote_user;
  fastcgi_param REMOTE_ADDR $remote_addr;
  server {{
    listen 127.0.0.1:{port};
    location ~ ^/open(?<repository>/.+)$ {{
      fastcgi_pass unix:{root}/nginx/git.sock;
    }}
    location ~ ^/shut(?<repository>/.+)$ {{
      auth_basic "the shop";
      auth_basic_user_file {root}/nginx/users;
      fastcgi_pass unix:{root}/nginx/git.sock;
    }}
    location /broken/ {{
      return 500;
    }}
  }}
}}
"#
    )
}

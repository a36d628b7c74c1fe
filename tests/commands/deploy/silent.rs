//! Deploys past remotes and commands that give no answer: they are waited for once.

use std::net::TcpListener;

use super::{POLICY, deploy, shop};
use crate::support::story::{timed, took_less};

#[test]
#[ignore = "slow: waits for time limits"]
fn what_is_silent_is_waited_for_once() {
    // It takes connections, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/shop.git", silent.local_addr().unwrap());
    for (live, remotes) in [
        ("", &["origin", "staging"][..]),
        ("live: sleep 60", &["origin"]),
        ("live: sleep 60", &["staging"]),
    ] {
        let shop = shop(&POLICY.replace("staging: {}", &format!("staging: {{{live}}}")));
        for remote in remotes {
            let url = format!("{url}?{remote}");
            shop.git(["remote", "set-url", remote, &url]).goes();
        }
        let (ran, took) = timed(|| deploy(&shop, &["production"]));
        took_less(took, 18, &ran);
        ran.ends_with(2).says("gave no answer within 10 s");
    }
}

#[test]
#[ignore = "slow: waits for time limits"]
fn urls_of_one_remote_are_waited_for_together() {
    let [silent, other] = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let shop = shop(POLICY);
    for (words, listener) in [("set-url", &silent), ("add", &other)] {
        let url = format!("http://{}/shop.git", listener.local_addr().unwrap());
        let add: &[&str] = if words == "add" { &["--add"] } else { &[] };
        let args = [
            &["remote", "set-url", "--push"][..],
            add,
            &["staging", &url],
        ]
        .concat();
        shop.git(args).goes();
    }
    let (ran, took) = timed(|| shop.pushgate(["check", "production"]));
    took_less(took, 18, &ran);
    ran.ends_with(2).says("gave no answer within 10 s");
    // Both were asked.
    for listener in [silent, other] {
        listener.set_nonblocking(true).unwrap();
        listener.accept().unwrap();
    }
}

//! What holds for every input: the hook's standard input, and the URLs of remotes.

use std::{fs, path::PathBuf};

use bstr::{BStr, ByteSlice};
use proptest::prelude::*;
use pushgate::push::{
    Oid, Update,
    destination::{Destination, Reader},
    parse,
    url::redact,
};

use crate::support::{Ran, Sandbox, processes::script};

/// An id that is not zero.
fn id(width: usize) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[0-9a-f]{{{}}}[1-9a-f]", width - 1)).unwrap()
}

/// An id, or the zero id.
fn id_or_zero(width: usize) -> impl Strategy<Value = String> {
    prop_oneof![4 => id(width), 1 => Just("0".repeat(width))]
}

/// Any bytes that a line may hold.
fn bytes(least: usize, without: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_filter("not here", move |b| !without.contains(b));
    proptest::collection::vec(byte, least..40)
}

type Line = (Vec<u8>, String, Vec<u8>, String);

fn line(width: usize) -> impl Strategy<Value = Line> {
    let target = bytes(1, b" \n\0").prop_map(|name| [&b"refs/"[..], &name].concat());
    (
        bytes(1, b"\n"),
        id_or_zero(width),
        target,
        id_or_zero(width),
    )
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    prop_oneof![Just(40_usize), Just(64)]
        .prop_flat_map(|width| proptest::collection::vec(line(width), 0..20))
}

fn written((source, local, target, remote): &Line) -> Vec<u8> {
    [
        source,
        &b" "[..],
        local.as_bytes(),
        b" ",
        target,
        b" ",
        remote.as_bytes(),
        b"\n",
    ]
    .concat()
}

fn expected((source, local, target, remote): &Line) -> Update {
    Update {
        source: source.as_slice().into(),
        commit: Oid::parse(local.as_bytes()),
        target: target.as_slice().into(),
        replaces: Oid::parse(remote.as_bytes()),
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(input in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(error) = parse(&input) {
            prop_assert!(error.number >= 1);
            prop_assert!(!error.to_string().chars().any(char::is_control));
        }
    }

    #[test]
    fn what_git_writes_is_read_as_it_was_meant(lines in lines()) {
        let input: Vec<u8> = lines.iter().flat_map(written).collect();
        let updates: Vec<_> = lines.iter().map(expected).collect();
        prop_assert_eq!(parse(&input).unwrap(), updates);
    }

    #[test]
    fn a_line_that_lost_a_byte_of_its_ids_is_never_taken_for_another(
        lines in lines(),
        which in any::<prop::sample::Index>(),
        from_end in 0_usize..40,
    ) {
        prop_assume!(!lines.is_empty());
        let which = which.index(lines.len());
        let mut input = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let mut line = written(line);
            if index == which {
                line.remove(line.len() - 2 - from_end);
            }
            input.extend(line);
        }
        prop_assert!(parse(&input).is_err());
    }
}

fn reader() -> Reader {
    Reader {
        directory: PathBuf::from("/srv/shop"),
        heroku_hosts: vec!["git.heroku.example".to_owned()],
    }
}

fn read(url: impl AsRef<[u8]>) -> Destination {
    reader().read(url.as_ref().as_bstr())
}

/// Characters that mean something in a URL, and others.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("://".to_owned()),
        Just("https://".to_owned()),
        Just("ssh://".to_owned()),
        Just("git@".to_owned()),
        Just("git.heroku.com".to_owned()),
        Just(".git".to_owned()),
        "[\\[\\]:@/.?#%~ ]",
        "\\PC{0,4}",
        "[a-z0-9]{1,6}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9]{0,8}(\\.[a-z]{2,6}){1,2}",
        Just("git.heroku.com".to_owned()),
        Just("heroku.com".to_owned()),
        Just("git.scalingo.com".to_owned()),
        Just("127.0.0.1".to_owned()),
    ]
}

fn path() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9-]{0,8}(/[a-z][a-z0-9-]{0,8}){0,2}"
}

/// A path of a server written in another way that leads there: `.`, `..`, doubled slashes, `.git`.
fn respelled(path: &str, odd: &[u8]) -> String {
    let mut odd = odd.iter().copied().cycle();
    let mut next = || odd.next().unwrap_or_default();
    let parts = path.split('/').map(|part| {
        let before = match next() % 6 {
            0 => "./",
            1 => "/",
            2 => "x/../",
            3 => ".//y/./../",
            _ => "",
        };
        format!("{before}{part}")
    });
    let parts: Vec<_> = parts.collect();
    let end = ["", "/", ".git", ".git/", "/.git", "//.git/."][usize::from(next() % 6)];
    parts.join("/") + end
}

/// Some of the characters percent-encoded.
fn encoded(path: &str, odd: &[u8]) -> String {
    let mut odd = odd.iter().copied().cycle();
    let encode = |c: char| match odd.next().unwrap_or_default() % 4 {
        0 => format!("%{:02X}", u32::from(c)),
        1 => format!("%{:02x}", u32::from(c)),
        _ => c.to_string(),
    };
    path.chars().map(encode).collect()
}

/// The spellings by which git reaches a path on a host by ssh, and curl by HTTP.
fn spellings(host: &str, path: &str, odd: &[u8]) -> Vec<String> {
    let path = respelled(path, odd);
    let (encoded_host, encoded_path) = (encoded(host, odd), encoded(&path, odd));
    vec![
        format!("{host}:{path}"),
        format!("git@{host}:./{path}"),
        format!("git@{host}:~/{path}"),
        format!("git@{host}:~git/{path}"),
        format!("[git@{host}]:{path}"),
        format!("[git@{host}:22]:{path}"),
        format!("git@[{host}:22]:{path}"),
        format!("ssh://git@{host}/~/{path}"),
        format!("ssh://git@{host}:022/{path}"),
        format!("ssh://git%40{encoded_host}:22/{encoded_path}"),
        format!("git+ssh://[git@{host}:22]//{encoded_path}"),
        format!("ssh://git@{host}%2F{encoded_path}"),
        format!("https://{encoded_host}:0443/{encoded_path}"),
        format!("https::https://ana:p%2Fw@{host}//{path}"),
    ]
}

/// A password that is nowhere else in the URL, with all that may stand in one unescaped.
fn password() -> impl Strategy<Value = String> {
    "GEHEIM[A-Za-z0-9:@%'\"!$&()*+,;=._~ü-]{0,12}"
}

proptest! {
    #[test]
    fn any_bytes_are_a_place(url in proptest::collection::vec(any::<u8>(), 0..200)) {
        let place = read(&url);
        let _ = (place.brief(), place.platform(), place.is_app("shop"), place.to_string());
    }

    #[test]
    fn whatever_looks_like_a_url_is_a_place(url in pieces()) {
        let place = read(&url);
        let _ = (place.brief(), place.is_app(&url), place.to_string());
        prop_assert_eq!(read(&url), place);
    }

    #[test]
    fn no_password_is_in_a_place(
        scheme in prop_oneof![Just("https"), Just("http"), Just("ssh"), Just("HTTPS"), Just("git+ssh")],
        user in "[a-z]{0,6}",
        password in password(),
        host in host(),
        port in prop_oneof![Just(""), Just(":443"), Just(":8443")],
        path in path(),
        end in prop_oneof![Just(""), Just("/"), Just(".git"), Just(".git/")],
    ) {
        let url = format!("{scheme}://{user}:{password}@{host}{port}/{path}{end}");
        let place = read(&url);
        for text in [place.to_string(), place.brief(), format!("{place:?}"), redact(&url)] {
            prop_assert!(!text.to_uppercase().contains("GEHEIM"), "{} says {}", url, text);
        }
        let told = redact(&format!("fatal: unable to access '{url}': no"));
        prop_assert!(!told.contains("GEHEIM"), "{told}");
        prop_assert!(told.contains(&host), "{told}");
        prop_assert_eq!(place, read(format!("{scheme}://{host}{port}/{path}{end}")));
    }

    #[test]
    fn one_place_on_a_server_has_many_spellings(host in host(), path in path()) {
        let place = read(format!("https://{host}/{path}"));
        let shout = host.to_uppercase();
        for url in [
            format!("https://{host}/{path}.git"),
            format!("https://{host}/{path}/"),
            format!("https://{host}/{path}.git/"),
            format!("https://{host}:443/{path}"),
            format!("https://{shout}/{path}"),
            format!("HTTPS://{host}/{path}"),
            format!("https://{host}./{path}"),
            format!("https://ana@{host}/{path}"),
            format!("https://ana:geheim@{host}/{path}.git"),
            format!("http://{host}:80/{path}"),
            format!("ssh://git@{host}/{path}"),
            format!("ssh://git@{host}:22/{path}.git"),
            format!("git+ssh://git@{shout}/{path}/"),
            format!("git@{host}:{path}.git"),
            format!("git@{host}:/{path}"),
            format!("{host}:{path}"),
            format!("git://{host}:9418/{path}"),
        ] {
            prop_assert_eq!(read(&url), place.clone(), "{}", url);
        }
        for url in [
            format!("https://{host}.evil.example/{path}"),
            format!("https://not-{host}/{path}"),
            format!("https://{host}/{path}x"),
            format!("https://{host}/x/{path}"),
            format!("https://{host}:8443/{path}"),
            format!("./{host}:{path}"),
        ] {
            let is_heroku = place.platform().is_some() && url.contains(":8443");
            prop_assert!(is_heroku || read(&url) != place, "{} is not {}", url, place);
        }
    }

    #[test]
    fn every_spelling_that_git_takes_to_one_place_is_that_place_and_no_other(
        host in host(),
        path in path(),
        other in (host(), path()),
        odd in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        let place = read(format!("https://{host}/{path}"));
        let there = read(format!("https://{}/{}", other.0, other.1));
        for url in spellings(&host, &path, &odd) {
            prop_assert_eq!(read(&url), place.clone(), "{}", url);
            prop_assert_eq!(read(&url) == there, place == there, "{} and {:?}", url, other);
        }
    }

    #[test]
    fn one_place_on_this_machine_has_many_spellings(path in path(), inner in "[a-z]{1,6}") {
        let place = read(format!("/srv/{path}"));
        for url in [
            format!("/srv/{path}.git"),
            format!("/srv/{path}/"),
            format!("/srv/{path}.git/"),
            format!("/srv/{path}/.git"),
            format!("/srv/./{path}"),
            format!("/srv//{path}"),
            format!("/srv/{inner}/../{path}"),
            format!("/../srv/{path}"),
            format!("../{path}"),
            format!("../{path}.git"),
            format!("./../{path}"),
            format!("file:///srv/{path}"),
            format!("file:///srv/{path}.git/"),
        ] {
            prop_assert_eq!(read(&url), place.clone(), "{}", url);
        }
        prop_assert_eq!(read(format!("{inner}/{path}")), read(format!("/srv/shop/{inner}/{path}")));
        prop_assert_ne!(read(format!("/srv/{inner}/{path}")), place.clone());
        prop_assert_ne!(read(&path), place);
    }
}

#[test]
fn bytes_that_are_not_utf_8_tell_places_apart() {
    let read = |url: &[u8]| reader().read(BStr::new(url));
    assert_ne!(read(b"/srv/caf\xe9"), read(b"/srv/caf\xe8"));
    assert_eq!(read(b"/srv/caf\xe9"), read(b"/srv/x/../caf\xe9.git"));
}

/// What git really calls ssh with, for a wall of odd spellings: the host, the port and the path.
#[test]
fn git_itself_takes_the_spellings_of_ssh_to_their_place() {
    let shop = Sandbox::bare();
    let told = shop.path("told");
    let ssh = script(
        &shop,
        &shop.path("ssh"),
        "#!/bin/sh\nfor word; do printf '%s\\n' \"$word\"; done >\"$TOLD\"; exit 1\n",
    );
    for odd in [[4_u8, 9].as_slice(), &[0, 1, 2, 3, 4, 5], &[5, 2, 0, 7, 1]] {
        let urls = spellings("example.test", "team/shop", odd);
        for url in urls.iter().filter(|url| !url.contains("https")) {
            let mut command = shop.command("git");
            command
                .args(["ls-remote", url])
                .env("GIT_SSH_COMMAND", &ssh)
                .env("GIT_SSH_VARIANT", "ssh")
                .env("TOLD", &told);
            let _ = Ran::of(&mut command);
            let told = fs::read_to_string(&told).unwrap();
            let mut words = told.lines().skip_while(|word| word.starts_with("-o"));
            words.by_ref().find(|word| word.starts_with("SendEnv="));
            let mut words: Vec<_> = words.collect();
            if words[0] == "-p" {
                assert_eq!(words[1].trim_start_matches('0'), "22", "{url}");
                words.drain(..2);
            }
            let host = words[0].rsplit('@').next().unwrap();
            assert_eq!(host, "example.test", "{url}: {told}");
            let path = words[1].split('\'').nth(1).unwrap();
            let path = path.replace("~git/", "").replace("~/", "");
            let mut parts = Vec::new();
            for part in path.split('/') {
                match part {
                    "" | "." | ".git" => {}
                    ".." => drop(parts.pop()),
                    part => parts.push(part.trim_end_matches(".git")),
                }
            }
            assert_eq!(parts, ["team", "shop"], "{url}: {told}");
        }
    }
}

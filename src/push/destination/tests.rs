use super::*;

fn reader() -> Reader {
    Reader {
        directory: "/home/ana/shop".into(),
        heroku_hosts: vec!["git.heroku.test".to_owned()],
    }
}

#[track_caller]
fn app(url: &str, platform: Platform, shown: &str) {
    let place = reader().read(url.into());
    assert_eq!(place.platform(), Some(platform), "{url}");
    assert_eq!(place.to_string(), shown, "{url}");
}

#[track_caller]
fn elsewhere(url: &str, shown: &str) {
    let place = reader().read(url.into());
    assert_eq!(place.platform(), None, "{url}");
    assert_eq!(place.to_string(), shown, "{url}");
}

#[test]
fn every_spelling_of_a_heroku_app_is_one_place() {
    for url in [
        "https://git.heroku.com/shop.git",
        "https://git.heroku.com/shop",
        "https://git.heroku.com/shop.git?token=s3cret",
        "https://git.heroku.com/shop/#main",
        "https://git.heroku.com/shop/",
        "https://git.heroku.com/shop.git/",
        "https://heroku:0123-key@git.heroku.com/shop.git",
        "https://ana%40shop.example:key@git.heroku.com/shop.git",
        "https://GIT.Heroku.COM/shop.git",
        "https://git.heroku.com:443/shop.git",
        "https://git.heroku.com./shop.git",
        "https://git.heroku.com/Shop.git",
        "git@heroku.com:shop.git",
        "git@HEROKU.com:shop",
        "ssh://git@heroku.com/shop.git",
        "ssh://git@heroku.com:22/shop.git",
        "git@heroku.work:shop.git",
        "heroku.work:shop.git",
        "https://git.heroku.test/shop.git",
        "https://git.heroku.com/./shop.git",
        "https://git.heroku.com/x/../shop.git",
        "https://git.heroku.com//shop.git//",
        "https://git.heroku.com/shop/.git",
        "https://git.heroku.com/%2e/x/%2E%2E/%73hop%2egit",
        "https://git.heroku%2Ecom/shop.git",
        "https::https://git.heroku.com:0443/shop.git",
        "git@heroku.com:./shop.git",
        "git@heroku.com:~/shop.git",
        "git@heroku.com:~git/shop.git",
        "git@heroku.com:x/../shop.git",
        "[git@heroku.com]:shop.git",
        "[git@heroku.com:22]:shop.git",
        "git@[heroku.com:22]:shop.git",
        "ssh://git@heroku.com/~/shop.git",
        "ssh://git@heroku.com//./shop.git",
        "ssh://git@heroku%2Ecom/shop.git",
        "ssh://git@heroku.com%2Fshop.git",
        "ssh://git%40heroku.com:022/shop.git",
    ] {
        app(url, Platform::Heroku, "git.heroku.com/shop");
        assert!(reader().read(url.into()).is_app("shop"), "{url}");
        assert_eq!(reader().read(url.into()).brief(), "shop");
    }
}

#[test]
fn what_cannot_be_read_on_a_known_host_is_the_platform_s_all_the_same() {
    for url in [
        "https://git.heroku.com/",
        "https://git.heroku.com/shop/other.git",
        "git@heroku.com:../shop.git",
        "ssh://git@heroku.com/~ana/shop.git",
    ] {
        let place = reader().read(url.into());
        assert_eq!(place.platform(), Some(Platform::Heroku), "{url}");
        assert!(!place.is_app("shop"), "{url}");
        assert!(place.brief().starts_with("git.heroku.com/"), "{url}");
    }
    app(
        "git@ssh.osc-fr1.scalingo.com:team/shop.git",
        Platform::Scalingo,
        "ssh.osc-fr1.scalingo.com/team/shop",
    );
    app(
        "https://git.gigalixir.com/",
        Platform::Gigalixir,
        "git.gigalixir.com/",
    );
    elsewhere(
        "git@gitlab.scalingo.com:team/shop.git",
        "gitlab.scalingo.com/team/shop",
    );
}

#[test]
fn look_alikes_are_not_heroku() {
    elsewhere(
        "https://git.heroku.com.evil.example/shop.git",
        "git.heroku.com.evil.example/shop",
    );
    elsewhere("https://gitxheroku.com/shop.git", "gitxheroku.com/shop");
    elsewhere("git@github.com:me/heroku.git", "github.com/me/heroku");
    elsewhere("https://x/?u=https://git.heroku.com/a.git", "x/");
    elsewhere(
        "https://git.heroku.com@evil.example/shop.git",
        "evil.example/shop",
    );
    elsewhere("https://heroku.work/shop.git", "heroku.work/shop");
    elsewhere("git@heroku.shop.example:a/b.git", "heroku.shop.example/a/b");
    elsewhere("/srv/git.heroku.com/shop.git", "/srv/git.heroku.com/shop");
}

#[test]
fn the_other_platforms_are_known_by_their_forms() {
    app(
        "dokku@paas.example:shop.eu",
        Platform::Dokku,
        "dokku@paas.example/shop.eu",
    );
    app(
        "ssh://dokku@paas.example:2222/shop",
        Platform::Dokku,
        "dokku@paas.example:2222/shop",
    );
    app(
        "piku@paas.example:shop",
        Platform::Piku,
        "piku@paas.example/shop",
    );
    app(
        "git@ssh.osc-fr1.scalingo.com:shop.git",
        Platform::Scalingo,
        "ssh.osc-fr1.scalingo.com/shop",
    );
    app(
        "ssh://git@ssh.osc-fr1.scalingo.com:2200/shop.git",
        Platform::Scalingo,
        "ssh.osc-fr1.scalingo.com/shop",
    );
    app(
        "git@scalingo.com:shop.git",
        Platform::Scalingo,
        "scalingo.com/shop",
    );
    app(
        "git+ssh://git@push-n1-par-clevercloud-customers.services.clever-cloud.com/app_1234.git",
        Platform::CleverCloud,
        "push-n1-par-clevercloud-customers.services.clever-cloud.com/app_1234",
    );
    app(
        "https://git.gigalixir.com/shop.git/",
        Platform::Gigalixir,
        "git.gigalixir.com/shop",
    );
    app(
        "https://ana%40shop.example:KEY@git.gigalixir.com/shop.git/",
        Platform::Gigalixir,
        "git.gigalixir.com/shop",
    );
    elsewhere("https://dokku@paas.example/shop", "paas.example/shop");
    elsewhere("https://evilscalingo.com/shop", "evilscalingo.com/shop");
}

#[test]
fn a_bare_word_is_a_heroku_app_and_a_host_with_a_path_any_other() {
    let dokku = reader().read("dokku@paas.example:shop".into());
    assert!(dokku.is_app("paas.example/shop") && !dokku.is_app("shop"));
    for word in ["PAAS.example//Shop.git", "paas.example:22/./shop/"] {
        assert!(dokku.is_app(word), "{word}");
    }
    assert!(!dokku.is_app("paas.example/shop/x") && !dokku.is_app("paas.example:23/shop"));
    assert!(
        !reader()
            .read("https://git.heroku.com/shop".into())
            .is_app("shop-staging")
    );
}

#[test]
fn the_same_path_in_the_homes_of_two_users_is_two_places() {
    let read = |url: &str| reader().read(url.into());
    for url in [
        "stage@h:shop.git",
        "ssh://stage@h/~/shop",
        "stage@h:./shop",
        "h:~stage/shop",
        "prod@h:~stage/shop",
    ] {
        assert_eq!(read(url), read("stage@h:shop"), "{url}");
        assert_eq!(read(url).to_string(), "stage@h/shop", "{url}");
        assert!(!read(url).may_be(&read("prod@h:shop")), "{url}");
        // Who logs in, nobody says.
        assert!(read(url).may_be(&read("h:shop")), "{url}");
        assert!(read("h:shop").may_be(&read(url)), "{url}");
        assert!(read(url).is_app("h/shop") && read(url).is_app("stage@h/~/shop"));
        assert!(!read(url).is_app("prod@h/~/shop"));
    }
    // The apps of Dokku are in the home directory of its user.
    assert!(!read("dokku@h:shop").may_be(&read("prod@h:shop")));
    assert!(read("dokku@h:shop").may_be(&read("h:shop")));
    assert_eq!(read("dokku@h:shop"), read("ssh://dokku@h/shop"));
    assert_eq!(read("stage@h:/srv/shop"), read("prod@h:/srv/shop"));
    assert_eq!(read("ssh://stage@h/srv/shop"), read("h:/srv/shop"));
    assert_eq!(read("git@h:shop"), read("https://h/shop"));
}

#[test]
fn equal_hosts_and_paths_are_equal_however_they_are_written() {
    #[track_caller]
    fn same(one: &str, other: &str) {
        assert_eq!(reader().read(one.into()), reader().read(other.into()));
    }
    same("git@example.org:a/b.git", "ssh://git@EXAMPLE.org:22/a/b/");
    same(
        "https://u:p@example.org/a/b",
        "https://example.org:443/a/b.git",
    );
    same("../shop.git", "/home/ana/shop.git");
    same("file:///srv/shop.git", "/srv/./x/../shop");
    same("file://localhost/srv/my%20shop.git", "/srv/my shop");
    same("FILE:///srv/%73hop", "/srv/shop");
    same("ssh://git@heroku.com/sh%6fp.git", "git@heroku.com:shop.git");
    same(
        "https://github.com/Team/Shop.git",
        "https://github.com/team/shop",
    );
    assert_ne!(
        reader().read("/srv/%73hop".into()),
        reader().read("/srv/shop".into())
    );
    same("git@example.org:~/a/./b", "example.org:a//x/../b/.git");
    same("ssh://git@ssh.github.com:443/a/b", "https://github.com/a/b");
    same("git@altssh.gitlab.com:a/b", "git@gitlab.com:a/b");
    assert_ne!(
        reader().read("example.org:../a".into()),
        reader().read("example.org:a".into())
    );
    same("/srv/shop/.git", "/srv/shop");
    same("example.org:team/..git", "example.org:team/./..git/");
    assert_ne!(
        reader().read("example.org:team/..git".into()),
        reader().read("example.org:team".into())
    );
    same(".", "/home/ana/shop");
    same("ssh://git@[::1]:22/a", "[::1]:a");
    assert_ne!(
        reader().read("https://example.org:8443/a".into()),
        reader().read("https://example.org/a".into())
    );
}

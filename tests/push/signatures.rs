//! `signoff.signed: true`: only a sign-off that git verifies counts, and only for whoever signed it.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::support::{
    Sandbox, follow_up,
    notes_worker::{REF, clone, told},
    tool,
};

const SIGNED: &str = "\
suite:
  run: 'true'
environments:
  staging: {}
  production: {after: staging, signoff: {signed: true}}
";

/// A shop that asks for signatures, its commit live on staging; Ana signs with a key of ssh's.
fn shop() -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(SIGNED);
    for remote in ["origin", "staging"] {
        shop.push_ungated(remote, "master");
    }
    shop.git(["config", "--global", "gpg.format", "ssh"]).goes();
    ssh_key(&shop, "ana");
    shop.git([
        "config",
        "--global",
        "user.signingKey",
        shop.path("ana.pub").to_str().unwrap(),
    ])
    .goes();
    let signers = shop.path("signers");
    shop.git([
        "config",
        "--global",
        "gpg.ssh.allowedSignersFile",
        signers.to_str().unwrap(),
    ])
    .goes();
    trust(&shop, "ana@shop.example", "ana");
    shop
}

fn ssh_key(shop: &Sandbox, name: &str) {
    let program = tool("ssh-keygen", "openssh-client");
    let args = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"];
    let file = shop.path(name);
    let args = args.iter().copied().chain([file.to_str().unwrap()]);
    shop.run_in(shop.root(), program.to_str().unwrap(), args)
        .goes();
}

/// The key stands for a mail address, and no other key for any.
fn trust(shop: &Sandbox, principal: &str, key: &str) {
    let key = fs::read_to_string(shop.path(&format!("{key}.pub"))).unwrap();
    fs::write(shop.path("signers"), format!("{principal} {key}")).unwrap();
}

fn head(shop: &Sandbox) -> String {
    shop.ask(["rev-parse", "HEAD"])
}

/// How many sign-offs of the commit git verifies, and how many there are.
fn verified(shop: &Sandbox, place: &Path) -> String {
    told(shop, place, &format!("verify {}", head(shop)))
}

/// Puts another note in the place of Ana's.
fn forge(shop: &Sandbox, forged: impl FnOnce(String) -> String) {
    let note = shop
        .git(["notes", "--ref", REF, "show", &head(shop)])
        .goes()
        .stdout;
    let forged = forged(note.clone());
    assert_ne!(forged, note);
    let file = shop.path("forged");
    fs::write(&file, forged).unwrap();
    let file = file.to_str().unwrap();
    shop.git(["notes", "--ref", REF, "add", "-f", "-F", file, &head(shop)])
        .goes();
}

#[test]
fn a_sign_off_is_signed_and_everybody_who_trusts_the_key_can_verify_it() {
    let shop = shop();
    let objects = || shop.ask(["cat-file", "--batch-all-objects", "--batch-check"]);
    // What went there around the gate is recorded by the first command.
    shop.pushgate(["log"]).goes();
    follow_up(&shop.app);
    let before = objects();
    shop.pushgate(["approve", "-m", "the basket"])
        .goes()
        .says("shared on origin")
        .never_says("does not verify");
    // Note, tree, tree of the directory, commit: the signed object itself is none of them.
    assert_eq!(objects().lines().count(), before.lines().count() + 4);
    assert_eq!(verified(&shop, &shop.app), "1 of 1");
    let ben = clone(&shop, "ben");
    told(&shop, &ben, "fetch origin");
    assert_eq!(verified(&shop, &ben), "1 of 1");
    shop.pushgate(["approve"])
        .goes()
        .says("was signed off on staging by Ana <ana@shop.example> already");
}

#[test]
fn a_signed_sign_off_of_a_fork_counts_for_the_staging_of_the_fork_only() {
    let shop = shop();
    let (staging, fork) = (shop.path("staging.git"), shop.path("fork.git"));
    let [staging, fork] = [&staging, &fork].map(|path| path.to_str().unwrap());
    shop.git(["clone", "-q", "--bare", staging, fork]).goes();
    shop.git(["remote", "set-url", "staging", fork]).goes();
    shop.pushgate(["approve"]).goes().says("shared on origin");
    assert_eq!(verified(&shop, &shop.app), "1 of 1");
    shop.git(["remote", "set-url", "staging", staging]).goes();
    let commit = &head(&shop)[..7];
    shop.push("production", "master")
        .refused("promotion")
        .says(&format!(
            "nobody has signed {commit} off on staging; what was tried at {} does not count here",
            shop.place("fork")
        ));
    shop.pushgate(["approve"])
        .goes()
        .says(&format!("{commit} signed off on staging by Ana"));
    shop.push("production", "master").goes();
}

#[test]
#[ignore = "slow: hundreds of signatures"]
fn what_was_not_signed_or_was_changed_is_not_verified() {
    for forged in [
        |note: String| note.replace("\"words\":\"the basket\"", "\"words\":\"the till\""),
        |note: String| note.replace("\"by\":\"Ana <ana", "\"by\":\"Ben <ben"),
        // The note tells of a deployment, too.
        |note: String| note.replace("\"staging\"", "\"production\""),
        // The signature, and the object around it.
        |note: String| note.replace("gpgsig", "gpgsgi"),
        |note: String| {
            note.replace(
                "-----BEGIN SSH SIGNATURE-----\\n U1NI",
                "-----BEGIN SSH SIGNATURE-----\\n U1NJ",
            )
        },
        |note: String| note.replace("tree ", "tee "),
        |note: String| note.replace("author Ana", "author Eve"),
        |note: String| note.split(",\"signed\"").next().unwrap().to_owned() + "}",
    ] {
        let shop = shop();
        shop.pushgate(["approve", "-m", "the basket"]).goes();
        assert_eq!(verified(&shop, &shop.app), "1 of 1");
        forge(&shop, forged);
        assert_eq!(verified(&shop, &shop.app), "0 of 1");
        shop.git(["fsck", "--strict"]).goes();
    }
}

#[test]
fn a_verified_sign_off_opens_the_gate_and_another_does_not() {
    let shop = shop();
    shop.pushgate(["approve"]).goes();
    let key = fs::read_to_string(shop.path("signers")).unwrap();
    fs::remove_file(shop.path("signers")).unwrap();
    shop.push("production", "master").refused("promotion");
    fs::write(shop.path("signers"), key).unwrap();
    shop.push("production", "master")
        .goes()
        .says("signed off by Ana <ana@shop.example>");
}

#[test]
fn a_key_vouches_for_nobody_but_its_owner() {
    let shop = shop();
    shop.pushgate(["approve"]).goes();
    assert_eq!(verified(&shop, &shop.app), "1 of 1");
    trust(&shop, "*@shop.example", "ana");
    assert_eq!(verified(&shop, &shop.app), "1 of 1");
    // The same key, but it is Eve's.
    trust(&shop, "eve@shop.example", "ana");
    assert_eq!(verified(&shop, &shop.app), "0 of 1");
    // A key that nobody knows.
    ssh_key(&shop, "other");
    trust(&shop, "ana@shop.example", "other");
    assert_eq!(verified(&shop, &shop.app), "0 of 1");
    fs::remove_file(shop.path("signers")).unwrap();
    assert_eq!(verified(&shop, &shop.app), "0 of 1");
}

#[test]
fn eve_cannot_sign_in_ana_s_name() {
    let shop = shop();
    ssh_key(&shop, "eve");
    let key = |name: &str| fs::read_to_string(shop.path(&format!("{name}.pub"))).unwrap();
    let signers = format!(
        "ana@shop.example {}eve@shop.example {}",
        key("ana"),
        key("eve")
    );
    fs::write(shop.path("signers"), signers).unwrap();
    let eve = shop.path("eve.pub");
    shop.git(["config", "user.signingKey", eve.to_str().unwrap()])
        .goes();
    shop.pushgate(["approve"])
        .goes()
        .says("does not verify here that it is by Ana <ana@shop.example>");
    assert_eq!(verified(&shop, &shop.app), "0 of 1");
    shop.git(["config", "--unset", "user.signingKey"]).goes();
    shop.pushgate(["approve"])
        .goes()
        .says("signed off on staging")
        .never_says("already");
    assert_eq!(verified(&shop, &shop.app), "1 of 2");
}

#[test]
fn what_git_cannot_sign_is_not_recorded() {
    let shop = shop();
    shop.git(["config", "user.signingKey", "/nowhere/at-all.pub"])
        .goes();
    let ran = shop.pushgate(["approve"]);
    assert_eq!(ran.code, 2);
    ran.says("could not sign it, which the policy asks for")
        .says("/nowhere/at-all.pub")
        .says("  see that `git commit -S` works");
    let signed_off = shop.git(["grep", "-h", "signoff", REF]);
    assert_eq!(signed_off.stdout, "");
}

#[test]
#[ignore = "slow: needs gpg"]
fn gpg_verifies_alike() {
    let shop = shop();
    let gpg = tool("gpg", "gnupg");
    let gpg = gpg.to_str().unwrap();
    // A socket's path may not be long; the sandbox's HOME is short enough.
    let args = [
        "--batch",
        "--quiet",
        "--passphrase",
        "",
        "--quick-generate-key",
        "Ana <ana@shop.example>",
        "ed25519",
        "sign",
        "never",
    ];
    fs::create_dir(shop.path("home/.gnupg")).unwrap();
    shop.run_in(shop.root(), "chmod", ["700", "home/.gnupg"])
        .goes();
    shop.run_in(shop.root(), gpg, args).goes();
    shop.git(["config", "--global", "gpg.format", "openpgp"])
        .goes();
    shop.git(["config", "--global", "--unset", "user.signingKey"])
        .goes();
    let ran = shop.pushgate(["approve"]);
    let count = verified(&shop, &shop.app);
    // Another HOME knows no key.
    shop.run_in(shop.root(), "mv", ["home/.gnupg", "home/gone"])
        .goes();
    let stranger = verified(&shop, &shop.app);
    for home in ["home/.gnupg", "home/gone"] {
        let home = shop.path(home);
        shop.run_in(
            shop.root(),
            "gpgconf",
            ["--homedir", home.to_str().unwrap(), "--kill", "all"],
        );
    }
    ran.goes().never_says("does not verify");
    assert_eq!((count.as_str(), stranger.as_str()), ("1 of 1", "0 of 1"));
}

#[test]
fn sha_256_is_signed_alike() {
    let shop = Sandbox::with_init(&["--object-format=sha256"]);
    shop.policy(SIGNED);
    for remote in ["origin", "staging"] {
        shop.git(["push", "-q", remote, "master"]).goes();
    }
    ssh_key(&shop, "ana");
    trust(&shop, "ana@shop.example", "ana");
    for (key, file) in [
        ("user.signingKey", "ana.pub"),
        ("gpg.ssh.allowedSignersFile", "signers"),
    ] {
        shop.git(["config", key, shop.path(file).to_str().unwrap()])
            .goes();
    }
    shop.git(["config", "gpg.format", "ssh"]).goes();
    shop.pushgate(["approve"])
        .goes()
        .never_says("does not verify");
    assert_eq!(verified(&shop, &shop.app), "1 of 1");
}

#[test]
#[ignore = "slow: hundreds of signatures"]
fn a_flood_of_forged_sign_offs_costs_no_flood_of_programs() {
    let shop = shop();
    let program = shop.path("keygen");
    let keygen = tool("ssh-keygen", "openssh-client");
    let text = format!(
        "#!/bin/sh\necho called >>'{}'\nexec '{}' \"$@\"\n",
        shop.path("calls").display(),
        keygen.display()
    );
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    shop.pushgate(["approve"]).goes();
    forge(&shop, |note| {
        let forged = |number| note.replace("Ana <ana", &format!("Eve{number} <eve{number}"));
        (0..200).map(forged).collect()
    });
    shop.git(["config", "gpg.ssh.program", program.to_str().unwrap()])
        .goes();
    shop.push("production", "master")
        .refused("promotion")
        .says("200");
    let calls = fs::read_to_string(shop.path("calls")).unwrap();
    // Two for each that is looked at: who could have signed it, and whether they did.
    let calls = calls.lines().count();
    assert!((64..=128).contains(&calls), "{calls}");
}

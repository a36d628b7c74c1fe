//! Threads and processes that cannot be started (`RLIMIT_NPROC`): an error, or the work is done without.

use std::process::Command;

use expect_test::expect;

use crate::support::{PUSHGATE, Ran, Sandbox, processes::script, tool};

/// Fails as the system does that has no room for another thread, or after so many for another process;
/// only within pushgate.
const SHORTAGE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_short(const char *name) {
  static int started;
  const char *most = getenv(name);
  return most && !strcmp(program_invocation_short_name, "pushgate") && started++ >= atoi(most);
}

int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *x) {
  int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = dlsym(RTLD_NEXT, "pthread_create");
  return is_short("MOST_THREADS") ? EAGAIN : real(t, a, f, x);
}

pid_t fork(void) {
  pid_t (*real)(void) = dlsym(RTLD_NEXT, "fork");
  if (is_short("MOST_CHILDREN")) {
    errno = EAGAIN;
    return -1;
  }
  return real();
}

int posix_spawnp(pid_t *p, const char *f, const posix_spawn_file_actions_t *a, const posix_spawnattr_t *t,
                 char *const *v, char *const *e) {
  int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *,
              char *const *) = dlsym(RTLD_NEXT, "posix_spawnp");
  return is_short("MOST_CHILDREN") ? EAGAIN : real(p, f, a, t, v, e);
}
"#;

/// A shop whose suite this is, and the library that makes threads and processes scarce.
fn scarce(suite: &str) -> (Sandbox, String) {
    let shop = Sandbox::new().by_the_machines_clock();
    shop.policy(&format!(
        "suite: {suite}\nenvironments: {{staging: {{}}, production: {{after: staging, signoff: false}}}}\n"
    ));
    for remote in ["origin", "staging"] {
        shop.push_ungated(remote, "master");
    }
    std::fs::write(shop.path("shortage.c"), SHORTAGE).unwrap();
    let mut compiler = Command::new(tool("cc", "gcc"));
    compiler
        .args(["-shared", "-fPIC", "-o", "shortage.so", "shortage.c"])
        .current_dir(shop.root())
        .env_remove("LD_PRELOAD");
    Ran::of(&mut compiler).goes();
    let library = shop.path("shortage.so");
    (shop, library.to_str().unwrap().to_owned())
}

fn with(shop: &Sandbox, library: &str, name: &str, most: usize, args: &[&str]) -> Ran {
    let mut command = shop.command(args[0]);
    command
        .args(&args[1..])
        .env("LD_PRELOAD", library)
        .env(name, most.to_string());
    Ran::of(&mut command)
}

#[test]
fn without_threads_the_work_is_done_without() {
    let (shop, library) = scarce("{run: echo tested}");
    let push = ["git", "push", "production", "master"];
    with(&shop, &library, "MOST_THREADS", 0, &push)
        .goes()
        .says("tested\n");
    // Each of several steps that run together needs one.
    let (shop, library) = scarce(
        "{run: [{run: sleep 60, name: one, parallel: true}, {run: sleep 61, name: two, parallel: true}]}",
    );
    with(&shop, &library, "MOST_THREADS", 1, &push).undecided("suite");
    with(&shop, &library, "MOST_THREADS", 0, &push)
        .undecided("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running together: one, two
            pushgate: push to production (production) not decided, so it does not go
              suite: could not watch a step of the suite
                Resource temporarily unavailable (os error 11)
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn a_process_that_cannot_be_started_is_an_error_and_no_verdict() {
    let (shop, library) = scarce("{run: echo tested, reuse: never}");
    let check = [PUSHGATE, "check", "production"];
    let mut codes = Vec::new();
    for most in 0.. {
        let ran = with(&shop, &library, "MOST_CHILDREN", most, &check);
        let ran = ran.never_says("panicked");
        codes.push(ran.code);
        if ran.code != 2 || most > 60 {
            break;
        }
        assert!(
            ran.stderr.contains("Resource temporarily unavailable"),
            "{most}: {ran}"
        );
    }
    // Enough for all but the process that watches this one, which the suite runs without.
    assert!(codes.len() > 3, "{codes:?}");
    assert_eq!(codes.last(), Some(&0), "{codes:?}");
}

#[test]
fn a_chained_hook_that_cannot_be_fed_stops_the_push() {
    let (shop, library) = scarce("{run: echo tested}");
    let kept = shop.app.join(".git/.pushgate-hooks");
    std::fs::create_dir(&kept).unwrap();
    script(&shop, &kept.join("pre-push"), "#!/bin/sh\ncat >/dev/null\n");
    let push = ["git", "push", "production", "master"];
    let ran = with(&shop, &library, "MOST_THREADS", 0, &push);
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("could not run the hook that was here before")
        .says("Resource temporarily unavailable")
        .never_says("panicked");
    with(&shop, &library, "MOST_THREADS", 9, &push).goes();
}

#[test]
#[ignore = "slow: a minute"]
fn no_command_panics_where_no_process_can_be_started() {
    let (shop, library) = scarce("{run: echo tested, reuse: never}");
    let commands: [&[&str]; 6] = [
        &["git", "push", "production", "master"],
        &[PUSHGATE, "status"],
        &[PUSHGATE, "doctor"],
        &[PUSHGATE, "log"],
        &[PUSHGATE, "lock", "staging", "-m", "x"],
        &[PUSHGATE, "approve", "staging"],
    ];
    for args in commands {
        for most in 0..6 {
            for name in ["MOST_CHILDREN", "MOST_THREADS"] {
                with(&shop, &library, name, most, args).never_says("panicked");
            }
        }
    }
}

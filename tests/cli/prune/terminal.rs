//! `prune` on a terminal: the plan, the question, and changes while a person thinks.

#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use crate::fake::{Fault, PROD};
use crate::scene::{Scene, days_ago, sorted};
use crate::setup::{EAST, seconds};

/// Runs the binary under script(1), does `meanwhile` once it asks, answers, and gives the exit code and the screen.
fn answer(setup: &Scene, line: &str, meanwhile: impl FnOnce(), keys: &str) -> (i32, String) {
    let command = format!("stty cols 250; {} {line}", env!("CARGO_BIN_EXE_amictl"));
    let amictl = setup.process(line);
    let mut child = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env_clear()
        .envs(amictl.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script(1) of util-linux gives a command a terminal");
    let mut screen = child.stdout.take().unwrap();
    let (send, shown) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = screen.read(&mut buffer) {
            let _ = send.send(String::from_utf8_lossy(&buffer[..read]).into_owned());
        }
    });
    let mut text = String::new();
    while !text.contains("[y/N]") {
        match shown.recv_timeout(seconds(60)) {
            Ok(more) => text.push_str(&more),
            Err(_) => panic!("nothing was asked:\n{text}"),
        }
    }
    meanwhile();
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(keys.as_bytes()).unwrap();
    let code = child.wait().unwrap().code().unwrap();
    drop(keyboard);
    reader.join().unwrap();
    text.extend(shown.try_iter());
    (code, text)
}

#[test]
fn a_person_sees_the_plan_and_says_yes() {
    let setup = Scene::new();
    let web = setup.family("web", 5);
    let (code, shown) = answer(&setup, "prune --apply", || setup.unchanged(), "y");
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains(&web[0]) && shown.contains("Deregister 2 images"), "{shown}");
    assert_eq!(setup.left().len(), 3);
}

#[test]
fn a_person_is_asked_about_every_step_of_a_retirement() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    setup.tag(&web[0], "amictl:retire", "deprecate@2025-06-01T00:00:00Z");
    setup.world().instance(PROD, EAST).image(&web[0]).put();
    let file = setup.home.write("p.toml", "version = 1\nkeep = 1\nretire = ['disable', 'deregister@30d']\n");
    let (code, shown) = answer(&setup, &format!("prune --policy {file} --apply"), || (), "y");
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("Disable 1 image, revive 1 image?"), "{shown}");
    assert_eq!(setup.image(&web[1]).phase.after, "disabled");
}

#[test]
fn a_person_says_no_or_just_presses_return() {
    let setup = Scene::new();
    setup.family("web", 5);
    for keys in ["n", "\r"] {
        let (code, shown) = answer(&setup, "prune --apply", || (), keys);
        assert_eq!(code, 4, "{shown}");
    }
    setup.unchanged();
}

#[test]
fn nothing_goes_that_was_not_shown_and_nothing_that_came_into_use_since() {
    let setup = Scene::new();
    let web = setup.family("web", 6);
    let change = || {
        setup.world().instance(PROD, EAST).image(&web[1]).put();
        setup.tag(&web[2], "amictl:keep", "");
        let mut world = setup.world();
        // With these, three more would go by now: nobody was asked about them.
        world.image(PROD, EAST, "web-v7-2025-01-01").created(days_ago(90)).put();
        for n in 1..=5 {
            world.image(PROD, EAST, &format!("shop-v{n}-2025-01-01")).created(days_ago(90)).put();
        }
    };
    let (code, shown) = answer(&setup, "prune --keep 3 --apply", change, "y");
    assert_eq!(code, 0, "{shown}");
    assert_eq!(setup.deregistered(), [web[0].as_str()]);
    assert!(shown.contains("it is now kept: in-use") && shown.contains("it is now kept: protected-tag"), "{shown}");
    assert!(setup.has(&web[3]), "v4 is the fourth newest by now, and was not shown");
}

#[test]
fn a_source_that_fails_while_a_person_thinks_keeps_everything() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    let change = || setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "no"));
    let (code, shown) = answer(&setup, "prune --keep 0 --apply", change, "y");
    assert_eq!(setup.left().len(), 2);
    assert!(shown.contains("unverified") && web.iter().all(|id| shown.contains(id)), "{shown}");
    assert_eq!(code, 4, "{shown}");
}

#[test]
fn a_saved_plan_is_held_against_what_is_there_after_the_answer() {
    let setup = Scene::new();
    let web = setup.family("web", 5);
    let file = setup.home.path().join("plan.json");
    setup.run(&format!("prune --plan-out {}", file.display())).ended(0);
    let change = || drop(setup.world().instance(PROD, EAST).image(&web[0]).put());
    let (code, shown) = answer(&setup, &format!("apply {}", file.display()), change, "y");
    assert_eq!(code, 0, "{shown}");
    assert_eq!(setup.deregistered(), [web[1].as_str()]);
}

#[test]
fn an_orphan_that_was_not_shown_stays_and_so_does_one_that_is_needed_by_now() {
    let setup = Scene::new();
    let orphan = || {
        let mut world = setup.world();
        let snapshot = world.snapshot(PROD, EAST).started(days_ago(100));
        snapshot.description("Created by CreateImage(i-0123456789abcdef0) for ami-0aaaaaaaaaaaaaaaa").put()
    };
    let shown_to = [orphan(), orphan()];
    let change = || {
        orphan();
        setup.world().image(PROD, EAST, "web-v1-2025-01-01").on_snapshots(&[&shown_to[0]]).put();
    };
    let (code, shown) = answer(&setup, "orphans --apply", change, "y");
    assert_eq!(code, 0, "{shown}");
    assert!(sorted(&shown_to).iter().all(|id| shown.contains(id)), "{shown}");
    assert_eq!(setup.fake.count("DeleteSnapshot"), 1);
    assert_eq!((setup.there(&shown_to[..1]), setup.there(&shown_to[1..])), (1, 0));
    assert_eq!(setup.world().snapshots(PROD, EAST).count(), 2);
}

//! Tags with the commit, the build and the repository, from the variables of CI systems.

use std::collections::BTreeMap;

use crate::cli::Amictl;
use crate::fake::PROD;
use crate::setup::{EAST, Setup};

/// What a runner of GitHub has in its environment.
fn in_github(amictl: Amictl) -> Amictl {
    amictl.env("GITHUB_SHA", "c0ffee").env("GITHUB_RUN_ID", "7").env("GITHUB_REPOSITORY", "org/golden")
}

/// An instance, and the line that makes an image of it.
fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).put();
    (setup, format!("create web --instance {id} -o ids"))
}

/// The tags of the image that was made, and of its only snapshot.
fn tags_of(setup: &Setup, id: &str) -> [BTreeMap<String, String>; 2] {
    let snapshots = setup.snapshots_of(id);
    [setup.image(id).tags, setup.snapshot_tags(&snapshots[0])]
}

/// `Commit`, `Build` and `Repository`, `-` where there is none.
fn build(tags: &BTreeMap<String, String>) -> String {
    ["Commit", "Build", "Repository"].map(|key| tags.get(key).map_or("-", String::as_str)).join(" ")
}

#[test]
fn the_image_and_its_snapshots_tell_which_build_made_them() {
    let (setup, create) = ready();
    let ran = in_github(setup.amictl()).run(&create).ended(0);
    let tags = tags_of(&setup, ran.stdout.trim());
    assert_eq!(tags.each_ref().map(build), ["c0ffee 7 org/golden"; 2]);
    let ran = in_github(setup.amictl()).run(&format!("{create} --no-snapshot-tags")).ended(0);
    let tags = tags_of(&setup, ran.stdout.trim());
    assert_eq!(tags.each_ref().map(build), ["c0ffee 7 org/golden", "- - -"]);
}

#[test]
fn an_image_of_a_snapshot_does_too_and_the_snapshot_keeps_its_own() {
    let setup = Setup::new();
    let snapshot = setup.world().snapshot(PROD, EAST).tag("Build", "6").put();
    let ran = in_github(setup.amictl()).run(&format!("create web --snapshot {snapshot} -o ids")).ended(0);
    let tags = tags_of(&setup, ran.stdout.trim());
    assert_eq!(tags.each_ref().map(build), ["c0ffee 7 org/golden", "c0ffee 6 org/golden"]);
}

#[test]
fn a_snapshot_with_many_tags_gets_as_many_as_it_has_room_for() {
    let setup = Setup::new();
    let snapshot = {
        let mut world = setup.world();
        // `create` adds five of its own.
        (0..44).fold(world.snapshot(PROD, EAST), |snapshot, n| snapshot.tag(&format!("k{n}"), "v")).put()
    };
    let ran = in_github(setup.amictl()).run(&format!("create web --snapshot {snapshot} -o ids")).ended(0);
    let [image, of_snapshot] = tags_of(&setup, ran.stdout.trim());
    assert_eq!((build(&image).as_str(), build(&of_snapshot).as_str()), ("c0ffee 7 org/golden", "- 7 -"));
}

#[test]
fn tags_of_the_user_come_first_and_none_at_all_can_be_asked_for() {
    let (setup, create) = ready();
    let line = format!("{create} --tag Commit=mine --tag Repository=");
    let ran = in_github(setup.amictl()).run(&line).ended(0);
    assert_eq!(build(&setup.image(ran.stdout.trim()).tags), "mine 7 ");
    let ran = in_github(setup.amictl()).run(&format!("{create} --no-ci-tags")).ended(0);
    assert_eq!(build(&setup.image(ran.stdout.trim()).tags), "- - -");
    let ran = setup.run(&create).ended(0);
    assert_eq!(build(&setup.image(ran.stdout.trim()).tags), "- - -");
}

#[test]
fn no_secret_of_a_url_becomes_a_tag() {
    let (setup, create) = ready();
    let jenkins = |url: &str| {
        let amictl = setup.amictl().env("JENKINS_URL", "https://ci/").env("GIT_COMMIT", "c0ffee");
        amictl.env("BUILD_TAG", "jenkins-golden-7").env("GIT_URL", url)
    };
    let ran = jenkins("https://user:tok@host/x.git?token=1#f").run(&create).ended(0);
    assert_eq!(build(&setup.image(ran.stdout.trim()).tags), "c0ffee jenkins-golden-7 https://host/x.git");
    let ran = jenkins("https://user:se/cret@host/x.git").run(&create).ended(0);
    let said = "no tag Repository of GIT_URL: a password cannot be told from the rest of it";
    let ran = ran.says(&[said]);
    assert!(!ran.stderr.contains("cret"), "{}", ran.stderr);
    assert_eq!(build(&setup.image(ran.stdout.trim()).tags), "c0ffee jenkins-golden-7 -");
}

#[test]
fn what_ec2_would_not_take_fails_nothing() {
    let (setup, create) = ready();
    let ran = in_github(setup.amictl()).env("GITHUB_REPOSITORY", "x".repeat(300)).run(&create).ended(0);
    let ran = ran.says(&["no tag Repository of GITHUB_REPOSITORY: the value of tag 'Repository' has 300 characters"]);
    assert_eq!(build(&setup.image(ran.stdout.trim()).tags), "c0ffee 7 -");
    let many: Vec<String> = (0..44).map(|n| format!("--tag k{n}=v")).collect();
    let ran = in_github(setup.amictl()).run(&format!("{create} {}", many.join(" "))).ended(0);
    let ran = ran.says(&["no tag Build of GITHUB_RUN_ID: there are 50 tags already"]);
    assert_eq!(build(&setup.image(ran.stdout.trim()).tags), "c0ffee - -");
    assert_eq!(setup.image(ran.stdout.trim()).tags.len(), 50);
}

#[test]
fn a_dry_run_asks_for_the_same_tags() {
    let (setup, create) = ready();
    in_github(setup.amictl()).run(&format!("{create} --dry-run")).ended(0);
    let calls = setup.calls("CreateImage");
    let [call] = &calls[..] else { panic!("{calls:?}") };
    assert!(call.dry_run && call.params.values().any(|value| value == "org/golden"), "{call:?}");
}

#[test]
fn copies_carry_them() {
    let (setup, create) = ready();
    in_github(setup.amictl()).run(&format!("{create} --copy-to eu-west-1")).ended(0);
    let world = setup.world();
    let copy = world.images(PROD, "eu-west-1").next().unwrap();
    assert_eq!(build(&copy.tags), "c0ffee 7 org/golden");
}

//! `create` from an instance that a tag names.

use crate::cli::Ran;
use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, Setup, WEST};

fn create(setup: &Setup, selector: &str, options: &[&str]) -> Ran {
    setup.amictl().args(&[&["create", "web", "--instance", selector, "-o", "json"], options].concat())
}

/// The instance that the only image was made from.
#[track_caller]
fn source(ran: &Ran) -> String {
    ran.json()["images"][0]["source"]["instance_id"].as_str().unwrap().to_owned()
}

#[test]
fn the_one_instance_with_the_tag_is_taken() {
    let setup = Setup::new();
    let mut world = setup.world();
    let id = world.instance(PROD, EAST).tag("Role", "web").tag("Name", "web-1").put();
    world.instance(PROD, EAST).tag("Role", "api").put();
    world.instance(PROD, EAST).tag("role", "web").put();
    world.instance(PROD, EAST).tag("Other", "web").put();
    world.instance(PROD, WEST).tag("Role", "web").put();
    world.instance(OTHER, EAST).tag("Role", "web").put();
    world.instance(PROD, EAST).tag("Role", "web").state("terminated").put();
    world.instance(PROD, EAST).tag("Role", "web").state("pending").put();
    drop(world);
    let ran = create(&setup, "tag:Role=web", &[]).ended(0).says(&[&format!("tag:Role=web is {id} (web-1)")]);
    assert_eq!(source(&ran), id);
    assert_eq!(setup.changes(), ["CreateImage"]);
}

#[test]
fn a_stopped_instance_counts_and_one_that_is_hidden_too() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).tag("Role", "web").state("stopped").put();
    assert_eq!(source(&create(&setup, "tag:Role=web", &[]).ended(0)), id);
    setup.world().instance(PROD, EAST).tag("Role", "web").managed("eks.amazonaws.com").put();
    create(&setup, "tag:Role=web", &[]).ended(4);
}

#[test]
fn several_are_refused_with_their_names_and_the_newest_can_be_taken() {
    let setup = Setup::new();
    let mut world = setup.world();
    world.short_pages = true;
    let old = world.instance(PROD, EAST).tag("Role", "web").tag("Name", "old").launched("2026-01-01").put();
    let new = world.instance(PROD, EAST).tag("Role", "web").tag("Name", "new\u{202e}").launched("2026-01-03").put();
    let middle = world.instance(PROD, EAST).tag("Role", "web").launched("2026-01-02").put();
    drop(world);
    let ran = create(&setup, "tag:Role=web", &[]).ended(4);
    let error = ran.error();
    assert_eq!(error["code"], "SeveralInstances");
    let message = error["message"].as_str().unwrap();
    let told = format!(
        "3 running or stopped instances in account 111111111111, region us-east-1 have the tag Role=web: {new} (new"
    );
    assert!(message.starts_with(&told), "{message}");
    assert!(message.contains(&format!("{middle}, {old} (old)")), "{message}");
    assert!(error["hint"].as_str().unwrap().contains("--newest"), "{error}");
    assert!(!ran.stderr.contains('\u{202e}'), "{:?}", ran.stderr);
    setup.unchanged();
    assert_eq!(source(&create(&setup, "tag:Role=web", &["--newest"]).ended(0)), new);
}

#[test]
fn no_newest_is_guessed() {
    let setup = Setup::new();
    let mut world = setup.world();
    let one = world.instance(PROD, EAST).tag("Role", "web").launched("2026-01-02").put();
    let two = world.instance(PROD, EAST).tag("Role", "web").launched("2026-01-02").put();
    world.instance(PROD, EAST).tag("Role", "web").launched("2026-01-01").put();
    drop(world);
    let ran = create(&setup, "tag:Role=web", &["--newest"]).ended(4);
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("no single one was launched last") && message.contains(&one), "{message}");
    assert!(message.contains(&two), "{message}");
    setup.unchanged();
}

#[test]
fn where_none_has_the_tag_it_is_said_what_was_looked_for() {
    let setup = Setup::new();
    let pending = setup.world().instance(PROD, EAST).tag("Role", "web").state("pending").put();
    let stopping = setup.world().instance(PROD, EAST).tag("Role", "api").state("stopping").put();
    for (selector, found) in [
        ("tag:Role=web", format!(": {pending} is pending")),
        ("tag:Role=api", format!(": {stopping} is stopping")),
        ("tag:Role=db", String::new()),
        ("tag:Role=db,cache", String::new()),
    ] {
        let error = create(&setup, selector, &["--newest"]).ended(1).error();
        assert_eq!(error["code"], "NoInstance");
        let tag = selector.trim_start_matches("tag:");
        let place = "account 111111111111, region us-east-1";
        let message = format!("no running or stopped instance in {place} has the tag {tag}{found}");
        assert_eq!(error["message"], message.as_str());
        let (key, value) = tag.split_once('=').unwrap();
        // The short form would take the comma for another value.
        let filter = match value.contains(',') {
            true => format!(r#"'[{{"Name":"tag:{key}","Values":["{value}"]}}]'"#),
            false => format!("Name=tag:{key},Values={value}"),
        };
        let list = format!("see what has it with: aws ec2 describe-instances --region us-east-1 --filters {filter}");
        assert_eq!(error["hint"], list.as_str());
        // It can be copied as a person sees it, too.
        let ran = setup.amictl().args(&["create", "web", "--instance", selector]);
        ran.says(&[&list]);
    }
    setup.unchanged();
}

#[test]
fn what_ec2_reads_as_a_wildcard_is_meant_as_it_is_written() {
    for value in ["a*", "a?c", "*", "?", "a\\b", "\\*", "a b=c", "ünï", "", "=", "[*]"] {
        let setup = Setup::new();
        let mut world = setup.world();
        let id = world.instance(PROD, EAST).tag("Role", value).put();
        for other in ["abc", "a", "axc", "b", "a\\\\b"] {
            world.instance(PROD, EAST).tag("Role", other).put();
        }
        drop(world);
        let ran = create(&setup, &format!("tag:Role={value}"), &[]).ended(0);
        assert_eq!(source(&ran), id, "{value}");
    }
}

#[test]
fn tags_as_long_as_ec2_takes_them_can_be_named() {
    let (key, value) = ("*".repeat(128), "?".repeat(256));
    let setup = Setup::new();
    let mut world = setup.world();
    let id = world.instance(PROD, EAST).tag(&key, &value).put();
    let plain = world.instance(PROD, EAST).tag("Role", &value).put();
    world.instance(PROD, EAST).tag(&key, &"x".repeat(256)).put();
    let group = world.instance(PROD, EAST).tag("aws:autoscaling:groupName", "web").put();
    drop(world);
    for (key, value, wanted) in
        [(key.as_str(), value.as_str(), &id), ("Role", &value, &plain), ("aws:autoscaling:groupName", "web", &group)]
    {
        let ran = create(&setup, &format!("tag:{key}={value}"), &[]).ended(0);
        assert_eq!(source(&ran), *wanted);
    }
}

#[test]
fn what_selects_nothing_is_refused_before_any_call() {
    let setup = Setup::new();
    for (line, said) in [
        ("create web --instance tag:Role", "must read tag:KEY=VALUE"),
        ("create web --instance tag:=web", "must read tag:KEY=VALUE"),
        ("create web --instance Role=web", "or tag:KEY=VALUE"),
        ("create web --instance i-0123456789abcdef0 --newest", "--newest chooses among several instances"),
        ("create web --snapshot snap-0123456789abcdef0 --newest", "--newest"),
        ("create web --newest", "--instance"),
    ] {
        setup.run(line).ended(2).says(&[said]);
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_dry_run_names_the_instance_too() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).tag("Role", "web").put();
    let line = format!("tag:Role=web is {id}");
    setup
        .run("create web --instance tag:Role=web --date 2026-01-02 --dry-run")
        .ended(0)
        .says(&[&line, "dry run: web-v1-2026-01-02 would be made"]);
    setup.unchanged();
}

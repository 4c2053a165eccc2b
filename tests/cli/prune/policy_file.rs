//! Policies from TOML files.

use crate::fake::PROD;
use crate::scene::{Scene, days_ago, sorted};
use crate::setup::{EAST, WEST};

/// The example of the contract.
const CONTRACT: &str = r#"
version = 1
regions = ["us-east-1", "us-west-2"]
max_delete = "20%"
protect_tags = ["amictl:keep", "Release=gold"]

[[rule]]
families = ["web", "api-*"]
tags = { Environment = "prod" }
keep = 5
min_age = "30d"
unused_for = "90d"
retire = ["deprecate", "disable@14d", "deregister@30d"]

[[rule]]
families = ["*"]
keep = 2
"#;

/// Versions of a family with a tag, each of a hundred days.
fn tagged(setup: &Scene, region: &str, family: &str, count: usize, environment: &str) -> Vec<String> {
    let mut world = setup.world();
    let put = |n: usize| {
        let image = world.image(PROD, region, &format!("{family}-v{n}-2025-01-01")).created(days_ago(100));
        image.tag("Environment", environment).put()
    };
    (1..=count).map(put).collect()
}

#[test]
fn the_policy_of_the_contract_works() {
    let setup = Scene::new();
    let file = setup.home.write("prod.toml", CONTRACT);
    let web = tagged(&setup, EAST, "web", 7, "prod");
    let api = tagged(&setup, EAST, "api-users", 6, "prod");
    let dev = tagged(&setup, EAST, "shop", 4, "dev");
    let west = tagged(&setup, WEST, "web", 3, "dev");
    let mut world = setup.world();
    let gold = world.image(PROD, WEST, "db-v1-2025-01-01").created(days_ago(100)).tag("Release", "gold").put();
    world.image(PROD, WEST, "db-v2-2025-01-01").created(days_ago(100)).put();
    world.image(PROD, WEST, "db-v3-2025-01-01").created(days_ago(100)).put();
    let launched = world.image(PROD, WEST, "api-x-v1-2025-01-01").tag("Environment", "prod").created(days_ago(100));
    let launched = launched.last_launched(days_ago(60)).put();
    drop(world);
    for _ in 0..5 {
        let n = setup.names(PROD, WEST).len();
        let name = format!("api-x-v{n}-2025-01-01");
        setup.world().image(PROD, WEST, &name).created(days_ago(100)).tag("Environment", "prod").put();
    }
    let plan = setup.plan(&format!("prune --policy {file}"));
    assert_eq!(plan.going(), sorted([&web[0], &web[1], &api[0], &dev[0], &dev[1], &west[0]]));
    assert_eq!((plan.codes(&gold), plan.codes(&launched)), (vec!["protected-tag"], vec!["recently-launched"]));
    let step = |id: &str| plan.action(id)["action"].clone();
    assert_eq!(
        (step(&web[0]), step(&api[0]), step(&dev[0])),
        ("deprecate".into(), "deprecate".into(), "deregister".into())
    );
    let policy = &plan.0["policy"];
    assert_eq!((&policy["max_delete"], &policy["rule"][0]["keep"]), (&"20%".into(), &5.into()));

    // The command line says where, if it says so at all.
    let east = setup.plan(&format!("prune --policy {file} --region us-east-1"));
    assert_eq!(east.going(), sorted([&web[0], &web[1], &api[0], &dev[0], &dev[1]]));
}

#[test]
fn a_rule_for_families_that_nobody_has_is_told() {
    let setup = Scene::new();
    let warned = |families: &str| -> Vec<String> {
        let text = format!("version = 1\n[[rule]]\nfamilies = [{families}]\nkeep = 1\n");
        let file = setup.home.write("p.toml", &text);
        let said = setup.run(&format!("prune --policy {file}")).ended(0).stderr;
        said.lines().filter(|line| line.starts_with("no family here matches")).map(str::to_owned).collect()
    };
    let none: [String; 0] = [];
    assert_eq!(warned("'WEB'"), none, "there are no images at all");
    setup.family("web", 2);
    assert_eq!(warned("'w*', 'web', '*'"), none);
    let words = ["'WEB'", "'[a-'"].map(|word| format!("no family here matches {word} of the policy"));
    assert_eq!(warned("'WEB', 'web', '[a-'"), words);
}

#[test]
fn an_age_of_minutes_is_told_as_it_may_be_meant_as_months() {
    let setup = Scene::new();
    setup.family("web", 2);
    let rule = setup.home.write("p.toml", "version = 1\n[[rule]]\nmin_age = '3m'\nunused_for = '6m'\n");
    let stages = "version = 1\nretire = ['deprecate', 'disable@5m', 'deregister@30d']\n";
    let staged = setup.home.write("staged.toml", stages);
    for (line, ages) in [
        ("prune --keep 1 --min-age 3m".to_owned(), vec!["3m"]),
        ("prune --keep 1 --min-age 3M".to_owned(), vec![]),
        ("prune --keep 1 --min-age 0s --unused-for 1h".to_owned(), vec![]),
        (format!("prune --policy {rule}"), vec!["3m", "6m"]),
        (format!("prune --policy {staged}"), vec!["5m"]),
    ] {
        let said = setup.run(&line).ended(0).stderr;
        let warned: Vec<_> = said.lines().filter(|text| text.contains("is minutes; months are written")).collect();
        let expected: Vec<_> =
            ages.iter().map(|age| format!("an age of {age} is minutes; months are written as 3M or 3months")).collect();
        assert_eq!(warned, expected, "{line}");
    }
}

#[test]
fn the_first_rule_that_covers_an_image_wins() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    let other = setup.family("shop", 3);
    let file = setup.home.write("p.toml", "version = 1\n[[rule]]\nfamilies = ['w*']\nkeep = 3\n[[rule]]\nkeep = 1\n");
    let plan = setup.plan(&format!("prune --policy {file}"));
    assert_eq!(plan.going(), sorted(&other[..2]));
    assert!(web.iter().all(|id| plan.codes(id) == ["newest"]));
    let some = setup.home.write("some.toml", "version = 1\n[[rule]]\nfamilies = ['web']\nkeep = 0\n");
    let plan = setup.plan(&format!("prune --policy {some}"));
    assert_eq!((plan.going(), plan.codes(&other[0])), (sorted(&web), vec!["out-of-scope"]));
}

#[test]
fn all_that_flags_can_say_a_file_can_say() {
    let setup = Scene::new();
    let pinned = setup.old("web-v1-2025-01-01");
    let wanted = setup.world().image(PROD, EAST, "Golden").created(days_ago(100)).tag("role", "db").tag("t", "1").put();
    let pins = setup.home.write("pins.txt", &pinned);
    let text = format!(
        "version = 1\nkeep = 0\nmin_age = '1d'\nkeep_shared = true\nonly_tags = ['t']\nunmanaged = true\nfamily_tag = 'role'\n\
         without_sources = ['ec2-fleets', 'spot-requests']\nrefs_from = ['{pins}']\n"
    );
    let file = setup.home.write("all.toml", &text);
    let plan = setup.plan(&format!("prune --policy {file}"));
    assert_eq!(plan.going(), [wanted.as_str()]);
    assert!(plan.codes(&pinned).contains(&"in-use"), "{plan:?}");
    assert_eq!(plan.source("ec2-fleets")["status"], "skipped");
    assert_eq!((setup.fake.count("DescribeFleets"), setup.fake.count("DescribeImageAttribute")), (0, 1));
}

#[test]
fn tags_and_sources_on_the_command_line_join_those_of_the_file() {
    let setup = Scene::new();
    let put = |n: u32, key: &str| {
        setup.world().image(PROD, EAST, &format!("web-v{n}-2025-01-01")).created(days_ago(100)).tag(key, "x").put()
    };
    let (file_tag, flag_tag, neither) = (put(1, "a"), put(2, "b"), put(3, "c"));
    let text = "version = 1\nkeep = 0\nprotect_tags = ['a']\nwithout_sources = ['ec2-fleets']\n";
    let file = setup.home.write("p.toml", text);
    let plan = setup.plan(&format!("prune --policy {file} --protect-tag b --without-source spot-requests"));
    assert_eq!(plan.going(), [neither.as_str()]);
    assert_eq!((plan.codes(&file_tag), plan.codes(&flag_tag)), (vec!["protected-tag"], vec!["protected-tag"]));
    assert_eq!(plan.0["policy"]["without_sources"], serde_json::json!(["spot-requests", "ec2-fleets"]));
}

#[test]
fn a_mistake_in_a_policy_is_a_usage_error_that_names_the_file_and_the_line() {
    let setup = Scene::new();
    setup.family("web", 5);
    for (text, words) in [
        ("version = 1\nkep = 3\n", ["line 2", "kep"]),
        ("version = 1\n\n[[rule]]\nfamily = ['web']\n", ["line 4", "family"]),
        ("version = 1\nmin_age = '30x'\n", ["line 2", "30x"]),
        ("version = 1\nmax_delete = '120%'\n", ["line 2", "120%"]),
        ("version = 1\nmax_delete = -1\n", ["line 2", "'-1' is not a limit; give a number, e.g. 20"]),
        ("version = 1\nmax_delete = 5.5\n", ["line 2", "'5.5' is not a limit"]),
        ("version = 1\nmax_delete = 20.0\n", ["line 2", "'20.0' is not a limit"]),
        ("version = 1\nmin_age = true\n", ["line 2", "'true' is not a span of time"]),
        ("version = 1\nwithout_sources = ['instance']\n", ["line 2", "instance"]),
        ("version = 1\nregions = ['mars']\n", ["line 2", "mars"]),
        ("version = 1\nkeep = -1\n", ["line 2", "-1"]),
        ("version = 1\nkeep = 3\nkeep = 4\n", ["line 3", "keep"]),
        ("version = 1\nkeep = \n", ["line 2", "keep"]),
        ("keep = 1\n", ["line 1", "version"]),
        ("version = 1\n[[rule]]\nretire = ['delete']\n", ["line 3", "'delete' is not a stage"]),
        ("version = 1\nretire = []\n", ["line 2", "at least one stage"]),
        ("version = 1\nretire = ['deprecate@7d']\n", ["line 2", "none before it to wait for"]),
        ("version = 1\nretire = ['disable', 'deprecate@7d']\n", ["line 2", "cannot come after 'disable'"]),
        ("version = 1\nretire = ['deprecate', 'disable@14x']\n", ["line 2", "14x"]),
        ("version = 1\nrevive = 'never'\n", ["line 2", "revive"]),
        ("version = 2\n", ["version 2", "reads version 1"]),
        ("version = 1\nscope = ['web']\n", ["scope", "[[rule]]"]),
        ("version = 1\nunmanaged = true\n", ["unmanaged", "family_tag"]),
    ] {
        let file = setup.home.write("prod.toml", text);
        let ran = setup.run(&format!("prune --policy {file} --apply --yes --max-delete 100% -o json")).ended(2);
        let error = ran.error();
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&file) && words.iter().all(|word| message.contains(word)), "{text}\n{message}");
        assert_eq!((&error["exit_code"], ran.stdout.as_str()), (&2.into(), ""));
    }
    setup.run("prune --policy no-such.toml").ended(2).says(&["no-such.toml"]);
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn flags_that_a_rule_of_the_file_would_answer_conflict_with_it() {
    let setup = Scene::new();
    let file = setup.home.write("prod.toml", "version = 1\nkeep = 1\n");
    for flag in ["--keep 5", "--min-age 1d", "--unused-for 90d"] {
        setup.run(&format!("prune --policy {file} {flag}")).ended(2).says(&["cannot be used with", "--policy"]);
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_limit_on_the_command_line_goes_before_that_of_the_file() {
    let setup = Scene::new();
    setup.family("web", 4);
    let file = setup.home.write("prod.toml", "version = 1\nkeep = 1\nmax_delete = 1\n");
    let line = format!("prune --policy {file} --apply --yes");
    setup.run(&line).ended(4).says(&["limit of 1"]);
    assert_eq!(setup.left().len(), 4);
    setup.run(&format!("{line} --max-delete 3")).ended(0);
    assert_eq!(setup.left(), ["web-v4-2025-01-01"]);
}

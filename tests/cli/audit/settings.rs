//! Rules, skips and limits, and what is refused.

use serde_json::{Value, json};

use super::good;
use crate::scene::Scene;
use crate::setup::{Setup, each};
use crate::shared::terminal;

#[test]
fn the_rules_are_listed_without_aws() {
    let setup = Setup::new();
    let table = setup.amictl().without("AWS_REGION").run("audit --rules").ended(0).stdout;
    for words in ["dangling-reference", "family-not-rebuilt", "behind_versions: 3", "deprecated: medium", "Looks at"] {
        assert!(table.contains(words), "{words} is not in\n{table}");
    }
    let document = setup.json("audit --rules");
    let rules = document["rules"].as_array().unwrap();
    assert_eq!((document["version"].as_u64(), rules.len()), (Some(1), 13));
    for rule in rules {
        assert!(["id", "severity", "looks_at", "why", "mend"].iter().all(|key| rule[key].is_string()), "{rule}");
    }
    assert_eq!(
        each(&setup.json("audit --rules --rule public-image,unencrypted")["rules"], "id"),
        ["public-image", "unencrypted"]
    );
    assert_eq!(setup.run("audit --rules -o ids").ended(0).lines().len(), 13);
    setup.run("audit --rules -o csv").ended(0);
    setup.run("audit --rules -o sarif").ended(2);
    assert_eq!(setup.fake.calls().len(), 0);
}

#[test]
fn what_is_wrong_is_refused_before_any_call() {
    let setup = Setup::new();
    for (line, words) in [
        ("audit --rule publik", "public-image"),
        ("audit --skip publik", "public-image"),
        ("audit --rule public-image --skip public-image", "no rule is left"),
        ("audit --fail-on grave", "low, medium or high"),
        ("audit --rule pinned-image", "--refs-from PATH"),
        ("audit --allow-account 12", "12"),
        ("audit --rules --fail-on low", "--fail-on"),
        ("list -o sarif", "'list' does not write sarif"),
        ("audit -o sarif --query findings", "--query"),
    ] {
        setup.run(line).ended(2).says(&[words]);
    }
    setup.amictl().env("AMICTL_OUTPUT", "sarif").run("audit").ended(2).says(&["AMICTL_OUTPUT"]);
    for (text, words) in [
        ("output = 'sarif'", "sarif"),
        ("[audit]\nmax_ages = '1d'", "line 2"),
        ("[audit]\nrequired_tags = ['Owner', '']", "line 2"),
        ("[audit]\nrequired_tags = ['aws:owner']", "aws:"),
        ("[audit]\nbehind_versions = -1", "it must be 1 or more"),
        ("[audit]\nskip = [{ rule = 'publik', resource = 'x', reason = 'y' }]", "public-image"),
        ("[audit]\n\nskip = [{ rule = 'public-image', resource = 'x' }]", "line 3"),
        ("[audit]\nskip = [{ rule = 'public-image', resource = 'x', reason = '' }]", "line 2"),
        ("[audit]\nskip = [{ rule = 'public-image', resource = 'x', reason = 'y', until = 'soon' }]", "soon"),
    ] {
        let config = setup.home.write("config.toml", text);
        setup.run(&format!("audit --config {config}")).ended(2).says(&[words]);
    }
    assert_eq!(setup.fake.calls().len(), 0);
}

#[test]
fn a_skip_counts_until_its_day_and_is_counted() {
    let setup = Scene::new();
    let id = good!(setup.world(), "web-v1-2026-01-01", 10).public().put();
    let run = |resource: &str, until: &str| {
        let skip =
            format!("{{ rule = 'public-image', resource = '{resource}', reason = 'the demo', until = {until} }}");
        let config = setup.home.write("config.toml", &format!("[audit]\nskip = [{skip}]\n"));
        setup.run(&format!("audit --config {config} -o json")).ended(0)
    };
    let counts = |document: &Value| (document["summary"]["high"].clone(), document["summary"]["skipped"].clone());
    assert_eq!(counts(&run(&id, "'2999-12-31'").json()), (json!(0), json!(1)));
    assert_eq!(counts(&run("web-v1-2026-01-01", "2999-12-31").json()), (json!(0), json!(1)));
    let ran = run("web-v2-2026-01-01", "2999-12-31").says(&["warning", "web-v2-2026-01-01 matches no finding"]);
    assert_eq!(counts(&ran.json()), (json!(1), json!(0)));
    assert_eq!(each(&ran.json()["warnings"], "code"), ["SkipUnused"]);
    let ran =
        run(&id, "'2020-01-01'").says(&["warning", "counts no more; its last day was 2020-01-01 (UTC): the demo"]);
    assert_eq!(counts(&ran.json()), (json!(1), json!(0)));
    assert_eq!(each(&ran.json()["warnings"], "code"), ["SkipExpired"]);
    assert_eq!(ran.json()["warnings"][0]["region"], Value::Null);
    let sarif = run_sarif(&setup);
    assert!(sarif.contains("its last day was 2020-01-01"), "{sarif}");
}

/// What the configuration of the last run gives as SARIF.
fn run_sarif(setup: &Scene) -> String {
    let config = setup.home.path().join("config.toml");
    setup.run(&format!("audit --config {} -o sarif", config.display())).ended(0).stdout
}

#[test]
fn a_narrow_terminal_shows_the_rules_whole() {
    let setup = Setup::new();
    let (code, written) = terminal::run(&setup, 80, "", "audit --rules", &[]);
    let shown = terminal::seen(&written);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80) && !shown.contains('…'), "{shown}");
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for rule in amictl::domain::audit::RULES {
        for text in [rule.looks_at, rule.why, rule.mend] {
            assert!(words.contains(text), "{text} is not in\n{shown}");
        }
    }
    assert!(words.contains("Setting critical_fix: 7d"), "{shown}");
}

#[test]
fn limits_come_from_the_file() {
    let setup = Scene::new();
    let mut world = setup.world();
    let id = good!(world, "web-v1-2026-01-01", 10).shared_with("333333333333").put();
    world.instance(crate::fake::PROD, crate::setup::EAST).image(&id).put();
    drop(world);
    let rules = |text: &str, more: &str| {
        let config = setup.home.write("config.toml", &format!("[audit]\n{text}\n"));
        let document = setup.json(&format!("audit --config {config} {more}"));
        each(&document["findings"], "rule").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rules("", ""), [""; 0]);
    assert_eq!(rules("max_age = '9d'", ""), ["old-image-in-use"]);
    assert_eq!(rules("rebuild_age = '9d'", ""), ["family-not-rebuilt"]);
    assert_eq!(rules("required_tags = ['Team']", ""), ["required-tags"]);
    assert_eq!(rules("allow_accounts = []", ""), ["shared-outside"]);
    assert_eq!(rules("allow_accounts = ['333333333333']", ""), [""; 0]);
    assert_eq!(rules("allow_accounts = []", "--allow-account 333333333333"), [""; 0]);
    let patterns = setup.home.write("patterns.toml", "family_patterns = ['(?<family>.+)_(?<order>\\d+)']");
    good!(setup.world(), "base_20260101", 10).put();
    assert_eq!(setup.json(&format!("audit --config {patterns}"))["findings"], json!([]));
    assert_eq!(each(&setup.json("audit")["findings"], "rule"), ["name-pattern"]);
}

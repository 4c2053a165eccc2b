//! Retirement in stages as people and programs see it: limits, dry runs, tables, the journal.

use serde_json::{Value, json};

use crate::fake::{Fault, PROD};
use crate::prune::retire::{policy, result, retire, retired, row};
use crate::scene::Scene;
use crate::setup::EAST;

#[test]
fn the_journal_has_a_line_before_and_one_after_with_who_loses_the_image() {
    let setup = Scene::new();
    let web = retired(&setup, "web-v1-2025-01-01", &[("deprecate", 20)]);
    let before = setup.image(&web).tags["amictl:retire"].clone();
    // More than a tag holds.
    let many: Vec<String> = (1..=30).map(|n| format!("{n:012}")).collect();
    for account in &many {
        setup.ec2("ModifyImageAttribute", &[("ImageId", &web), ("LaunchPermission.Add.1.UserId", account)]);
    }
    let report = retire(&setup).ended(0).json();
    assert_eq!(row(&report, &web), ("disable", "done", None));
    assert_eq!(result(&report, &web)["detail"], "30 permissions kept in the journal only, too many for a tag");
    assert!(!setup.image(&web).tags.contains_key("amictl:shares"));
    let file = setup.home.path().join(".local/state/amictl/journal.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    let found: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [begin, end] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((&begin["phase"], &begin["action"]), (&"begin".into(), &"disable".into()));
    assert_eq!((&begin["launch_permissions"], &begin["delete_snapshots"]), (&json!(many), &json!([])));
    assert_eq!(begin["image"]["tags"]["amictl:retire"], before);
    assert_eq!((&end["phase"], &end["result"]["action"]), (&"end".into(), &"disable".into()));
    assert_eq!(end["result"]["status"], "done");
}

#[test]
fn the_limit_counts_every_step_but_not_what_is_put_back() {
    let setup = Scene::new();
    setup.old("web-v1-2025-01-01");
    retired(&setup, "web-v2-2025-01-01", &[("deprecate", 14)]);
    retired(&setup, "web-v3-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    for n in 4..=6 {
        let used = retired(&setup, &format!("web-v{n}-2025-01-01"), &[("deprecate", 60), ("disable", 3)]);
        setup.world().instance(PROD, EAST).image(&used).put();
    }
    let line = format!("{} --apply --yes --max-delete", policy(&setup, ""));
    let ran = setup.run(&format!("{line} 2")).ended(4);
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("3 images would change (1 to deregister, 1 to disable, 1 to deprecate"), "{message}");
    setup.unchanged();
    setup.run(&format!("{line} 49%")).ended(4);
    let report = setup.run(&format!("{line} 50%")).ended(0).json();
    assert_eq!(report["summary"]["done"], 6);
}

#[test]
fn a_dry_run_asks_ec2_about_each_step_and_changes_nothing() {
    let setup = Scene::new();
    setup.old("web-v1-2025-01-01");
    let due = retired(&setup, "web-v2-2025-01-01", &[("deprecate", 14)]);
    retired(&setup, "web-v3-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    let used = retired(&setup, "web-v4-2025-01-01", &[("deprecate", 60), ("disable", 3)]);
    setup.world().instance(PROD, EAST).image(&used).put();
    let line = format!("{} --apply --dry-run", policy(&setup, ""));
    setup.run(&line).ended(0).says(&["dry run"]);
    setup.unchanged();
    for call in ["EnableImageDeprecation", "DisableImage", "DeregisterImage", "EnableImage", "CreateTags", "DeleteTags"]
    {
        assert!(setup.calls(call).iter().any(|call| call.dry_run), "{call}");
    }
    setup.fake.fault(Fault::error("DisableImage", "UnauthorizedOperation", "not yours"));
    setup.run(&line).ended(1).says(&["not yours"]);
    setup.fake.clear_faults();
    setup.fake.fault(Fault::error("DescribeImageAttribute", "UnauthorizedOperation", "not yours"));
    setup.run(&line).ended(1).says(&[&due, "would not be disabled", "not yours"]);
    setup.unchanged();
}

#[test]
fn people_see_which_step_each_image_goes() {
    let setup = Scene::new();
    setup.old("web-v1-2025-01-01");
    retired(&setup, "web-v2-2025-01-01", &[("deprecate", 14)]);
    retired(&setup, "web-v3-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    let used = retired(&setup, "web-v4-2025-01-01", &[("deprecate", 3)]);
    retired(&setup, "web-v5-2025-01-01", &[("deprecate", 3)]);
    setup.world().instance(PROD, EAST).image(&used).put();
    let line = policy(&setup, "").replace("-o json", "");
    let ran = setup.run(&line).ended(0);
    assert_eq!(ran.lines().len(), 6, "{}", ran.stdout);
    for (name, verdict) in [(1, "deprecate"), (2, "disable"), (3, "delete"), (4, "revive"), (5, "keep")] {
        let name = format!("web-v{name}-2025-01-01");
        let lines = ran.lines();
        let line = lines.iter().find(|line| line.contains(&name)).unwrap();
        assert!(line.contains(&format!("{verdict} ")), "{line}");
    }
    ran.says(&[
        "1 to deregister, 1 to disable, 1 to deprecate, 1 to revive; snapshots of 8 GiB go: up to $0.40 a month; \
         1 image stays as before",
        "kept: 1 retiring",
    ]);
    let csv = setup.run(&format!("{line} -o csv")).ended(0);
    for verdict in [",deprecate,", ",disable,", ",deregister,", ",revive,", ",keep,"] {
        assert!(csv.stdout.contains(verdict), "{}", csv.stdout);
    }
    let done = setup.run(&format!("{line} --apply --yes")).ended(0);
    for word in ["deprecated", "disabled", "deregistered", "revived"] {
        assert!(done.stdout.contains(word), "{}", done.stdout);
    }
}

//! `rollout`: the version, the preferences, the report.

use std::collections::BTreeMap;

use serde_json::json;

use super::{changes, group, launches, ready, run_by};
use crate::fake::PROD;
use crate::setup::{EAST, Setup, each};

#[test]
fn the_instances_are_replaced_and_the_group_launches_the_version() {
    let (setup, _, second) = ready();
    let ran = setup.run("rollout web --image web:v2 -o json").ended(0);
    let found = ran.json();
    let refresh = group(&setup, "web").refreshes[0].id.clone();
    let row = json!({
        "account": PROD, "region": EAST, "image_id": second, "name": "web-v2-2026-01-02", "tags": {"Team": "core"},
        "pattern": null, "action": "rollout", "status": "done", "changed": true, "detail": null, "error": null,
        "group": "web", "template": "web", "template_version": 2, "refresh_id": refresh,
    });
    let summary = json!({"done": 1, "failed": 0, "skipped": 0});
    let document =
        json!({"version": 1, "kind": "report", "results": [row], "errors": [], "warnings": [], "summary": summary});
    assert_eq!(found, document);
    assert_eq!((launches(&setup, "web").as_str(), run_by(&setup, "web")), ("2", vec![second.clone(), second]));
    assert_eq!(changes(&setup), ["CreateLaunchTemplateVersion", "StartInstanceRefresh"]);
    ran.says(&["web: from version 1 of template web to a new version with web-v2-2026-01-02", "web: Successful, 100%"]);
}

#[test]
fn a_second_run_finds_nothing_to_do() {
    let (setup, _, second) = ready();
    setup.run("rollout web --image web:v2").ended(0);
    setup.fake.forget_calls();
    let found = setup.json("rollout web --image web:v2");
    assert_eq!((&found["results"][0]["changed"], &found["results"][0]["refresh_id"]), (&json!(false), &json!(null)));
    assert_eq!(found["results"][0]["template_version"], 2);
    setup.unchanged();
    // Instances that run the version already are replaced only where that is asked for.
    let before: Vec<_> = group(&setup, "web").members.iter().map(|member| member.id.clone()).collect();
    let found = setup.json("rollout web --image web:v2 --no-skip-matching");
    assert_eq!(found["results"][0]["changed"], true);
    let after: Vec<_> = group(&setup, "web").members.iter().map(|member| member.id.clone()).collect();
    assert!(before.iter().all(|id| !after.contains(id)), "{before:?} {after:?}");
    assert_eq!(run_by(&setup, "web"), [second.clone(), second]);
}

#[test]
fn a_version_by_its_number_and_the_way_back() {
    let (setup, first, _) = ready();
    setup.run("rollout web --image web:v2").ended(0);
    setup.fake.forget_calls();
    let found = setup.json("rollout web --template-version 1");
    assert_eq!(
        (&found["results"][0]["image_id"], &found["results"][0]["template_version"]),
        (&json!(first), &json!(1))
    );
    assert_eq!((launches(&setup, "web").as_str(), run_by(&setup, "web")), ("1", vec![first.clone(), first]));
    assert_eq!(changes(&setup), ["StartInstanceRefresh"]);
    // A version with the same contents is used again.
    setup.fake.forget_calls();
    assert_eq!(setup.json("rollout web --image web:v2")["results"][0]["template_version"], 2);
    assert_eq!(changes(&setup), ["StartInstanceRefresh"]);
}

/// The preferences that were sent.
#[track_caller]
fn preferences(setup: &Setup) -> BTreeMap<String, String> {
    let call = setup.calls("StartInstanceRefresh").pop().unwrap();
    let sent = call.params.into_iter();
    sent.filter_map(|(name, value)| Some((name.strip_prefix("Preferences.")?.to_owned(), value))).collect()
}

#[test]
fn preferences_are_sent_only_where_they_are_given() {
    let (setup, ..) = ready();
    setup.run("rollout web --image web:v2").ended(0);
    let two = [("AutoRollback", "true"), ("SkipMatching", "true")];
    assert_eq!(preferences(&setup), two.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    setup
        .run(
            "rollout web --template-version 1 --min-healthy 50 --max-healthy 150 --warmup 2m --checkpoint 50,100 \
             --checkpoint-delay 0s --bake 0s --alarm high,low --alarm slow --no-auto-rollback --no-skip-matching",
        )
        .ended(0);
    let all = [
        ("AlarmSpecification.Alarms.member.1", "high"),
        ("AlarmSpecification.Alarms.member.2", "low"),
        ("AlarmSpecification.Alarms.member.3", "slow"),
        ("AutoRollback", "false"),
        ("BakeTime", "0"),
        ("CheckpointDelay", "0"),
        ("CheckpointPercentages.member.1", "50"),
        ("CheckpointPercentages.member.2", "100"),
        ("InstanceWarmup", "120"),
        ("MaxHealthyPercentage", "150"),
        ("MinHealthyPercentage", "50"),
        ("SkipMatching", "false"),
    ];
    assert_eq!(preferences(&setup), all.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[test]
fn the_defaults_can_be_said_and_the_last_word_counts() {
    let (setup, ..) = ready();
    setup.run("rollout web --image web:v2 --no-auto-rollback --auto-rollback --skip-matching").ended(0);
    assert_eq!(preferences(&setup)["AutoRollback"], "true");
}

#[test]
fn a_mixed_group_keeps_its_policy() {
    let (setup, _, second) = ready();
    let mixed = setup.world();
    let mut mixed = mixed;
    let seed = mixed.auto_scaling_group(PROD, EAST, "mixed").mixed("web", "1");
    let seed = seed.override_kind("t3.small", "1").override_kind("t3.large", "4");
    seed.distribution("SpotAllocationStrategy", "price-capacity-optimized").running(&["1"]).put();
    drop(mixed);
    let before = group(&setup, "mixed");
    setup.run("rollout mixed --image web:v2").ended(0);
    let after = group(&setup, "mixed");
    assert_eq!((launches(&setup, "mixed").as_str(), run_by(&setup, "mixed")), ("2", vec![second]));
    assert_eq!(after.distribution, before.distribution);
    let kinds = |overrides: &[_]| format!("{overrides:?}");
    assert_eq!(kinds(&after.overrides), kinds(&before.overrides));
    let call = setup.calls("StartInstanceRefresh").pop().unwrap();
    let policy = "DesiredConfiguration.MixedInstancesPolicy";
    assert_eq!(call.params[&format!("{policy}.LaunchTemplate.Overrides.member.2.WeightedCapacity")], "4");
    assert_eq!(
        call.params[&format!("{policy}.InstancesDistribution.SpotAllocationStrategy")],
        "price-capacity-optimized"
    );
}

#[test]
fn volumes_of_the_template_keep_their_snapshots() {
    let setup = Setup::new();
    let first = setup.world().image(PROD, EAST, "web-v1-2026-01-01").put();
    setup.world().image(PROD, EAST, "web-v2-2026-01-02").put();
    let data = setup.world().snapshot(PROD, EAST).put();
    setup.world().launch_template(PROD, EAST, "web").image(&first).volume(&data).put();
    setup.world().auto_scaling_group(PROD, EAST, "web").launch_template("web", "1").running(&["1"]).put();
    setup.run("rollout web --image web:v2").ended(0);
    let world = setup.world();
    let template = world.templates(PROD, EAST).next().unwrap();
    assert_eq!(template.versions[&2].data.0["BlockDeviceMapping.1.Ebs.SnapshotId"], data);
}

#[test]
fn a_dry_run_checks_and_changes_nothing() {
    let (setup, ..) = ready();
    let ran = setup.run("rollout web --image web:v2 --dry-run").ended(0);
    assert_eq!(ran.stdout, "");
    ran.says(&["to a new version with web-v2-2026-01-02", "dry run: nothing was changed", "were not tried"]);
    setup.unchanged();
    assert!(setup.calls("CreateLaunchTemplateVersion").iter().all(|call| call.dry_run));
    assert_eq!(setup.fake.count("CreateLaunchTemplateVersion"), 1);
    setup.run("rollout web --template-version 9 --dry-run").ended(4).says(&["no version 9; the newest is 1"]);
    setup.run("rollout web --image web:v1 --dry-run").ended(0).says(&["nothing to do"]);
}

#[test]
fn every_format_names_group_version_and_refresh() {
    let (setup, _, second) = ready();
    let table = setup.run("rollout web --image web:v2").ended(0).stdout;
    assert!(table.contains("web:2") && table.contains("rolled out"), "{table}");
    let refresh = group(&setup, "web").refreshes[0].id.clone();
    assert_eq!(setup.run("wait --group web -o ids").ended(0).stdout, format!("{refresh}\n"));
    let csv = setup.run("rollout web --image web:v1 -o csv").ended(0).stdout;
    let names =
        "account,region,group,image_id,name,action,status,error,template,template_version,refresh_id,changed,detail";
    assert_eq!(csv.lines().next(), Some(names));
    assert!(csv.contains(",web,") && csv.contains(",rollout,done,"), "{csv}");
    let line = setup.run("rollout web --image web:v2 -o jsonl").ended(0).stdout;
    let row: serde_json::Value = serde_json::from_str(line.trim()).unwrap();
    assert_eq!((&row["group"], &row["image_id"]), (&json!("web"), &json!(second)));
    let found = setup.json("rollout web --image web:v2");
    assert_eq!(each(&found["results"], "detail"), ["already there"]);
}

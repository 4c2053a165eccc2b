//! Plans as people and programs see them.

use serde_json::Value;

use crate::fake::{Fault, PROD};
use crate::scene::{Plan, Scene, days_ago};
use crate::setup::EAST;

/// Five versions of web, of which an instance uses the first, and two of api.
fn scene() -> (Scene, Vec<String>) {
    let setup = Scene::new();
    let web = setup.family("web", 5);
    setup.family("api", 2);
    setup.world().instance(PROD, EAST).image(&web[0]).put();
    (setup, web)
}

#[test]
fn the_table_shows_for_each_family_what_goes_what_stays_and_why() {
    let (setup, web) = scene();
    let ran = setup.run("prune").ended(0);
    let rows: Vec<Vec<&str>> = ran.lines().iter().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["REGION", "FAMILY", "VERDICT", "IMAGE", "ID", "WHY"]);
    let row = |n: usize| ran.lines()[n].to_owned();
    assert!(row(1).contains("us-east-1") && row(1).contains("web "), "{}", ran.stdout);
    for (n, (version, verdict, why)) in [
        (5, "keep", "newest: number 1 of the newest 3"),
        (4, "keep", "newest: number 2"),
        (3, "keep", "newest: number 3"),
        (2, "delete", "number 4, the newest 3 stay; 14w old, not in use"),
        (1, "keep", "in-use: instance i-"),
    ]
    .into_iter()
    .enumerate()
    {
        let (line, name) = (row(n + 1), format!("web-v{version}-2025-01-01"));
        let parts = [verdict, &name, &web[version - 1], why];
        assert!(parts.iter().all(|part| line.contains(part)), "{line}\n{parts:?}");
    }
    assert_eq!(rows.len(), 6, "of api nothing goes:\n{}", ran.stdout);
    ran.says(&[
        "1 image to delete with snapshots of 8 GiB: up to $0.40 a month; 6 images stay",
        "kept: 1 in-use, 5 newest",
    ]);
}

#[test]
fn where_nothing_goes_there_is_no_table_but_a_word() {
    let setup = Scene::new();
    setup.family("web", 3);
    let ran = setup.run("prune").ended(0);
    assert_eq!(ran.stdout, "");
    ran.says(&["nothing to delete; 3 images stay", "kept: 3 newest"]);
    let quiet = setup.run("prune -q").ended(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    let empty = Scene::new();
    let plan = empty.plan("prune");
    assert_eq!((plan.going().len(), plan.kept().len()), (0, 0));
}

#[test]
fn json_is_the_plan_of_the_contract() {
    let (setup, web) = scene();
    let plan = setup.plan("prune");
    let action = plan.action(&web[1]);
    for (field, value) in [
        ("account", PROD.into()),
        ("region", EAST.into()),
        ("name", "web-v2-2025-01-01".into()),
        ("family", "web".into()),
        ("image_version", Value::from(2)),
        ("action", "deregister".into()),
        ("snapshots", serde_json::json!(setup.snapshots_of(&web[1]))),
        ("size_gib", 8.into()),
    ] {
        assert_eq!(action[field], value, "{field}");
    }
    assert!(action["reason"].as_str().unwrap().contains("not in use"), "{action}");
    let summary = serde_json::json!(
        {"actions": 1, "deregister": 1, "disable": 0, "deprecate": 0, "revive": 0, "kept": 6, "unverified": 0,
         "size_gib": 8, "monthly_saving_usd_at_most": 0.4}
    );
    assert_eq!(plan.0["summary"], summary);
    for row in plan.0["sources"].as_array().unwrap() {
        let mut fields: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["account", "message", "read", "region", "source", "status"]);
    }
    let at = chrono::DateTime::parse_from_rfc3339(plan.0["created_at"].as_str().unwrap()).unwrap();
    assert!((chrono::Utc::now() - at.to_utc()).num_seconds() < 120);
    assert_eq!(plan.0["digest"].as_str().unwrap().len(), 64);
}

#[test]
fn other_formats_list_what_goes() {
    let (setup, web) = scene();
    assert_eq!(setup.run("prune -o ids").ended(0).lines(), [web[1].as_str()]);
    let line: Value = serde_json::from_str(&setup.run("prune -o jsonl").ended(0).stdout).unwrap();
    assert_eq!((&line["image_id"], &line["action"]), (&web[1].as_str().into(), &"deregister".into()));
    let csv = setup.run("prune -o csv").ended(0);
    let rows = csv.lines();
    assert_eq!(rows[0], "region,family,image_id,name,verdict,reasons,size_gib,snapshots,account,pattern");
    assert_eq!(rows.len(), 8);
    let snapshot = &setup.snapshots_of(&web[1])[0];
    assert!(rows[1].starts_with(&format!("us-east-1,web,{},web-v2-2025-01-01,deregister,", web[1])), "{}", rows[1]);
    assert!(rows[1].ends_with(&format!(",8,{snapshot},{PROD},")), "{}", rows[1]);
    assert!(
        rows.iter().any(|row| row.contains(&web[0]) && row.contains(",keep,in-use: instance i-")),
        "{}",
        csv.stdout
    );
}

#[test]
fn a_report_comes_in_every_format() {
    let run = |format: &str| {
        let setup = Scene::new();
        let web = setup.family("web", 4);
        setup.fake.fault(Fault::error("DeregisterImage", "OperationNotPermitted", "locked").matching(&web[1]));
        let ran = setup.run(&format!("prune --keep 2 --apply --yes --max-delete 2 -o {format}")).ended(3);
        (ran.stdout, web)
    };
    let (ids, web) = run("ids");
    assert_eq!(ids.lines().collect::<Vec<_>>(), [web[0].as_str()]);
    let (table, web) = run("table");
    assert!(table.contains(&web[0]) && table.contains("deregistered") && table.contains("1 deleted"), "{table}");
    assert!(table.contains("failed: locked"), "{table}");
    let (csv, web) = run("csv");
    assert!(csv.starts_with("account,region,image_id,name,action,status,error,snapshots,changed,detail\n"), "{csv}");
    assert!(csv.contains(&format!("{},web-v1-2025-01-01,deregister,done,,snap-", web[0])), "{csv}");
    assert!(csv.contains("failed,OperationNotPermitted: locked,"), "{csv}");
    let (lines, _) = run("jsonl");
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((rows.len(), &rows[0]["status"], &rows[1]["status"]), (2, &"done".into(), &"failed".into()));
}

#[test]
fn money_is_what_it_is_at_most_and_a_shared_snapshot_counts_once() {
    let setup = Scene::new();
    let mut world = setup.world();
    let shared = world.snapshot(PROD, EAST).size(100).put();
    for n in 1..=2 {
        let image = world.image(PROD, EAST, &format!("web-v{n}-2025-01-01")).created(days_ago(100));
        image.on_snapshots(&[&shared]).put();
    }
    world.image(PROD, EAST, "web-v3-2025-01-01").created(days_ago(100)).size(20).put();
    drop(world);
    let plan = setup.plan("prune --keep 0");
    assert_eq!(
        (&plan.0["summary"]["size_gib"], &plan.0["summary"]["monthly_saving_usd_at_most"]),
        (&120.into(), &6.0.into())
    );
    let dear = setup.plan("prune --keep 0 --price-per-gb 0.10");
    assert_eq!(dear.0["summary"]["monthly_saving_usd_at_most"], 12.0);
    setup.run("prune --keep 0").ended(0).says(&["up to $6.00 a month"]);
    setup.run("prune --price-per-gb cheap").ended(2).says(&["cheap"]);
}

#[test]
fn what_was_not_looked_at_and_what_could_not_be_read_is_said() {
    let (setup, _) = scene();
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "not yours"));
    let ran = setup.run("prune --without-source spot-requests").ended(4);
    ran.says(&[
        "nothing to delete; 7 images stay",
        "sources not read: spot-requests",
        "ec2-fleets in us-east-1 could not be read: not yours [UnauthorizedOperation]",
        "error: not verified: ec2-fleets in us-east-1 could not be read, so all images there are kept",
        "--without-source",
    ]);
    let plan = Plan::of(&setup.run("prune -o json"));
    assert_eq!(plan.0["summary"]["unverified"], 1);
}

#[test]
fn a_table_without_rows_is_nothing_on_stdout_and_a_sentence_on_stderr() {
    let setup = Scene::new();
    let file = setup.home.path().join("plan.json");
    let file = file.display();
    setup.run(&format!("prune --plan-out {file}")).ended(0);
    for (line, said) in [
        ("prune".to_owned(), "nothing to delete; 0 images stay"),
        ("prune --apply --yes --max-delete 9".to_owned(), "nothing to delete; 0 images stay"),
        (format!("apply {file} --yes"), "the plan has no actions: nothing to do"),
        ("orphans".to_owned(), "no orphaned snapshots"),
        ("orphans --apply --yes --max-delete 9".to_owned(), "no orphaned snapshots"),
        ("list".to_owned(), "no images match"),
        ("restore".to_owned(), "there are no images in the Recycle Bin"),
    ] {
        let ran = setup.run(&line).ended(0);
        assert_eq!(ran.stdout, "", "{line}");
        ran.says(&[said]);
        // A script that reads columns finds their names all the same.
        let csv = setup.run(&format!("{line} -o csv")).ended(0);
        assert_eq!(csv.lines().len(), 1, "{line}: {}", csv.stdout);
    }
}

//! `--usage-reports`: accounts that use a shared image, as EC2 reports them.

use std::process::{Child, Command};

use serde_json::{Value, json};

use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::prune::accounts::THIRD;
use crate::scene::{ALL, Plan, Scene, days_ago};
use crate::setup::{EAST, seconds};

/// An old image that is shared with two accounts, and one that is not; a report takes no time, and misses nothing.
fn ready() -> (Scene, String, String) {
    let setup = Scene::new();
    let mut world = setup.world();
    world.add_account("AKIATHIRD", THIRD);
    world.report_takes = seconds(0);
    world.report_misses = seconds(0);
    let shared = world.image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).shared_with(OTHER).put();
    drop(world);
    let own = setup.old("web-v2-2025-01-01");
    (setup, shared, own)
}

#[test]
fn an_account_that_uses_a_shared_image_keeps_it() {
    let (setup, shared, own) = ready();
    let mut world = setup.world();
    for _ in 0..3 {
        world.instance(OTHER, EAST).image(&shared).launched(days_ago(3)).put();
    }
    world.launch_template(THIRD, EAST, "front").image(&shared).put();
    // What the owner does with it is known without a report.
    world.instance(PROD, EAST).image(&own).state("terminated").put();
    drop(world);
    assert_eq!(setup.plan("prune --keep 0").going().len(), 2, "nobody asks EC2 unless told to");
    assert_eq!(setup.fake.count("CreateImageUsageReport"), 0);
    let plan = setup.plan("prune --keep 0 --usage-reports");
    let by = format!("account {OTHER} (3 ec2:Instance), account {THIRD} (1 ec2:LaunchTemplate)");
    assert_eq!(plan.reasons(&shared), [("in-use", by.as_str())]);
    assert_eq!(plan.going(), [own.as_str()]);
    let row = plan.source("usage-reports");
    assert_eq!((&row["status"], &row["read"]), (&"ok".into(), &1.into()));
    assert_eq!(plan.0["policy"]["usage_reports"], true);
    let asked = setup.calls("CreateImageUsageReport");
    assert_eq!((asked.len(), asked[0].params["ImageId"].as_str()), (1, shared.as_str()), "only for what is shared");
    assert!(asked[0].params.values().any(|value| value == "10000"), "templates to their first version");
    assert_eq!(setup.calls("DeleteImageUsageReport").len(), 1);
}

#[test]
fn an_image_that_no_account_uses_goes_and_the_report_too() {
    let (setup, shared, own) = ready();
    let file = setup.home.write("policy.toml", "version = 1\nkeep = 0\nusage_reports = true\nmax_delete = '100%'\n");
    let saved = setup.home.path().join("plan.json");
    setup.run(&format!("prune --policy {file} --plan-out {}", saved.display())).ended(0);
    assert_eq!(Plan::read(&saved).source("usage-reports")["status"], "ok");
    setup.world().instance(OTHER, EAST).image(&shared).launched(days_ago(3)).put();
    let report = setup.run(&format!("apply {} --yes -o json", saved.display())).ended(0).json();
    let row = report["results"].as_array().unwrap().iter().find(|row| row["image_id"] == *shared).unwrap();
    assert_eq!((&row["status"], &row["error"]["code"]), (&"skipped".into(), &"in-use".into()), "apply asks again");
    assert!(setup.has(&shared) && !setup.has(&own));
    assert_eq!(setup.calls("CreateImageUsageReport").len(), setup.calls("DeleteImageUsageReport").len());
}

#[test]
fn refs_and_deregister_ask_as_well() {
    let (setup, shared, own) = ready();
    setup.world().instance(OTHER, EAST).image(&shared).launched(days_ago(3)).put();
    let refs = setup.json("refs web:v1 web:v2 --usage-reports");
    let image = refs["images"].as_array().unwrap().iter().find(|image| image["id"] == *shared).unwrap();
    let by = json!([{"source": "usage-reports", "kind": "account", "id": OTHER, "detail": "1 ec2:Instance"}]);
    assert_eq!((&image["in_use"], &image["references"]), (&true.into(), &by));
    let ran = setup.run(&format!("deregister {shared} --yes --usage-reports -o json")).ended(4);
    assert!(ran.error()["message"].as_str().unwrap().contains("in use by account 222222222222"), "{}", ran.stderr);
    setup.run(&format!("deregister {own} --yes --usage-reports")).ended(0);
    assert!(setup.has(&shared) && !setup.has(&own));
}

#[test]
fn what_may_be_missing_from_a_report_is_said_in_the_help() {
    let help = Scene::new().run("prune --help").ended(0).stdout;
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in ["launches of the last 24 hours", "templates of the last days", "after 30 days", "replace none"] {
        assert!(words.contains(said), "{said}\n{words}");
    }
}

#[test]
fn a_report_that_fails_keeps_the_image_it_is_about_and_no_other() {
    let (setup, shared, own) = ready();
    setup.world().fail_next_report = Some("Internal error.".to_owned());
    let ran = setup.run(&format!("{ALL} --usage-reports")).ended(4);
    let plan = Plan::of(&ran);
    assert_eq!((plan.codes(&shared), plan.going()), (vec!["unverified"], vec![own.as_str()]));
    assert!(plan.reasons(&shared)[0].1.contains("is in state error: Internal error."), "{:?}", plan.reasons(&shared));
    assert_eq!(plan.source("usage-reports")["status"], "failed");
    assert_eq!(setup.calls("DeleteImageUsageReport").len(), 1);
    for (call, message) in [
        ("CreateImageUsageReport", "no reports"),
        ("DescribeImageUsageReports", "no reports"),
        ("DescribeImageUsageReportEntries", "no entries"),
        ("DescribeImageAttribute", "no permissions"),
    ] {
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", message));
        let plan = Plan::of(&setup.run(&format!("{ALL} --usage-reports")).ended(4));
        assert_eq!(plan.codes(&shared), ["unverified"], "{call}");
        assert!(plan.reasons(&shared)[0].1.contains(message), "{call}: {:?}", plan.reasons(&shared));
        setup.fake.clear_faults();
    }
    setup.fake.fault(Fault::error("DeleteImageUsageReport", "UnauthorizedOperation", "no"));
    assert_eq!(setup.plan("prune --keep 0 --usage-reports").going().len(), 2, "it goes by itself after 30 days");
}

#[test]
fn a_report_is_waited_for_and_one_that_takes_too_long_is_taken_up_by_the_next_run() {
    let (setup, shared, own) = ready();
    setup.world().report_takes = seconds(4);
    assert_eq!(setup.plan("prune --keep 0 --usage-reports").going().len(), 2);
    setup.world().report_takes = seconds(600);
    let plan = Plan::of(&setup.run(&format!("{ALL} --usage-reports --timeout 3s")).ended(4));
    assert_eq!((plan.codes(&shared), plan.going()), (vec!["unverified"], vec![own.as_str()]));
    assert!(plan.reasons(&shared)[0].1.contains("is still being made; give it more time with --timeout"));
    let made = setup.calls("CreateImageUsageReport").len();
    setup.world().advance(seconds(595));
    assert_eq!(setup.plan("prune --keep 0 --usage-reports").going().len(), 2);
    assert_eq!(setup.calls("CreateImageUsageReport").len(), made, "the one that was pending did");
}

#[test]
fn a_report_of_somebody_else_that_asks_for_less_is_not_relied_on() {
    let (setup, shared, _) = ready();
    setup.world().report_takes = seconds(3);
    setup.world().instance(OTHER, EAST).image(&shared).launched(days_ago(3)).put();
    let parts = [("ImageId", shared.as_str()), ("ResourceType.1.ResourceType", "ec2:LaunchTemplate")];
    setup.ec2("CreateImageUsageReport", &parts);
    let plan = setup.plan("prune --keep 0 --usage-reports");
    assert_eq!(plan.codes(&shared), ["in-use"]);
    let own = setup.calls("CreateImageUsageReport").len();
    assert_eq!((own, setup.calls("DeleteImageUsageReport").len()), (2, 1), "theirs is left to them");
}

fn stop(process: Child) -> (Option<i32>, String, Value) {
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    let output = process.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let error: Value = serde_json::from_str(stderr.lines().last().unwrap()).unwrap_or_else(|e| panic!("{e}: {stderr}"));
    (output.status.code(), String::from_utf8(output.stdout).unwrap(), error["error"].clone())
}

#[cfg(unix)]
#[test]
fn who_does_not_want_to_wait_leaves_no_report_behind() {
    let (setup, ..) = ready();
    setup.world().report_takes = seconds(600);
    for line in [format!("{ALL} --usage-reports"), "deregister web:v1 --yes --usage-reports -o json".to_owned()] {
        setup.fake.forget_calls();
        let process = setup.process(&line).spawn().unwrap();
        setup.until("CreateImageUsageReport", 1);
        setup.until("DescribeImageUsageReports", 2);
        let (code, stdout, error) = stop(process);
        assert_eq!((code, stdout.as_str(), &error["code"]), (Some(130), "", &"Interrupted".into()), "{line}");
        assert_eq!(setup.calls("DeleteImageUsageReport").len(), 1, "{line}");
        assert_eq!(setup.fake.count("DeregisterImage"), 0);
    }
}

/// So many old images that are shared; a report takes this many seconds.
fn many(count: usize, takes: u64) -> (Scene, Vec<String>) {
    let setup = Scene::new();
    let mut world = setup.world();
    world.report_takes = seconds(takes);
    world.report_misses = seconds(0);
    let image =
        |n| world.image(PROD, EAST, &format!("web-v{n}-2025-01-01")).created(days_ago(100)).shared_with(OTHER).put();
    let ids = (1..=count).map(image).collect();
    drop(world);
    (setup, ids)
}

#[test]
fn many_reports_are_asked_for_ten_at_a_time_and_waited_for_together() {
    let (setup, _) = many(25, 3);
    assert_eq!(setup.plan("prune --keep 0 --usage-reports").going().len(), 25);
    assert!(setup.fake.peak() <= 20, "{}", setup.fake.peak());
    let calls = setup.fake.calls();
    let calls: Vec<_> =
        calls.iter().map(|call| call.action.as_str()).filter(|name| name.contains("UsageReport")).collect();
    let last = calls.iter().rposition(|name| *name == "CreateImageUsageReport").unwrap();
    let looks = |calls: &[&str]| calls.iter().filter(|name| **name == "DescribeImageUsageReports").count();
    assert_eq!((last, looks(&calls[..last])), (25, 1), "all are asked for before anybody waits: {calls:?}");
    assert!((3..9).contains(&looks(&calls)), "one look is at all of them: {calls:?}");
    let count = |name: &str| calls.iter().filter(|call| **call == name).count();
    assert_eq!((count("DescribeImageUsageReportEntries"), count("DeleteImageUsageReport")), (25, 25));
}

#[test]
fn no_report_is_asked_for_after_the_time_and_the_next_run_uses_those_that_are_made() {
    let (setup, ids) = many(25, 600);
    let instance = setup.world().instance(OTHER, EAST).image(&ids[0]).launched(days_ago(3)).put();
    setup.fake.fault(Fault::on("CreateImageUsageReport", FaultKind::Latency(seconds(1))));
    let plan = Plan::of(&setup.run(&format!("{ALL} --usage-reports --timeout 2s")).ended(4));
    let made = setup.calls("CreateImageUsageReport").len();
    assert!((1..25).contains(&made), "{made}");
    let why = "timed out before a usage report was requested; give it more time with --timeout";
    for id in &ids {
        let reasons = plan.reasons(id);
        assert!(matches!(reasons[..], [("unverified", said)] if said.contains(why)), "{reasons:?}");
    }
    assert_eq!(setup.calls("DeleteImageUsageReport").len(), 0);

    setup.fake.clear_faults();
    setup.world().advance(seconds(601));
    setup.world().report_takes = seconds(0);
    let plan = setup.plan("prune --keep 0 --usage-reports");
    assert_eq!((plan.going().len(), plan.codes(&ids[0])), (24, vec!["in-use"]), "{instance}");
    assert_eq!(
        (setup.calls("CreateImageUsageReport").len(), setup.calls("DeleteImageUsageReport").len()),
        (25, 25 - made)
    );
}

#[test]
fn a_report_that_is_finished_is_used_for_a_day_and_where_it_asks_for_all() {
    let (setup, shared, _) = ready();
    setup.world().report_takes = seconds(600);
    setup.run(&format!("{ALL} --usage-reports --timeout 1s")).ended(4);
    setup.world().report_takes = seconds(0);
    let line = "prune --keep 0 --usage-reports";
    let made = || setup.calls("CreateImageUsageReport").len();
    setup.world().advance(seconds(601));
    for (hours, created) in [(1, 1), (22, 1), (2, 2)] {
        setup.world().reports_age(seconds(hours * 3600));
        assert_eq!((setup.plan(line).going().len(), made()), (2, created), "{hours} hours later");
    }
    let parts = [("ImageId", shared.as_str()), ("ResourceType.1.ResourceType", "ec2:LaunchTemplate")];
    setup.ec2("CreateImageUsageReport", &parts);
    setup.world().instance(OTHER, EAST).image(&shared).launched(days_ago(3)).put();
    let before = made();
    assert_eq!((setup.plan(line).codes(&shared), made()), (vec!["in-use"], before + 1));
}

#[test]
fn where_ec2_makes_no_more_reports_at_a_time_the_others_come_first() {
    let (setup, ids) = many(3, 1);
    let limit = Fault::error("CreateImageUsageReport", "ResourceLimitExceeded", "too many");
    setup.fake.fault(limit.clone().matching(&ids[1]).times(1));
    let line = format!("{ALL} --usage-reports");
    let plan = Plan::of(&setup.once().run(&line).ended(0));
    assert_eq!((plan.going().len(), setup.calls("CreateImageUsageReport").len()), (3, 4));
    // Where that leads nowhere, EC2's word is the reason.
    setup.fake.fault(limit.matching(&ids[1]));
    let plan = Plan::of(&setup.once().run(&line).ended(4));
    assert_eq!(plan.going().len(), 2);
    assert!(plan.reasons(&ids[1])[0].1.contains("too many"), "{:?}", plan.reasons(&ids[1]));
}

#[test]
fn a_report_of_somebody_else_that_cannot_be_read_is_not_relied_on() {
    let (setup, shared, _) = ready();
    setup.world().report_takes = seconds(600);
    setup.run(&format!("{ALL} --usage-reports --timeout 1s")).ended(4);
    setup.world().advance(seconds(601));
    setup.world().report_takes = seconds(0);
    setup.world().instance(OTHER, EAST).image(&shared).launched(days_ago(3)).put();
    let gone = "InvalidImageUsageReportId.NotFound";
    setup.fake.fault(Fault::error("DescribeImageUsageReportEntries", gone, "gone").times(1));
    let plan = Plan::of(&setup.run(&format!("{ALL} --usage-reports")).ended(0));
    assert_eq!((plan.codes(&shared), setup.calls("CreateImageUsageReport").len()), (vec!["in-use"], 2));
}

#[test]
fn what_comes_into_use_while_ec2_makes_its_reports_stays() {
    for prune in [true, false] {
        let (setup, shared, own) = ready();
        let saved = setup.home.path().join("plan.json");
        setup.run(&format!("prune --keep 0 --plan-out {}", saved.display())).ended(0);
        setup.world().report_takes = seconds(4);
        let line = match prune {
            true => "prune --keep 0 --apply --yes --max-delete 100% --usage-reports -o json".to_owned(),
            false => format!("apply {} --yes --usage-reports -o json", saved.display()),
        };
        let process = setup.process(&line).spawn().unwrap();
        setup.until("CreateImageUsageReport", 1);
        setup.world().launch_template(PROD, EAST, "late").image(&shared).put();
        setup.world().launch_template(PROD, EAST, "later").image(&own).put();
        let output = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(setup.has(&shared) && setup.has(&own), "{line}: {said}");
        assert_eq!(setup.fake.count("DeregisterImage"), 0, "{line}");
    }
}

#[test]
fn a_report_longer_than_a_page_is_read_to_its_end_without_a_page_size() {
    let (setup, shared, _) = ready();
    let accounts: Vec<String> = (0..150).map(|n| format!("{:012}", 400_000_000_000_u64 + n)).collect();
    for account in &accounts {
        setup.world().instance(account, EAST).image(&shared).launched(days_ago(3)).put();
    }
    let image = setup.json(&format!("refs {shared} --usage-reports"))["images"][0].clone();
    let users: Vec<&str> = image["references"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_eq!(users, accounts);
    let pages = setup.calls("DescribeImageUsageReportEntries");
    assert_eq!(pages.len(), 2);
    let reports = setup.calls("DescribeImageUsageReports");
    assert!(pages.iter().chain(&reports).all(|call| !call.params.contains_key("MaxResults")), "ids go without it");
}

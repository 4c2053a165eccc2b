//! `recycle-bin --retain`: the missing rules, each made once.

use serde_json::{Value, json};

use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, OTHER, Outcome, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, refused, seconds};
use crate::shared::terminal;

const TWO: &str = "recycle-bin --region us-east-1,us-west-2 --retain 14d";
const HALF_AN_HOUR: u64 = 1800;
const BILLS: &str = "warning: a rule for snapshots holds, and bills, every snapshot that is deleted there, by anybody";

/// The rules made: region, resource type, days.
fn made(setup: &Setup) -> Vec<(String, String, String)> {
    let calls = setup.calls("CreateRule").into_iter().filter(|call| call.outcome != refused("AccessDeniedException"));
    let each = calls.map(|call| {
        let of = |name: &str| call.params.get(name).cloned().unwrap_or_default();
        (call.region.clone(), of("ResourceType"), of("RetentionPeriod.RetentionPeriodValue"))
    });
    let mut all: Vec<_> = each.collect();
    all.sort();
    all
}

fn rule(region: &str, kind: &str) -> (String, String, String) {
    (region.to_owned(), kind.to_owned(), "14".to_owned())
}

/// The rules of a region, as the endpoint has them.
fn there(setup: &Setup, region: &str) -> usize {
    setup.world().count_bin_rules(region)
}

fn held(ran: &Ran, region: &str) -> Value {
    let document = ran.json();
    let place = document["places"].as_array().unwrap().iter().find(|place| place["region"] == region).cloned();
    let place = place.unwrap_or_else(|| panic!("{document}"));
    json!([place["images"]["held"], place["snapshots"]["held"], place["status"]])
}

#[test]
fn what_is_missing_is_made_in_every_place_and_once() {
    let setup = Setup::new();
    setup.world().bin_rule(PROD, WEST, "EBS_SNAPSHOT", 30).put();
    let ran = setup.run(&format!("{TWO} --yes -o json")).ended(0);
    let wanted = [rule(EAST, "EBS_SNAPSHOT"), rule(EAST, "EC2_IMAGE"), rule(WEST, "EC2_IMAGE")];
    assert_eq!(made(&setup), wanted);
    assert_eq!(
        (held(&ran, EAST), held(&ran, WEST)),
        (json!(["none", "none", "pending"]), json!(["none", "all", "pending"]))
    );
    let document = ran.json();
    let rules = document["places"].as_array().unwrap().iter().flat_map(|place| place["rules"].as_array().unwrap());
    let (new, old): (Vec<_>, Vec<_>) = rules.partition(|rule| rule["made"] == true);
    assert_eq!((new.len(), old.len()), (3, 1));
    for rule in new {
        let (id, text) = (rule["id"].as_str().unwrap(), &ran.stderr);
        assert!(text.contains(&format!("aws rbin delete-rule --identifier {id} --region us-")), "{text}");
    }
    ran.says(&[BILLS, "2 rules for images and 1 rule for snapshots, of 14d", "pending"]);
    setup.fake.forget_calls();
    // A rule that is pending is not made twice, and neither is one that is in force.
    for _ in 0..2 {
        setup.run(&format!("{TWO} --yes")).ended(0).says(&["nothing to make"]);
        setup.unchanged();
        setup.world().advance(seconds(HALF_AN_HOUR));
    }
    assert_eq!(held(&setup.run(&format!("{TWO} -o json")).ended(0), EAST), json!(["all", "all", "ready"]));
}

#[test]
fn rules_that_hold_less_do_not_count() {
    let setup = Setup::new();
    setup.world().bin_rule(PROD, EAST, "EC2_IMAGE", 13).put();
    setup.world().bin_rule(PROD, EAST, "EBS_SNAPSHOT", 30).tag("Env", "prod").put();
    setup.run("recycle-bin --retain 2w --yes").ended(0);
    assert_eq!(made(&setup), [rule(EAST, "EBS_SNAPSHOT"), rule(EAST, "EC2_IMAGE")]);
    let description = setup.calls("CreateRule")[0].params["Description"].clone();
    assert_eq!(description, "amictl recycle-bin --retain 14d");
}

#[test]
fn a_dry_run_makes_nothing_and_says_that_it_did_not_try_the_permission() {
    let setup = Setup::new();
    let ran = setup.run(&format!("{TWO} --dry-run -o json")).ended(0);
    assert_eq!(held(&ran, EAST), json!(["none", "none", "ready"]));
    ran.says(&[
        BILLS,
        "to be made in 2 places: 2 rules for images and 2 rules for snapshots",
        "aws rbin delete-rule --identifier ID --region REGION",
        "the permission was not tried",
    ]);
    setup.unchanged();
}

#[test]
fn without_a_terminal_it_needs_yes() {
    let setup = Setup::new();
    let ran = setup.run(&format!("{TWO} -o json")).ended(4);
    assert_eq!(ran.error()["code"], "NotConfirmed");
    ran.says(&[BILLS, "--yes"]);
    setup.unchanged();
}

#[test]
fn a_person_is_asked_and_sees_what_it_means() {
    let setup = Setup::new();
    let (code, written) = terminal::run(&setup, 200, "n", TWO, &[]);
    assert_eq!(code, Some(4), "{written}");
    for said in ["not held", BILLS, "Make these rules?"] {
        assert!(written.contains(said), "'{said}' is not in {written}");
    }
    setup.unchanged();
    let (code, written) = terminal::run(&setup, 200, "y", TWO, &[]);
    assert_eq!((code, made(&setup).len()), (Some(0), 4), "{written}");
}

#[test]
fn a_period_that_no_rule_can_have_is_refused_before_any_call() {
    let setup = Setup::new();
    for days in ["0d", "400d", "36h", "14", "soon"] {
        let ran = setup.run(&format!("recycle-bin --retain {days} --yes")).ended(2);
        ran.says(&["--retain", &format!("'{days}'"), "from 1d to 365d"]);
    }
    for flags in ["--yes", "--dry-run"] {
        setup.run(&format!("recycle-bin {flags}")).ended(2).says(&["--retain"]);
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_lost_answer_makes_no_second_rule() {
    for kind in [FaultKind::ResetAfter, FaultKind::Truncated] {
        let setup = Setup::new();
        setup.fake.fault(Fault::on("CreateRule", kind));
        let ran = setup.run("recycle-bin --retain 14d --yes -o json").ended(0);
        assert_eq!((there(&setup, EAST), setup.fake.count("CreateRule")), (2, 2));
        assert_eq!(held(&ran, EAST), json!(["none", "none", "pending"]));
        setup.run("recycle-bin --retain 14d --yes").ended(0);
        assert_eq!(there(&setup, EAST), 2);
    }
}

#[test]
fn what_is_not_known_to_be_made_is_a_failure_that_a_rerun_finishes() {
    let setup = Setup::new();
    setup.fake.fault(Fault::on("CreateRule", FaultKind::ResetBefore).times(1));
    let ran = setup.run("recycle-bin --retain 14d --yes -o json").ended(1);
    assert_eq!((there(&setup, EAST), ran.error()["code"].as_str()), (1, Some("PartialRetention")));
    setup.run("recycle-bin --retain 14d --yes").ended(0);
    assert_eq!(there(&setup, EAST), 2);
    // The look for the rule may fail, too: it was made all the same.
    let setup = Setup::new();
    setup.fake.fault(Fault::on("CreateRule", FaultKind::ResetAfter));
    setup.fake.fault(Fault::error("ListRules", "AccessDeniedException", "No looking.").skip(2));
    setup.run("recycle-bin --retain 14d --yes").ended(1).says(&["may have been made, but looking for it failed"]);
    setup.fake.clear_faults();
    setup.run("recycle-bin --retain 14d --yes").ended(0).says(&["nothing to make"]);
    assert_eq!(there(&setup, EAST), 2);
}

#[test]
fn a_throttled_call_is_sent_again() {
    let setup = Setup::new();
    setup.fake.fault(Fault::error("CreateRule", "ThrottlingException", "Slow down.").times(2));
    setup.run("recycle-bin --retain 14d --yes").ended(0);
    assert_eq!((there(&setup, EAST), setup.fake.count("CreateRule")), (2, 4));
}

#[test]
fn a_place_that_fails_does_not_stop_the_others() {
    let setup = Setup::new();
    let refusal = Fault::error("CreateRule", "AccessDeniedException", "No rules.").in_region(WEST);
    setup.fake.fault(refusal.matching("EBS_SNAPSHOT"));
    let ran = setup.run(&format!("{TWO} --yes -o json")).ended(3);
    let error = json!({
        "account": PROD, "region": WEST, "code": "AccessDeniedException",
        "message": "no rule for snapshots: No rules.",
    });
    assert_eq!(ran.json()["errors"], json!([error]));
    assert_eq!((there(&setup, EAST), there(&setup, WEST)), (2, 1));
    ran.says(&["warning: a rule holds images, but none holds snapshots"]);
    setup.fake.clear_faults();
    setup.run(&format!("{TWO} --yes")).ended(0);
    assert_eq!(there(&setup, WEST), 2);
}

#[test]
fn a_place_that_cannot_be_read_gets_no_rule() {
    let setup = Setup::new();
    setup.fake.fault(Fault::error("ListRules", "AccessDeniedException", "No.").in_region(WEST));
    setup.run(&format!("{TWO} --yes")).ended(3).says(&["No."]);
    assert_eq!((there(&setup, EAST), there(&setup, WEST)), (2, 0));
    setup.run(&format!("{TWO} --dry-run")).ended(3);
}

#[test]
fn the_service_refuses_too_many_rules() {
    let setup = Setup::new();
    for _ in 0..249 {
        setup.world().bin_rule(PROD, EAST, "EC2_IMAGE", 1).put();
    }
    let ran = setup.run("recycle-bin --retain 14d --yes").ended(1);
    ran.says(&["no rule for snapshots", "ServiceQuotaExceededException"]);
    assert_eq!(setup.outcomes("CreateRule").iter().filter(|outcome| **outcome == Outcome::Ok).count(), 1);
}

#[test]
fn several_accounts_each_get_their_own() {
    let setup = Setup::new();
    let roles = [PROD, OTHER].map(|account| format!("--role-arn arn:aws:iam::{account}:role/ami")).join(" ");
    let line = format!("recycle-bin --region us-east-1,eu-west-1 {roles} --retain 14d --yes");
    let ran = setup.run(&line).ended(0);
    assert_eq!((there(&setup, EAST), there(&setup, EUROPE)), (4, 4));
    ran.says(&[&format!("in account {OTHER}: aws rbin delete-rule --identifier ")]);
    setup.run(&line).ended(0);
    assert_eq!(there(&setup, EAST), 4);
}

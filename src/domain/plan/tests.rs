//! Tests of plans: their rows, sums, digest and checks.

use chrono::{DateTime, Utc};

use super::*;
use crate::domain::age::Age;
use crate::domain::cost::Prices;
use crate::domain::ids::AccountId;
use crate::domain::image::testing::image;
use crate::domain::image::{Image, ImageSnapshot, Protection, State};
use crate::domain::plan::document::Action;
use crate::domain::plan::document::ErrorRow;
use crate::domain::plan::document::Plan;
use crate::domain::plan::document::SourceRow;
use crate::domain::policy::Policy;
use crate::domain::problem::PlaceError;
use crate::domain::region::Region;
use crate::domain::retention::{SharedWith, judge};
use crate::domain::retire::step::Step;
use crate::domain::usage::source::Usage;
use chrono::TimeDelta;

use std::collections::BTreeSet;

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-01-31T10:11:12.345Z").unwrap().to_utc()
}

fn snapshot(id: u32, size_gib: i64) -> ImageSnapshot {
    let id = format!("snap-{id:017x}").parse().unwrap();
    ImageSnapshot { id, device: "/dev/xvda".into(), size_gib, encrypted: false }
}

/// Five versions, of which three stay; the oldest two share a snapshot with each other, and one with the newest.
fn fleet() -> Vec<Image> {
    let mut images: Vec<_> = (1..=5).map(|n| image(n, &format!("web-v{n}-2025-01-01"))).collect();
    for image in &mut images {
        image.created_at = Some(now() - TimeDelta::days(100));
    }
    images[0].snapshots = vec![snapshot(1, 8), snapshot(2, 100)];
    images[1].snapshots = vec![snapshot(1, 8), snapshot(3, 8)];
    images[4].snapshots = vec![snapshot(2, 100)];
    images
}

fn account() -> Option<AccountId> {
    "111111111111".parse().ok()
}

fn plan() -> Plan {
    let (images, usage, policy) = (fleet(), Usage::default(), Policy::default());
    let verdicts = judge(&policy, &images, &usage, &SharedWith::new(), now());
    let places = [Judged { images: &images, verdicts, usage: &usage }];
    Plan::new(policy.clone(), account(), &places, Prices::default(), now())
}

#[test]
fn shared_snapshots_stay_and_each_counts_once() {
    let plan = plan();
    let ids = |action: &Action| action.snapshots.iter().map(|s| s.as_str()[20..].to_owned()).collect::<Vec<_>>();
    assert_eq!(plan.actions.iter().map(ids).collect::<Vec<_>>(), [vec!["01"], vec!["01", "03"]]);
    assert_eq!((plan.summary.actions, plan.summary.kept, plan.summary.size_gib), (2, 3, 16));
    assert!((plan.summary.monthly_saving_usd_at_most - 0.8).abs() < 1e-9);
    assert_eq!(plan.in_scope(), 5);
}

#[test]
fn an_image_that_only_goes_a_step_needs_its_snapshots() {
    // The second version is at its last stage; it shares a snapshot with the first, which is at its first.
    let mut images = fleet();
    images[1].state = State::Disabled;
    images[1].tags.insert("amictl:retire".into(), "disable@2025-12-01T00:00:00Z".into());
    images[4].deprecated_at = Some(now() - TimeDelta::days(1));
    images[4].tags.insert("amictl:retire".into(), "deprecate@2026-01-30T00:00:00Z".into());
    let policy = Policy::parse("version = 1\nretire = ['deprecate', 'disable@14d', 'deregister@30d']").unwrap();
    let usage = Usage::default();
    let verdicts = judge(&policy, &images, &usage, &SharedWith::new(), now());
    let places = [Judged { images: &images, verdicts, usage: &usage }];
    let plan = Plan::new(policy.clone(), account(), &places, Prices::default(), now());
    let rows: Vec<_> = plan.actions.iter().map(|a| (a.action, a.snapshots.len(), a.size_gib)).collect();
    assert_eq!(rows, [(Step::Deprecate, 0, 0), (Step::Deregister, 1, 8), (Step::Revive, 0, 0)]);
    assert_eq!(plan.actions[1].snapshots[0].as_str(), "snap-00000000000000003");
    assert!(plan.actions[1].reason.ends_with("; disabled 8w ago"), "{}", plan.actions[1].reason);
    assert_eq!(plan.actions[2].reason, "newest: number 1 of the newest 3; deprecated 34h ago");
    let sums = &plan.summary;
    assert_eq!((sums.actions, sums.deregister, sums.deprecate, sums.disable, sums.revive), (3, 1, 1, 0, 1));
    assert_eq!((sums.size_gib, sums.kept, plan.leaving(), plan.in_scope()), (8, 2, 2, 5));
    let text = serde_json::to_string(&plan).unwrap();
    assert!(text.contains(r#""action":"revive""#) && text.contains(r#""disable@14d""#), "{text}");
    assert_eq!(Plan::parse(&text), Ok(plan));
}

#[test]
fn a_saved_plan_reads_back_and_an_edited_one_does_not() {
    let plan = plan();
    let text = serde_json::to_string_pretty(&plan).unwrap();
    assert_eq!(Plan::parse(&text), Ok(plan.clone()));
    let other = plan.actions[0].image_id.to_string().replace("01", "03");
    assert_eq!(Plan::parse(&text.replace(plan.actions[0].image_id.as_str(), &other)), Err(Unusable::Edited));
    assert_eq!(Plan::parse(&text.replacen("\"version\"", "\"extra\": 1, \"version\"", 1)), Err(Unusable::Edited));
    for text in ["", "{}", "[]", "null", "{\"version\":1}"] {
        assert!(matches!(Plan::parse(text), Err(Unusable::NotAPlan(_))), "{text}");
    }
}

#[test]
fn the_digest_is_that_of_the_whole_document() {
    let nothing = Plan { actions: Vec::new(), kept: Vec::new(), ..plan() };
    for plan in [plan(), nothing.over(account().into_iter().collect(), &[])] {
        let document = serde_json::to_value(&plan).unwrap();
        assert_eq!(super::check::digest(document), plan.digest);
    }
}

#[test]
fn a_plan_is_for_its_account_and_its_day() {
    let plan = plan();
    let day = Age::days(1);
    let here: BTreeSet<_> = account().into_iter().collect();
    assert_eq!(plan.check(&here, day, now()), Ok(()));
    assert!(matches!(plan.check(&BTreeSet::new(), day, now()), Err(Unusable::OtherAccount { .. })));
    let later = now() + TimeDelta::hours(25);
    assert!(matches!(plan.check(&here, day, later), Err(Unusable::TooOld { .. })));
    let earlier = now() - TimeDelta::hours(1);
    assert!(matches!(plan.check(&here, day, earlier), Err(Unusable::FromTheFuture(_))));
}

#[test]
fn a_plan_of_several_accounts_is_for_all_of_them() {
    let both: BTreeSet<AccountId> = ["111111111111", "222222222222"].iter().map(|id| id.parse().unwrap()).collect();
    let one: BTreeSet<_> = account().into_iter().collect();
    let problem = crate::domain::problem::Problem { code: "AccessDenied".into(), message: "no".into() };
    let account = Some("222222222222".to_owned());
    let error = PlaceError { account, region: "us-east-1".parse().unwrap(), problem };
    let plan = plan().over(both.clone(), &[error]);
    assert_eq!((plan.account.as_ref(), plan.accounts.len(), plan.errors.len()), (None, 2, 1));
    assert_eq!(plan.check(&both, Age::days(1), now()), Ok(()));
    let refused = plan.check(&one, Age::days(1), now()).unwrap_err().to_string();
    assert!(refused.contains("111111111111, 222222222222, and this is account 111111111111"), "{refused}");
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(Plan::parse(&text), Ok(plan.clone()));
    assert_eq!(Plan::parse(&text.replace("\"AccessDenied\"", "\"Other\"")), Err(Unusable::Edited));
    assert_eq!(
        super::document::Plan { accounts: Vec::new(), ..plan }.over(one.clone(), &[]).check(&one, Age::days(1), now()),
        Ok(())
    );
}

#[test]
fn a_fingerprint_sees_every_change_that_matters() {
    let plain = image(1, "web-v1-2025-01-01");
    let mut changed = vec![plain.clone(); 4];
    changed[0].tags.insert("a".into(), "b".into());
    changed[1].snapshots.push(snapshot(9, 8));
    changed[2].public = true;
    changed[3].state = State::Disabled;
    let fingerprint = |image| fingerprint(image, now());
    assert!(changed.iter().all(|image| fingerprint(image) != fingerprint(&plain)));
    let mut cooled = plain.clone();
    cooled.protection = Protection::read(Some("disabled after 2020-01-01T00:00:00Z"));
    assert_eq!(fingerprint(&plain), fingerprint(&cooled), "whichever word EC2 has for an end that is past");
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in proptest::arbitrary::any::<String>()) {
        let error = Plan::parse(&text).unwrap_err();
        proptest::prop_assert!(!error.to_string().is_empty());
    }

    #[test]
    fn no_damaged_plan_panics(at in 0..2000usize, byte in 32..127u8) {
        let mut text = serde_json::to_string(&plan()).unwrap().into_bytes();
        let at = at % text.len();
        text[at] = byte;
        let _ = Plan::parse(&String::from_utf8(text).unwrap());
    }
}

#[test]
fn a_plan_covers_the_places_it_looked_into() {
    let [one, two, three] = ["111111111111", "222222222222", "333333333333"].map(|id| id.parse::<AccountId>().unwrap());
    let [east, west] = ["us-east-1", "us-west-2"].map(|name| name.parse::<Region>().unwrap());
    let row = |account: &AccountId, region: &Region| SourceRow {
        account: Some(account.clone()),
        region: region.clone(),
        source: "instances".into(),
        status: "ok".into(),
        message: None,
        read: 0,
    };
    let error = |account: &AccountId, region: &Region| ErrorRow {
        account: Some(account.to_string()),
        region: region.clone(),
        code: "AuthFailure".into(),
        message: String::new(),
    };
    let mut plan = plan();
    plan.sources = vec![row(&one, &east), row(&one, &west), row(&two, &east)];
    assert!(plan.covers(Some(&one), &west) && plan.covers(Some(&two), &east) && plan.covers(None, &west));
    assert!(!plan.covers(Some(&two), &west) && !plan.covers(Some(&three), &east));
    // Failed places are read again; of an account that could not be entered, all regions are.
    plan.errors = vec![error(&two, &west), error(&three, &east)];
    assert!(plan.covers(Some(&two), &west) && plan.covers(Some(&three), &east) && plan.covers(Some(&three), &west));
}

#[test]
fn a_plan_of_an_earlier_version_has_no_warnings_and_is_read() {
    let mut value = serde_json::to_value(plan()).unwrap();
    let fields = value.as_object_mut().unwrap();
    assert_eq!(fields.remove("warnings"), Some(serde_json::json!([])));
    let digest = super::check::digest(value.clone());
    value["digest"] = digest.into();
    assert!(super::document::Plan::parse(&value.to_string()).unwrap().warnings.is_empty());
}

#[test]
fn a_warning_is_in_the_plan_and_changes_nothing_in_it() {
    let (images, policy) = (fleet(), Policy::default());
    let problem =
        crate::domain::problem::Problem { code: "DeadReference".into(), message: "web:1 leads nowhere".into() };
    let warning = PlaceError { account: Some("111111111111".into()), region: "us-east-1".parse().unwrap(), problem };
    let mut usage = Usage::default();
    usage.warnings.push(warning);
    let verdicts = judge(&policy, &images, &usage, &SharedWith::new(), now());
    let places = [Judged { images: &images, verdicts, usage: &usage }];
    let warned = Plan::new(policy.clone(), account(), &places, Prices::default(), now());
    assert_eq!(warned.warnings.len(), 1);
    let silent = plan();
    assert_eq!((&warned.actions, &warned.kept, warned.summary.unverified), (&silent.actions, &silent.kept, 0));
    let saved = serde_json::to_string(&warned).unwrap();
    assert_eq!(super::document::Plan::parse(&saved).unwrap(), warned);
    let edited = saved.replace("leads nowhere", "is fine");
    assert_eq!(super::document::Plan::parse(&edited), Err(Unusable::Edited));
}

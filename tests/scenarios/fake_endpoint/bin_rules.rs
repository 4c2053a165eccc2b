//! The service that keeps the rules of the Recycle Bin, and what the rules do.

use aws_sdk_rbin::types::ResourceType::{EbsSnapshot, Ec2Image};
use aws_sdk_rbin::types::{LockState, ResourceTag, RetentionPeriodUnit, RuleStatus};

use super::*;

fn tag(key: &str, value: &str) -> ResourceTag {
    ResourceTag::builder().resource_tag_key(key).resource_tag_value(value).build().unwrap()
}

/// For how many days an image that is deregistered now would be kept.
async fn kept(fake: &Fake, name: &str, tags: &[(&str, &str)]) -> Option<i64> {
    let id = {
        let mut world = fake.world();
        let seed = world.image(PROD, EAST, name);
        tags.iter().fold(seed, |seed, (key, value)| seed.tag(key, value)).put()
    };
    let client = prod(fake, EAST);
    client.deregister_image().image_id(&id).send().await.unwrap();
    let binned = client.list_images_in_recycle_bin().send().await.unwrap();
    let image = binned.images().iter().find(|image| image.image_id() == Some(&id))?;
    let (enter, exit) = (image.recycle_bin_enter_time()?, image.recycle_bin_exit_time()?);
    Some((exit.secs() - enter.secs()) / 86_400)
}

#[tokio::test]
async fn rules_are_listed_by_kind_and_told_whole_one_by_one() {
    let fake = Fake::start();
    let (whole, tagged);
    {
        let mut world = fake.world();
        whole = world.bin_rule(PROD, EAST, "EC2_IMAGE", 30).exclude("Keep", "no").lock("locked").put();
        tagged = world.bin_rule(PROD, EAST, "EC2_IMAGE", 7).tag("Env", "prod").tag_key("Gold").pending().put();
        world.bin_rule(PROD, EAST, "EBS_SNAPSHOT", 14).description("snapshots").put();
        world.bin_rule(OTHER, EAST, "EC2_IMAGE", 1).put();
        world.bin_rule(PROD, WEST, "EC2_IMAGE", 2).put();
    }
    let client = rbin(&fake, "AKIAPROD", EAST);
    let listed = client.list_rules().resource_type(Ec2Image).send().await.unwrap();
    let mut ids: Vec<_> = listed.rules().iter().map(|rule| rule.identifier().unwrap().to_owned()).collect();
    let mut wanted = [whole.clone(), tagged.clone()];
    ids.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(ids, wanted);
    let snapshots = client.list_rules().resource_type(EbsSnapshot).send().await.unwrap();
    let [rule] = snapshots.rules() else { panic!("{snapshots:?}") };
    assert_eq!(rule.description(), Some("snapshots"));
    let period = rule.retention_period().unwrap();
    assert_eq!((period.retention_period_value(), period.retention_period_unit()), (14, &RetentionPeriodUnit::Days));

    let first = client.get_rule().identifier(&whole).send().await.unwrap();
    assert_eq!(first.exclude_resource_tags(), [tag("Keep", "no")]);
    assert_eq!((first.status(), first.lock_state()), (Some(&RuleStatus::Available), Some(&LockState::Locked)));
    assert!(first.rule_arn().unwrap().ends_with(&format!(":rule/{whole}")) && first.resource_tags().is_empty());
    let second = client.get_rule().identifier(&tagged).send().await.unwrap();
    assert_eq!((second.status(), second.lock_state()), (Some(&RuleStatus::Pending), None));
    assert_eq!(second.resource_tags()[0], tag("Env", "prod"));
    assert_eq!(second.resource_tags()[1].resource_tag_value(), None);

    let narrowed = client.list_rules().resource_type(Ec2Image).resource_tags(tag("Env", "prod")).send().await.unwrap();
    assert_eq!(narrowed.rules()[0].identifier(), Some(tagged.as_str()));
    let none =
        client.list_rules().resource_type(Ec2Image).exclude_resource_tags(tag("Keep", "x")).send().await.unwrap();
    assert!(none.rules().is_empty());
    let locked = client.list_rules().resource_type(Ec2Image).lock_state(LockState::Locked).send().await.unwrap();
    assert_eq!(locked.rules()[0].identifier(), Some(whole.as_str()));
    let calls = fake.calls();
    assert!(calls.iter().all(|call| call.service == "rbin" && call.outcome == Outcome::Ok), "{calls:?}");
    assert_eq!(fake.count("GetRule"), 2);
}

#[tokio::test]
async fn rules_come_in_pages_and_bad_requests_are_refused() {
    let fake = Fake::start();
    for _ in 0..5 {
        fake.world().bin_rule(PROD, EAST, "EC2_IMAGE", 3).put();
    }
    let client = rbin(&fake, "AKIAPROD", EAST);
    let mut pages = client.list_rules().resource_type(Ec2Image).into_paginator().page_size(2).send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().rules().len());
    }
    assert_eq!(sizes, [2, 2, 1]);
    let page = client.list_rules().resource_type(Ec2Image);
    assert_eq!(code(page.clone().max_results(0).send().await), "ValidationException");
    assert_eq!(code(page.clone().max_results(1001).send().await), "ValidationException");
    assert_eq!(code(page.clone().next_token("x").send().await), "ValidationException");
    assert_eq!(code(client.list_rules().send().await), "ValidationException");
    assert_eq!(code(client.list_rules().resource_type("AMI".into()).send().await), "ValidationException");

    assert_eq!(code(client.get_rule().identifier("short").send().await), "ValidationException");
    let foreign = fake.world().bin_rule(OTHER, EAST, "EC2_IMAGE", 3).put();
    let refused = client.get_rule().identifier(&foreign).send().await.unwrap_err();
    assert!(refused.as_service_error().unwrap().is_resource_not_found_exception(), "{refused:?}");
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 404);
    let stranger = rbin(&fake, "AKIANOBODY", EAST).list_rules().resource_type(Ec2Image).send().await;
    assert_eq!(code(stranger), "UnrecognizedClientException");
    fake.fault(Fault::error("ListRules", "AccessDeniedException", "You may not."));
    assert_eq!(code(page.send().await), "AccessDeniedException");
}

#[tokio::test]
async fn the_longest_matching_rule_keeps_what_is_deleted() {
    let fake = Fake::start();
    assert_eq!(kept(&fake, "a", &[]).await, None);
    let whole = fake.world().bin_rule(PROD, EAST, "EC2_IMAGE", 7).exclude("Scratch", "yes").put();
    assert_eq!(kept(&fake, "b", &[]).await, Some(7));
    assert_eq!(kept(&fake, "c", &[("Scratch", "yes")]).await, None);
    assert_eq!(kept(&fake, "d", &[("Scratch", "no")]).await, Some(7));
    fake.world().bin_rule(PROD, EAST, "EC2_IMAGE", 30).tag("Env", "prod").tag("Env", "stage").tag_key("Gold").put();
    fake.world().bin_rule(PROD, EAST, "EC2_IMAGE", 2).tag("Env", "prod").put();
    assert_eq!(kept(&fake, "e", &[("Env", "prod")]).await, Some(30));
    assert_eq!(kept(&fake, "f", &[("Env", "stage"), ("Scratch", "yes")]).await, Some(30));
    assert_eq!(kept(&fake, "g", &[("Gold", "x")]).await, Some(30));
    assert_eq!(kept(&fake, "h", &[("Env", "test")]).await, Some(7));
    fake.world().remove_bin_rule(&whole);
    assert_eq!(kept(&fake, "i", &[]).await, None);
    fake.world().bin_rule(PROD, EAST, "EC2_IMAGE", 9).pending_for(Duration::from_mins(30)).put();
    assert_eq!(kept(&fake, "j", &[]).await, None);
    fake.world().advance(Duration::from_mins(30));
    assert_eq!(kept(&fake, "k", &[]).await, Some(9));
}

#[tokio::test]
async fn snapshots_are_kept_by_their_own_rules_and_their_own_tags() {
    let fake = Fake::start();
    let image;
    {
        let mut world = fake.world();
        world.recycle_bin.insert((PROD.into(), EAST.into()), (5, 0));
        world.bin_rule(PROD, EAST, "EBS_SNAPSHOT", 3).tag("Env", "prod").put();
        image = world.image(PROD, EAST, "web").snapshots(1).tag("Env", "prod").put();
    }
    let plain = fake.world().find_image(&image).unwrap().snapshots().next().unwrap().to_owned();
    let tagged = fake.world().snapshot(PROD, EAST).tag("Env", "prod").put();
    let client = prod(&fake, EAST);
    client.deregister_image().image_id(&image).delete_associated_snapshots(true).send().await.unwrap();
    client.delete_snapshot().snapshot_id(&tagged).send().await.unwrap();
    let binned = client.list_snapshots_in_recycle_bin().send().await.unwrap();
    assert_eq!(binned.snapshots()[0].snapshot_id(), Some(tagged.as_str()));
    assert_eq!(binned.snapshots().len(), 1, "the image's tag does not count for its snapshot {plain}");
    assert!(fake.world().is_in_recycle_bin(&image));
    let rules = rbin(&fake, "AKIAPROD", EAST).list_rules().resource_type(Ec2Image).send().await.unwrap();
    assert_eq!(rules.rules()[0].retention_period().unwrap().retention_period_value(), 5);
    let id = rules.rules()[0].identifier().unwrap();
    assert!(rbin(&fake, "AKIAPROD", EAST).get_rule().identifier(id).send().await.is_ok());
}

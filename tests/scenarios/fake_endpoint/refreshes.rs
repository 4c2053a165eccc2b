//! Instance refreshes.

use std::time::Duration;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::operation::start_instance_refresh::builders::StartInstanceRefreshFluentBuilder;
use aws_sdk_autoscaling::types::{
    DesiredConfiguration, InstanceRefresh, InstanceRefreshStatus, LaunchTemplateSpecification, RefreshPreferences,
};

use super::*;

/// A group of four instances on the first of two versions.
fn ready(version: &str) -> (Fake, Client) {
    let fake = Fake::start();
    {
        let mut world = fake.world();
        let first = world.image(PROD, EAST, "web-v1-2026-01-01").put();
        let second = world.image(PROD, EAST, "web-v2-2026-01-02").put();
        world.parameter(PROD, EAST, "/amictl/web/prod", &second);
        let template = world.launch_template(PROD, EAST, "web").image(&first).image(&second);
        template.image("resolve:ssm:/amictl/web/prod").put();
        let group = world.auto_scaling_group(PROD, EAST, "web").launch_template("web", version);
        group.running(&["1", "1", "1", "1"]).put();
    }
    let client = autoscaling(&fake, "AKIAPROD", EAST);
    (fake, client)
}

fn template(version: &str) -> LaunchTemplateSpecification {
    LaunchTemplateSpecification::builder().launch_template_name("web").version(version).build()
}

fn to(client: &Client, version: &str) -> StartInstanceRefreshFluentBuilder {
    let desired = DesiredConfiguration::builder().launch_template(template(version)).build();
    client.start_instance_refresh().auto_scaling_group_name("web").desired_configuration(desired)
}

fn back(automatic: bool) -> RefreshPreferences {
    RefreshPreferences::builder().auto_rollback(automatic).build()
}

async fn last(client: &Client) -> InstanceRefresh {
    let found = client.describe_instance_refreshes().auto_scaling_group_name("web").send().await.unwrap();
    found.instance_refreshes()[0].clone()
}

#[tokio::test]
async fn a_refresh_goes_through_its_statuses_and_changes_the_group_in_the_end() {
    let (fake, client) = ready("1");
    fake.world().refresh_takes = Duration::from_secs(100);
    let preferences = RefreshPreferences::builder().auto_rollback(true).bake_time(60).build();
    to(&client, "2").preferences(preferences).send().await.unwrap();
    assert_eq!(code(to(&client, "2").send().await), "InstanceRefreshInProgress");
    let update = client.update_auto_scaling_group().auto_scaling_group_name("web").launch_template(template("2"));
    assert_eq!(code(update.send().await), "ValidationError");
    let group = || client.describe_auto_scaling_groups().auto_scaling_group_names("web").send();
    for (ahead, status, percent, left) in [
        (5, InstanceRefreshStatus::Pending, 0, 4),
        (50, InstanceRefreshStatus::InProgress, 50, 2),
        (55, InstanceRefreshStatus::Baking, 100, 0),
    ] {
        fake.world().advance(Duration::from_secs(ahead));
        let now = last(&client).await;
        let seen = (now.status().unwrap().clone(), now.percentage_complete(), now.instances_to_update());
        assert_eq!(seen, (status, Some(percent), Some(left)));
        let found = group().await.unwrap();
        let version = found.auto_scaling_groups()[0].launch_template().unwrap().version().unwrap().to_owned();
        assert_eq!(version, "1", "until it is over");
    }
    fake.world().advance(Duration::from_secs(60));
    assert_eq!(last(&client).await.status(), Some(&InstanceRefreshStatus::Successful));
    let found = group().await.unwrap();
    let group = &found.auto_scaling_groups()[0];
    assert_eq!(group.launch_template().unwrap().version(), Some("2"));
    let versions = group.instances().iter().map(|one| one.launch_template().unwrap().version().unwrap());
    assert_eq!(versions.collect::<Vec<_>>(), ["2"; 4]);
    let ended = fake.world().instances(PROD, EAST).filter(|one| one.state(one.phase.turn) == "terminated").count();
    assert_eq!(ended, 4);
}

#[tokio::test]
async fn nothing_goes_back_to_or_from_what_moves() {
    for (group, version) in
        [("$Latest", "2"), ("$Default", "2"), ("3", "2"), ("1", "3"), ("1", "$Latest"), ("1", "$Default")]
    {
        let (fake, client) = ready(group);
        fake.world().refresh_takes = Duration::from_secs(100);
        let automatic = to(&client, version).preferences(back(true));
        assert_eq!(code(automatic.send().await), "ValidationError", "from {group} to {version}");
        to(&client, version).preferences(back(false)).send().await.unwrap();
        let by_hand = client.rollback_instance_refresh().auto_scaling_group_name("web");
        assert_eq!(code(by_hand.send().await), "IrreversibleInstanceRefresh", "from {group} to {version}");
    }
    let (_fake, client) = ready("1");
    let plain = client.start_instance_refresh().auto_scaling_group_name("web").preferences(back(true));
    assert_eq!(code(plain.send().await), "ValidationError");
    to(&client, "2").preferences(back(true)).send().await.unwrap();
}

#[tokio::test]
async fn what_auto_scaling_does_not_take_is_refused() {
    let (_fake, client) = ready("1");
    let with = |preferences: RefreshPreferences| to(&client, "2").preferences(preferences).send();
    let new = RefreshPreferences::builder;
    for wrong in [
        new().max_healthy_percentage(150).build(),
        new().min_healthy_percentage(20).max_healthy_percentage(150).build(),
        new().min_healthy_percentage(101).build(),
        new().checkpoint_delay(60).build(),
        new().checkpoint_percentages(50).checkpoint_percentages(20).build(),
        new().checkpoint_percentages(50).checkpoint_percentages(50).build(),
    ] {
        assert_eq!(code(with(wrong.clone()).await), "ValidationError", "{wrong:?}");
    }
    let both =
        LaunchTemplateSpecification::builder().launch_template_name("web").launch_template_id("lt-0123456789abcdef0");
    let both = DesiredConfiguration::builder().launch_template(both.version("2").build()).build();
    let call = client.start_instance_refresh().auto_scaling_group_name("web").desired_configuration(both);
    assert_eq!(code(call.send().await), "ValidationError");
    assert_eq!(code(to(&client, "9").send().await), "ValidationError");
    let unknown = client.describe_instance_refreshes().auto_scaling_group_name("nope");
    assert_eq!(code(unknown.send().await), "ValidationError");
    for none in [true, false] {
        let refused = match none {
            true => code(client.cancel_instance_refresh().auto_scaling_group_name("web").send().await),
            false => code(client.rollback_instance_refresh().auto_scaling_group_name("web").send().await),
        };
        assert_eq!(refused, "ActiveInstanceRefreshNotFound");
    }
}

#[tokio::test]
async fn a_rollback_takes_as_long_as_the_way_there() {
    let (fake, client) = ready("1");
    fake.world().refresh_takes = Duration::from_secs(100);
    to(&client, "2").send().await.unwrap();
    fake.world().advance(Duration::from_secs(60));
    assert_eq!(last(&client).await.percentage_complete(), Some(50));
    client.rollback_instance_refresh().auto_scaling_group_name("web").send().await.unwrap();
    fake.world().advance(Duration::from_secs(30));
    assert_eq!(last(&client).await.status(), Some(&InstanceRefreshStatus::RollbackInProgress));
    fake.world().advance(Duration::from_secs(31));
    let over = last(&client).await;
    assert_eq!(over.status(), Some(&InstanceRefreshStatus::RollbackSuccessful));
    assert_eq!(over.rollback_details().unwrap().percentage_complete_on_rollback(), Some(50));
    let found = client.describe_auto_scaling_groups().send().await.unwrap();
    let versions = found.auto_scaling_groups()[0].instances().iter();
    assert!(versions.map(|one| one.launch_template().unwrap().version().unwrap()).all(|version| version == "1"));
}

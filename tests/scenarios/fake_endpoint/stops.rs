//! Instances that are stopped and started.

use aws_sdk_ec2::types::{InstanceAttributeName, InstanceStateChange, InstanceStateName};

use super::*;

async fn stop(client: &Client, id: &str) -> Result<Vec<InstanceStateChange>, String> {
    let answer = client.stop_instances().instance_ids(id).send().await;
    answer.map(|answer| answer.stopping_instances().to_vec()).map_err(|error| code(Err::<(), _>(error)))
}

async fn start(client: &Client, id: &str) -> Result<Vec<InstanceStateChange>, String> {
    let answer = client.start_instances().instance_ids(id).send().await;
    answer.map(|answer| answer.starting_instances().to_vec()).map_err(|error| code(Err::<(), _>(error)))
}

fn state(fake: &Fake, id: &str) -> String {
    let world = fake.world();
    let now = world.now();
    world.find_instance(id).unwrap().state(now).to_owned()
}

#[tokio::test]
async fn states_change_over_time_and_calls_can_be_repeated() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    let id = fake.world().instance(PROD, EAST).put();
    fake.world().stop_for = Duration::from_secs(600);
    fake.world().boot_for = Duration::from_secs(600);
    let change = stop(&client, &id).await.unwrap();
    let name = |state: Option<&aws_sdk_ec2::types::InstanceState>| state.unwrap().name().unwrap().clone();
    assert_eq!(name(change[0].previous_state()), InstanceStateName::Running);
    assert_eq!(name(change[0].current_state()), InstanceStateName::Stopping);
    assert_eq!(start(&client, &id).await.unwrap_err(), "IncorrectInstanceState");
    stop(&client, &id).await.unwrap();
    fake.world().advance(Duration::from_secs(600));
    assert_eq!(state(&fake, &id), "stopped");
    stop(&client, &id).await.unwrap();
    let change = start(&client, &id).await.unwrap();
    assert_eq!(name(change[0].current_state()), InstanceStateName::Pending);
    assert_eq!(stop(&client, &id).await.unwrap_err(), "IncorrectInstanceState");
    start(&client, &id).await.unwrap();
    fake.world().advance(Duration::from_secs(600));
    assert_eq!(state(&fake, &id), "running");
    client.terminate_instances().instance_ids(&id).send().await.unwrap();
    assert_eq!(start(&client, &id).await.unwrap_err(), "IncorrectInstanceState");
    assert_eq!(stop(&client, &id).await.unwrap_err(), "IncorrectInstanceState");
}

#[tokio::test]
async fn only_an_elastic_ip_outlives_a_stop() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    let plain = fake.world().instance(PROD, EAST).put();
    let elastic = fake.world().instance(PROD, EAST).elastic().put();
    for (id, stays, owner) in [(plain, false, "amazon"), (elastic, true, PROD)] {
        let address = || fake.world().find_instance(&id).unwrap().public_ip.clone();
        let before = address();
        let shown = client.describe_instances().instance_ids(&id).send().await.unwrap();
        let shown = &shown.reservations()[0].instances()[0];
        let association = shown.network_interfaces()[0].association().unwrap();
        assert_eq!((association.ip_owner_id(), association.public_ip()), (Some(owner), before.as_deref()));
        stop(&client, &id).await.unwrap();
        start(&client, &id).await.unwrap();
        assert_eq!(address() == before, stays);
    }
}

#[tokio::test]
async fn what_ec2_does_not_stop_is_refused_and_a_dry_run_does_not_tell() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    let (store, spot, protected, persistent) = {
        let mut world = fake.world();
        let store = world.instance(PROD, EAST).instance_store().put();
        let spot = world.instance(PROD, EAST).spot().put();
        let protected = world.instance(PROD, EAST).stop_protected().put();
        (store, spot, protected, world.instance(PROD, EAST).persistent_spot().put())
    };
    for (id, refusal) in
        [(store, "UnsupportedOperation"), (spot, "UnsupportedOperation"), (protected.clone(), "OperationNotPermitted")]
    {
        let tried = client.stop_instances().instance_ids(&id).dry_run(true).send().await;
        assert_eq!(code(tried), "DryRunOperation");
        assert_eq!(stop(&client, &id).await.unwrap_err(), refusal);
        assert_eq!(state(&fake, &id), "running");
    }
    stop(&client, &persistent).await.unwrap();
    let attribute = client.describe_instance_attribute().attribute(InstanceAttributeName::DisableApiStop);
    let answer = attribute.instance_id(&protected).send().await.unwrap();
    assert_eq!(answer.disable_api_stop().unwrap().value(), Some(true));
    let strange = other(&fake, EAST);
    assert_eq!(stop(&strange, &persistent).await.unwrap_err(), "InvalidInstanceID.NotFound");
}

#[tokio::test]
async fn a_group_replaces_a_member_that_is_stopped_unless_it_is_in_standby() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    let (member, standby) = {
        let mut world = fake.world();
        let image = world.image(PROD, EAST, "web-v1-2026-01-01").put();
        world.launch_template(PROD, EAST, "web").image(&image).put();
        world.auto_scaling_group(PROD, EAST, "web").launch_template("web", "1").put();
        let [member, standby] = [(); 2].map(|()| world.instance(PROD, EAST).put());
        world.join_group(PROD, EAST, "web", &member, false);
        world.join_group(PROD, EAST, "web", &standby, true);
        (member, standby)
    };
    let members = || -> Vec<String> {
        let world = fake.world();
        let group = world.scaling_group(PROD, EAST, "web").unwrap();
        group.members.iter().map(|member| member.id.clone()).collect()
    };
    stop(&client, &standby).await.unwrap();
    assert_eq!((members(), state(&fake, &standby)), (vec![member.clone(), standby.clone()], "stopped".to_owned()));
    stop(&client, &member).await.unwrap();
    assert_eq!(state(&fake, &member), "terminated");
    assert_eq!((members().len(), members().contains(&member)), (2, false));
}

#[tokio::test]
async fn an_image_is_spoiled_by_a_start_before_its_snapshots_are_begun() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    fake.world().snapshots_begin_after = Duration::from_secs(60);
    fake.world().pending_for = Duration::from_secs(600);
    for (wait, end) in [(0, "failed"), (60, "available")] {
        let id = fake.world().instance(PROD, EAST).state("stopped").put();
        let name = format!("web-{wait}");
        let made = client.create_image().instance_id(&id).name(name).send().await.unwrap();
        let snapshots = || async { client.describe_snapshots().owner_ids("self").send().await.unwrap() };
        let before = snapshots().await.snapshots().len();
        fake.world().advance(Duration::from_secs(wait));
        assert_eq!(snapshots().await.snapshots().len() > before, wait > 0);
        start(&client, &id).await.unwrap();
        fake.world().advance(Duration::from_secs(600));
        let now = fake.world().now();
        assert_eq!(fake.world().find_image(made.image_id().unwrap()).unwrap().state(now), end);
    }
}

#[tokio::test]
async fn types_are_described_with_their_disks() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    for (kind, store, architectures) in
        [("t3.micro", false, vec!["x86_64"]), ("m5d.large", true, vec!["x86_64"]), ("t4g.nano", false, vec!["arm64"])]
    {
        let answer = client.describe_instance_types().instance_types(kind.into()).send().await.unwrap();
        let one = &answer.instance_types()[0];
        assert_eq!(one.instance_storage_supported(), Some(store));
        let found = one.processor_info().unwrap().supported_architectures().iter().map(|one| one.as_str());
        assert_eq!(found.collect::<Vec<_>>(), architectures);
    }
    let unknown = client.describe_instance_types().instance_types("x9.huge".into()).send().await;
    assert_eq!(code(unknown), "InvalidInstanceType");
}

//! The form of requests, and the page of the calls that amictl makes.

use aws_sdk_ec2::config::AppName;
use aws_sdk_ec2::types::{
    ImageReferenceOptionName, ImageReferenceResourceType, OperationType, ResourceTypeOption, ResourceTypeRequest,
    SnapshotAttributeName,
};
use aws_sdk_ssm::types::ParameterStringFilter;

use super::*;

const TOGETHER: &str = "InvalidParameterCombination";
const VALUE: &str = "InvalidParameterValue";
const UNKNOWN: &str = "UnknownParameter";

fn ids(prefix: &str, count: usize) -> Option<Vec<String>> {
    Some((0..count).map(|n| format!("{prefix}-{n:017x}")).collect())
}

fn scoped(kind: &str, option: &str, value: &str) -> ResourceTypeRequest {
    let option = ResourceTypeOption::builder().option_name(ImageReferenceOptionName::from(option)).option_values(value);
    let kind = ResourceTypeRequest::builder().resource_type(ImageReferenceResourceType::from(kind));
    kind.resource_type_options(option.build()).build()
}

#[test]
fn the_forms_have_every_parameter_that_operations_take() {
    assert_eq!(fake::unformed(), [""; 0]);
}

#[tokio::test]
async fn a_parameter_that_is_not_known_is_refused_wherever_it_stands() {
    let fake = Fake::start();
    let instance = fake.world().instance(PROD, EAST).put();
    let client = prod(&fake, EAST);
    assert_eq!(code(client.describe_volumes().volume_ids("vol-00000000").send().await), UNKNOWN);
    let ebs = |ebs: EbsBlockDevice| BlockDeviceMapping::builder().device_name("/dev/sdb").ebs(ebs).build();
    let create = |ebs_of: EbsBlockDevice| {
        client.create_image().instance_id(&instance).name("web").block_device_mappings(ebs(ebs_of)).dry_run(true).send()
    };
    assert_eq!(code(create(EbsBlockDevice::builder().volume_size(8).iops(3000).build()).await), UNKNOWN);
    assert_eq!(code(create(EbsBlockDevice::builder().volume_size(8).build()).await), "DryRunOperation");
    let client = sts(&fake, "AKIAPROD", EAST);
    let role = client.assume_role().role_arn("arn:aws:iam::222222222222:role/ops").role_session_name("me");
    assert_eq!(code(role.policy("{}").send().await), "ValidationError");
}

#[tokio::test]
async fn a_call_takes_so_many_ids() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    assert_eq!(code(client.describe_images().set_image_ids(ids("ami", 201)).send().await), VALUE);
    assert_eq!(code(client.describe_images().set_image_ids(ids("ami", 200)).send().await), "InvalidAMIID.NotFound");
    assert_eq!(code(client.describe_instances().set_instance_ids(ids("i", 201)).send().await), VALUE);
    assert_eq!(code(client.describe_instance_status().set_instance_ids(ids("i", 101)).send().await), VALUE);
    assert_eq!(code(client.terminate_instances().set_instance_ids(ids("i", 1001)).send().await), VALUE);
    assert_eq!(code(client.describe_snapshots().set_snapshot_ids(ids("snap", 201)).send().await), VALUE);
    assert_eq!(code(client.list_images_in_recycle_bin().set_image_ids(ids("ami", 21)).send().await), VALUE);
    assert_eq!(code(client.list_snapshots_in_recycle_bin().set_snapshot_ids(ids("snap", 201)).send().await), VALUE);
    assert_eq!(code(client.describe_image_usage_reports().set_image_ids(ids("ami", 201)).send().await), VALUE);
    assert_eq!(
        code(client.describe_image_usage_report_entries().set_report_ids(ids("amiur", 201)).send().await),
        VALUE
    );
    let references = client.describe_image_references().include_all_resource_types(true);
    assert_eq!(code(references.set_image_ids(ids("ami", 11)).send().await), VALUE);
    let tag = Tag::builder().key("a").value("b").build();
    assert_eq!(code(client.create_tags().set_resources(ids("ami", 1001)).tags(tag).send().await), VALUE);
    assert_eq!(code(client.delete_tags().set_resources(ids("ami", 1001)).send().await), VALUE);
    let users = (0..501).map(|n| format!("{:012}", 400_000_000_000_u64 + n)).collect();
    let share = client.modify_snapshot_attribute().snapshot_id("snap-00000000").operation_type(OperationType::Add);
    let share = share.attribute(SnapshotAttributeName::CreateVolumePermission).set_user_ids(Some(users));
    assert_eq!(code(share.send().await), VALUE);
    let names: Vec<String> = (0..51).map(|n| format!("group-{n}")).collect();
    let client = autoscaling(&fake, "AKIAPROD", EAST);
    let groups = client.describe_auto_scaling_groups().set_auto_scaling_group_names(Some(names.clone()));
    assert_eq!(code(groups.send().await), "ValidationError");
    let client = ssm(&fake, "AKIAPROD", EAST);
    assert_eq!(code(client.get_parameters().set_names(Some(names[..11].to_vec())).send().await), "ValidationException");
}

#[tokio::test]
async fn a_page_size_does_not_go_with_ids() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    let lt = "lt-00000000";
    let calls = [
        code(client.describe_images().image_ids("ami-00000000").max_results(10).send().await),
        code(client.describe_instances().instance_ids("i-00000000").max_results(10).send().await),
        code(client.describe_instance_status().instance_ids("i-00000000").max_results(10).send().await),
        code(client.describe_snapshots().snapshot_ids("snap-00000000").max_results(10).send().await),
        code(client.describe_launch_templates().launch_template_ids(lt).max_results(10).send().await),
        code(client.describe_launch_templates().launch_template_names("web").max_results(10).send().await),
        code(client.describe_fleets().fleet_ids("fleet-00000000").max_results(10).send().await),
        code(client.describe_spot_instance_requests().spot_instance_request_ids("sir-0").max_results(10).send().await),
        code(client.describe_spot_fleet_requests().spot_fleet_request_ids("sfr-0").max_results(10).send().await),
        code(client.describe_security_groups().group_ids("sg-00000000").max_results(10).send().await),
        code(client.describe_security_groups().group_names("web").max_results(10).send().await),
        code(client.describe_subnets().subnet_ids("subnet-00000000").max_results(10).send().await),
        code(client.describe_vpcs().vpc_ids("vpc-00000000").max_results(10).send().await),
        code(client.list_images_in_recycle_bin().image_ids("ami-00000000").max_results(10).send().await),
        code(client.list_snapshots_in_recycle_bin().snapshot_ids("snap-00000000").max_results(10).send().await),
        code(client.describe_image_usage_reports().image_ids("ami-00000000").max_results(10).send().await),
        code(client.describe_image_usage_report_entries().report_ids("amiur-00000000").max_results(10).send().await),
    ];
    assert!(calls.iter().all(|code| code == TOGETHER), "{calls:?}");
}

#[tokio::test]
async fn page_sizes_have_bounds() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    for size in [4, 1001] {
        let calls = [
            code(client.describe_images().max_results(size).send().await),
            code(client.describe_snapshots().max_results(size).send().await),
            code(client.describe_instances().max_results(size).send().await),
            code(client.describe_spot_instance_requests().max_results(size).send().await),
            code(client.list_snapshots_in_recycle_bin().max_results(size).send().await),
        ];
        assert!(calls.iter().all(|code| code == VALUE), "{size}: {calls:?}");
    }
    for size in [0, 201] {
        assert_eq!(code(client.describe_launch_templates().max_results(size).send().await), VALUE);
        let versions = client.describe_launch_template_versions().versions("$Latest");
        assert_eq!(code(versions.max_results(size).send().await), VALUE);
    }
    assert_eq!(code(client.describe_volumes().max_results(501).send().await), VALUE);
    let client = ssm(&fake, "AKIAPROD", EAST);
    assert_eq!(code(client.describe_parameters().max_results(51).send().await), "ValidationException");
    let client = autoscaling(&fake, "AKIAPROD", EAST);
    assert_eq!(code(client.describe_launch_configurations().max_records(101).send().await), "ValidationError");
    let client = org(&fake, "AKIAPROD", EAST);
    assert!(client.list_accounts().max_results(21).send().await.is_err());
}

#[tokio::test]
async fn filters_are_few_short_and_given_once() {
    let fake = Fake::start();
    let client = prod(&fake, EAST);
    let list = || client.describe_images().owners("self");
    let length = |count: usize| list().filters(filter("description", &"x".repeat(count))).send();
    length(255).await.unwrap();
    assert_eq!(code(length(256).await), "FilterLimitExceeded");
    let tagged =
        |count: usize| list().set_filters(Some((0..count).map(|n| filter(&format!("tag:{n}"), "x")).collect()));
    tagged(50).send().await.unwrap();
    assert_eq!(code(tagged(51).send().await), "FilterLimitExceeded");
    assert_eq!(code(list().filters(filter("name", "a")).filters(filter("name", "b")).send().await), VALUE);
    // Filters of another action.
    assert_eq!(code(list().filters(filter("snapshot-id", "snap-00000000")).send().await), VALUE);
    assert_eq!(code(client.describe_snapshots().filters(filter("image-id", "ami-00000000")).send().await), VALUE);
    assert_eq!(code(client.describe_instance_status().filters(filter("image-id", "ami-00000000")).send().await), VALUE);
    assert_eq!(
        code(client.describe_launch_templates().filters(filter("image-id", "ami-00000000")).send().await),
        VALUE
    );
    assert_eq!(code(client.describe_vpcs().filters(filter("isDefault", "true")).send().await), VALUE);
    let client = ssm(&fake, "AKIAPROD", EAST);
    let by_value = ParameterStringFilter::builder().key("Value").values("ami-00000000").build().unwrap();
    assert_eq!(code(client.describe_parameters().parameter_filters(by_value).send().await), "InvalidFilterKey");
}

#[tokio::test]
async fn values_are_in_their_range() {
    let fake = Fake::start();
    let image = fake.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    let instance = fake.world().instance(PROD, EAST).put();
    let client = prod(&fake, WEST);
    let copy = || client.copy_image().source_region(EAST).source_image_id(&image).name("web").dry_run(true);
    assert_eq!(code(copy().client_token("x".repeat(64)).send().await), "DryRunOperation");
    assert_eq!(code(copy().client_token("x".repeat(65)).send().await), VALUE);
    assert_eq!(code(copy().description("x".repeat(256)).send().await), VALUE);
    assert_eq!(code(copy().kms_key_id("alias/images").send().await), TOGETHER, "a key without encryption");
    assert_eq!(code(copy().kms_key_id("alias/images").encrypted(false).send().await), TOGETHER);
    let client = prod(&fake, EAST);
    let create = || client.create_image().instance_id(&instance).dry_run(true);
    for name in ["ab", &"x".repeat(129), "web:v1"] {
        assert_eq!(code(create().name(name).send().await), "InvalidAMIName.Malformed");
    }
    assert_eq!(code(create().name("web").description("x".repeat(256)).send().await), VALUE);
    let tagged = |key: &str, value: &str| {
        let tags = tags(ResourceType::Image, key, value);
        create().name("web").tag_specifications(tags).send()
    };
    assert_eq!(code(tagged(&"k".repeat(128), &"v".repeat(256)).await), "DryRunOperation");
    assert_eq!(code(tagged(&"k".repeat(129), "v").await), VALUE);
    assert_eq!(code(tagged("k", &"v".repeat(257)).await), VALUE);
    let references = || client.describe_image_references().image_ids(&image).include_all_resource_types(true);
    for (kind, option, value) in [
        ("ec2:LaunchTemplate", "version-depth", "0"),
        ("ec2:LaunchTemplate", "version-depth", "10001"),
        ("ec2:LaunchTemplate", "state-name", "running"),
        ("ec2:Instance", "state-name", "hibernated"),
        ("ec2:Volume", "state-name", "in-use"),
    ] {
        assert_eq!(code(references().resource_types(scoped(kind, option, value)).send().await), VALUE);
    }
}

#[tokio::test]
async fn what_contradicts_itself_is_refused() {
    let fake = Fake::start();
    let (image, snapshot) = {
        let mut world = fake.world();
        (world.image(PROD, EAST, "web-v1-2026-01-02").put(), world.snapshot(PROD, EAST).put())
    };
    let client = prod(&fake, EAST);
    let share = || client.modify_image_attribute().image_id(&image).user_ids(OTHER);
    assert_eq!(code(share().send().await), TOGETHER, "a list without its attribute");
    assert_eq!(code(share().attribute("description").value("x").send().await), TOGETHER);
    let share = || client.modify_snapshot_attribute().snapshot_id(&snapshot);
    let who = CreateVolumePermission::builder().user_id(OTHER).build();
    let change = CreateVolumePermissionModifications::builder().add(who).build();
    let mixed = share().operation_type(OperationType::Add).create_volume_permission(change);
    let mixed = mixed.attribute(SnapshotAttributeName::CreateVolumePermission);
    assert_eq!(code(mixed.send().await), TOGETHER, "an operation beside the structure");
    assert_eq!(code(share().user_ids(OTHER).send().await), TOGETHER, "a list without its operation");
    let versions = || client.describe_launch_template_versions();
    let both = versions().launch_template_id("lt-00000000").launch_template_name("web");
    assert_eq!(code(both.send().await), TOGETHER);
    let bounds = versions().launch_template_name("web").versions("1").min_version("1");
    assert_eq!(code(bounds.send().await), TOGETHER);
    let groups = client.describe_security_groups().group_ids("sg-00000000").group_names("web");
    assert_eq!(code(groups.send().await), TOGETHER);
}

/// A client that says it is amictl.
fn as_amictl(fake: &Fake) -> Client {
    let config = prod(fake, EAST).config().to_builder().app_name(AppName::new("amictl").unwrap());
    Client::from_conf(config.build())
}

#[tokio::test]
#[should_panic(expected = "docs/reference/calls.md has no row for ec2 DescribeImages with Owner.N=self")]
async fn a_call_of_amictl_that_its_page_does_not_list_stops_the_test() {
    let fake = Fake::start();
    let list = as_amictl(&fake).describe_images().owners("self");
    assert_eq!(code(list.clone().send().await), UNKNOWN, "no page size");
    list.include_disabled(true).max_results(1000).send().await.unwrap();
}

#[tokio::test]
async fn a_call_of_amictl_that_its_page_lists_is_answered() {
    let fake = Fake::start();
    let list = as_amictl(&fake).describe_images().owners("self").include_disabled(true).max_results(1000);
    list.clone().send().await.unwrap();
    let list = list.filters(filter("tag:Team", "a")).filters(filter("name", "web*"));
    list.send().await.unwrap();
    let rows: Vec<_> = fake.calls().iter().map(|call| fake::row_of(call).unwrap().action.as_str()).collect();
    assert_eq!(rows, ["DescribeImages", "DescribeImages"]);
}

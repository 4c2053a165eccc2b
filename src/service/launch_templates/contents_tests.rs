//! Tests of contents: what makes two versions the same, and what a change sends.

use aws_sdk_ec2::types::{
    LaunchTemplateBlockDeviceMapping, LaunchTemplateEbsBlockDevice, LaunchTemplateInstanceMetadataOptionsState,
};

use super::*;

const IMAGE: &str = "ami-00000000000000001";

fn change(image: &str) -> TemplateChange {
    TemplateChange { image: image.to_owned(), label: image.to_owned(), ..TemplateChange::default() }
}

fn tagged(kind: ResourceType, tags: &[(&str, &str)]) -> LaunchTemplateTagSpecification {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build());
    specification(Some(kind), tags.collect())
}

fn data() -> ResponseLaunchTemplateData {
    ResponseLaunchTemplateData::builder()
        .image_id(IMAGE)
        .tag_specifications(tagged(ResourceType::Instance, &[("a", "1"), ("b", "2")]))
        .tag_specifications(tagged(ResourceType::Volume, &[("a", "1")]))
        .build()
}

#[test]
fn orders_and_empty_lists_make_no_other_version() {
    let new = NewVersion::over(&data(), Some(1), &change(IMAGE)).unwrap();
    let mut other = data();
    other.tag_specifications = Some(vec![
        tagged(ResourceType::Volume, &[("a", "1")]),
        tagged(ResourceType::Instance, &[("b", "2"), ("a", "1")]),
    ]);
    other.security_group_ids = Some(Vec::new());
    assert!(new.is(&other));
    other.tag_specifications = Some(vec![tagged(ResourceType::Instance, &[("b", "2"), ("a", "1")])]);
    assert!(!new.is(&other), "a kind less");
    assert!(!new.is(&NewVersion::over(&data(), Some(1), &change("x")).unwrap().result), "another image");
}

#[test]
fn the_state_of_metadata_options_makes_no_other_version() {
    let required = TemplateChange { metadata: Some(MetadataTokens::Required), ..change(IMAGE) };
    let new = NewVersion::over(&data(), Some(1), &required).unwrap();
    let mut shown = new.result.clone();
    if let Some(options) = &mut shown.metadata_options {
        options.state = Some(LaunchTemplateInstanceMetadataOptionsState::Applied);
    }
    assert!(new.is(&shown));
    assert_eq!(metadata_tokens(&shown), Some(MetadataTokens::Required));
    let optional = TemplateChange { metadata: Some(MetadataTokens::Optional), ..change(IMAGE) };
    assert!(!NewVersion::over(&data(), Some(1), &optional).unwrap().is(&shown));
}

#[test]
fn mappings_are_sent_only_where_a_snapshot_would_get_lost() {
    let mapping = |snapshot: Option<&str>| {
        let ebs = LaunchTemplateEbsBlockDevice::builder().set_snapshot_id(snapshot.map(str::to_owned)).volume_size(8);
        LaunchTemplateBlockDeviceMapping::builder().device_name("/dev/xvda").ebs(ebs.build()).build()
    };
    let with = |snapshot| ResponseLaunchTemplateData::builder().block_device_mappings(mapping(snapshot)).build();
    let plain = NewVersion::over(&with(None), Some(1), &change(IMAGE)).unwrap();
    assert!(plain.request.block_device_mappings().is_empty());
    for keep in [true, false] {
        let change = TemplateChange { keep_snapshots: vec![keep], ..change(IMAGE) };
        let new = NewVersion::over(&with(Some("snap-1")), Some(1), &change).unwrap();
        let sent = new.request.block_device_mappings()[0].ebs().unwrap();
        assert_eq!((sent.snapshot_id().is_some(), sent.volume_size()), (keep, Some(8)));
        assert!(new.starts_as(&new.result));
        let mut lost = new.result.clone();
        lost.block_device_mappings = Some(vec![mapping(None)]);
        assert_eq!(new.starts_as(&lost), !keep, "EC2 dropped what was to be kept");
    }
}

#[test]
fn user_data_is_part_of_the_text_that_makes_the_token() {
    let with = |data: &str| {
        let options = InstanceOptions { user_data: Some(data.to_owned()), ..InstanceOptions::default() };
        NewVersion::first(&TemplateChange { options, ..change(IMAGE) }).unwrap().text()
    };
    assert_ne!(with("YQ=="), with("Yg=="));
    assert_eq!(with("YQ=="), with("YQ=="));
}

//! Fields that DescribeImages filters by.

use super::super::filters::tag_field;
use super::super::model::{Ebs, Image, visible_tags};
use super::super::xml::stamp;
use super::Viewer;

/// Filters of DescribeImages.
pub const FILTERS: &[&str] = &[
    "architecture",
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.encrypted",
    "block-device-mapping.snapshot-id",
    "block-device-mapping.volume-size",
    "block-device-mapping.volume-type",
    "boot-mode",
    "creation-date",
    "description",
    "ena-support",
    "hypervisor",
    "image-id",
    "image-type",
    "is-public",
    "manifest-location",
    "name",
    "owner-alias",
    "owner-id",
    "platform",
    "root-device-name",
    "root-device-type",
    "source-image-id",
    "source-image-region",
    "source-instance-id",
    "state",
    "state-reason-code",
    "state-reason-message",
    "tag:",
    "tag-key",
    "virtualization-type",
];

/// PlatformDetails.
pub fn platform_details(image: &Image) -> &'static str {
    if image.windows { "Windows" } else { "Linux/UNIX" }
}

/// Whether any value of a field passes the test of a filter.
pub fn passes(image: &Image, viewer: &Viewer, name: &str, test: &dyn Fn(&str) -> bool) -> bool {
    let tags = visible_tags(&image.tags, &image.owner, &viewer.account);
    if let Some(passed) = tag_field(name, tags, test) {
        return passed;
    }
    let maybe = |value: &Option<String>| value.as_deref().is_some_and(test);
    let flag = |value: bool| test(if value { "true" } else { "false" });
    let any_ebs = |check: &dyn Fn(&Ebs) -> bool| image.mappings.iter().filter_map(|m| m.ebs.as_ref()).any(check);
    let reason = || image.reason.as_ref().filter(|_| image.state(viewer.now) != "pending");
    match name {
        "architecture" => test(&image.architecture),
        "block-device-mapping.delete-on-termination" => any_ebs(&|e| flag(e.delete_on_termination)),
        "block-device-mapping.device-name" => image.mappings.iter().any(|m| test(&m.device)),
        "block-device-mapping.encrypted" => any_ebs(&|e| flag(e.encrypted)),
        "block-device-mapping.snapshot-id" => any_ebs(&|e| maybe(&e.snapshot)),
        "block-device-mapping.volume-size" => any_ebs(&|e| test(&e.size.to_string())),
        "block-device-mapping.volume-type" => any_ebs(&|e| test(&e.kind)),
        "boot-mode" => maybe(&image.boot_mode),
        "creation-date" => test(&stamp(image.created)),
        "description" => maybe(&image.description),
        "ena-support" => flag(image.ena),
        "hypervisor" => test("xen"),
        "image-id" => test(&image.id),
        "image-type" => test("machine"),
        "is-public" => flag(image.is_public()),
        "manifest-location" => test(&format!("{}/{}", image.owner, image.name)),
        "name" => test(&image.name),
        "owner-alias" => maybe(&image.alias),
        "owner-id" => test(&image.owner),
        "platform" => image.windows && test("windows"),
        "root-device-name" => test(&image.root_device),
        "root-device-type" => test(&image.root_type),
        "source-image-id" | "source-image-region" if image.source_untold => maybe(&None),
        "source-image-id" => maybe(&image.source_ami),
        "source-image-region" => maybe(&image.source_region),
        "source-instance-id" => maybe(&image.source_instance),
        "state" => test(image.state(viewer.now)),
        "state-reason-code" => reason().is_some_and(|(code, _)| test(code)),
        "state-reason-message" => reason().is_some_and(|(_, message)| test(message)),
        "virtualization-type" => test(&image.virtualization),
        other => unreachable!("filter {other} is listed and not read"),
    }
}

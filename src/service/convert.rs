//! From SDK types to domain types: whatever EC2 may leave out is settled here and nowhere else.

use aws_sdk_ec2::types;
use chrono::{DateTime, Utc};

use crate::domain::image::{BlankVolume, Image, ImageSnapshot, Protection, Source, State};
use crate::domain::region::Region;
use crate::domain::tagging::Tags;

/// An image without a readable id cannot be worked on and is left out, with a word in the log.
pub(super) fn image(found: &types::Image, region: &Region, own: impl Fn(Option<&str>) -> bool) -> Option<Image> {
    let Some(id) = found.image_id().and_then(|id| id.parse().ok()) else {
        tracing::warn!(%region, id = ?found.image_id(), "EC2 described an image without a readable id");
        return None;
    };
    let name = found.name().filter(|name| !name.is_empty());
    Some(Image {
        id,
        name: name.map(str::to_owned),
        parsed_name: name.and_then(|name| name.parse().ok()),
        own: own(found.owner_id()),
        region: region.clone(),
        owner: found.owner_id().and_then(|id| id.parse().ok()),
        state: found.state().map_or_else(|| State::Unknown("unknown".to_owned()), |s| State::read(s.as_str())),
        state_reason: found.state_reason().and_then(reason),
        created_at: found.creation_date().and_then(time),
        deprecated_at: found.deprecation_time().and_then(time),
        last_launched_at: found.last_launched_time().and_then(time),
        architecture: found.architecture().map(|a| a.as_str().to_owned()),
        platform: found.platform_details().map(str::to_owned),
        root_device_type: found.root_device_type().map(|t| t.as_str().to_owned()),
        public: found.public().unwrap_or(false),
        protection: Protection::read(found.deregistration_protection()),
        snapshots: found.block_device_mappings().iter().filter_map(snapshot).collect(),
        blank_volumes: found.block_device_mappings().iter().filter_map(blank).collect(),
        size_gib: found.block_device_mappings().iter().map(size_gib).sum(),
        source: Source {
            instance_id: found.source_instance_id().and_then(|id| id.parse().ok()),
            image_id: found.source_image_id().and_then(|id| id.parse().ok()),
            region: found.source_image_region().and_then(|r| r.parse().ok()),
        },
        description: found.description().filter(|d| !d.is_empty()).map(str::to_owned),
        tags: tags(found.tags()),
    })
}

/// EC2's code and message of a state, verbatim.
pub(super) fn reason(reason: &types::StateReason) -> Option<String> {
    match (reason.code(), reason.message()) {
        (Some(code), Some(message)) if message.contains(code) => Some(message.to_owned()),
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => message.or(code).map(str::to_owned),
    }
}

fn size_gib(mapping: &types::BlockDeviceMapping) -> i64 {
    mapping.ebs().and_then(types::EbsBlockDevice::volume_size).map_or(0, i64::from)
}

/// Blank volumes and instance-store volumes have no snapshot.
fn snapshot(mapping: &types::BlockDeviceMapping) -> Option<ImageSnapshot> {
    let ebs = mapping.ebs()?;
    Some(ImageSnapshot {
        id: ebs.snapshot_id()?.parse().ok()?,
        device: mapping.device_name().unwrap_or_default().to_owned(),
        size_gib: size_gib(mapping),
        encrypted: ebs.encrypted().unwrap_or(false),
    })
}

/// Instance-store volumes are no EBS volumes at all.
fn blank(mapping: &types::BlockDeviceMapping) -> Option<BlankVolume> {
    let ebs = mapping.ebs().filter(|ebs| ebs.snapshot_id().is_none())?;
    Some(BlankVolume {
        device: mapping.device_name().unwrap_or_default().to_owned(),
        size_gib: size_gib(mapping),
        encrypted: ebs.encrypted().unwrap_or(false),
    })
}

/// EC2 writes the times of images as text, with and without milliseconds.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok()
}

pub(super) fn tags(found: &[types::Tag]) -> Tags {
    let pair = |tag: &types::Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    found.iter().filter_map(pair).collect()
}

/// The tags of one kind of resource that a call is about to make.
pub(super) fn tag_specification(kind: types::ResourceType, tags: &Tags) -> types::TagSpecification {
    types::TagSpecification::builder().resource_type(kind).set_tags(Some(sdk_tags(tags))).build()
}

pub(super) fn sdk_tags(tags: &Tags) -> Vec<types::Tag> {
    tags.iter().map(|(key, value)| types::Tag::builder().key(key).value(value).build()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_milliseconds() {
        let plain = time("2025-02-17T20:22:19Z").unwrap();
        assert_eq!(time("2025-02-17T20:22:19.000Z"), Some(plain));
        assert_eq!(time("yesterday"), None);
    }

    #[test]
    fn nothing_but_the_id_is_taken_for_granted() {
        let region: Region = "us-east-1".parse().unwrap();
        let bare = types::Image::builder().image_id("ami-01234567").build();
        let read = image(&bare, &region, |_| true).unwrap();
        assert_eq!((read.name, read.owner, read.created_at), (None, None, None));
        assert_eq!(read.state.as_str(), "unknown");
        assert!(image(&types::Image::builder().build(), &region, |_| true).is_none());
    }

    #[test]
    fn every_volume_counts_and_only_snapshots_are_snapshots() {
        let volume = |id: Option<&str>, size| {
            let ebs = types::EbsBlockDevice::builder().set_snapshot_id(id.map(str::to_owned)).volume_size(size).build();
            types::BlockDeviceMapping::builder().device_name("/dev/xvda").ebs(ebs).build()
        };
        let found = types::Image::builder()
            .image_id("ami-01234567")
            .block_device_mappings(volume(Some("snap-01234567"), 8))
            .block_device_mappings(volume(None, 100))
            .block_device_mappings(types::BlockDeviceMapping::builder().virtual_name("ephemeral0").build())
            .build();
        let read = image(&found, &"us-east-1".parse().unwrap(), |_| true).unwrap();
        assert_eq!((read.snapshots.len(), read.blank_volumes.len(), read.size_gib), (1, 1, 108));
        assert_eq!(read.blank_volumes[0].size_gib, 100);
    }
}

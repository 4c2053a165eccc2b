//! Image fields in EC2's answers, and their conversion to an image of the domain.

use std::borrow::Cow;

use crate::domain::image::{BlankVolume, Image, ImageSnapshot, Protection, SourceImage, State};
use crate::domain::region::Region;
use crate::domain::scan::Scan;
use crate::service::client::convert::{reason, time};

type Text<'a> = Option<Cow<'a, str>>;

/// The fields of an image, by EC2's names.
#[derive(Debug, Default)]
pub(super) struct Described<'a> {
    pub image_id: Text<'a>,
    pub name: Text<'a>,
    pub description: Text<'a>,
    pub owner_id: Text<'a>,
    pub state: Text<'a>,
    pub state_reason: DescribedReason<'a>,
    pub creation_date: Text<'a>,
    pub deprecation_time: Text<'a>,
    pub last_launched_time: Text<'a>,
    pub architecture: Text<'a>,
    pub platform_details: Text<'a>,
    pub root_device_type: Text<'a>,
    pub public: Option<bool>,
    pub imds_support: Text<'a>,
    pub deregistration_protection: Text<'a>,
    pub source_instance_id: Text<'a>,
    pub source_image_id: Text<'a>,
    pub source_image_region: Text<'a>,
    pub block_device_mappings: Vec<Mapping<'a>>,
    pub tags: Vec<DescribedTag<'a>>,
    pub scan: Option<DescribedScan<'a>>,
    pub watermarks: Vec<Text<'a>>,
    pub allowed: Option<bool>,
}

/// The results of the last scan.
#[derive(Debug, Default)]
pub(super) struct DescribedScan<'a> {
    pub severity: Text<'a>,
    pub date: Text<'a>,
    /// By severity.
    pub fix_since: Vec<(&'static str, Cow<'a, str>)>,
}

/// The reason for the state.
#[derive(Debug, Default)]
pub(super) struct DescribedReason<'a> {
    pub code: Text<'a>,
    pub message: Text<'a>,
}

/// A device of the image.
#[derive(Debug, Default)]
pub(super) struct Mapping<'a> {
    pub device_name: Text<'a>,
    pub ebs: Option<Ebs<'a>>,
}

/// A volume of the image.
#[derive(Debug, Default)]
pub(super) struct Ebs<'a> {
    pub snapshot_id: Text<'a>,
    pub volume_size: Option<i32>,
    pub encrypted: Option<bool>,
    pub delete_on_termination: Option<bool>,
}

/// A tag of the image.
#[derive(Debug, Default)]
pub(super) struct DescribedTag<'a> {
    pub key: Text<'a>,
    pub value: Text<'a>,
}

impl Described<'_> {
    /// The image; `None`, with a warning in the log, if its id cannot be parsed: nothing could be done with it.
    pub(super) fn image(self, region: &Region, own: impl Fn(Option<&str>) -> bool) -> Option<Image> {
        let Some(id) = read(&self.image_id) else {
            tracing::warn!(%region, id = ?self.image_id, "EC2 described an image without a readable id");
            return None;
        };
        let name = self.name.filter(|name| !name.is_empty()).map(Cow::into_owned);
        Some(Image {
            id,
            parsed_name: name.as_deref().and_then(|name| name.parse().ok()),
            group: None,
            name,
            own: own(self.owner_id.as_deref()),
            region: region.clone(),
            owner: read(&self.owner_id),
            state: self.state.as_deref().map_or_else(|| State::Unknown("unknown".to_owned()), State::read),
            state_reason: reason(self.state_reason.code.as_deref(), self.state_reason.message.as_deref()),
            created_at: self.creation_date.as_deref().and_then(time),
            deprecated_at: self.deprecation_time.as_deref().and_then(time),
            last_launched_at: self.last_launched_time.as_deref().and_then(time),
            architecture: self.architecture.map(Cow::into_owned),
            platform: self.platform_details.map(Cow::into_owned),
            root_device_type: self.root_device_type.map(Cow::into_owned),
            public: self.public.unwrap_or(false),
            imds_v2: self.imds_support.as_deref() == Some("v2.0"),
            protection: Protection::read(self.deregistration_protection.as_deref()),
            snapshots: self.block_device_mappings.iter().filter_map(Mapping::snapshot).collect(),
            blank_volumes: self.block_device_mappings.iter().filter_map(Mapping::blank).collect(),
            kept_volumes: self.block_device_mappings.iter().filter_map(Mapping::kept).collect(),
            size_gib: self.block_device_mappings.iter().map(Mapping::size_gib).sum(),
            source: SourceImage {
                instance_id: read(&self.source_instance_id),
                image_id: read(&self.source_image_id),
                region: read(&self.source_image_region),
            },
            description: self.description.filter(|text| !text.is_empty()).map(Cow::into_owned),
            tags: self.tags.into_iter().filter_map(DescribedTag::pair).collect(),
            scan: self.scan.map(|scan| Box::new(scan.scan())),
            watermarks: self.watermarks.into_iter().flatten().map(Cow::into_owned).collect(),
            allowed: self.allowed,
        })
    }
}

impl Mapping<'_> {
    fn size_gib(&self) -> i64 {
        self.ebs.as_ref().and_then(|ebs| ebs.volume_size).map_or(0, i64::from)
    }

    fn device(&self) -> String {
        self.device_name.as_deref().unwrap_or_default().to_owned()
    }

    /// Blank volumes and instance-store volumes have no snapshot.
    fn snapshot(&self) -> Option<ImageSnapshot> {
        let ebs = self.ebs.as_ref()?;
        let id = read(&ebs.snapshot_id)?;
        let encrypted = ebs.encrypted.unwrap_or(false);
        Some(ImageSnapshot { id, device: self.device(), size_gib: self.size_gib(), encrypted })
    }

    /// The device of a volume that stays.
    fn kept(&self) -> Option<String> {
        self.ebs.as_ref().filter(|ebs| ebs.delete_on_termination == Some(false)).map(|_| self.device())
    }

    /// Instance-store volumes are not EBS volumes.
    fn blank(&self) -> Option<BlankVolume> {
        let ebs = self.ebs.as_ref().filter(|ebs| ebs.snapshot_id.is_none())?;
        let encrypted = ebs.encrypted.unwrap_or(false);
        Some(BlankVolume { device: self.device(), size_gib: self.size_gib(), encrypted })
    }
}

impl DescribedScan<'_> {
    fn scan(self) -> Scan {
        let severity = self.severity.filter(|text| !text.is_empty()).map(Cow::into_owned);
        let fix = self.fix_since.iter().rfind(|(of, _)| severity.as_deref() == Some(*of));
        let fix_since = fix.and_then(|(_, since)| time(since));
        Scan { severity, scanned_at: self.date.as_deref().and_then(time), fix_since }
    }
}

impl DescribedTag<'_> {
    fn pair(self) -> Option<(String, String)> {
        Some((self.key?.into_owned(), self.value.unwrap_or_default().into_owned()))
    }
}

fn read<T: std::str::FromStr>(text: &Text) -> Option<T> {
    text.as_deref()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_id_is_taken_for_granted() {
        let region: Region = "us-east-1".parse().unwrap();
        let bare = Described { image_id: Some("ami-01234567".into()), ..Described::default() };
        let read = bare.image(&region, |_| true).unwrap();
        assert_eq!((read.name, read.owner, read.created_at), (None, None, None));
        assert_eq!(read.state.as_str(), "unknown");
        assert!(Described::default().image(&region, |_| true).is_none());
    }

    #[test]
    fn every_volume_counts_and_only_snapshots_are_snapshots() {
        let volume = |id: Option<&'static str>, size| Mapping {
            device_name: Some("/dev/xvda".into()),
            ebs: Some(Ebs {
                snapshot_id: id.map(Cow::from),
                volume_size: Some(size),
                encrypted: None,
                delete_on_termination: Some(size < 100),
            }),
        };
        let found = Described {
            image_id: Some("ami-01234567".into()),
            block_device_mappings: vec![volume(Some("snap-01234567"), 8), volume(None, 100), Mapping::default()],
            ..Described::default()
        };
        let read = found.image(&"us-east-1".parse().unwrap(), |_| true).unwrap();
        assert_eq!((read.snapshots.len(), read.blank_volumes.len(), read.size_gib), (1, 1, 108));
        assert_eq!(read.blank_volumes[0].size_gib, 100);
        assert_eq!(read.kept_volumes, ["/dev/xvda"]);
    }
}

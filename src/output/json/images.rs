//! JSON of images, instances and errors of places.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::OutcomeJson;
use super::document::{ErrorJson, time};
use crate::domain::boot_test::Verdict;
use crate::domain::image::{Image, ImageSnapshot};
use crate::domain::instance::Instance;
use crate::domain::naming::Version;
use crate::domain::scan::Scan;
use crate::domain::tags::Tags;
use crate::domain::tested::Tested;

/// The members of a listing after its images.
#[derive(Serialize)]
pub struct BesidesJson<'a> {
    pub errors: Vec<ErrorJson<'a>>,
    pub steps: Vec<OutcomeJson<'a>>,
}

#[derive(Serialize)]
pub struct ImageJson<'a> {
    pub id: &'a str,
    pub name: Option<&'a str>,
    pub family: Option<&'a str>,
    pub image_version: Option<Version>,
    pub date: Option<String>,
    pub managed: bool,
    pub pattern: Option<&'a str>,
    pub region: &'a str,
    pub owner_id: Option<&'a str>,
    pub state: &'a str,
    pub state_reason: Option<&'a str>,
    pub created_at: Option<String>,
    pub deprecated_at: Option<String>,
    pub last_launched_at: Option<String>,
    pub architecture: Option<&'a str>,
    pub platform: Option<&'a str>,
    pub root_device_type: Option<&'a str>,
    pub public: bool,
    pub deregistration_protection: &'a str,
    pub encrypted: bool,
    pub size_gib: i64,
    pub monthly_cost_usd_at_most: Option<f64>,
    pub snapshots: Vec<SnapshotJson<'a>>,
    pub source: SourceJson<'a>,
    pub description: Option<&'a str>,
    pub tags: &'a Tags,
    /// `null` if it was never scanned.
    pub scan: Option<ScanJson<'a>>,
    pub watermarks: &'a [String],
    /// `null` without a verdict of its own.
    pub tested: Option<TestedJson>,
    /// `null` if that is not known: EC2 shows tags to the owner only.
    pub revoked: Option<bool>,
}

/// The verdict of a boot test.
#[derive(Serialize)]
pub struct TestedJson {
    pub verdict: Verdict,
    pub types: Vec<String>,
    pub at: String,
    pub run: String,
    pub probes: Vec<String>,
    /// The number of probes for which the tag had no room.
    pub probes_left_out: usize,
}

#[derive(Serialize)]
pub struct ScanJson<'a> {
    /// `null` if nothing was found.
    pub severity: Option<&'a str>,
    pub scanned_at: Option<String>,
    /// Of findings of that severity.
    pub fix_available_since: Option<String>,
}

#[derive(Serialize)]
pub struct SnapshotJson<'a> {
    pub id: &'a str,
    pub device: &'a str,
    pub size_gib: i64,
    pub encrypted: bool,
}

#[derive(Serialize)]
pub struct SourceJson<'a> {
    pub instance_id: Option<&'a str>,
    pub image_id: Option<&'a str>,
    pub region: Option<&'a str>,
}

impl<'a> ImageJson<'a> {
    /// The image with its cost, if requested.
    pub fn new(image: &'a Image, monthly_cost: Option<f64>, now: DateTime<Utc>) -> Self {
        let name = image.parsed_name.as_ref();
        Self {
            id: image.id.as_str(),
            name: image.name.as_deref(),
            family: image.family().map(|family| family.word),
            image_version: name.map(|n| n.version()),
            date: name.map(|n| n.date().to_string()),
            managed: image.managed(),
            pattern: image.family().and_then(|family| family.pattern),
            region: image.region.as_str(),
            owner_id: image.owner.as_ref().map(|o| o.as_str()),
            state: image.state.as_str(),
            state_reason: image.state_reason.as_deref(),
            created_at: image.created_at.map(time),
            deprecated_at: image.deprecated_at.map(time),
            last_launched_at: image.last_launched_at.map(time),
            architecture: image.architecture.as_deref(),
            platform: image.platform.as_deref(),
            root_device_type: image.root_device_type.as_deref(),
            public: image.public,
            deregistration_protection: image.protection.word(now),
            encrypted: image.encrypted(),
            size_gib: image.size_gib,
            monthly_cost_usd_at_most: monthly_cost,
            snapshots: image.snapshots.iter().map(SnapshotJson::new).collect(),
            source: SourceJson {
                instance_id: image.source.instance_id.as_ref().map(|i| i.as_str()),
                image_id: image.source.image_id.as_ref().map(|i| i.as_str()),
                region: image.source.region.as_ref().map(|r| r.as_str()),
            },
            description: image.description.as_deref(),
            tags: &image.tags,
            scan: image.scan.as_deref().map(ScanJson::new),
            watermarks: &image.watermarks,
            tested: Tested::of(image).map(TestedJson::new),
            revoked: image.own.then(|| image.revoked()),
        }
    }
}

impl TestedJson {
    pub fn new(tested: Tested) -> Self {
        let Tested { verdict, types, at, run, probes, more, image: _, launch: _ } = tested;
        Self { verdict, types, at: time(at), run, probes, probes_left_out: more }
    }
}

impl<'a> ScanJson<'a> {
    fn new(scan: &'a Scan) -> Self {
        Self {
            severity: scan.severity.as_deref(),
            scanned_at: scan.scanned_at.map(time),
            fix_available_since: scan.fix_since.map(time),
        }
    }
}

impl<'a> SnapshotJson<'a> {
    fn new(snapshot: &'a ImageSnapshot) -> Self {
        Self {
            id: snapshot.id.as_str(),
            device: &snapshot.device,
            size_gib: snapshot.size_gib,
            encrypted: snapshot.encrypted,
        }
    }
}

#[derive(Serialize)]
pub struct InstancesJson<'a> {
    pub version: u32,
    pub instances: Vec<InstanceJson<'a>>,
}

#[derive(Serialize)]
pub struct InstanceJson<'a> {
    pub id: &'a str,
    pub image_id: Option<&'a str>,
    pub region: &'a str,
    pub state: &'a str,
    #[serde(rename = "type")]
    pub instance_type: Option<&'a str>,
    pub private_ip: Option<&'a str>,
    pub public_ip: Option<&'a str>,
    pub public_dns: Option<&'a str>,
}

impl<'a> InstanceJson<'a> {
    pub fn new(instance: &'a Instance) -> Self {
        Self {
            id: instance.id.as_str(),
            image_id: instance.image_id.as_ref().map(|id| id.as_str()),
            region: instance.region.as_str(),
            state: &instance.state,
            instance_type: instance.instance_type.as_deref(),
            private_ip: instance.private_ip.as_deref(),
            public_ip: instance.public_ip.as_deref(),
            public_dns: instance.public_dns.as_deref(),
        }
    }
}

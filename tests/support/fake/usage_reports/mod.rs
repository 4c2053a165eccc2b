//! Image usage reports: which accounts use an image of the caller, and with how many resources.

mod create;
mod describe;
mod entries;

use chrono::{DateTime, Duration, Utc};

use super::errors::{Answer, Refusal, refuse};
use super::ids;
use super::model::{Phase, Tags};
use super::request::Request;
use super::services::Operation;
use super::world::{Region, World};

/// Report operations.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateImageUsageReport",
        params: &["AccountId", "ClientToken", "ImageId", "ResourceType", "TagSpecification"],
        run: create::run,
    },
    Operation {
        name: "DescribeImageUsageReports",
        params: &["Filter", "ImageId", "MaxResults", "NextToken", "ReportId"],
        run: describe::run,
    },
    Operation {
        name: "DescribeImageUsageReportEntries",
        params: &["Filter", "ImageId", "MaxResults", "NextToken", "ReportId"],
        run: entries::run,
    },
    Operation { name: "DeleteImageUsageReport", params: &["ReportId"], run: delete },
];

/// Most image ids, report ids or account ids in one request.
const MOST_IDS: usize = 200;
/// Days after which a report is gone.
const LIFE: i64 = 30;

/// A report.
#[derive(Clone, Debug)]
pub struct UsageReport {
    /// `amiur-…`.
    pub id: String,
    /// Account that asked for it, the owner of the image.
    pub owner: String,
    /// Image it is about.
    pub image: String,
    /// Kinds of resources that were asked about; for templates with how many of their newest versions.
    pub kinds: Vec<(&'static str, Option<usize>)>,
    /// Accounts that were asked about; empty is all.
    pub accounts: Vec<String>,
    /// `pending`, then `available` or `error`.
    pub phase: Phase,
    /// Why it is in `error`.
    pub reason: Option<String>,
    /// When it was asked for.
    pub created: DateTime<Utc>,
    /// Account, kind of resource and how many of them.
    pub entries: Vec<(String, &'static str, usize)>,
    /// Tags.
    pub tags: Tags,
}

impl World {
    /// Makes all reports older, as if they had been asked for before.
    pub fn reports_age(&mut self, by: std::time::Duration) {
        let reports = self.regions.values_mut().flat_map(|region| region.usage_reports.values_mut());
        reports.for_each(|report| report.created -= super::world::span(by));
    }
}

/// The caller's report.
fn own<'a>(region: &'a Region, request: &Request, id: &str) -> Result<&'a UsageReport, Refusal> {
    ids::check("amiur", id)?;
    let report = region.usage_reports.get(id).filter(|report| report.owner == request.account);
    report.ok_or_else(|| no_report(id))
}

/// The codes about report ids are unconfirmed.
pub fn no_report(id: &str) -> Refusal {
    refuse("InvalidImageUsageReportId.NotFound", format!("The image usage report '{id}' does not exist"))
}

/// Reports live for thirty days.
fn forget_expired(region: &mut Region, now: DateTime<Utc>) {
    region.usage_reports.retain(|_, report| now < report.created + Duration::days(LIFE));
}

fn delete(world: &mut World, request: &Request) -> Answer {
    let id = request.params.need("ReportId")?;
    let region = world.region(&request.region);
    forget_expired(region, request.now);
    own(region, request, id)?;
    request.dry_run()?;
    region.usage_reports.remove(id);
    Ok("<return>true</return>".to_owned())
}

//! EC2's calls for image usage reports.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    ImageUsageReport, ImageUsageResourceTypeOptionRequest as TypeOption, ImageUsageResourceTypeRequest as TypeRequest,
};
use chrono::{DateTime, Utc};

use crate::domain::ids::ImageId;
use crate::domain::usage::source::{Reference, Source};
use crate::service::client::error::{ApiError, api};
use crate::service::client::target::Target;

const CREATE: &str = "CreateImageUsageReport";
const DESCRIBE: &str = "DescribeImageUsageReports";
const ENTRIES: &str = "DescribeImageUsageReportEntries";
const DELETE: &str = "DeleteImageUsageReport";

const TEMPLATES: &str = "ec2:LaunchTemplate";
const KINDS: [&str; 4] = ["ec2:Instance", TEMPLATES, "imagebuilder:ImageRecipe", "imagebuilder:ContainerRecipe"];
/// The number of template versions EC2 searches: its maximum, as the default of 20 would miss older ones.
const DEPTH: &str = "10000";
const DEPTH_OPTION: &str = "version-depth";
/// EC2's limit for images in one call.
const IDS_A_CALL: usize = 200;

/// An image usage report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UsageReport {
    pub(super) id: String,
    pub(super) state: ReportState,
    /// Whether it covers what amictl requests: every account, every resource type, all template versions.
    pub(super) covers: bool,
    pub(super) created_at: Option<DateTime<Utc>>,
}

/// The state of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ReportState {
    Pending,
    Available,
    /// It failed, with EC2's reason.
    Failed(String),
}

/// All reports on these images, including those other users of the account requested.
pub(super) async fn reports(
    target: &Target,
    images: &[ImageId],
) -> Result<BTreeMap<ImageId, Vec<UsageReport>>, ApiError> {
    let mut all: BTreeMap<ImageId, Vec<UsageReport>> = BTreeMap::new();
    for some in images.chunks(IDS_A_CALL) {
        let ids = some.iter().map(ToString::to_string).collect();
        // AWS does not document that EC2 accepts a page size with ids.
        let mut pages = target.ec2.describe_image_usage_reports().set_image_ids(Some(ids)).into_paginator().send();
        while let Some(page) = pages.next().await {
            for report in page.map_err(api(DESCRIBE, &target.region))?.image_usage_reports() {
                let image = report.image_id().and_then(|id| id.parse().ok());
                let (image, report) =
                    image.zip(read(report)).ok_or_else(|| ApiError::unreadable(DESCRIBE, &target.region))?;
                all.entry(image).or_default().push(report);
            }
        }
    }
    Ok(all)
}

fn read(report: &ImageUsageReport) -> Option<UsageReport> {
    let id = report.report_id()?.to_owned();
    let state = match report.state() {
        Some("available") => ReportState::Available,
        Some("pending") | None => ReportState::Pending,
        Some(state) => {
            let reason = report.state_reason().unwrap_or("EC2 gives no reason");
            ReportState::Failed(format!("the usage report {id} is in state {state}: {reason}"))
        }
    };
    let created_at = report.creation_time().and_then(|at| DateTime::from_timestamp(at.secs(), 0));
    Some(UsageReport { id, state, covers: covers(report), created_at })
}

fn covers(report: &ImageUsageReport) -> bool {
    let kinds = report.resource_types();
    let deep = kinds.iter().filter(|kind| kind.resource_type() == Some(TEMPLATES)).all(|kind| {
        let mut options = kind.resource_type_options().iter().filter(|o| o.option_name() == Some(DEPTH_OPTION));
        options.any(|option| option.option_values().iter().any(|value| value == DEPTH))
    });
    let every = KINDS.iter().all(|wanted| kinds.iter().any(|kind| kind.resource_type() == Some(wanted)));
    report.account_ids().is_empty() && every && deep
}

/// Requests a report and returns its id.
pub(super) async fn create(target: &Target, image: &ImageId) -> Result<String, ApiError> {
    let kind = |name: &str| {
        let option = TypeOption::builder().option_name(DEPTH_OPTION).option_values(DEPTH).build();
        let options = (name == TEMPLATES).then(|| vec![option]);
        TypeRequest::builder().resource_type(name).set_resource_type_options(options).build()
    };
    let call = target.ec2.create_image_usage_report().image_id(image.as_str());
    let call = call.set_resource_types(Some(KINDS.map(kind).to_vec()));
    let answer = call.send().await.map_err(api(CREATE, &target.region))?;
    answer.report_id().map(str::to_owned).ok_or_else(|| ApiError::unreadable(CREATE, &target.region))
}

/// The use by other accounts in a report; that of the image's own account is known better from other sources.
pub(super) async fn entries(target: &Target, id: &str) -> Result<Vec<Reference>, ApiError> {
    let own = target.account().await?.to_string();
    let mut pages = target.ec2.describe_image_usage_report_entries().report_ids(id).into_paginator().send();
    let mut accounts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for entry in page.map_err(api(ENTRIES, &target.region))?.image_usage_report_entries() {
            let account = entry.account_id().ok_or_else(|| ApiError::unreadable(ENTRIES, &target.region))?;
            let what = format!("{} {}", entry.usage_count().unwrap_or(1), entry.resource_type().unwrap_or("resource"));
            accounts.entry(account.to_owned()).or_default().push(what);
        }
    }
    accounts.remove(&own);
    let reference = |(id, what): (String, Vec<String>)| Reference {
        source: Source::UsageReports,
        kind: "account",
        id,
        detail: what.join(", "),
    };
    Ok(accounts.into_iter().map(reference).collect())
}

/// Deletes a report. EC2 deletes others itself after 30 days.
pub(super) async fn delete(target: &Target, id: &str) -> Result<(), ApiError> {
    let answer = target.ec2.delete_image_usage_report().report_id(id).send().await;
    answer.map(drop).map_err(api(DELETE, &target.region))
}

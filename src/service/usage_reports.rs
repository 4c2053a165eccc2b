//! EC2's image usage reports: the accounts that use an image, counted by EC2 itself, in every account there is.
//!
//! They lag: what was launched in the last day, and templates of the last days, may be missing. So they add to what
//! is found otherwise and never stand in for it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ec2::types::{
    ImageUsageReport, ImageUsageResourceTypeOptionRequest as TypeOption, ImageUsageResourceTypeRequest as TypeRequest,
};
use tokio::time::Instant;

use super::error::{ApiError, api};
use super::target::Target;
use super::wait::{Over, Patience, Pauses};
use crate::domain::ids::ImageId;
use crate::domain::report::Problem;
use crate::domain::usage::{Reference, Source};

const CREATE: &str = "CreateImageUsageReport";
const DESCRIBE: &str = "DescribeImageUsageReports";
const ENTRIES: &str = "DescribeImageUsageReportEntries";
const DELETE: &str = "DeleteImageUsageReport";

const TEMPLATES: &str = "ec2:LaunchTemplate";
const KINDS: [&str; 4] = ["ec2:Instance", TEMPLATES, "imagebuilder:ImageRecipe", "imagebuilder:ContainerRecipe"];
/// How many versions of a template EC2 looks at: its maximum, as its default of 20 would miss older ones.
const DEPTH: &str = "10000";
const DEPTH_OPTION: &str = "version-depth";
const PAGE: i32 = 1000;

/// EC2 may not know an id for this long after it gave it out.
const UNKNOWN_AT_FIRST: Duration = Duration::from_secs(120);

const PENDING: &str = "pending";
const AVAILABLE: &str = "available";

/// Why a report was not to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoReport {
    /// The user wants to stop.
    Interrupted,
    /// Anything else: it is not known who uses the image.
    Failed(Problem),
}

impl From<ApiError> for NoReport {
    fn from(error: ApiError) -> Self {
        Self::Failed(error.problem())
    }
}

/// The other accounts that use an own image, by a report made now. A report that is being made already is waited for,
/// as EC2 makes one at a time for each image; it is used where it asks for all that ours would.
pub async fn users(target: &Target, image: &ImageId, patience: &Patience) -> Result<Vec<Reference>, NoReport> {
    while let Some(pending) = pending(target, image).await? {
        let id = pending.report_id().unwrap_or_default().to_owned();
        match finished(target, &id, patience).await {
            Ok(()) if asks_for_all(&pending) => return entries(target, &id).await,
            Err(why) if why == NoReport::Interrupted || timed_out(&why) => return Err(why),
            // It asked for less, or came to nothing: there is room for ours.
            Ok(()) | Err(_) => {}
        }
    }
    let id = create(target, image).await?;
    let made = match finished(target, &id, patience).await {
        Ok(()) => entries(target, &id).await,
        Err(why) => Err(why),
    };
    // What takes longer than we wait for is taken up by the next run. All others are of no more use; what is left of
    // them goes by itself after 30 days.
    if !made.as_ref().is_err_and(timed_out) {
        let answer = target.ec2.delete_image_usage_report().report_id(&id).send().await;
        if let Err(error) = answer.map_err(api(DELETE, &target.region)) {
            tracing::warn!(%error, report = %id, "the report is left to expire");
        }
    }
    made
}

const TIMEOUT: &str = "Timeout";

fn failed(code: &str, message: String) -> NoReport {
    NoReport::Failed(Problem { code: code.to_owned(), message })
}

fn gone(id: &str) -> NoReport {
    failed("UsageReportGone", format!("the usage report {id} is gone before it was read"))
}

fn timed_out(why: &NoReport) -> bool {
    matches!(why, NoReport::Failed(problem) if problem.code == TIMEOUT)
}

/// The report of an image that is being made, if one is.
async fn pending(target: &Target, image: &ImageId) -> Result<Option<ImageUsageReport>, ApiError> {
    let mut pages =
        target.ec2.describe_image_usage_reports().image_ids(image.as_str()).into_paginator().page_size(PAGE).send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(DESCRIBE, &target.region))?;
        if let Some(report) = page.image_usage_reports().iter().find(|report| report.state() == Some(PENDING)) {
            return Ok(Some(report.clone()));
        }
    }
    Ok(None)
}

/// Whether a report of somebody else covers what ours would: every account, every kind, templates to their first
/// version.
fn asks_for_all(report: &ImageUsageReport) -> bool {
    let kinds = report.resource_types();
    let deep = kinds.iter().filter(|kind| kind.resource_type() == Some(TEMPLATES)).all(|kind| {
        let mut options = kind.resource_type_options().iter().filter(|o| o.option_name() == Some(DEPTH_OPTION));
        options.any(|option| option.option_values().iter().any(|value| value == DEPTH))
    });
    let every = KINDS.iter().all(|wanted| kinds.iter().any(|kind| kind.resource_type() == Some(wanted)));
    report.account_ids().is_empty() && every && deep
}

async fn create(target: &Target, image: &ImageId) -> Result<String, ApiError> {
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

/// Waits until a report is made.
async fn finished(target: &Target, id: &str, patience: &Patience) -> Result<(), NoReport> {
    let began = Instant::now();
    let mut pauses = Pauses::new(patience);
    loop {
        let answer = target.ec2.describe_image_usage_reports().report_ids(id).send().await;
        let answer = answer.map_err(api(DESCRIBE, &target.region));
        let report = match &answer {
            // A fresh id may be unknown for a while.
            Err(error) if error.code.ends_with(".NotFound") && began.elapsed() < UNKNOWN_AT_FIRST => None,
            other => other.as_ref().map_err(Clone::clone)?.image_usage_reports().first(),
        };
        match report.map(|report| (report.state().unwrap_or(PENDING), report.state_reason())) {
            Some((AVAILABLE, _)) => return Ok(()),
            Some((PENDING, _)) => {}
            None if began.elapsed() < UNKNOWN_AT_FIRST => {}
            None => return Err(gone(id)),
            Some((state, reason)) => {
                let reason = reason.unwrap_or("EC2 gives no reason");
                return Err(failed(
                    "UsageReportFailed",
                    format!("the usage report {id} is in state {state}: {reason}"),
                ));
            }
        }
        pauses.pause().await.map_err(|over| match over {
            Over::Interrupted => NoReport::Interrupted,
            Over::TimedOut => {
                let message = format!("the usage report {id} is still being made; give it more time with --timeout");
                failed(TIMEOUT, message)
            }
        })?;
    }
}

/// What a report says of accounts other than that of the image, whose own use is known better without it.
async fn entries(target: &Target, id: &str) -> Result<Vec<Reference>, NoReport> {
    let own = target.account().await?.to_string();
    let mut pages =
        target.ec2.describe_image_usage_report_entries().report_ids(id).into_paginator().page_size(PAGE).send();
    let mut accounts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for entry in page.map_err(api(ENTRIES, &target.region))?.image_usage_report_entries() {
            let account = entry.account_id().ok_or_else(|| ApiError::unreadable(ENTRIES, &target.region))?;
            let what = format!("{} {}", entry.usage_count().unwrap_or(1), entry.resource_type().unwrap_or("resource"));
            accounts.entry(account.to_owned()).or_default().push(what);
        }
    }
    // Another run may have deleted it in the meantime. Nothing is concluded from entries that were not there any more.
    let answer = target.ec2.describe_image_usage_reports().report_ids(id).send().await;
    let answer = answer.map_err(api(DESCRIBE, &target.region))?;
    if !answer.image_usage_reports().iter().any(|report| report.state() == Some(AVAILABLE)) {
        return Err(gone(id));
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

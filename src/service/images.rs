//! Reading images.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::Filter;
use tokio::task::JoinHandle;

use super::convert;
use super::error::{ApiError, api};
use super::target::Target;
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::image::{Image, State};

const CALL: &str = "DescribeImages";

/// The page size of listings. Without one EC2 answers in a single giant page.
const PAGE: i32 = 1000;

/// EC2's limit of values in one filter.
pub const FILTER_VALUES: usize = 200;

/// EC2 takes more ids in one call than fit a request that stays quick to answer.
const IDS_A_CALL: usize = 200;

/// Which images to ask EC2 for. Without owners or users EC2 would list every public image.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// `self`, `amazon`, `aws-marketplace` or account ids.
    pub owners: Vec<String>,
    /// `self` for images shared with the account, `all` for public ones.
    pub executable_by: Option<&'static str>,
    /// EC2's filters: a name, and the values of which one must match.
    pub filters: Vec<(String, Vec<String>)>,
}

impl Query {
    /// All images of the account, disabled ones too: they keep their name and their snapshots.
    pub fn own() -> Self {
        Self { owners: vec!["self".to_owned()], ..Self::default() }
    }

    /// The same, further filtered.
    #[must_use]
    pub fn filter(mut self, name: impl Into<String>, values: Vec<String>) -> Self {
        self.filters.push((name.into(), values));
        self
    }

    fn own_only(&self) -> bool {
        self.owners.iter().all(|owner| owner == "self") && !self.owners.is_empty()
    }
}

/// All images that match, page by page.
pub async fn find(target: &Target, query: &Query) -> Result<Vec<Image>, ApiError> {
    let filters = query
        .filters
        .iter()
        .map(|(name, values)| Filter::builder().name(name).set_values(Some(values.clone())).build());
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let account = if query.own_only() { None } else { target.account().await.ok().cloned() };
    let mut pages = target
        .ec2
        .describe_images()
        .set_owners(some(query.owners.clone()))
        .set_executable_users(query.executable_by.map(|user| vec![user.to_owned()]))
        .set_filters(Some(filters.collect()))
        .include_disabled(true)
        .into_paginator()
        .page_size(PAGE)
        .send();
    let (mut images, mut behind) = (Vec::new(), None);
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(CALL, &target.region))?;
        let (region, account, all_own) = (target.region.clone(), account.clone(), query.own_only());
        // A page is made ours, and dropped, while the next one is on its way and read.
        let part = tokio::spawn(async move {
            let own = |owner: Option<&str>| all_own || is_own(account.as_ref(), owner);
            page.images().iter().filter_map(|found| convert::image(found, &region, own)).collect()
        });
        if let Some(before) = behind.replace(part) {
            images.extend(done(before).await);
        }
    }
    match behind {
        Some(last) if images.is_empty() => Ok(done(last).await),
        Some(last) => {
            images.extend(done(last).await);
            Ok(images)
        }
        None => Ok(images),
    }
}

/// The images of a page; a mistake of our own goes on as one.
async fn done(part: JoinHandle<Vec<Image>>) -> Vec<Image> {
    part.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}

/// These images, whoever owns them. EC2 refuses ids it does not know, and leaves out ones just deregistered.
pub async fn by_ids(target: &Target, ids: &[ImageId]) -> Result<Vec<Image>, ApiError> {
    let account = target.account().await.ok();
    let mut images = Vec::new();
    for chunk in ids.chunks(IDS_A_CALL) {
        let ids = chunk.iter().map(ToString::to_string).collect();
        let answer = target
            .ec2
            .describe_images()
            .set_image_ids(Some(ids))
            .include_disabled(true)
            .include_deprecated(true)
            .send()
            .await
            .map_err(api(CALL, &target.region))?;
        let own = |owner: Option<&str>| is_own(account, owner);
        images.extend(answer.images().iter().filter_map(|found| convert::image(found, &target.region, own)));
    }
    Ok(images)
}

/// Those of these images that are there and our own; ids EC2 does not know are left out without an error.
pub async fn own_by_ids(target: &Target, ids: &[ImageId]) -> Result<Vec<Image>, ApiError> {
    let mut images = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let values = chunk.iter().map(ToString::to_string).collect();
        images.extend(find(target, &Query::own().filter("image-id", values)).await?);
    }
    images.retain(|image| image.state != State::Deregistered);
    Ok(images)
}

/// One image, whoever owns it; `None` where EC2 shows the account no such image.
pub async fn by_id(target: &Target, id: &ImageId) -> Result<Option<Image>, ApiError> {
    match by_ids(target, std::slice::from_ref(id)).await {
        Err(error) if error.is("InvalidAMIID.NotFound") || error.is("InvalidAMIID.Unavailable") => Ok(None),
        other => Ok(other?.pop()),
    }
}

/// The own image of this name. Names are unique in an account and region.
pub async fn by_name(target: &Target, name: &str) -> Result<Option<Image>, ApiError> {
    let found = find(target, &Query::own().filter("name", vec![name.to_owned()])).await?;
    Ok(found.into_iter().find(|image| image.name.as_deref() == Some(name)))
}

/// Those of `snapshots` that an image other than `leaving` is made of.
pub fn shared_snapshots(images: &[Image], leaving: &BTreeSet<ImageId>) -> BTreeSet<SnapshotId> {
    let staying = images.iter().filter(|image| !leaving.contains(&image.id));
    staying.flat_map(|image| image.snapshots.iter().map(|s| s.id.clone())).collect()
}

fn is_own(account: Option<&crate::domain::ids::AccountId>, owner: Option<&str>) -> bool {
    account.is_some_and(|account| Some(account.as_str()) == owner)
}

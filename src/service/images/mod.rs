//! DescribeImages: listings by filters, ids or names.

mod ancestry;
mod described;
mod page;
#[cfg(test)]
mod page_tests;
mod xml;

use std::collections::BTreeSet;

use aws_sdk_ec2::operation::describe_images::builders::DescribeImagesFluentBuilder;
use aws_sdk_ec2::types::Filter;

use self::page::Own;
use super::client::error::{ApiError, api};
use super::client::target::Target;
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::image::{Image, State};
use page::ImagePage;

pub use ancestry::ancestry;

const CALL: &str = "DescribeImages";

/// The page size of listings. Without one EC2 answers in a single giant page.
const PAGE: i32 = 1000;

/// EC2's limit for values in one filter.
pub const FILTER_VALUES: usize = 200;

/// EC2's limit for characters in a filter value.
pub const FILTER_CHARACTERS: usize = 255;

/// EC2's limit for filters in one call.
pub const FILTERS: usize = 50;

/// Ids per call: EC2 accepts more, but answers slowly.
const IDS_A_CALL: usize = 200;

/// A query for images. Without owners or users EC2 would list every public image.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// `self`, `amazon`, `aws-marketplace` or account ids.
    pub owners: Vec<String>,
    /// `self` for images shared with the account, `all` for public ones.
    pub executable_by: Option<&'static str>,
    /// EC2's filters: a name, and the values of which one must match.
    pub filters: Vec<(String, Vec<String>)>,
    /// Whether deprecated images of other accounts are listed. Own ones always are.
    pub deprecated: bool,
}

impl Query {
    /// All images of the account, including disabled ones, which keep their name and snapshots.
    pub fn own() -> Self {
        Self { owners: vec!["self".to_owned()], ..Self::default() }
    }

    /// Adds a filter.
    #[must_use]
    pub fn filter(mut self, name: impl Into<String>, values: Vec<String>) -> Self {
        self.filters.push((name.into(), values));
        self
    }

    /// Whether it is [`Self::own`]: all images of the account, without a filter.
    pub fn is_every_own(&self) -> bool {
        self.own_only() && self.executable_by.is_none() && self.filters.is_empty()
    }

    fn own_only(&self) -> bool {
        self.owners.iter().all(|owner| owner == "self") && !self.owners.is_empty()
    }
}

/// All images that match, page by page.
pub async fn find(target: &Target, query: &Query) -> Result<Vec<Image>, ApiError> {
    let mut images = Vec::new();
    // Avoids a copy if there is only one page.
    let take = |mut page: Vec<Image>| match images.is_empty() {
        true => images = page,
        false => images.append(&mut page),
    };
    each_page(target, query, take).await?;
    Ok(images)
}

async fn each_page(target: &Target, query: &Query, mut take: impl FnMut(Vec<Image>)) -> Result<(), ApiError> {
    let filters = query
        .filters
        .iter()
        .map(|(name, values)| Filter::builder().name(name).set_values(Some(values.clone())).build());
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let own = if query.own_only() { Own::All } else { Own::Of(target.account().await.ok().cloned()) };
    let call = target
        .ec2
        .describe_images()
        .set_owners(some(query.owners.clone()))
        .set_executable_users(query.executable_by.map(|user| vec![user.to_owned()]))
        .set_filters(Some(filters.collect()))
        .include_disabled(true)
        .set_include_deprecated(query.deprecated.then_some(true))
        .max_results(PAGE);
    let mut next = None;
    loop {
        let (page, after) = one_page(target, call.clone().set_next_token(next.clone()), &own).await?;
        take(page);
        match after.filter(|token| !token.is_empty()) {
            None => return Ok(()),
            // Going on would loop forever, and stopping would return an incomplete list.
            same if same == next => {
                let message = "the page after a page of images is that page again".to_owned();
                return Err(ApiError { message, ..ApiError::unreadable(CALL, &target.region) });
            }
            after => next = after,
        }
    }
}

/// One answer: the images in it, and the token of the page after it.
async fn one_page(
    target: &Target,
    call: DescribeImagesFluentBuilder,
    own: &Own,
) -> Result<(Vec<Image>, Option<String>), ApiError> {
    let page = ImagePage::new(&target.region, own);
    let answer = call.customize().interceptor(page.clone()).send().await.map_err(api(CALL, &target.region))?;
    Ok((page.take(), answer.next_token))
}

/// The images with these ids, whatever their owner. EC2 refuses ids it does not know, and omits images just deregistered.
pub async fn by_ids(target: &Target, ids: &[ImageId]) -> Result<Vec<Image>, ApiError> {
    let own = Own::Of(target.account().await.ok().cloned());
    let mut images = Vec::new();
    for chunk in ids.chunks(IDS_A_CALL) {
        let ids = chunk.iter().map(ToString::to_string).collect();
        let call =
            target.ec2.describe_images().set_image_ids(Some(ids)).include_disabled(true).include_deprecated(true);
        images.extend(one_page(target, call, &own).await?.0);
    }
    Ok(images)
}

/// The own images among these ids; unknown ids are omitted without an error.
pub async fn own_by_ids(target: &Target, ids: &[ImageId]) -> Result<Vec<Image>, ApiError> {
    let mut images = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let values = chunk.iter().map(ToString::to_string).collect();
        images.extend(find(target, &Query::own().filter("image-id", values)).await?);
    }
    images.retain(|image| image.state != State::Deregistered);
    Ok(images)
}

/// The images among these ids that the account sees, whatever their owner; unknown ids are omitted without an error.
pub async fn visible_by_ids(target: &Target, ids: &[ImageId]) -> Result<Vec<Image>, ApiError> {
    let mut images = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let values = chunk.iter().map(ToString::to_string).collect();
        let query = Query { deprecated: true, ..Query::default() }.filter("image-id", values);
        images.extend(find(target, &query).await?);
    }
    images.retain(|image| image.state != State::Deregistered);
    Ok(images)
}

/// Those of these images that are public ones of AWS or its marketplace; unknown ids are omitted without an error.
pub async fn public_of_aws(target: &Target, ids: &[ImageId]) -> Result<Vec<ImageId>, ApiError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let owners = ["amazon", "aws-marketplace"].map(str::to_owned).to_vec();
        let query = Query { owners, executable_by: Some("all"), deprecated: true, ..Query::default() };
        let query = query.filter("image-id", chunk.iter().map(ToString::to_string).collect());
        each_page(target, &query, |page| found.extend(page.into_iter().map(|image| image.id))).await?;
    }
    Ok(found)
}

/// The images that the account may launch by a permission for it, its organization or its unit; public images only if
/// the account owns them. If `among` fits one call, only images in it are listed.
pub async fn shared(target: &Target, among: &[&ImageId]) -> Result<Vec<ImageId>, ApiError> {
    let mut query = Query { executable_by: Some("self"), deprecated: true, ..Query::default() };
    if among.len() <= FILTER_VALUES {
        query = query.filter("image-id", among.iter().map(ToString::to_string).collect());
    }
    let mut ids = Vec::new();
    each_page(target, &query, |page| ids.extend(page.into_iter().map(|image| image.id))).await?;
    Ok(ids)
}

/// One image, whatever its owner; `None` if EC2 shows the account no such image.
pub async fn by_id(target: &Target, id: &ImageId) -> Result<Option<Image>, ApiError> {
    match by_ids(target, std::slice::from_ref(id)).await {
        Err(error) if error.is("InvalidAMIID.NotFound") || error.is("InvalidAMIID.Unavailable") => Ok(None),
        other => Ok(other?.pop()),
    }
}

/// The own image with this name. Names are unique per account and region.
pub async fn by_name(target: &Target, name: &str) -> Result<Option<Image>, ApiError> {
    let found = find(target, &Query::own().filter("name", vec![name.to_owned()])).await?;
    Ok(found.into_iter().find(|image| image.name.as_deref() == Some(name)))
}

/// The snapshots used by images other than `leaving`.
pub fn shared_snapshots(images: &[Image], leaving: &BTreeSet<ImageId>) -> BTreeSet<SnapshotId> {
    let staying = images.iter().filter(|image| !leaving.contains(&image.id));
    staying.flat_map(|image| image.snapshots.iter().map(|s| s.id.clone())).collect()
}

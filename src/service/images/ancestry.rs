//! GetImageAncestry: what EC2 remembers of the images above one.

use aws_sdk_ec2::types::ImageAncestryEntry;

use crate::domain::ids::ImageId;
use crate::domain::image_forest::Ancestor;
use crate::domain::lineage::Origin;
use crate::service::client::error::{ApiError, api};
use crate::service::client::target::Target;

const CALL: &str = "GetImageAncestry";

/// The image and those that it came of, the nearest first: at most 50, whether they still exist and are shared or not.
/// It ends at a registered image, at a public one of a verified provider, and at the border of a partition.
pub async fn ancestry(target: &Target, id: &ImageId) -> Result<Vec<Ancestor>, ApiError> {
    let answer = target.ec2.get_image_ancestry().image_id(id.as_str()).send().await;
    let answer = answer.map_err(api(CALL, &target.region))?;
    Ok(answer.image_ancestry_entries().iter().filter_map(ancestor).collect())
}

fn ancestor(entry: &ImageAncestryEntry) -> Option<Ancestor> {
    let region = || entry.source_image_region().and_then(|region| region.parse().ok());
    let source = entry.source_image_id().and_then(|id| id.parse().ok()).map(|id| Origin { id, region: region() });
    let owner_alias = entry.image_owner_alias().filter(|alias| !alias.is_empty()).map(str::to_owned);
    Some(Ancestor { id: entry.image_id()?.parse().ok()?, source, owner_alias })
}

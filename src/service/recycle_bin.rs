//! The Recycle Bin: images that were deregistered and can still be brought back.

use super::error::{ApiError, api};
use super::target::Target;
use crate::domain::ids::ImageId;

const PAGE: i32 = 1000;

/// The images in the bin. EC2 does not say what snapshots they are made of.
pub async fn images(target: &Target) -> Result<Vec<ImageId>, ApiError> {
    let mut pages = target.ec2.list_images_in_recycle_bin().into_paginator().page_size(PAGE).send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api("ListImagesInRecycleBin", &target.region))?;
        found.extend(page.images().iter().filter_map(|image| image.image_id()?.parse().ok()));
    }
    Ok(found)
}

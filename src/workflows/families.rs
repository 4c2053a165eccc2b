//! The families of a listing, with their use.

use anyhow::Result;

use super::run::context::Context;
use super::select::selection::Selection;
use super::usage::images;
use crate::domain::cost::Prices;
use crate::domain::family_summary::{FamilySummary, UseOfPlaces, summarize};
use crate::domain::image::Image;
use crate::domain::problem::PlaceError;

/// The families of a listing.
pub struct Families {
    /// One summary for each family, account and region.
    pub summaries: Vec<FamilySummary>,
    /// The names of own images without a family, in order.
    pub ungrouped: Vec<String>,
    /// Sources of use that could not be read.
    pub errors: Vec<PlaceError>,
}

/// Summarizes the families of these images; reads their use if `with_use`.
pub async fn read(
    context: &Context,
    images: &[&Image],
    listing: &Selection,
    with_use: bool,
    prices: Prices,
) -> Result<Families> {
    let (mut used, mut errors) = (UseOfPlaces::new(), Vec::new());
    let grouped: Vec<&Image> = images.iter().copied().filter(|image| image.family().is_some()).collect();
    if with_use && !grouped.is_empty() {
        let read = images::usage_of(context, &grouped, listing).await?;
        errors = read.errors;
        for place in read.places {
            let account = place.target.account().await.ok().cloned();
            used.insert((account, place.target.region.clone()), place.usage);
        }
    }
    let mut ungrouped: Vec<_> = images
        .iter()
        .filter(|image| image.own && image.family().is_none())
        .map(|image| image.name.clone().unwrap_or_else(|| image.id.to_string()))
        .collect();
    ungrouped.sort_unstable();
    Ok(Families { summaries: summarize(&grouped, &used, prices, context.now), ungrouped, errors })
}

//! Upper bounds of the storage cost of images, from the sizes of their snapshots.
//!
//! EBS bills only the blocks that a snapshot does not share with earlier ones, and EC2 does not report their number.
//! The size of the volume is the upper bound, so every sum here says "at most".

use std::collections::BTreeMap;
use std::str::FromStr;

use thiserror::Error;

use super::image::Image;
use super::region::Region;

/// US dollars for one GiB of snapshot in one month.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Price(f64);

/// Prices of standard snapshots in regions that differ from us-east-1: list prices in US dollars per GiB and month.
/// Only those of eu-west-2 and us-east-1 could be checked against a price list of AWS when this was written;
/// `--price-per-gb` overrides all of them.
const DIFFERENT: [(&str, f64); 13] = [
    ("af-south-1", 0.0595),
    ("ap-east-1", 0.055),
    ("ap-southeast-2", 0.055),
    ("ca-central-1", 0.055),
    ("eu-central-1", 0.054),
    ("eu-south-1", 0.0525),
    ("eu-west-2", 0.053),
    ("eu-west-3", 0.053),
    ("me-south-1", 0.055),
    ("sa-east-1", 0.068),
    ("us-gov-east-1", 0.066),
    ("us-gov-west-1", 0.066),
    ("us-west-1", 0.055),
];
const US_EAST_1: Price = Price(0.05);

/// The prices of a run: the list prices of the regions, or the user's price for all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Prices(Option<Price>);

impl Prices {
    /// The given price for every region, or each region's own.
    pub fn new(given: Option<Price>) -> Self {
        Self(given)
    }

    /// The price in a region.
    pub fn of(self, region: &Region) -> Price {
        let different = || DIFFERENT.iter().find(|(name, _)| *name == region.as_str());
        self.0.unwrap_or_else(|| different().map_or(US_EAST_1, |(_, price)| Price(*price)))
    }

    /// The monthly cost of snapshots of these sizes in GiB, in US dollars, rounded to cents.
    pub fn monthly<'a>(self, sizes: impl IntoIterator<Item = (&'a Region, i64)>) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52 GiB")]
        let exact = sizes.into_iter().fold(0.0, |sum, (region, gib)| sum + self.of(region).0 * gib as f64);
        (exact * 100.0).round() / 100.0
    }
}

/// A text that is not a price.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is not a price; give US dollars for a GiB and month, e.g. 0.05")]
pub struct PriceError(String);

impl FromStr for Price {
    type Err = PriceError;

    fn from_str(text: &str) -> Result<Self, PriceError> {
        match text.parse::<f64>() {
            Ok(price) if price.is_finite() && price >= 0.0 => Ok(Self(price)),
            _ => Err(PriceError(text.to_owned())),
        }
    }
}

/// The GiB of snapshots behind these images; a snapshot of several images counts once.
pub fn snapshot_gib<'a>(images: impl IntoIterator<Item = &'a Image>) -> i64 {
    let each: BTreeMap<_, _> =
        images.into_iter().flat_map(|image| &image.snapshots).map(|s| (&s.id, s.size_gib)).collect();
    each.into_values().sum()
}

#[cfg(test)]
mod tests {
    use super::super::image::ImageSnapshot;
    use super::super::image::testing::image;
    use super::*;

    #[test]
    fn a_shared_snapshot_counts_once() {
        let snapshot = |id: u32| ImageSnapshot {
            id: format!("snap-{id:017x}").parse().unwrap(),
            device: String::new(),
            size_gib: 8,
            encrypted: false,
        };
        let mut images = [image(1, "web-v1-2026-01-01"), image(2, "web-v2-2026-01-01")];
        images[0].snapshots = vec![snapshot(1), snapshot(2)];
        images[1].snapshots = vec![snapshot(2)];
        assert_eq!(snapshot_gib(&images), 16);
    }

    #[test]
    fn each_region_has_its_price_and_a_given_one_overrides_all() {
        let (east, south): (Region, Region) = ("us-east-1".parse().unwrap(), "sa-east-1".parse().unwrap());
        let sizes = [(&east, 16), (&south, 100)];
        assert!((Prices::default().monthly(sizes) - 7.6).abs() < 1e-9);
        assert!((Prices::new("0.1".parse().ok()).monthly(sizes) - 11.6).abs() < 1e-9);
    }

    #[test]
    fn a_price_is_a_number() {
        assert!("0.054".parse::<Price>().is_ok());
        for text in ["", "x", "-1", "NaN", "inf"] {
            assert!(text.parse::<Price>().is_err(), "{text}");
        }
    }
}

//! What images cost: their snapshots, and of those at most.
//!
//! EBS bills the blocks a snapshot does not share with earlier ones, which EC2 does not tell. The size of the
//! volume is the upper bound, so every sum here says "at most".

use std::collections::BTreeMap;
use std::str::FromStr;

use thiserror::Error;

use super::image::Image;

/// US dollars for one GiB of snapshot in one month.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Price(f64);

impl Price {
    /// The price of standard snapshots in us-east-1; most regions are within a third of it.
    pub const US_EAST_1: Self = Self(0.05);

    /// The price of `gib` for a month, in whole cents.
    pub fn monthly(self, gib: i64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52 GiB")]
        let exact = self.0 * gib as f64;
        (exact * 100.0).round() / 100.0
    }

    /// US dollars for a GiB and month.
    pub fn dollars(self) -> f64 {
        self.0
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
        assert!((Price::US_EAST_1.monthly(16) - 0.8).abs() < 1e-9);
    }

    #[test]
    fn a_price_is_a_number() {
        assert!("0.054".parse::<Price>().is_ok());
        for text in ["", "x", "-1", "NaN", "inf"] {
            assert!(text.parse::<Price>().is_err(), "{text}");
        }
    }
}

//! The price of snapshots.

use crate::domain::cost::Price;

/// The price of snapshots.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct PriceArgs {
    /// Snapshot price, US dollars per GiB-month [default: the region's]
    #[arg(long, value_name = "USD")]
    pub price_per_gb: Option<Price>,
}

//! The option --require-recycle-bin.

use crate::workflows::recycle_bin::outlook::Demand;

/// What the user wants of the Recycle Bin.
#[derive(Debug, Clone, clap::Args)]
pub struct BinArgs {
    /// Refuse unless the Recycle Bin would keep all that is deleted
    #[arg(long)]
    require_recycle_bin: bool,
}

impl BinArgs {
    /// The demand on the Recycle Bin.
    pub fn demand(&self) -> Demand {
        Demand { required: self.require_recycle_bin }
    }
}

//! The exit codes, and the code of each kind of failure.

use crate::domain::failure::Kind;

/// Success; also: nothing to do, plan shown, dry run would have worked.
pub const DONE: u8 = 0;
/// AWS, the network, the credentials or the disk failed.
pub const FAILED: u8 = 1;
/// A bad flag, name or file, or no region.
pub const USAGE: u8 = 2;
/// Some items failed; the report says which, and a rerun finishes the rest.
pub const PARTIAL: u8 = 3;
/// A safety check refused: in use, protected, over the limit, not verified, not confirmed.
pub const REFUSED: u8 = 4;
/// The wait timed out; the work goes on at AWS.
pub const TIMED_OUT: u8 = 5;
/// Interrupted; nothing half-done is left unreported.
pub const INTERRUPTED: u8 = 130;

impl From<Kind> for u8 {
    fn from(kind: Kind) -> u8 {
        match kind {
            Kind::Failed | Kind::OutOfSight => FAILED,
            Kind::Usage => USAGE,
            Kind::Partial => PARTIAL,
            Kind::Refused => REFUSED,
            Kind::TimedOut => TIMED_OUT,
            Kind::Interrupted => INTERRUPTED,
        }
    }
}

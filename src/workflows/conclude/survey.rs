//! How runs over several accounts and sources end: doubt about use first, then what could not be looked into.

use anyhow::Result;

use crate::domain::failure::{Failure, Kind};
use crate::domain::plan::Plan;
use crate::domain::problem::PlaceError;
use crate::domain::usage::source::Usage;

/// Refuses to end well when an account could not be looked into.
pub fn whole(errors: &[PlaceError]) -> Result<()> {
    match errors.len() {
        0 => Ok(()),
        count => {
            let places = if count == 1 { "1 place".to_owned() } else { format!("{count} places") };
            let message = format!("{places} could not be read; the others were");
            Err(Failure::new(Kind::Partial, "PartialRun", message).into())
        }
    }
}

/// Refuses to end well when a source could not be read.
pub fn verified(plan: &Plan) -> Result<()> {
    let (by_image, of_all): (Vec<_>, Vec<_>) = plan.failed_sources().partition(|row| row.by_image());
    let failed: Vec<_> = of_all.into_iter().map(|row| plan.place(row)).collect();
    let doubtful = plan.kept.iter().filter(|kept| kept.reasons.iter().any(|r| r.code == "unverified")).count();
    let message = match (failed.is_empty(), doubtful) {
        (true, 0) => return Ok(()),
        (true, n) => {
            let why: Vec<_> = by_image.iter().filter_map(|row| row.message.as_deref()).collect();
            let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
            format!("{n} images could not be verified and are kept{why}")
        }
        (false, _) => format!("not verified: {} could not be read, so all images there are kept", failed.join(", ")),
    };
    Err(unverified(message))
}

/// Refuses to end well when a source could not be read: who uses an image is then not known for certain.
pub fn all_read<'a>(all: impl IntoIterator<Item = &'a Usage>) -> Result<()> {
    let (mut failed, mut sources) = (0, 0);
    for usage in all {
        failed += usage.failed().len();
        sources += usage.sources.len();
    }
    match failed {
        0 => Ok(()),
        _ => Err(unverified(format!("{failed} of {sources} sources could not be read"))),
    }
}

fn unverified(message: String) -> anyhow::Error {
    let failure = Failure::new(Kind::Refused, "Unverified", message);
    failure.hint("make the source readable, or leave it out with --without-source NAME").into()
}

//! The end of a survey: exit 4 if a source of use was unreadable, else exit 3 if an account was.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::domain::failure::{Failure, Kind};
use crate::domain::plan::document::Plan;
use crate::domain::problem::{PlaceError, not_read};
use crate::domain::usage::source::Usage;

/// Fails if an account could not be read.
pub fn whole(errors: &[PlaceError]) -> Result<()> {
    let Some(unread) = not_read(errors) else { return Ok(()) };
    let message = format!("{unread}; the others were");
    let hint = "run it again when they can be read, or leave them out with --region and the roles given";
    Err(Failure::new(Kind::Partial, "PartialRun", message).hint(hint).into())
}

/// Fails if a source could not be read.
pub fn verified(plan: &Plan) -> Result<()> {
    let (by_image, of_all): (Vec<_>, Vec<_>) = plan.failed_sources().partition(|row| row.by_image());
    let failed: Vec<_> = of_all.into_iter().map(|row| plan.place(row)).collect();
    let doubtful = plan.kept.iter().filter(|kept| kept.reasons.iter().any(|r| r.code == "unverified")).count();
    let message = match (failed.is_empty(), doubtful) {
        (true, 0) => return Ok(()),
        (true, n) => {
            // Several regions have the same reason.
            let why: BTreeSet<_> = by_image.iter().filter_map(|row| row.message.as_deref()).collect();
            let why: Vec<_> = why.into_iter().collect();
            let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
            format!("{n} images stay, as their use could not be verified{why}")
        }
        (false, _) => format!("not verified: {} could not be read, so all images there are kept", failed.join(", ")),
    };
    Err(unverified(message))
}

/// Fails if a source could not be read: the use of images is then uncertain.
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

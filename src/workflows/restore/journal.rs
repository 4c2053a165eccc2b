//! The journal lines of `restore`, before and after.

use super::bring_back::Returned;
use super::prepare::Place;
use crate::journal::Journal;
use crate::workflows::run::context::Context;
use crate::workflows::run::journal::JournalFile;

/// Records the restore of images in the journal that has them: only then may a later run put back what they lack. The
/// restore goes on even if this fails.
pub async fn note(context: &Context, journal: &JournalFile, work: &[Place]) -> Option<Journal> {
    let told = |place: &&Place| place.comebacks.iter().any(|comeback| comeback.before.is_some());
    let places: Vec<_> = work.iter().filter(told).collect();
    if places.is_empty() {
        return None;
    }
    let written = async {
        let journal = journal.open(context, places.iter().map(|place| &place.target)).await?;
        for place in places {
            let there = (place.target.account().await.ok(), &place.target.region);
            for one in place.comebacks.iter().filter(|comeback| comeback.in_bin && comeback.before.is_some()) {
                journal.begin_return(there, (&one.id, one.name.as_deref()), context.clock()).await?;
            }
        }
        anyhow::Ok(journal)
    };
    written.await.inspect_err(|error| not_noted(context, error)).ok()
}

/// Records the outcomes, so that no later run puts back what was changed on purpose since.
pub async fn noted_end(context: &Context, journal: &Journal, work: &[Place], done: &[Vec<Returned>]) {
    let each = work.iter().zip(done).flat_map(|(place, done)| place.comebacks.iter().zip(done));
    for (_, returned) in each.filter(|(comeback, _)| comeback.before.is_some()) {
        if let Err(error) = journal.end_return(&returned.outcome, returned.there, context.clock()).await {
            return not_noted(context, &error.into());
        }
    }
}

pub fn not_noted(context: &Context, error: &anyhow::Error) {
    context.printer.tell(&format!("what was restored is not in the journal: {error:#}"));
}

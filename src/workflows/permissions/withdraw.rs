//! The flow of `unshare`: revokes permissions, and strikes them from the record of `disable`.

use anyhow::Result;

use super::grant::{self, PermissionChange};
use crate::domain::image::{Image, State};
use crate::domain::journal::JournaledImage;
use crate::domain::permissions::principal::few;
use crate::domain::permissions::recorded::{self, JournalGap, Journaled, RecordError, RecordedPermissions, Withdrawal};
use crate::domain::problem::Problem;
use crate::domain::report::{Outcome, Status, Verb};
use crate::domain::tags::SHARES;
use crate::journal::{Beginning, Journal};
use crate::service::permissions::known_permissions;
use crate::service::{Target, lifecycle};
use crate::workflows::change::{Changes, each, make};
use crate::workflows::run::context::Context;
use crate::workflows::run::journal::{self, JournalFile};
use crate::workflows::select::refusals;
use crate::workflows::select::selection::Selection;

/// Takes permissions from every image.
pub async fn run(
    context: &Context,
    chosen: Selection,
    sharing: &PermissionChange,
    journal: &JournalFile,
    dry_run: bool,
) -> Result<Changes> {
    let ids = chosen.images.iter().map(|(_, image)| image.id.clone()).collect();
    let known = tokio::try_join!(
        journal.due(context, chosen.images.iter().map(|(_, image)| image)),
        journal.remembered(context, ids)
    );
    let (known, remembered) = refusals::unless(context, &chosen, known)?;
    // Revoked permissions must not be put back by another run of restore.
    let unfinished = |image: &Image| remembered.get(&image.id).is_some_and(JournaledImage::is_unfinished_return);
    let of = |image: &Image| recorded::withdraw(image, known.get(&image.id), sharing.named());
    if dry_run {
        let ask = async |target: &Target, image: &Image| check(target, image, sharing, of(image)).await;
        return each::tried(context, chosen, Verb::Unshare, ask).await;
    }
    // On stderr every withdrawal is written down, for who reads the whole log one day.
    let named = |image: &Image| {
        let written = || of(image).is_ok_and(|withdrawal| withdrawal.written.is_some());
        journal.is_stderr() || unfinished(image) || written()
    };
    let open = match chosen.images.iter().any(|(_, image)| named(image)) {
        true => Some(journal.open(context, chosen.images.iter().map(|(target, _)| target)).await?),
        false => None,
    };
    let changes = each::each(context, chosen, Verb::Unshare, async |target, image| {
        let (withdrawal, journaled) = (of(image), known.get(&image.id));
        let Some(journal) = open.as_ref().filter(|_| named(image)) else {
            return taken(target, image, sharing, withdrawal, journaled).await;
        };
        let due = withdrawal.as_ref().ok().and_then(|withdrawal| withdrawal.written.clone());
        let take = async || {
            let outcome = taken(target, image, sharing, withdrawal, journaled).await;
            if unfinished(image) { nothing_more(outcome) } else { outcome }
        };
        written_down(context, journal, target, image, due, take).await
    })
    .await;
    Ok(changes)
}

async fn check(
    target: &Target,
    image: &Image,
    sharing: &PermissionChange,
    withdrawal: Result<Withdrawal, RecordError>,
) -> Result<bool, Problem> {
    let changes = grant::check(target, image, sharing).await?;
    let withdrawal = withdrawal.map_err(|unknown| unknown.problem())?;
    Ok(make::check(target, image, &withdrawal.tag).await? || changes || withdrawal.written.is_some())
}

/// Revokes permissions on an image with a journal record, and updates the record; `due` are the permissions left in it.
async fn written_down(
    context: &Context,
    journal: &Journal,
    target: &Target,
    image: &Image,
    due: Option<RecordedPermissions>,
    take: impl AsyncFnOnce() -> Outcome,
) -> Outcome {
    let present = known_permissions(target, &image.id).await.ok();
    let begin = Beginning { due, ..Beginning::new(Verb::Unshare, image).shared(present.as_ref()) };
    if let Err(error) = journal.begin(begin, context.clock()).await {
        return Outcome::failed(image, Verb::Unshare, journal::not_begun(&error));
    }
    journal::end(context, journal, take().await).await
}

/// Adds to the outcome that an unfinished restore puts nothing more back.
fn nothing_more(outcome: Outcome) -> Outcome {
    let words = "restore takes no more permissions from the journal".to_owned();
    let detail: Vec<_> = outcome.detail.clone().into_iter().chain([words]).collect();
    Outcome { detail: Some(detail.join("; ")), ..outcome }
}

/// Revokes permissions in EC2 and in the tag. If one fails, the other is done.
async fn taken(
    target: &Target,
    image: &Image,
    sharing: &PermissionChange,
    withdrawal: Result<Withdrawal, RecordError>,
    journaled: Option<&Journaled>,
) -> Outcome {
    let unknown = image.state == State::Disabled && !image.tags.contains_key(SHARES) && journaled.is_none();
    let elsewhere = matches!(journaled, Some(Err(JournalGap::Elsewhere)));
    let outcome = grant::shared(target, image, Verb::Unshare, sharing).await;
    let withdrawn = async {
        let Withdrawal { who, tag, written } = withdrawal.map_err(|unknown| unknown.problem())?;
        // Whether a log elsewhere had anything to strike is unknown.
        let changed = !tag.holds(image) || (written.is_some() && !elsewhere);
        if !tag.holds(image) {
            lifecycle::make(target, image, &tag).await?;
        }
        Ok::<_, Problem>((who, changed))
    };
    match withdrawn.await {
        Ok((who, changed)) => {
            let words = match who.is_empty() {
                false => Some(format!("no longer to be restored: {}", few(&who))),
                true if unknown => Some("the journal of the machine that disabled it may still have them".to_owned()),
                true => None,
            };
            let changed = outcome.changed || changed;
            let detail: Vec<_> = outcome.detail.clone().into_iter().chain(words).collect();
            Outcome { changed, detail: (!detail.is_empty()).then(|| detail.join("; ")), ..outcome }
        }
        Err(Problem { code, message }) if outcome.status == Status::Done => {
            let message = format!("it is no longer shared, but the record of permissions to restore stays: {message}");
            Outcome { status: Status::Failed(Problem { code, message }), ..outcome }
        }
        Err(_) => outcome,
    }
}

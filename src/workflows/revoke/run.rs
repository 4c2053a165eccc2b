//! The flow of `revoke` and `unrevoke`: select, check, mark, disable, and find who is concerned.

use std::collections::{BTreeMap, HashSet};

use anyhow::{Error, Result};

use super::conclude::Revoked;
use super::mark::Mark;
use super::users::{self, Marks, Users};
use super::{already, descendants};
use crate::domain::command_line::amictl;
use crate::domain::failure::Failure;
use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State};
use crate::domain::permissions::recorded::Journaled;
use crate::domain::problem::Problem;
use crate::domain::reference::ImageRef;
use crate::domain::report::{Outcome, Status, Verb};
use crate::journal::Journal;
use crate::service::{Target, lifecycle};
use crate::workflows::change::each::{self, Changes};
use crate::workflows::disable::{check, switched_off};
use crate::workflows::run::context::Context;
use crate::workflows::run::journal::JournalFile;
use crate::workflows::select::references;
use crate::workflows::select::refusals::{NAMED, owned, unless};
use crate::workflows::select::selection::{Gaps, Selection};

/// What is revoked, or is not any more.
#[derive(Debug)]
pub struct Request {
    /// The references of the images.
    pub references: Vec<ImageRef>,
    /// What is done to their marks.
    pub mark: Mark,
    /// Whether also all that came of them is meant.
    pub descendants: bool,
    /// Whether the images are disabled as well.
    pub disable: bool,
    /// Whether several may be disabled without a question.
    pub yes: bool,
    /// Whether EC2 is only asked whether it would work.
    pub dry_run: bool,
    /// The journal.
    pub journal: JournalFile,
}

/// Marks the images, or removes their marks.
pub async fn run(context: &Context, request: Request) -> Result<Revoked> {
    let (mut chosen, gone) = references::to_mark(context, &request.references).await?;
    unless(context, &chosen, owned(&chosen.images, request.mark.verb().as_str()).await)?;
    if let Mark::Set(_) = &request.mark {
        already::tell(context, &chosen, &request.references).await;
    }
    let gone = match request.descendants {
        true => descendants::add(context, &mut chosen, gone, request.mark.verb()).await?,
        false => unless(context, &chosen, none_gone(gone)).map(|()| Vec::new())?,
    };
    // Before anything is marked: what fails later must not lose the report.
    let images = chosen.images.iter().map(|(_, image)| image);
    let known = if request.disable { request.journal.due(context, images).await? } else { BTreeMap::new() };
    if request.dry_run {
        return dry_run(context, &request, chosen, &known, gone).await;
    }
    if request.disable {
        confirm(context, &chosen, &request).await?;
    }
    let journal = request.journal.open(context, chosen.images.iter().map(|(target, _)| target)).await?;
    let marks = each::each(context, chosen.clone(), request.mark.verb(), async |target, image| {
        request.mark.made(context, &journal, target, image).await
    })
    .await;
    let marked = marked(&chosen, &marks);
    let refs = refs(context, &marked);
    let (mut users, mut disabled, mut unknown_use) = (Users::default(), None, None);
    if let Mark::Set(reason) = &request.mark
        && !marked.images.is_empty()
    {
        match Box::pin(users::read(context, &marked, reason, Marks::Set)).await {
            Ok(read) => users = read,
            // The marks are set, and the end of the run says so. Each disabling is skipped.
            Err(_) if context.stop.asked() => unknown_use = Some(refs.clone()),
            Err(error) => return Err(error),
        }
        if request.disable {
            disabled = Some(disable(context, &journal, &known, &marked, &users).await);
        }
    }
    let disables = request.disable;
    Ok(Revoked { marks, disabled, gone, users, disables, unknown_use, refs })
}

/// An id that no place has can take no mark.
fn none_gone(gone: Vec<(ImageId, Error)>) -> Result<()> {
    let Some((_, error)) = gone.into_iter().next() else { return Ok(()) };
    Err(match error.downcast::<Failure>() {
        Ok(failure) => {
            let before = failure.hint.clone().map(|hint| hint + "; ").unwrap_or_default();
            let hint = format!("{before}to work on what came of an image that is deregistered, give --descendants");
            failure.hint(hint).into()
        }
        Err(error) => error,
    })
}

/// Asks EC2 whether the marks, and the disabling, would be allowed, and says who would be concerned.
async fn dry_run(
    context: &Context,
    request: &Request,
    chosen: Selection,
    known: &BTreeMap<ImageId, Journaled>,
    gone: Vec<Outcome>,
) -> Result<Revoked> {
    let users = match &request.mark {
        Mark::Set(reason) if !chosen.images.is_empty() => {
            Box::pin(users::read(context, &chosen, reason, Marks::Tried)).await?
        }
        Mark::Set(_) | Mark::Remove => Users::default(),
    };
    let ask = async |target: &Target, image: &Image| {
        let change = request.mark.change(image, context.now);
        request.mark.room(context, target, image)?;
        lifecycle::check(target, image, &change).await?;
        let disables = request.disable && image.state == State::Available && users.refusal(&image.id).is_none();
        let disables = if disables { check(target, image, known.get(&image.id)).await? } else { false };
        Ok(disables || !change.holds(image))
    };
    let marks = each::tried(context, chosen, request.mark.verb(), ask).await?;
    let disables = request.disable;
    Ok(Revoked { marks, disabled: None, gone, users, disables, unknown_use: None, refs: String::new() })
}

/// Asks before several images are disabled, which takes their launch permissions.
async fn confirm(context: &Context, chosen: &Selection, request: &Request) -> Result<()> {
    let each = chosen.images.iter().filter(|(_, image)| image.state == State::Available);
    let names: Vec<_> = each.map(|(_, image)| format!("{} in {}", image.label(), image.place())).collect();
    if names.len() < 2 {
        return Ok(());
    }
    let more = names.len().checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!("; and {more} more"));
    let some = names[..names.len().min(NAMED)].join("; ") + &more.unwrap_or_default();
    let used = match &request.mark {
        // It is read again after the marks: minutes may pass at the question.
        Mark::Set(reason) if !request.yes && context.printer.can_ask() => {
            let users = Box::pin(users::read(context, chosen, reason, Marks::Tried)).await?;
            format!(" ({} of them are in use, or may be, and stay enabled)", users.refused.len())
        }
        Mark::Set(_) | Mark::Remove => String::new(),
    };
    let question = format!("Revoke and disable {} images, where nothing uses them{used}: {some}?", names.len());
    context.confirm(&question, request.yes, "--yes")
}

/// The images whose marks are set now.
fn marked(chosen: &Selection, marks: &Changes) -> Selection {
    let done = marks.report().into_iter().flat_map(|report| &report.results).filter(|row| row.status == Status::Done);
    let done: HashSet<&ImageId> = done.map(|row| &row.image_id).collect();
    chosen.with(chosen.images.iter().filter(|(_, image)| done.contains(&image.id)).cloned().collect())
}

/// Disables the images that nothing uses. One that is in use, or may be, stays enabled and keeps its mark.
async fn disable(
    context: &Context,
    journal: &Journal,
    known: &BTreeMap<ImageId, Journaled>,
    marked: &Selection,
    users: &Users,
) -> Changes {
    let one = async |target: &Target, image: &Image| {
        let problem = match (users.refusal(&image.id), &image.state) {
            (Some(problem), _) => problem.clone(),
            (None, State::Available | State::Disabled) => {
                return switched_off(context, journal, target, image, known.get(&image.id)).await;
            }
            (None, state) => {
                let message = format!("it is {state}, and only an available image is disabled");
                Problem { code: "InvalidAMIID.Unavailable".to_owned(), message }
            }
        };
        Outcome::new(image, Verb::Disable, false, Status::Skipped(problem))
    };
    // Places that could not be read are the matter of the marks.
    let marked = Selection { errors: Vec::new(), gaps: Gaps::default(), ..marked.clone() };
    each::each(context, marked, Verb::Disable, one).await
}

/// The command line that shows who uses the marked images.
fn refs(context: &Context, marked: &Selection) -> String {
    let regions = marked.images.iter().map(|(target, _)| target.region.clone()).collect();
    let ids = marked.images.iter().map(|(_, image)| &image.id);
    amictl("refs").words(ids).options(context.invocation.everywhere(&regions)).to_string()
}

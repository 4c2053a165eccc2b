//! The flow of `revoke` and `unrevoke`: select, check, mark, disable, and say who is concerned.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;

use super::descendants;
use super::mark::Mark;
use super::users::{self, Users};
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State};
use crate::domain::problem::Problem;
use crate::domain::reference::ImageRef;
use crate::domain::report::{Outcome, Report, Status, Verb};
use crate::journal::Journal;
use crate::service::{Target, lifecycle};
use crate::workflows::change::each::{self, Changes};
use crate::workflows::change::objections::acceptable;
use crate::workflows::disable::{check, switched_off};
use crate::workflows::run::context::{self, Context};
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

/// What became of a run.
pub struct Revoked {
    marks: Changes,
    disabled: Option<Changes>,
    users: Users,
    /// The command line that shows who uses the marked images.
    refs: String,
}

/// Marks the images, or removes their marks.
pub async fn run(context: &Context, request: Request) -> Result<Revoked> {
    let mut chosen = references::expected(context, &request.references, false).await?;
    unless(context, &chosen, owned(&chosen.images, request.mark.verb().as_str()).await)?;
    if request.descendants {
        descendants::add(context, &mut chosen).await?;
    }
    acceptable(context, &chosen, |image| request.mark.change(image, context.now))?;
    if request.dry_run {
        let marks = tried(context, &request, chosen).await?;
        return Ok(Revoked { marks, disabled: None, users: Users::default(), refs: String::new() });
    }
    if request.disable {
        confirm(context, &chosen, request.yes)?;
    }
    let journal = request.journal.open(context, chosen.images.iter().map(|(target, _)| target)).await?;
    let marks = each::each(context, chosen.clone(), request.mark.verb(), async |target, image| {
        request.mark.made(context, &journal, target, image).await
    })
    .await;
    let marked = marked(&chosen, &marks);
    let mut users = Users::default();
    let mut disabled = None;
    if let Mark::Set(reason) = &request.mark {
        match Box::pin(users::read(context, &marked, reason)).await {
            Ok(read) => users = read,
            // The marks are set, and the end of the run says so. Nothing is disabled whose use is not known.
            Err(_) if context.stop.asked() => {
                return Ok(Revoked { marks, disabled: None, users, refs: refs(context, &marked) });
            }
            Err(error) => return Err(error),
        }
        if request.disable {
            disabled = Some(disable(context, &request, &journal, &marked, &users).await?);
        }
    }
    Ok(Revoked { marks, disabled, users, refs: refs(context, &marked) })
}

/// Asks EC2 whether the marks, and the disabling, would be allowed.
async fn tried(context: &Context, request: &Request, chosen: Selection) -> Result<Changes> {
    let images = chosen.images.iter().map(|(_, image)| image);
    let known = if request.disable { request.journal.due(context, images).await? } else { BTreeMap::new() };
    let ask = async |target: &Target, image: &Image| {
        let change = request.mark.change(image, context.now);
        lifecycle::check(target, image, &change).await?;
        let disables = match request.disable && image.state == State::Available {
            true => check(target, image, known.get(&image.id)).await?,
            false => false,
        };
        Ok(disables || !change.holds(image))
    };
    each::tried(context, chosen, request.mark.verb(), ask).await
}

/// Asks before several images are disabled, which takes their launch permissions.
fn confirm(context: &Context, chosen: &Selection, yes: bool) -> Result<()> {
    let each = chosen.images.iter().filter(|(_, image)| image.state == State::Available);
    let names: Vec<_> = each.map(|(_, image)| format!("{} in {}", image.label(), image.place())).collect();
    if names.len() < 2 {
        return Ok(());
    }
    let more = names.len().checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!("; and {more} more"));
    let some = names[..names.len().min(NAMED)].join("; ") + &more.unwrap_or_default();
    context.confirm(&format!("Revoke and disable {} images, where nothing uses them: {some}?", names.len()), yes)
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
    request: &Request,
    journal: &Journal,
    marked: &Selection,
    users: &Users,
) -> Result<Changes> {
    let known = request.journal.due(context, marked.images.iter().map(|(_, image)| image)).await?;
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
    Ok(each::each(context, marked, Verb::Disable, one).await)
}

/// The command line that shows who uses the marked images.
fn refs(context: &Context, marked: &Selection) -> String {
    let regions = marked.images.iter().map(|(target, _)| target.region.clone()).collect();
    let ids = marked.images.iter().map(|(_, image)| &image.id);
    amictl("refs").words(ids).options(context.invocation.everywhere(&regions)).to_string()
}

impl Revoked {
    /// The report to show; none for a dry run. Disabling has rows of its own.
    pub fn report(&self) -> Option<Report> {
        let mut report = self.marks.report()?.clone();
        let disabled = self.disabled.as_ref().and_then(Changes::report);
        report.results.extend(disabled.into_iter().flat_map(|disabled| disabled.results.iter().cloned()));
        report.warnings.extend(self.users.warnings.iter().cloned());
        report.errors.extend(self.users.unread.iter().cloned());
        Some(report)
    }

    /// The lines that take the aliases of revoked images back.
    pub fn rollbacks(&self) -> &[String] {
        &self.users.rollbacks
    }

    /// Ends the run: first what was not marked, then what was not disabled, then what is not known of the use.
    pub fn conclude(&self, context: &Context) -> Result<()> {
        context::tell_errors(context, &self.users.unread);
        if let Some(disabled) = self.disabled.as_ref().filter(|_| context.stop.asked() && self.all_marked()) {
            // Its end names what is left.
            return disabled.conclude(context);
        }
        self.marks.conclude(context)?;
        if let Some(disabled) = &self.disabled {
            self.not_disabled(context, disabled)?;
            disabled.conclude(context)?;
        }
        match self.users.unread.len() {
            0 => Ok(()),
            count => {
                let message = format!("{count} sources of use could not be read: more may use the revoked images");
                let hint = format!("all of them are marked; once the sources can be read: {}", self.refs);
                Err(Failure::new(Kind::Partial, "PartialUse", message).hint(hint).into())
            }
        }
    }

    fn all_marked(&self) -> bool {
        self.marks.report().is_some_and(|report| report.failure().is_none() && report.counts().2 == 0)
    }

    /// The refusal of images that are in use, or may be.
    fn not_disabled(&self, context: &Context, disabled: &Changes) -> Result<()> {
        let rows = disabled.report().into_iter().flat_map(|report| &report.results);
        let refused: Vec<_> = rows.filter(|row| self.users.refusal(&row.image_id).is_some()).collect();
        let Some(first) = refused.first().and_then(|row| self.users.refusal(&row.image_id)) else { return Ok(()) };
        let more = if refused.len() > 1 { format!("; and {} more", refused.len() - 1) } else { String::new() };
        let message = format!("revoked, but not disabled: {}{more}", first.message);
        let regions = refused.iter().map(|row| row.region.clone()).collect();
        let line = amictl("disable").words(refused.iter().map(|row| &row.image_id));
        let line = line.options(context.invocation.everywhere(&regions));
        Err(Failure::new(Kind::Refused, first.code.clone(), message)
            .hint(format!("once nothing uses them, and all sources can be read: {line}"))
            .into())
    }
}

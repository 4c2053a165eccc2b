//! The report of a run that moves aliases: one outcome per account and region.

use super::alias::{AliasParameter, NoteAction};
use super::failure::Kind;
use super::ids::{AccountId, ImageId};
use super::image::Image;
use super::problem::{PlaceError, Problem};
use super::region::{Region, place};
use super::report::Status;
use super::template_outcome::TemplateOutcome;

/// The code of a value that SSM took and then dropped.
pub const NOT_STORED: &str = "ValueNotStored";
/// The code of a place in which somebody else wrote the alias at the same time.
pub const CONCURRENT: &str = "ConcurrentChange";
/// The code of a place that is left alone, as another was refused.
pub const NOT_BEGUN: &str = "NotBegun";

/// The outcome for the alias in one account and region.
#[derive(Debug, Clone)]
pub struct AliasOutcome {
    /// The account, where known.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// The alias.
    pub parameter: AliasParameter,
    /// What moves it.
    pub action: NoteAction,
    /// The image that it was to name; `None` where there is none.
    pub image: Option<Box<Image>>,
    /// The image that it named before.
    pub from: Option<ImageId>,
    /// The version of the parameter that names the image.
    pub version: Option<i64>,
    /// Whether this run wrote it.
    pub changed: bool,
    /// More about it, for people.
    pub detail: Option<String>,
    /// The status.
    pub status: Status,
}

impl AliasOutcome {
    /// The alias with its account and region, for messages.
    pub fn place(&self) -> String {
        format!("{} in {}", self.parameter, place(self.account.as_ref(), &self.region))
    }

    /// The problem, if it failed or was skipped.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.status {
            Status::Done => None,
            Status::Failed(problem) | Status::Skipped(problem) => Some(problem),
        }
    }

    /// Whether it ended with this code.
    pub fn is(&self, code: &str) -> bool {
        self.problem().is_some_and(|problem| problem.code == code)
    }
}

/// The outcomes of a run that moves aliases.
#[derive(Debug, Clone, Default)]
pub struct AliasReport {
    /// One outcome per place, in the order of the places.
    pub outcomes: Vec<AliasOutcome>,
    /// The launch templates that were to get the image, in the same order.
    pub templates: Vec<TemplateOutcome>,
    /// Places that could not be entered.
    pub errors: Vec<PlaceError>,
}

impl AliasReport {
    /// The number of aliases and launch templates done, failed and skipped.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.statuses().fold((0, 0, 0), |(done, failed, skipped), status| match status {
            Status::Done => (done + 1, failed, skipped),
            Status::Failed(_) => (done, failed + 1, skipped),
            Status::Skipped(_) => (done, failed, skipped + 1),
        })
    }

    fn statuses(&self) -> impl Iterator<Item = &Status> {
        let templates = self.templates.iter().map(|outcome| &outcome.status);
        self.outcomes.iter().map(|outcome| &outcome.status).chain(templates)
    }

    /// Whether somebody else wrote at the same time.
    pub fn raced(&self) -> bool {
        let raced = |status: &Status| match status {
            Status::Done => false,
            Status::Failed(problem) | Status::Skipped(problem) => problem.code == CONCURRENT,
        };
        self.statuses().any(raced)
    }

    /// The end of a run that wrote; `None` if every place is done.
    pub fn failure(&self) -> Option<Kind> {
        let raced = self.raced();
        let touched = self.outcomes.iter().any(|outcome| outcome.changed || outcome.is(NOT_STORED))
            || self.templates.iter().any(|outcome| outcome.changed);
        match self.counts() {
            (_, 0, 0) => None,
            _ if raced => Some(Kind::Partial),
            (0, _, _) if self.outcomes.len() == 1 || !touched => Some(Kind::Failed),
            _ => Some(Kind::Partial),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: Status, changed: bool) -> AliasOutcome {
        AliasOutcome {
            account: None,
            region: Region::first(),
            parameter: AliasParameter::of("/amictl/web/prod").unwrap(),
            action: NoteAction::Promote,
            image: None,
            from: None,
            version: None,
            changed,
            detail: None,
            status,
        }
    }

    fn failed(code: &str) -> AliasOutcome {
        outcome(Status::Failed(Problem { code: code.to_owned(), message: String::new() }), code == CONCURRENT)
    }

    fn end(outcomes: Vec<AliasOutcome>) -> Option<Kind> {
        AliasReport { outcomes, ..AliasReport::default() }.failure()
    }

    #[test]
    fn the_end_follows_from_the_outcomes() {
        let done = || outcome(Status::Done, true);
        assert_eq!(end(vec![done(), outcome(Status::Done, false)]), None);
        assert_eq!(end(vec![failed("AccessDenied")]), Some(Kind::Failed));
        assert_eq!(end(vec![failed("AccessDenied"), failed("AccessDenied")]), Some(Kind::Failed));
        assert_eq!(end(vec![failed("AccessDenied"), done()]), Some(Kind::Partial));
        assert_eq!(end(vec![failed(NOT_STORED)]), Some(Kind::Failed));
        assert_eq!(end(vec![failed(NOT_STORED), failed(NOT_STORED)]), Some(Kind::Partial));
        assert_eq!(end(vec![failed(CONCURRENT)]), Some(Kind::Partial));
    }
}

//! The mark of one image, set or removed with journal lines around it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::domain::change::Change;
use crate::domain::command_line::amictl;
use crate::domain::image::{Image, State};
use crate::domain::problem::Problem;
use crate::domain::report::{Outcome, Status, Verb};
use crate::domain::revocation::{Revocation, RevokeReason};
use crate::domain::tags::{REVOKED, Tags};
use crate::journal::{Beginning, Journal};
use crate::service::{Target, lifecycle};
use crate::workflows::run::context::Context;
use crate::workflows::run::journal;

/// What is done to the mark of each image.
#[derive(Debug, Clone)]
pub enum Mark {
    /// It is set, for this reason.
    Set(RevokeReason),
    /// It is removed.
    Remove,
}

impl Mark {
    /// The verb for reports.
    pub fn verb(&self) -> Verb {
        match self {
            Self::Set(_) => Verb::Revoke,
            Self::Remove => Verb::Unrevoke,
        }
    }

    /// The change of the tag.
    pub fn change(&self, image: &Image, now: DateTime<Utc>) -> Change {
        let (mut set, mut remove) = (Tags::new(), BTreeSet::new());
        match self {
            Self::Set(reason) => drop(set.insert(REVOKED.to_owned(), Revocation::value(image, reason, now))),
            Self::Remove => drop(remove.insert(REVOKED.to_owned())),
        }
        Change::Tag { set, remove }
    }

    /// Refuses an image that cannot take one more tag. The others are marked all the same.
    pub fn room(&self, context: &Context, target: &Target, image: &Image) -> Result<(), Problem> {
        if self.change(image, context.now).objection(image, context.now).is_none() {
            return Ok(());
        }
        let line = amictl("tag").word(&image.id).options("--remove KEY").options(target.options());
        let message = format!("it has as many tags as EC2 takes, so it cannot be marked; make room with: {line}");
        Err(Problem { code: "TagLimitExceeded".to_owned(), message })
    }

    /// Sets or removes the mark of an image, unless it is so already.
    pub async fn made(&self, context: &Context, journal: &Journal, target: &Target, image: &Image) -> Outcome {
        let (verb, change) = (self.verb(), self.change(image, context.now));
        if change.holds(image) {
            return self.told(image, Outcome::new(image, verb, false, Status::Done));
        }
        if let Err(problem) = self.room(context, target, image) {
            return Outcome::failed(image, verb, problem);
        }
        if let Err(error) = journal.begin(Beginning::new(verb, image), context.clock()).await {
            return Outcome::failed(image, verb, journal::not_begun(&error));
        }
        let outcome = match lifecycle::make(target, image, &change).await {
            Ok(now) => self.told(&now, Outcome::new(&now, verb, true, Status::Done)),
            Err(problem) => Outcome::failed(image, verb, problem),
        };
        journal::end(context, journal, outcome).await
    }

    fn told(&self, image: &Image, outcome: Outcome) -> Outcome {
        match (self, Revocation::of(image)) {
            (Self::Set(_), Some(mark)) => outcome.detail(mark.told().trim_start_matches([' ', ':'])),
            (Self::Remove, None) if image.state == State::Disabled => outcome.detail("it is still disabled"),
            (Self::Set(_) | Self::Remove, _) => outcome,
        }
    }
}

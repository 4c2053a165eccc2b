//! The steps after an image is available: share, deprecate, protect.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::change::make;
use super::permissions::grant::{self, PermissionChange};
use super::run::context::{Context, stopped};
use crate::domain::age::Age;
use crate::domain::change::{Change, objection_to_date, whole_minute};
use crate::domain::command_line::{amictl, quoted};
use crate::domain::failure::Failure;
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::permissions::principal::Principal;
use crate::domain::problem::Problem;
use crate::domain::region::{Region, place};
use crate::domain::report::{Outcome, Status, Verb};
use crate::service::Target;
use crate::service::permissions::Give;

/// The steps for each image, in this order.
#[derive(Debug, Clone, Default)]
pub struct FollowUp {
    pub share: BTreeSet<Principal>,
    pub deprecate: Option<Age>,
    pub protect: bool,
    /// Whether messages name the account, as the run works in several.
    pub several: bool,
}

/// An image that is not available yet.
pub struct PendingImage<'a> {
    /// Its place.
    pub target: &'a Target,
    /// The image.
    pub id: &'a ImageId,
    /// Its name.
    pub name: &'a str,
}

impl FollowUp {
    /// The steps; refuses a deprecation that EC2 would refuse.
    pub fn new(
        share: BTreeSet<Principal>,
        deprecate: Option<Age>,
        protect: bool,
        now: DateTime<Utc>,
    ) -> Result<Self, Failure> {
        if let Some(span) = deprecate
            && let Some(objection) = objection_to_date(whole_minute(span.after(now)), now)
        {
            return Err(Failure::usage(format!("--deprecate-after {span}: {objection}")));
        }
        Ok(Self { share, deprecate, protect, several: false })
    }

    /// Sets whether the run works in several accounts.
    #[must_use]
    pub fn in_several(self, several: bool) -> Self {
        Self { several, ..self }
    }

    /// Whether images are to be shared.
    pub fn shares(&self) -> bool {
        !self.share.is_empty()
    }

    fn verbs(&self) -> Vec<Verb> {
        let asked =
            [(Verb::Share, self.shares()), (Verb::Deprecate, self.deprecate.is_some()), (Verb::Protect, self.protect)];
        asked.into_iter().filter(|(_, asked)| *asked).map(|(verb, _)| verb).collect()
    }

    /// Takes all steps in order. A failed one does not prevent the next; after a stop signal the rest is skipped.
    pub async fn take(&self, context: &Context, target: &Target, image: &Image) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for verb in self.verbs() {
            let outcome = match stopped(context) {
                Some(problem) => Outcome::new(image, verb, false, Status::Skipped(problem)),
                None => self.step(context, target, image, verb).await,
            };
            self.tell(context, &outcome);
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn step(&self, context: &Context, target: &Target, image: &Image, verb: Verb) -> Outcome {
        let change = match (verb, self.deprecate) {
            (Verb::Deprecate, Some(span)) => {
                // Counted from the creation of the image, so that a nightly job does not postpone it forever.
                let made = image.created_at.unwrap_or(context.now);
                Change::Deprecate(whole_minute(span.after(made).max(context.clock())))
            }
            // Protection with a cooldown already satisfies the request.
            (Verb::Protect, _) => Change::Protect { cooldown: image.protection.enabled().unwrap_or(false) },
            _ => {
                let sharing = PermissionChange { give: Give::Add, who: self.share.clone(), snapshots: false };
                return grant::shared(target, image, Verb::Share, &sharing).await;
            }
        };
        make::made(context, target, image, &change).await
    }

    /// The outcomes of steps not taken, as the image did not become available.
    pub async fn left(&self, context: &Context, image: PendingImage<'_>, code: &str) -> Vec<Outcome> {
        let account = image.target.account().await.ok().cloned();
        let message = "the image is not available".to_owned();
        let outcome = |verb| Outcome {
            account: account.clone(),
            region: image.target.region.clone(),
            image_id: image.id.clone(),
            name: Some(image.name.to_owned()),
            tags: None,
            verb,
            changed: false,
            detail: None,
            status: Status::Skipped(Problem { code: code.to_owned(), message: message.clone() }),
            snapshots: Vec::new(),
        };
        let outcomes: Vec<_> = self.verbs().into_iter().map(outcome).collect();
        outcomes.iter().for_each(|outcome| self.tell(context, outcome));
        outcomes
    }

    fn tell(&self, context: &Context, outcome: &Outcome) {
        let (id, verb) = (&outcome.image_id, outcome.verb);
        let region = match &outcome.account {
            Some(account) if self.several => place(Some(account), &outcome.region),
            _ => outcome.region.to_string(),
        };
        match &outcome.status {
            Status::Done => {
                let already = if outcome.changed { "" } else { " already" };
                let detail = outcome.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
                context.printer.say(format!("{id} in {region}: {}{already}{detail}", verb.done()));
            }
            Status::Failed(problem) | Status::Skipped(problem) => {
                let not = format!("{id} in {region}: not {}: {} [{}]", verb.done(), problem.message, problem.code);
                context.printer.tell(&not);
            }
        }
    }

    /// The steps in words, for a dry run: ` and shared with …`.
    pub fn would(&self, now: DateTime<Utc>) -> String {
        let mut words = Vec::new();
        if self.shares() {
            words.push(format!("shared with {}", self.with()));
        }
        if let Some(span) = self.deprecate {
            words.push(format!("deprecated from {}", whole_minute(span.after(now)).format("%Y-%m-%d %H:%M UTC")));
        }
        if self.protect {
            words.push("protected".to_owned());
        }
        if words.is_empty() { String::new() } else { format!("; then {}", words.join(", ")) }
    }

    /// The options for the same steps, each with a space before it.
    pub fn options(&self) -> String {
        let mut options = String::new();
        if self.shares() {
            options.push_str(&format!(" --share-with {}", self.with()));
        }
        if let Some(span) = self.deprecate {
            options.push_str(&format!(" --deprecate-after {}", quoted(&span.to_string())));
        }
        options.push_str(if self.protect { " --protect" } else { "" });
        options
    }

    fn with(&self) -> String {
        self.share.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// The command lines for the steps not done, one per kind of step.
    pub fn commands<'a>(&self, target: &Target, outcomes: impl Iterator<Item = &'a Outcome> + Clone) -> Vec<String> {
        let mut lines = Vec::new();
        for verb in self.verbs() {
            let left = outcomes.clone().filter(|outcome| outcome.verb == verb && !is_done(outcome));
            let ids: Vec<_> = left.clone().map(|outcome| outcome.image_id.as_str()).collect();
            let regions: BTreeSet<Region> = left.map(|outcome| outcome.region.clone()).collect();
            if ids.is_empty() {
                continue;
            }
            let how = match (verb, self.deprecate) {
                (Verb::Share, _) => format!(" --with {}", self.with()),
                (Verb::Deprecate, Some(span)) => format!(" --after {}", quoted(&span.to_string())),
                _ => String::new(),
            };
            let line = amictl(verb.as_str()).words(ids).options(how).options(target.options_in(&regions));
            lines.push(line.to_string());
        }
        lines
    }
}

/// Whether a step is completely done.
pub fn is_done(outcome: &Outcome) -> bool {
    outcome.status == Status::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-01-02T03:04:05Z").unwrap().to_utc()
    }

    #[test]
    fn the_options_say_what_was_asked_for() {
        let none = FollowUp::new(BTreeSet::new(), None, false, now()).unwrap();
        assert!(none.verbs().is_empty() && none.options().is_empty() && none.would(now()).is_empty());
        let share_with = ["222222222222", "111111111111"].map(|account| account.parse().unwrap()).into();
        let deprecate_after = "1d 12h 5s".parse().ok();
        let all = FollowUp::new(share_with, deprecate_after, true, now()).unwrap();
        assert_eq!(all.options(), " --share-with 111111111111,222222222222 --deprecate-after 129605s --protect");
        assert_eq!(
            all.would(now()),
            "; then shared with 111111111111,222222222222, deprecated from 2026-01-03 15:05 UTC, protected"
        );
    }

    #[test]
    fn a_deprecation_beyond_ten_years_is_refused() {
        let steps = |span: &str| {
            let deprecate_after = span.parse().ok();
            FollowUp::new(BTreeSet::new(), deprecate_after, false, now())
        };
        assert!(steps("3651d").is_ok());
        let error = steps("3653d").unwrap_err().to_string();
        assert!(error.contains("--deprecate-after 3653d") && error.contains("2036-01-02"), "{error}");
    }
}

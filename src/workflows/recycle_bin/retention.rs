//! The retention rules of all places of a run, and the making of those that are missing.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::domain::failure::{Failure, Kind};
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::recycle_bin::retention::{PlaceRetention, RetentionDays, named};
use crate::domain::recycle_bin::rules::Resource;
use crate::service::{Target, recycle_bin};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;

/// The number of command lines printed.
const TOLD: usize = 10;

/// The rules of all places.
pub struct RuleSurvey {
    targets: Vec<Target>,
    /// The rules by place, each that of the target at the same position.
    pub places: Vec<PlaceRetention>,
    /// Places that could not be read, or in which a rule could not be made.
    pub errors: Vec<PlaceError>,
}

/// Reads the rules of every place; an error if none can be read.
pub async fn survey(context: &Context) -> Result<RuleSurvey> {
    let places = context.session().await?.places().await.some()?;
    let bar = context.printer.bars().count(places.targets.len() as u64, "reading retention rules");
    let each = concurrency::each(LOOKUPS, places.targets, |target| async {
        let found = recycle_bin::all_rules(&target).await;
        bar.step();
        (target, found)
    });
    let mut survey = RuleSurvey { targets: Vec::new(), places: Vec::new(), errors: places.errors };
    let mut first = None;
    for (target, found) in each.await {
        match found {
            Ok(rules) => {
                let (account, region) = (target.account().await.ok().cloned(), target.region.clone());
                survey.places.push(PlaceRetention { account, region, rules, made: BTreeSet::new() });
                survey.targets.push(target);
            }
            Err(error) => {
                survey.errors.push(target.error(error.problem()).await);
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if survey.places.is_empty() => Err(error.into()),
        _ => Ok(survey),
    }
}

impl RuleSurvey {
    /// The number of missing rules for images, and of those for snapshots.
    pub fn missing(&self, days: RetentionDays) -> (usize, usize) {
        let count = |wanted| self.places.iter().filter(|place| place.missing(days).contains(&wanted)).count();
        (count(Resource::Image), count(Resource::Snapshot))
    }

    /// What would be made, and what that means, for people.
    pub fn announce(&self, context: &Context, days: RetentionDays) {
        let lack: Vec<_> = self.places.iter().filter(|place| !place.missing(days).is_empty()).collect();
        let (images, snapshots) = self.missing(days);
        let places = if lack.len() == 1 { "1 place".to_owned() } else { format!("{} places", lack.len()) };
        let tell = |text: &str| context.printer.tell(text);
        tell(&format!("to be made in {places}: {}, of {days}; in {}", rules(images, snapshots), named(&lack)));
        if images > 0 {
            tell("a rule for images holds every image that is deregistered there, by anybody");
        }
        if snapshots > 0 {
            tell("warning: a rule for snapshots holds, and bills, every snapshot that is deleted there, by anybody");
        }
        tell(
            "to undo it, for each rule: aws rbin delete-rule --identifier ID --region REGION (the run prints these lines)",
        );
    }

    /// Makes the missing rules. A place that fails is recorded, and the others go on.
    pub async fn make(&mut self, context: &Context, days: RetentionDays) {
        let (images, snapshots) = self.missing(days);
        let bar = context.printer.bars().count((images + snapshots) as u64, "making retention rules");
        let work = self.places.iter().enumerate().filter(|(_, place)| !place.missing(days).is_empty());
        let work: Vec<_> = work.map(|(at, place)| (at, &self.targets[at], place.missing(days))).collect();
        let bar = &bar;
        let each = concurrency::each(LOOKUPS, work, |(at, target, missing)| async move {
            let mut results = Vec::new();
            for resource in missing {
                if context.stop.asked() {
                    break;
                }
                results.push((resource, recycle_bin::make_rule(target, resource, days).await));
                bar.step();
            }
            (at, results)
        });
        for (at, results) in each.await {
            for (resource, made) in results {
                match made {
                    Ok(rule) => {
                        self.places[at].made.insert(rule.id.clone());
                        self.places[at].rules.push(rule);
                    }
                    Err(error) => {
                        let Problem { code, message } = error.problem();
                        let message = format!("no rule for {}: {message}", words(resource));
                        self.errors.push(self.targets[at].error(Problem { code, message }).await);
                    }
                }
            }
        }
    }

    /// Prints the command lines that delete the rules that were made.
    pub fn tell_undo(&self, context: &Context) {
        let several = self.places.iter().any(|place| place.account != self.places[0].account);
        let mut lines = Vec::new();
        for place in &self.places {
            let account = place.account.as_ref().filter(|_| several);
            let within = account.map(|account| format!("in account {account}: ")).unwrap_or_default();
            let line = |id| format!("{within}aws rbin delete-rule --identifier {id} --region {}", place.region);
            lines.extend(place.made.iter().map(line));
        }
        if !lines.is_empty() {
            context.printer.say("made; to undo it:");
        }
        lines.iter().take(TOLD).for_each(|line| context.printer.say(format!("  {line}")));
        if lines.len() > TOLD {
            context.printer.say(format!(
                "  and so on for {} more: 'amictl recycle-bin -o json' has the ids of all rules",
                lines.len() - TOLD
            ));
        }
    }

    /// Ends a run that made rules.
    pub fn conclude(&self, context: &Context, days: RetentionDays) -> Result<()> {
        let made: usize = self.places.iter().map(|place| place.made.len()).sum();
        let made = if made == 1 { "1 rule made".to_owned() } else { format!("{made} rules made") };
        if context.stop.asked() {
            return Err(Failure::interrupted(made).into());
        }
        let complete = self.places.iter().filter(|place| place.missing(days).is_empty()).count();
        let kind = match (complete, self.errors.is_empty()) {
            (_, true) => return Ok(()),
            (0, false) => Kind::Failed,
            (_, false) => Kind::Partial,
        };
        let message = format!("{made}; not done: {} accounts and regions", failed(&self.errors));
        let hint = "correct the cause and run the command again: it makes only what is missing";
        Err(Failure::new(kind, "PartialRetention", message).hint(hint).into())
    }
}

/// The number of places with errors.
fn failed(errors: &[PlaceError]) -> usize {
    errors.iter().map(|error| (error.account.as_ref(), error.region.as_str())).collect::<BTreeSet<_>>().len()
}

fn words(resource: Resource) -> &'static str {
    match resource {
        Resource::Image => "images",
        Resource::Snapshot => "snapshots",
    }
}

/// So many rules for images and for snapshots, in words.
fn rules(images: usize, snapshots: usize) -> String {
    let one = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 rule for {what}")),
        n => Some(format!("{n} rules for {what}")),
    };
    let each = [one(images, words(Resource::Image)), one(snapshots, words(Resource::Snapshot))];
    each.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

//! Verdicts on images: from a policy, the images of one place, their use and the time.
//!
//! Each verdict has every reason. In doubt an image stays: an unknown date, an unread source, a new word of EC2.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::age::ago;
use super::family::ImageFamily;
use super::ids::ImageId;
use super::image::Image;
use super::image_service::ImageService;
use super::policy::{Policy, Settled};
use super::rank::{Placed, Rank, newest_built, ranks};
use super::retire::step::Step;
use super::retire::{History, Next, next};
use super::tags::{KEEP, TagMatch};
use super::tested::CountedLaunch;
use super::usage::source::{ALIAS, SourceState, SourceStatus, Usage, UseVerdict};

pub use super::reason::Reason;

/// EC2 reports launches up to a day late, so a younger image without a reported launch may have been launched.
const LAUNCHES_REPORTED_WITHIN: TimeDelta = TimeDelta::hours(48);

/// The launch permissions of images, if a rule asks for them: words for people, or why they could not be read.
pub type SharedWith = HashMap<ImageId, Result<Option<String>, String>>;

/// The verdict on one image.
#[derive(Debug, Clone)]
pub struct Judgement<'a> {
    /// The image.
    pub image: &'a Image,
    /// Its family: from its name, by amictl's rule or a pattern, or the value of a tag.
    pub family: Option<ImageFamily<'a>>,
    /// Its rank in the family, counted from the newest; `None` if it does not count.
    pub rank: Option<Rank>,
    /// The number of versions of the family that stay.
    pub keep: Option<usize>,
    /// Whether a rule needs its launch permissions.
    pub asks_shares: bool,
    /// All reasons to keep it; none if it may be removed.
    pub reasons: Vec<Reason>,
    /// The step to take: forward if nothing keeps it, back if it is wanted again.
    pub step: Option<Step>,
}

impl Judgement<'_> {
    /// Whether the image may be removed.
    pub fn goes(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Whether at most the waiting time of its next stage keeps it: then its use decides the step.
    pub fn candidate(&self) -> bool {
        self.reasons.iter().all(|reason| matches!(reason, Reason::Retiring(_)))
    }
}

/// Judges all images of one account and region.
pub fn judge<'a>(
    policy: &Policy,
    images: &'a [Image],
    usage: &Usage,
    shares: &SharedWith,
    now: DateTime<Utc>,
) -> Vec<Judgement<'a>> {
    let rules = policy.settled();
    let scope: HashSet<&str> = policy.scope.iter().map(String::as_str).collect();
    let doubt = doubt(usage);
    let placed: Vec<_> = images.iter().map(|image| place(policy, &rules, image)).collect();
    let ranks = ranks(images, &placed);
    let built = if policy.managed_by.is_empty() { HashSet::new() } else { newest_built(images, &placed) };
    let judged = images.iter().enumerate().zip(placed).zip(ranks).map(|(((index, image), placed), rank)| {
        let (family, rule) = placed;
        let rule_of = rule.map(|n| &rules[n]);
        let mut reasons = Vec::new();
        scope_reasons(policy, &scope, image, family, rule_of, &mut reasons);
        if let Some(rule) = rule_of {
            rule_reasons(rule, image, rank, now, &mut reasons);
            if built.contains(&index) {
                reasons.push(Reason::NewestBuilt);
            }
            if let (true, Some(shares)) = (rule.keep_shared, shares.get(&image.id)) {
                reasons.extend(shared(shares));
            }
        }
        standing_reasons(policy, image, now, &mut reasons);
        reasons.extend(use_reasons(usage, &image.id, doubt.as_deref()));
        let step = rule_of.and_then(|rule| step(rule, image, &mut reasons, now));
        Judgement {
            image,
            family,
            rank,
            keep: rule_of.map(|rule| rule.keep),
            asks_shares: rule_of.is_some_and(|rule| rule.keep_shared),
            reasons,
            step,
        }
    });
    judged.collect()
}

/// The family of an image, and the first rule that covers it.
fn place<'a>(policy: &Policy, rules: &[Settled], image: &'a Image) -> Placed<'a> {
    let tag = policy.family_tag.as_ref().filter(|_| policy.unmanaged);
    let by_tag = || Some(ImageFamily { word: image.tags.get(tag?)?, pattern: None });
    let family = image.family().filter(|_| image.own).or_else(by_tag);
    let rule = family.and_then(|family| rules.iter().position(|rule| rule.covers(family.word, image)));
    (family, rule)
}

fn scope_reasons(
    policy: &Policy,
    scope: &HashSet<&str>,
    image: &Image,
    family: Option<ImageFamily<'_>>,
    rule: Option<&Settled>,
    reasons: &mut Vec<Reason>,
) {
    let out = |why: &str| Reason::OutOfScope(why.to_owned());
    match family {
        None => return reasons.push(Reason::Unmanaged { patterns: !policy.family_patterns.is_empty() }),
        Some(family) if !scope.is_empty() && !scope.contains(family.word) => reasons.push(out("not asked for")),
        Some(_) if rule.is_none() => reasons.push(out("no rule of the policy covers it")),
        Some(_) => {}
    }
    if let Some(tag) = policy.only_tags.iter().find(|tag| !tag.matches(&image.tags)) {
        reasons.push(Reason::OutOfScope(format!("does not carry the tag {tag}")));
    }
}

fn rule_reasons(rule: &Settled, image: &Image, rank: Option<Rank>, now: DateTime<Utc>, reasons: &mut Vec<Reason>) {
    if let Some(rank) = rank.filter(|rank| rank.best() <= rule.keep) {
        reasons.push(Reason::Newest { rank, keep: rule.keep });
    }
    match image.created_at {
        None => reasons.push(Reason::TooYoung("its age is unknown".to_owned())),
        Some(made) if made > rule.min_age.before(now) => {
            let text = match made > now {
                true => format!("made in the future: {}", made.format("%Y-%m-%d %H:%M UTC")),
                false => format!("made {} ago, less than {}", ago(made, now), rule.min_age),
            };
            reasons.push(Reason::TooYoung(text));
        }
        Some(_) => {}
    }
    let Some(unused_for) = rule.unused_for else { return };
    let launch = CountedLaunch::of(image);
    match (launch.at, image.created_at) {
        (Some(launched), _) if launched > unused_for.before(now) => {
            reasons.push(Reason::RecentlyLaunched(launch.told(launched, &unused_for, now)));
        }
        (None, made) if made.is_none_or(|made| now - made < LAUNCHES_REPORTED_WITHIN) => {
            reasons.push(Reason::RecentlyLaunched("launches are reported up to a day late".to_owned()));
        }
        _ => {}
    }
}

/// Reasons that no rule can override.
fn standing_reasons(policy: &Policy, image: &Image, now: DateTime<Utc>, reasons: &mut Vec<Reason>) {
    let keep = TagMatch { key: KEEP.to_owned(), value: None };
    for tag in policy.protect_tags.iter().filter(|tag| **tag != keep).chain([&keep]) {
        if tag.matches(&image.tags) {
            reasons.push(Reason::ProtectedTag(tag.to_string()));
        }
    }
    if image.state.may_become_available() {
        reasons.push(Reason::Pending(format!("its state is {}", image.state)));
    }
    if image.protection.holds(now) {
        reasons.push(Reason::DeregistrationProtection(image.protection.told(now)));
    }
    let service = ImageService::of(&image.tags).filter(|service| !policy.managed_by.contains(service));
    reasons.extend(service.map(|service| Reason::ManagedElsewhere(service.name())));
}

fn shared(shares: &Result<Option<String>, String>) -> Option<Reason> {
    match shares {
        Ok(with) => with.clone().map(Reason::Shared),
        Err(why) => Some(Reason::Unverified(format!("who it is shared with is unknown: {why}"))),
    }
}

fn use_reasons(usage: &Usage, image: &ImageId, doubt: Option<&str>) -> Vec<Reason> {
    match usage.verdict(image) {
        UseVerdict::Unused => Vec::new(),
        UseVerdict::Unverified(_) if !usage.doubtful(image) => {
            vec![Reason::Unverified(doubt.unwrap_or_default().to_owned())]
        }
        UseVerdict::Unverified(failed) => vec![Reason::Unverified(said(failed).unwrap_or_default())],
        UseVerdict::InUse(by) => {
            let (alias, other): (Vec<_>, Vec<_>) = by.into_iter().cloned().partition(|r| r.kind == ALIAS);
            let mut reasons = Vec::new();
            if !alias.is_empty() {
                reasons.push(Reason::Alias(alias));
            }
            if !other.is_empty() {
                reasons.push(Reason::InUse(other));
            }
            reasons
        }
    }
}

/// The step to take; adds a reason if it has to wait.
fn step(rule: &Settled, image: &Image, reasons: &mut Vec<Reason>, now: DateTime<Utc>) -> Option<Step> {
    if reasons.is_empty() {
        let due = rule.retire.as_ref().map_or(Next::Due(Step::Deregister), |stages| next(stages, image, now));
        return match due {
            Next::Due(step) => Some(step),
            Next::Stays(why) => {
                reasons.push(Reason::Retiring(why));
                None
            }
        };
    }
    let wanted = |wanted| reasons.iter().any(|reason| reason.recalls() == Some(wanted));
    if !rule.revive || wanted(false) || !wanted(true) || Step::Revive.holds(image, now) {
        return None;
    }
    match History::of(image) {
        Ok(_) => Some(Step::Revive),
        Err(unreadable) => {
            reasons.push(Reason::Retiring(unreadable.to_string()));
            None
        }
    }
}

/// The sources that could not be read, with EC2's messages; the same for all images of a place.
fn doubt(usage: &Usage) -> Option<String> {
    said(usage.failed().into_iter().filter(|state| !state.source.by_image()).collect())
}

fn said(failed: Vec<&SourceState>) -> Option<String> {
    let each = failed.iter().filter_map(|state| match &state.status {
        SourceStatus::Failed(problem) => Some(format!("{}: {} [{}]", state.source, problem.message, problem.code)),
        SourceStatus::Ok { .. } | SourceStatus::Skipped => None,
    });
    (!failed.is_empty()).then(|| each.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
#[path = "retention_tests.rs"]
mod tests;

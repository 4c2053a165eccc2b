//! Stale instances: those that run an image which is behind its family, or should not run any more.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::age::Age;
use super::behind::{Distance, FamilyKey, FamilyRank, distance, placed, placed_by_name};
use super::family::{FamilyPatterns, FamilyWord};
use super::ids::{AccountId, ImageId};
use super::image::{Image, State};
use super::instance_image::{RunningImage, RunningInstance};
use super::order::newest_first;
use super::region::Region;
use super::stale_report::{StaleFamily, StaleGoal, StaleInstance, StaleProblem, StaleReport};

/// An alias of a family, in the account and region of an instance: the alias is looked up there.
pub type AliasPlace = (Option<AccountId>, Region, String);

/// The images that aliases name; `None` for a family without the alias. What could not be read is missing.
pub type AliasGoals = BTreeMap<AliasPlace, Option<ImageId>>;

/// What is known of the images of a run.
#[derive(Debug)]
pub struct StaleFacts<'a> {
    /// The images that the accounts of the run own, and those that aliases name.
    pub images: &'a [Image],
    /// The family patterns.
    pub patterns: &'a FamilyPatterns,
    /// What the alias names; `None` where instances are compared with the newest of their family.
    pub goals: Option<&'a AliasGoals>,
    /// The time.
    pub now: DateTime<Utc>,
}

/// What counts as stale.
#[derive(Debug, Clone, Default)]
pub struct StaleRules {
    /// The families to look at; all where none is named.
    pub families: Vec<FamilyWord>,
    /// Fewer versions behind do not count.
    pub min_versions: Option<u64>,
    /// A newer version that was made later does not count.
    pub older_than: Option<Age>,
}

/// The families and images of a run, for questions by instance.
struct Known<'a> {
    by_id: HashMap<&'a ImageId, &'a Image>,
    /// The images of a family in one account and region, the newest first.
    members: HashMap<(FamilyKey, Option<&'a AccountId>, &'a Region), Vec<&'a Image>>,
    owners: BTreeSet<&'a AccountId>,
}

impl<'a> Known<'a> {
    fn new(images: &'a [Image]) -> Self {
        let by_id = images.iter().map(|image| (&image.id, image)).collect();
        let mut members: HashMap<_, Vec<&Image>> = HashMap::new();
        for image in images.iter().filter(|image| image.own) {
            if let Some((key, _)) = placed(image) {
                members.entry((key, image.owner.as_ref(), &image.region)).or_default().push(image);
            }
        }
        members.values_mut().for_each(|members| members.sort_by(|a, b| newest_first(a, b)));
        let owners = images.iter().filter(|image| image.own).filter_map(|image| image.owner.as_ref()).collect();
        Self { by_id, members, owners }
    }

    /// The family and the standing of the image of an instance: by its name where it is not listed.
    fn placed(&self, instance: &RunningInstance, patterns: &FamilyPatterns) -> Option<(FamilyKey, FamilyRank)> {
        let image = &instance.image;
        match self.by_id.get(&image.id) {
            Some(listed) => placed(listed),
            None => placed_by_name(image.name.as_deref()?, image.created_at, patterns),
        }
    }

    /// The account that owns the image of an instance.
    fn owner<'i>(&'i self, instance: &'i RunningInstance) -> Option<&'i AccountId> {
        let image = &instance.image;
        let owner = self.by_id.get(&image.id).map_or(image.owner.as_ref(), |image| image.owner.as_ref());
        owner.or(instance.account.as_ref())
    }
}

fn alias_place(instance: &RunningInstance, family: &FamilyKey) -> AliasPlace {
    (instance.account.clone(), instance.region.clone(), family.word.clone())
}

/// The families of the instances, each in the places where an alias of it counts.
pub fn alias_places(
    instances: &[RunningInstance],
    images: &[Image],
    patterns: &FamilyPatterns,
) -> BTreeSet<AliasPlace> {
    let known = Known::new(images);
    let place = |instance| Some(alias_place(instance, &known.placed(instance, patterns)?.0));
    instances.iter().filter_map(place).collect()
}

/// Judges the running instances.
pub fn judge(instances: Vec<RunningInstance>, facts: &StaleFacts<'_>, rules: &StaleRules) -> StaleReport {
    let known = Known::new(facts.images);
    let (mut report, mut with_alias) = (StaleReport::default(), BTreeSet::new());
    let unknown = unknown_families(&instances, &known, facts, rules);
    for instance in instances {
        let (family, standing) = known.placed(&instance, facts.patterns).unzip();
        let named = |family: &FamilyKey| rules.families.iter().any(|word| word.as_str() == family.word);
        if !rules.families.is_empty() && !family.as_ref().is_some_and(named) {
            continue;
        }
        let owner = known.owner(&instance);
        let inside = |owner: &AccountId| known.owners.contains(owner) || instance.account.as_ref() == Some(owner);
        let foreign = !owner.is_some_and(inside);
        let members = family.as_ref().and_then(|key| known.members.get(&(key.clone(), owner, &instance.region)));
        let members = members.map_or(&[][..], Vec::as_slice);
        let goal = match (facts.goals, &family) {
            (None, _) => members.iter().find(|image| image.usable(facts.now)).copied(),
            (Some(_), None) => None,
            (Some(goals), Some(key)) => {
                let goal = goals.get(&alias_place(&instance, key));
                let place = (key.clone(), instance.account.clone(), instance.region.clone());
                match goal {
                    Some(Some(_)) => {
                        with_alias.insert(place);
                    }
                    Some(None) => {
                        report.without_alias.insert(place);
                    }
                    // It could not be read.
                    None => {}
                }
                goal.and_then(|goal| known.by_id.get(goal.as_ref()?).copied())
            }
        };
        // Of a family of another account only an alias here says what is new.
        report.not_compared += usize::from(foreign && goal.is_none());
        if let (Some(goal), Some(_), Some(key)) = (goal.filter(|goal| goal.own && goal.revoked()), facts.goals, &family)
        {
            let place = (key.clone(), instance.account.clone(), instance.region.clone());
            report.revoked_goals.insert((place, goal.label()));
        }
        let same_family = |goal: &&Image| placed(goal).map(|(key, _)| key).as_ref() == family.as_ref();
        let goal = goal.filter(|goal| goal.id != instance.image.id);
        let behind = goal.filter(same_family).zip(standing.as_ref());
        let behind = behind.and_then(|(goal, own)| distance(own, goal, members));
        let listed = known.by_id.get(&instance.image.id).copied();
        let problems = problems(&instance.image, listed, behind, rules, facts.now);
        let counted: &mut StaleFamily = report.families.entry(family.clone()).or_default();
        counted.instances += 1;
        if problems.is_empty() {
            continue;
        }
        counted.stale += 1;
        counted.most_behind = counted.most_behind.max(behind.map(|behind| behind.versions));
        let since = behind.and_then(|behind| behind.since);
        counted.since = counted.since.into_iter().chain(since).min();
        let newest = goal.map(|goal| StaleGoal {
            id: goal.id.clone(),
            name: goal.name.clone(),
            version: goal.parsed_name.as_ref().map(|name| name.version()),
            revoked: goal.own.then(|| goal.revoked()),
        });
        let version = standing.and_then(|standing| standing.version());
        report.instances.push(StaleInstance { instance, family, version, newest, behind, problems });
    }
    report.with_alias = with_alias.len();
    (report.unknown_families, report.known_families) = unknown;
    let place = |row: &StaleInstance| {
        let RunningInstance { account, region, id, group, .. } = row.instance.clone();
        (account, region, group, id)
    };
    report.instances.sort_by_cached_key(place);
    report
}

/// The families asked for that neither an image nor a running instance has, and those that there are.
fn unknown_families(
    instances: &[RunningInstance],
    known: &Known<'_>,
    facts: &StaleFacts<'_>,
    rules: &StaleRules,
) -> (Vec<FamilyWord>, BTreeSet<String>) {
    if rules.families.is_empty() {
        return (Vec::new(), BTreeSet::new());
    }
    let of_images = facts.images.iter().filter_map(|image| Some(image.family()?.word.to_owned()));
    let running = instances.iter().filter_map(|instance| Some(known.placed(instance, facts.patterns)?.0.word));
    let there: BTreeSet<String> = of_images.chain(running).collect();
    let unknown = rules.families.iter().filter(|family| !there.contains(family.as_str())).cloned().collect();
    (unknown, there)
}

fn problems(
    image: &RunningImage,
    listed: Option<&Image>,
    behind: Option<Distance>,
    rules: &StaleRules,
    now: DateTime<Utc>,
) -> Vec<StaleProblem> {
    let state = image.state.as_ref().or(listed.map(|listed| &listed.state));
    // EC2 tells the state even of an image that is deregistered.
    let gone = state == Some(&State::Deregistered);
    let deprecated = image.deprecated_at.or(listed.and_then(|listed| listed.deprecated_at));
    let counts = |behind: Distance| {
        let old_enough = |age: Age| behind.since.is_some_and(|since| since <= age.before(now));
        rules.min_versions.is_none_or(|least| behind.versions >= least) && rules.older_than.is_none_or(old_enough)
    };
    let all = [
        (gone, StaleProblem::Gone),
        (listed.is_some_and(Image::revoked), StaleProblem::Revoked),
        (state == Some(&State::Disabled), StaleProblem::Disabled),
        (image.allowed == Some(false), StaleProblem::NotAllowed),
        (deprecated.is_some_and(|at| at <= now), StaleProblem::Deprecated),
        (behind.is_some_and(counts), StaleProblem::Behind),
    ];
    all.into_iter().filter(|(holds, _)| *holds).map(|(_, problem)| problem).collect()
}

#[cfg(test)]
#[path = "stale_tests.rs"]
mod tests;

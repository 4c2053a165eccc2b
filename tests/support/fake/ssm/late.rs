//! Values of the data type `aws:ec2:image`: SSM answers at once, checks the image afterwards, and only then shows it.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::super::iam;
use super::super::images::{Viewer, seen};
use super::super::request::Request;
use super::super::world::{World, span};
use super::{Parameter, Version};

/// Most versions that are kept.
pub const MOST_VERSIONS: usize = 100;

/// What is not shown yet, and the knobs for it.
#[derive(Default)]
pub struct LateValues {
    /// How long the check of an image takes.
    pub shown_after: Duration,
    /// Images that the check drops, though the caller sees them.
    pub dropped: BTreeSet<String>,
    /// Other programs: each writes a value under a name just before the next PutParameter of that name. By account,
    /// region, name and value.
    pub others: Vec<[String; 4]>,
    waiting: Vec<Waiting>,
}

/// A version that is being checked.
struct Waiting {
    region: String,
    key: (String, String),
    /// The parameter without versions, if it is yet to be made.
    parameter: Parameter,
    version: Version,
    good: bool,
    until: DateTime<Utc>,
}

/// The number of the next version: nobody sees the number of one that was dropped, so it is given again.
pub fn next_number(world: &World, region: &str, key: &(String, String)) -> u64 {
    let shown =
        world.regions.get(region).and_then(|region| region.parameters.get(key)?.versions.keys().last().copied());
    let waiting = world.late_values.waiting.iter().filter(|w| w.region == region && w.key == *key);
    1 + waiting.map(|w| w.version.number).chain(shown).max().unwrap_or(0)
}

/// Whether a parameter is being made: it is not shown, but its name is taken.
pub fn is_taken(world: &World, region: &str, key: &(String, String)) -> bool {
    world.late_values.waiting.iter().any(|w| w.region == region && w.key == *key)
}

/// Takes a version of `parameter` to be checked.
pub fn take(world: &mut World, request: &Request, key: (String, String), parameter: Parameter, version: Version) {
    let may = |world: &mut World| {
        let name = key.1.trim_start_matches('/');
        let arn = format!("arn:aws:ssm:{}:{}:parameter/{name}", request.region, request.account);
        iam::may(world, request, "ec2:DescribeImages", "*") && iam::may(world, request, "ssm:GetParameters", &arn)
    };
    let viewer = Viewer::new(world, request);
    let visible = seen(world.region(&request.region), &viewer, &version.value).is_ok();
    let good = may(world) && visible && !world.late_values.dropped.contains(&version.value);
    let until = request.now + span(world.late_values.shown_after);
    let region = request.region.clone();
    world.late_values.waiting.push(Waiting { region, key, parameter, version, good, until });
    settle(world, request.now);
}

/// Shows what has been checked, and forgets what was dropped.
pub fn settle(world: &mut World, now: DateTime<Utc>) {
    if world.late_values.waiting.is_empty() {
        return;
    }
    let (due, waiting) = std::mem::take(&mut world.late_values.waiting).into_iter().partition(|w| w.until <= now);
    world.late_values.waiting = waiting;
    let due: Vec<Waiting> = due;
    for Waiting { region, key, parameter, version, .. } in due.into_iter().filter(|w| w.good) {
        let empty = || Parameter { versions: std::collections::BTreeMap::new(), ..parameter };
        let shown = world.region(&region).parameters.entry(key).or_insert_with(empty);
        shown.versions.insert(version.number, version);
        while shown.versions.len() > MOST_VERSIONS {
            shown.versions.pop_first();
        }
    }
}

/// Lets other programs write before the caller does.
pub fn interfere(world: &mut World, request: &Request, name: &str) {
    let place = [request.account.as_str(), request.region.as_str(), name];
    let mine = |other: &[String; 4]| (0..3).all(|at| other[at] == place[at]);
    let Some(at) = world.late_values.others.iter().position(mine) else { return };
    let [account, region, name, value] = world.late_values.others.remove(at);
    world.parameter(&account, &region, &name, &value);
}

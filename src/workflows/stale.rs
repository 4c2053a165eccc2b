//! Stale instances in every place of a run.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::domain::alias::{Alias, AliasParameter};
use crate::domain::failure::{Failure, Kind};
use crate::domain::family::FamilyWord;
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::instance_image::RunningInstance;
use crate::domain::problem::PlaceError;
use crate::domain::reference::nearest;
use crate::domain::stale::{AliasGoals, AliasPlace, StaleFacts, StaleRules, alias_places, judge};
use crate::domain::stale_report::StaleReport;
use crate::domain::text::image_ids;
use crate::service::client::error::ApiError;
use crate::service::images::{self, Query};
use crate::service::{Target, instance_images, parameters};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;

/// The stale instances of all places.
pub struct StaleSurvey {
    /// The instances and their families.
    pub report: StaleReport,
    /// Places that could not be read, or not completely.
    pub errors: Vec<PlaceError>,
}

/// Finds stale instances, compared with an alias if one is given; an error if no place can be read, or if no family has
/// the alias.
pub async fn find(context: &Context, alias: Option<&Alias>, rules: &StaleRules) -> Result<StaleSurvey> {
    let places = context.session().await?.places().await.some()?;
    let mut errors = places.errors;
    let bar = context.printer.bars().count(places.targets.len() as u64, "looking at instances");
    let each = concurrency::each(LOOKUPS, places.targets, |target| async {
        let found = read(&target).await;
        bar.step();
        (target, found)
    });
    let (mut images, mut instances, mut targets) = (Vec::<Image>::new(), Vec::<RunningInstance>::new(), Vec::new());
    let mut first = None;
    for (target, (listed, running)) in each.await {
        match listed {
            Ok(listed) => images.extend(listed),
            Err(error) => errors.push(target.error(error.problem()).await),
        }
        match running {
            Ok(running) => {
                instances.extend(running);
                targets.push(target);
            }
            Err(error) => {
                errors.push(target.error(error.problem()).await);
                first.get_or_insert(error);
            }
        }
    }
    drop(bar);
    if let (Some(error), true) = (first, targets.is_empty()) {
        return Err(error.into());
    }
    images.iter_mut().for_each(|image| image.group_by(&context.families));
    let goals = match alias {
        None => None,
        Some(alias) => {
            let wanted = alias_places(&instances, &images, &context.families);
            let goals = Box::pin(goals(&targets, alias, &wanted, &mut errors)).await;
            let mut more = Box::pin(unlisted(&targets, &goals, &images, &mut errors)).await;
            more.iter_mut().for_each(|image| image.group_by(&context.families));
            images.extend(more);
            Some(goals)
        }
    };
    let facts = StaleFacts { images: &images, patterns: &context.families, goals: goals.as_ref(), now: context.now };
    let report = judge(instances, &facts, rules);
    // In a place that was not read there may be such a family.
    if let (Some(unknown), true) = (unknown(&report), errors.is_empty()) {
        return Err(unknown.into());
    }
    match alias {
        Some(alias) if report.with_alias == 0 && !report.without_alias.is_empty() && errors.is_empty() => {
            Err(without(alias, &report).into())
        }
        _ => Ok(StaleSurvey { report, errors }),
    }
}

/// The own images of a place, and its running instances.
async fn read(target: &Target) -> (Result<Vec<Image>, ApiError>, Result<Vec<RunningInstance>, ApiError>) {
    let own = Query::own();
    tokio::join!(images::find(target, &own), instance_images::running(target))
}

/// The failure of families that nothing has: a mistyped one must not read as one without stale instances.
fn unknown(report: &StaleReport) -> Option<Failure> {
    let families = &report.unknown_families;
    let first = families.first()?;
    let names: Vec<_> = families.iter().map(|family| format!("'{family}'")).collect();
    let message = format!("no image and no running instance is of the family {}", names.join(", nor of "));
    let near = |family: &FamilyWord| nearest(family.as_str(), report.known_families.iter().map(String::as_str));
    let near: BTreeSet<&str> = families.iter().flat_map(near).collect();
    let hint = match near.is_empty() {
        true => format!("see the families with: amictl list --families; '{first}' may be in other regions or accounts"),
        false => format!("did you mean {}?", Vec::from_iter(near).join(", ")),
    };
    Some(Failure::new(Kind::Failed, "NoSuchFamily", message).hint(hint))
}

fn without(alias: &Alias, report: &StaleReport) -> Failure {
    let families: BTreeSet<&str> = report.without_alias.iter().map(|(family, ..)| family.word.as_str()).collect();
    let families: Vec<_> = families.into_iter().collect();
    let message = format!("no family of a running instance has the alias '{alias}': {}", families.join(", "));
    let hint = "see the aliases with 'amictl aliases', or leave --alias out to compare with the newest version";
    Failure::new(Kind::Failed, "NoAlias", message).hint(hint)
}

/// What the alias names for each family. A family that SSM cannot name has no alias.
async fn goals(
    targets: &[Target],
    alias: &Alias,
    wanted: &BTreeSet<AliasPlace>,
    errors: &mut Vec<PlaceError>,
) -> AliasGoals {
    let each = concurrency::each(LOOKUPS, targets, |target| async move {
        let account = target.account().await.ok().cloned();
        let here = wanted.iter().filter(|(of, region, _)| *of == account && *region == target.region);
        let name = |place: &AliasPlace| {
            let parameter = AliasParameter::new(place.2.parse().ok()?, alias.clone()).ok()?;
            Some(parameter.parameter())
        };
        let names: Vec<_> = here.map(|place| (place, name(place))).collect();
        let values = parameters::values(target, &names.iter().filter_map(|(_, name)| name.clone()).collect()).await;
        (target, names, values)
    });
    let mut goals = AliasGoals::new();
    for (target, names, mut values) in each.await {
        for (place, name) in names {
            match name.and_then(|name| values.remove(&name)) {
                None | Some(Ok(None)) => drop(goals.insert(place.clone(), None)),
                Some(Ok(Some(value))) => drop(goals.insert(place.clone(), only(&value))),
                Some(Err(problem)) => {
                    let error = target.error(problem).await;
                    if !errors.contains(&error) {
                        errors.push(error);
                    }
                }
            }
        }
    }
    goals
}

/// The id in a value, if it is one.
fn only(value: &str) -> Option<ImageId> {
    let ids: BTreeSet<ImageId> = image_ids(value).collect();
    ids.first().filter(|_| ids.len() == 1).cloned()
}

/// The images that aliases name and no account of the run owns, as far as they can be seen.
async fn unlisted(
    targets: &[Target],
    goals: &AliasGoals,
    images: &[Image],
    errors: &mut Vec<PlaceError>,
) -> Vec<Image> {
    let known: BTreeSet<&ImageId> = images.iter().map(|image| &image.id).collect();
    let each = concurrency::each(LOOKUPS, targets, |target| {
        let known = &known;
        async move {
            let account = target.account().await.ok().cloned();
            let here = goals.iter().filter(|((of, region, _), _)| *of == account && *region == target.region);
            let ids = here.filter_map(|(_, id)| id.clone()).filter(|id| !known.contains(id));
            let ids: Vec<ImageId> = BTreeSet::from_iter(ids).into_iter().collect();
            let found = if ids.is_empty() { Ok(Vec::new()) } else { images::visible_by_ids(target, &ids).await };
            (target, found)
        }
    });
    let mut found = Vec::new();
    for (target, answer) in each.await {
        match answer {
            Ok(images) => found.extend(images),
            Err(error) => errors.push(target.error(error.problem()).await),
        }
    }
    found
}

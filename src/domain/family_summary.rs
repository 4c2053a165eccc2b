//! Summaries of families: versions, newest image, use, aliases and cost in one account and region.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::cost::{Prices, snapshot_gib};
use super::family::ImageFamily;
use super::ids::{AccountId, ImageId};
use super::image::{Image, State};
use super::image_filter::Sort;
use super::order::newest_first;
use super::reference::alias_name;
use super::region::Region;
use super::usage::source::{Usage, UseVerdict};

/// The images of one family in one account and region.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilySummary {
    /// The family.
    pub family: String,
    /// The pattern that found it; `None` for names by amictl's rule.
    pub pattern: Option<String>,
    /// The region.
    pub region: Region,
    /// The account.
    pub owner: Option<AccountId>,
    /// The number of images, whatever their state.
    pub versions: usize,
    /// The number of images that can be launched.
    pub available: usize,
    /// The image that a launch of the family uses; `None` if none can be used.
    pub newest: Option<Newest>,
    /// The names of the aliases of its images; `None` if they were not read.
    pub aliases: Option<BTreeSet<String>>,
    /// The number of images in use; `None` if that was not read, or a source failed.
    pub in_use: Option<usize>,
    /// The number of revoked images.
    pub revoked: usize,
    /// The time at which the oldest was made.
    pub oldest_at: Option<DateTime<Utc>>,
    /// The size of its snapshots in GiB, each counted once.
    pub size_gib: i64,
    /// The monthly cost of these snapshots in US dollars, at most.
    pub monthly_cost: f64,
}

/// The newest image of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: Option<String>,
    /// The time at which it was made.
    pub created_at: Option<DateTime<Utc>>,
}

/// The use of images by account and region; empty if it was not read.
pub type UseOfPlaces = BTreeMap<(Option<AccountId>, Region), Usage>;

/// The summary of each family, by name. Images without a family are left out.
pub fn summarize(images: &[&Image], used: &UseOfPlaces, prices: Prices, now: DateTime<Utc>) -> Vec<FamilySummary> {
    let mut families: BTreeMap<(ImageFamily<'_>, _, _), Vec<&Image>> = BTreeMap::new();
    for image in images {
        if let Some(family) = image.family() {
            families.entry((family, image.owner.as_ref(), &image.region)).or_default().push(image);
        }
    }
    let summary =
        |((family, owner, region), members): ((ImageFamily<'_>, Option<&AccountId>, &Region), Vec<&Image>)| {
            let usage = used.get(&(owner.cloned(), region.clone()));
            let newest = members.iter().filter(|image| image.usable(now)).min_by(|a, b| newest_first(a, b));
            let size_gib = snapshot_gib(members.iter().copied());
            FamilySummary {
                family: family.word.to_owned(),
                pattern: family.pattern.map(str::to_owned),
                region: region.clone(),
                owner: owner.cloned(),
                versions: members.len(),
                available: members.iter().filter(|image| image.state == State::Available).count(),
                newest: newest.map(|image| Newest {
                    id: image.id.clone(),
                    name: image.name.clone(),
                    created_at: image.created_at,
                }),
                aliases: usage.and_then(|usage| aliases(family, &members, usage)),
                in_use: usage.and_then(|usage| in_use(&members, usage)),
                revoked: members.iter().filter(|image| image.revoked()).count(),
                oldest_at: members.iter().filter_map(|image| image.created_at).min(),
                size_gib,
                monthly_cost: prices.monthly([(region, size_gib)]),
            }
        };
    families.into_iter().map(summary).collect()
}

fn aliases(family: ImageFamily<'_>, members: &[&Image], usage: &Usage) -> Option<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for image in members {
        names.extend(usage.aliases(&image.id)?.into_iter().map(|parameter| alias_name(parameter, Some(family.word))));
    }
    Some(names)
}

/// The number of images in use; `None` if it is unknown for one of them.
fn in_use(members: &[&Image], usage: &Usage) -> Option<usize> {
    let mut count = 0;
    for image in members {
        match usage.verdict(&image.id) {
            UseVerdict::InUse(_) => count += 1,
            UseVerdict::Unused => {}
            UseVerdict::Unverified(_) => return None,
        }
    }
    Some(count)
}

/// Sorts families: by name, newest image, number of versions or size.
pub fn arrange(families: &mut [FamilySummary], sort: Sort) {
    match sort {
        Sort::Newest | Sort::Name => {}
        Sort::Created => {
            families.sort_by_key(|family| std::cmp::Reverse(family.newest.as_ref().map(|newest| newest.created_at)));
        }
        Sort::Version => families.sort_by_key(|family| std::cmp::Reverse(family.versions)),
        Sort::Size => families.sort_by_key(|family| std::cmp::Reverse(family.size_gib)),
    }
}

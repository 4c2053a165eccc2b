//! The image of each place: the named one, its copy there, or one that is shared with the account.

use std::collections::BTreeMap;

use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State};
use crate::domain::lineage::{Sight, origin};
use crate::domain::region::Region;
use crate::service::client::error::ApiError;
use crate::service::images::{self, FILTER_VALUES, Query};
use crate::service::{Target, images::by_id};
use crate::workflows::lineage::{self, LineageRoot};
use crate::workflows::run::concurrency::{self, LOOKUPS, PLACES};
use crate::workflows::run::context::Context;

/// Ancestors that are followed; EC2 itself tells of 50.
const ANCESTORS: usize = 50;

/// What was found in the places of a run.
pub struct CopiesByPlace {
    /// The image of each place, in the order of the places; `None` where there is none.
    pub images: Vec<Result<Option<Image>, ApiError>>,
    /// The named image, its ancestors and its copies, each with a place that sees it.
    pub tree: Vec<(Target, Image)>,
    /// The named image, as its owner sees it, if that account is among the places.
    pub named: (Target, Image),
}

/// Finds the image of each of these places. Copies are looked for `elsewhere` too: accounts may launch what is shared.
pub async fn find(
    context: &Context,
    named: &(Target, Image),
    targets: &[Target],
    elsewhere: &[Target],
) -> CopiesByPlace {
    let mut search = Search::new(context, named, targets, elsewhere).await;
    search.descend().await;
    let (search, chosen) = (&search, 0..targets.len());
    let each = concurrency::each(PLACES, chosen, |at| async move { search.choose(at).await });
    let images = each.await;
    CopiesByPlace { images, tree: search.tree.clone(), named: search.named.clone() }
}

struct Search<'a> {
    context: &'a Context,
    named: (Target, Image),
    /// The places of the run, then the others.
    places: Vec<Target>,
    /// How many of them belong to the run.
    wanted: usize,
    /// The images found in each of them, as its account sees them.
    own: Vec<Result<Vec<Image>, ApiError>>,
    /// All images of the tree, also those that are gone.
    known: BTreeMap<ImageId, Region>,
    tree: Vec<(Target, Image)>,
}

impl<'a> Search<'a> {
    /// The search from the named image and the images it was copied from.
    async fn new(context: &'a Context, named: &(Target, Image), targets: &[Target], elsewhere: &[Target]) -> Self {
        let places: Vec<_> = targets.iter().chain(elsewhere).cloned().collect();
        let own = concurrency::each(PLACES, &places, |target| owned(context, target, named)).await;
        // Only the owner sees its tags, and can share and copy it.
        let found =
            places.iter().zip(&own).find_map(|(place, own)| Some((place.clone(), own.as_ref().ok()?.first()?.clone())));
        let named = found.filter(|_| !named.1.own).unwrap_or_else(|| named.clone());
        let image = named.1.clone();
        let known = BTreeMap::from([(image.id.clone(), image.region.clone())]);
        let tree = vec![named.clone()];
        let mut search = Self { context, named, wanted: targets.len(), places, own, known, tree };
        search.ascend(&image).await;
        search
    }

    /// Adds the ancestors of an image. The last one that is known may be gone, and still names its copies.
    async fn ascend(&mut self, from: &Image) {
        let mut at = from.clone();
        for _ in 0..ANCESTORS {
            let Some((of, region)) = origin(&at).and_then(|origin| Some((origin.clone(), origin.region?))) else {
                return;
            };
            if self.known.insert(of.id.clone(), region.clone()).is_some() {
                return;
            }
            let accounts = one_of_each_account(&self.places);
            let (of, region) = (&of, &region);
            let looks = concurrency::each(LOOKUPS, accounts, |account: Target| async move {
                let seen = lineage::source(&account, of).await;
                (account.in_region(region), seen)
            });
            let seen = looks.await.into_iter().find_map(|(place, seen)| match seen {
                Ok(Sight::Seen(image)) => Some((place, *image)),
                Ok(Sight::Missing | Sight::Unknown) | Err(_) => None,
            });
            let Some((place, image)) = seen else { return };
            at = image.clone();
            self.tree.push((place, image));
        }
    }

    /// Adds copies, and copies of those, until each place has one that can be launched.
    async fn descend(&mut self) {
        let mut newest: Vec<LineageRoot> = self.known.clone().into_iter().collect();
        while !newest.is_empty() && (0..self.wanted).any(|at| self.lacks(at)) {
            let open = (0..self.places.len()).filter(|at| self.lacks(*at));
            let (places, sources) = (&self.places, &newest);
            let look = |at: usize| async move { (at, lineage::made_from(&places[at], sources).await) };
            let answers = concurrency::each(PLACES, open, look).await;
            newest = Vec::new();
            for (at, answer) in answers {
                match answer {
                    Ok(found) => newest.extend(self.add(at, found)),
                    Err(error) => self.own[at] = Err(error),
                }
            }
        }
    }

    /// Adds the copies among the images that were found in a place; returns those not known before.
    fn add(&mut self, at: usize, found: Vec<Image>) -> Vec<LineageRoot> {
        let mut new = Vec::new();
        let Ok(here) = &mut self.own[at] else { return new };
        for mut image in found {
            let of_known = origin(&image).is_some_and(|of| {
                let region = self.known.get(&of.id);
                region.is_some_and(|region| of.is(&of.id, region))
            });
            if !of_known || is_dead(&image) || here.iter().any(|known| known.id == image.id) {
                continue;
            }
            image.group_by(&self.context.families);
            if !self.known.contains_key(&image.id) {
                self.known.insert(image.id.clone(), image.region.clone());
                self.tree.push((self.places[at].clone(), image.clone()));
                new.push((image.id.clone(), image.region.clone()));
            }
            here.push(image);
        }
        new
    }

    /// Whether a place can be read and has no image yet that can be launched.
    fn lacks(&self, at: usize) -> bool {
        let now = self.context.now;
        self.own[at].as_ref().is_ok_and(|images| !images.iter().any(|image| image.usable(now)))
    }

    /// The image of a place: the named one where it is the account's own, whatever its state; the newest own copy; one
    /// that is shared with the account.
    async fn choose(&self, at: usize) -> Result<Option<Image>, ApiError> {
        let own = self.own[at].clone()?;
        match self.named_in(&own).cloned().or_else(|| newest(self.context, own)) {
            Some(image) => Ok(Some(image)),
            None => self.shared(&self.places[at]).await,
        }
    }

    fn named_in<'i>(&self, images: &'i [Image]) -> Option<&'i Image> {
        images.iter().find(|image| image.id == self.named.1.id)
    }

    /// The named image where it is shared with the account of a place, else the newest one of the tree that is.
    async fn shared(&self, place: &Target) -> Result<Option<Image>, ApiError> {
        let here = self.known.iter().filter(|(_, region)| **region == place.region).map(|(id, _)| id);
        let mut found = Vec::new();
        for seen in concurrency::each(LOOKUPS, here, |id| by_id(place, id)).await {
            found.extend(seen?);
        }
        if found.is_empty() {
            // A copy by an account that is not part of the run.
            let ids = self.known.keys().take(FILTER_VALUES).map(ToString::to_string).collect();
            let query = Query { executable_by: Some("self"), deprecated: true, ..Query::default() };
            let given = images::find(place, &query.filter("source-image-id", ids)).await?;
            found.extend(given.into_iter().filter(|image| {
                let region = origin(image).and_then(|of| self.known.get(&of.id).map(|region| of.is(&of.id, region)));
                region.unwrap_or(false)
            }));
        }
        found.retain(|image| !is_dead(image));
        let shared = self.named_in(&found).cloned().or_else(|| newest(self.context, found));
        Ok(shared.map(|image| self.with_the_owner_s_tags(image)))
    }

    /// EC2 shows tags, and so the mark of a revoked image, to the owner only.
    fn with_the_owner_s_tags(&self, mut image: Image) -> Image {
        let owner = self.tree.iter().map(|(_, known)| known).find(|known| known.own && known.id == image.id);
        if let Some(owner) = owner.filter(|_| !image.own) {
            image.tags.clone_from(&owner.tags);
        }
        image.group_by(&self.context.families);
        image
    }
}

/// The named image in its own region, where the account of the place owns it: no copy there takes its place.
async fn owned(context: &Context, target: &Target, (place, image): &(Target, Image)) -> Result<Vec<Image>, ApiError> {
    if target.region != image.region {
        return Ok(Vec::new());
    }
    if target.is(place) && image.own {
        return Ok(vec![image.clone()]);
    }
    if image.owner.as_ref() != Some(target.account().await?) {
        return Ok(Vec::new());
    }
    let mut found = by_id(target, &image.id).await?;
    found.iter_mut().for_each(|image| image.group_by(&context.families));
    Ok(found.into_iter().collect())
}

/// The newest image that can be launched, else the newest.
fn newest(context: &Context, images: Vec<Image>) -> Option<Image> {
    images.into_iter().max_by_key(|image| (image.usable(context.now), image.created_at, image.id.clone()))
}

/// Whether it is no copy, but what is left of a failed one, or a deregistered one.
fn is_dead(image: &Image) -> bool {
    match image.state {
        State::Failed | State::Error | State::Invalid | State::Deregistered => true,
        State::Pending | State::Available | State::Transient | State::Disabled | State::Unknown(_) => false,
    }
}

pub(super) fn one_of_each_account(places: &[Target]) -> Vec<Target> {
    let mut accounts: Vec<Target> = Vec::new();
    for place in places {
        if !accounts.iter().any(|known| known.same_account(place)) {
            accounts.push(place.clone());
        }
    }
    accounts
}

//! Verdicts of boot tests along the lineage, read with the credentials of the images' owners.

use std::collections::BTreeMap;

use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::lineage::{Origin, Sight};
use crate::domain::problem::Problem;
use crate::domain::standing::{OwnerViews, Standing};
use crate::service::Target;
use crate::workflows::lineage;
use crate::workflows::run::concurrency::{self, LOOKUPS};

/// What was found of verdicts.
pub struct Verdicts {
    /// The standing of each image, in the order of the images.
    pub standings: Vec<Standing>,
    /// A place of the owner of each image that was read.
    pub owners: BTreeMap<ImageId, Target>,
}

/// The verdicts that these images stand on. `known` are images that were read already, and `accounts` one place of each
/// account that is asked for others.
pub async fn of(images: &[&Image], known: &[(Target, Image)], accounts: &[Target]) -> Verdicts {
    let own = || known.iter().filter(|(_, image)| image.own);
    let mut views: OwnerViews = own().map(|(_, image)| (image.id.clone(), Ok(image.clone()))).collect();
    let mut owners: BTreeMap<_, _> = own().map(|(target, image)| (image.id.clone(), target.clone())).collect();
    loop {
        let asked = images.iter().filter_map(|image| Standing::of(image, &views).err());
        let open: BTreeMap<ImageId, Origin> = asked.map(|origin| (origin.id.clone(), origin)).collect();
        if open.is_empty() {
            break;
        }
        let looks = concurrency::each(LOOKUPS, open, |(id, origin)| async move {
            let seen = owner_s_view(&origin, accounts).await;
            (id, seen)
        });
        for (id, seen) in looks.await {
            match seen {
                Ok((target, image)) => {
                    owners.insert(id.clone(), target);
                    views.insert(id, Ok(image));
                }
                Err(problem) => {
                    views.insert(id, Err(problem));
                }
            }
        }
    }
    let standings = images.iter().filter_map(|image| Standing::of(image, &views).ok()).collect();
    Verdicts { standings, owners }
}

/// An image as the account sees it that owns it.
async fn owner_s_view(origin: &Origin, accounts: &[Target]) -> Result<(Target, Image), Problem> {
    let problem = |code: &str, message: String| Problem { code: code.to_owned(), message };
    let Some(region) = &origin.region else {
        let message = format!("{} is its source, and EC2 does not say in which region", origin.id);
        return Err(problem("NoRegion", message));
    };
    let looks = concurrency::each(LOOKUPS, accounts, |account: &Target| async move {
        let place = account.in_region(region);
        let seen = lineage::source(&place, origin).await;
        (place, seen)
    });
    let (mut failed, mut foreign) = (None, None);
    for (place, seen) in looks.await {
        match seen {
            Ok(Sight::Seen(image)) if image.own => return Ok((place, *image)),
            Ok(Sight::Seen(image)) => foreign = Some(image),
            Ok(Sight::Missing | Sight::Unknown) => {}
            Err(error) => failed = failed.or(Some((place, error))),
        }
    }
    Err(match (failed, foreign) {
        (Some((place, error)), _) => {
            let place = place.place().await;
            problem(&error.code, format!("{} in {place} could not be read: {}", origin.id, error.message))
        }
        (None, Some(image)) => {
            let owner = image.owner.as_ref().map_or_else(|| "another account".to_owned(), |id| format!("account {id}"));
            let message = format!(
                "{} belongs to {owner}, and EC2 shows its tags to the owner only: give a role of that account",
                image.label()
            );
            problem("NotOwned", message)
        }
        (None, None) => {
            let message = format!("{} in {region} is gone, or not shared with these accounts", origin.id);
            problem("SourceGone", message)
        }
    })
}

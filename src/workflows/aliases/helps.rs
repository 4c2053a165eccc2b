//! Command lines that bring an image to places that have none.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::command_line::amictl;
use crate::domain::ids::{AccountId, ImageId};
use crate::domain::image::Image;
use crate::domain::region::Region;
use crate::service::Target;

/// The lines for these places, one for several places where one will do.
pub async fn lines(named: &(Target, Image), tree: &[(Target, Image)], lacking: &[Target]) -> Vec<String> {
    let mut lines = Lines::default();
    for place in lacking {
        let Ok(account) = place.account().await.cloned() else { continue };
        lines.add(named, tree, place, &account).await;
    }
    lines.said(named)
}

/// What is to be done, with equal things together.
#[derive(Default)]
struct Lines {
    /// Images to share, by id and the options of the owner's place.
    shares: BTreeMap<(ImageId, String), BTreeSet<AccountId>>,
    /// Regions to copy to, by the options of the account that copies for itself.
    copies: BTreeMap<String, BTreeSet<Region>>,
    /// Accounts to share the owner's new copy with, by region.
    copies_for: BTreeMap<Region, BTreeSet<AccountId>>,
}

impl Lines {
    async fn add(&mut self, named: &(Target, Image), tree: &[(Target, Image)], place: &Target, account: &AccountId) {
        let (root, image) = named;
        let near = |(_, known): &&(Target, Image)| known.own && known.region == place.region;
        if let Some((owner, known)) = tree.iter().find(near) {
            self.shares.entry((known.id.clone(), owner.options())).or_default().insert(account.clone());
        } else if !image.own && image.region == place.region {
            // Nobody of this run can share it.
            let options = format!("--region {}", place.region);
            self.shares.entry((image.id.clone(), options)).or_default().insert(account.clone());
        } else if image.own && root.account().await.ok() != Some(account) {
            self.copies_for.entry(place.region.clone()).or_default().insert(account.clone());
        } else {
            let options = if image.own { root.options() } else { place.in_region(&image.region).options() };
            self.copies.entry(options).or_default().insert(place.region.clone());
        }
    }

    fn said(self, (root, image): &(Target, Image)) -> Vec<String> {
        let with =
            |accounts: &BTreeSet<AccountId>| accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(",");
        let to = |regions: &BTreeSet<Region>| regions.iter().map(Region::as_str).collect::<Vec<_>>().join(",");
        let mut lines = Vec::new();
        for ((id, options), accounts) in &self.shares {
            lines.push(amictl("share").word(id).word("--with").word(with(accounts)).options(options).to_string());
        }
        for (options, regions) in &self.copies {
            lines.push(amictl("copy").word(&image.id).word("--to").word(to(regions)).options(options).to_string());
        }
        let mut regions_of: BTreeMap<BTreeSet<AccountId>, BTreeSet<Region>> = BTreeMap::new();
        for (region, accounts) in self.copies_for {
            regions_of.entry(accounts).or_default().insert(region);
        }
        for (accounts, regions) in regions_of {
            let line = amictl("copy").word(&image.id).word("--to").word(to(&regions)).word("--share-with");
            lines.push(line.word(with(&accounts)).options(root.options()).to_string());
        }
        lines
    }
}

//! The images that each account may launch from other accounts of a region.
//!
//! Built from what is known without asking EC2: tags, states and owners.

use std::collections::{BTreeSet, HashMap};

use super::ids::{AccountId, ImageId};
use super::image::{Image, State};
use super::permissions::principal::Principal;
use super::permissions::recorded::before_disabling;

/// Images of one region by the accounts that may launch them. Numbers stand for places.
#[derive(Debug, Default)]
pub struct Launchable<'a> {
    all: Vec<(usize, &'a ImageId)>,
    owners: HashMap<&'a ImageId, usize>,
    /// Public images, and disabled ones whose former permissions are unknown or include an organization: its members
    /// are not known here.
    by_anybody: Vec<(usize, &'a ImageId)>,
    /// Images that an account could launch before they were disabled: EC2 now shows them to their owner only.
    before: HashMap<AccountId, Vec<(usize, &'a ImageId)>>,
    /// The others. EC2 shows them to the accounts they are shared with.
    hidden: Vec<(usize, &'a ImageId)>,
}

impl<'a> Launchable<'a> {
    /// Adds an image of a place.
    pub fn add(&mut self, place: usize, image: &'a Image) {
        let entry = (place, &image.id);
        self.all.push(entry);
        self.owners.insert(&image.id, place);
        if image.state != State::Disabled {
            let list = if image.public { &mut self.by_anybody } else { &mut self.hidden };
            return list.push(entry);
        }
        let account = |with: &Principal| match with {
            Principal::Account(account) => Some(account.clone()),
            Principal::Everybody | Principal::Organization(_) | Principal::Unit(_) => None,
        };
        // A principal that is not an account may include any account, and so may an unknown one.
        let accounts: Option<Vec<_>> = before_disabling(image).and_then(|before| before.iter().map(account).collect());
        match accounts {
            None => self.by_anybody.push(entry),
            Some(accounts) => accounts.into_iter().for_each(|id| self.before.entry(id).or_default().push(entry)),
        }
    }

    /// The images of other places.
    pub fn others(&self, place: usize) -> impl Iterator<Item = &'a ImageId> {
        self.all.iter().filter(move |(owner, _)| *owner != place).map(|(_, image)| *image)
    }

    /// Whether the image belongs to another place.
    pub fn is_of_others(&self, place: usize, image: &ImageId) -> bool {
        self.owners.get(image).is_some_and(|owner| *owner != place)
    }

    /// The images of other places that this account is known to be allowed to launch, now or before they were disabled.
    pub fn known(&self, place: usize, account: Option<&AccountId>) -> BTreeSet<ImageId> {
        let before: Vec<_> = match account {
            Some(account) => self.before.get(account).into_iter().flatten().collect(),
            None => self.before.values().flatten().collect(),
        };
        let others = self.by_anybody.iter().chain(before).filter(|(owner, _)| *owner != place);
        others.map(|(_, image)| (*image).clone()).collect()
    }

    /// The images of other places for which EC2 tells each account whether they are shared with it.
    pub fn hidden(&self, place: usize) -> impl Iterator<Item = &'a ImageId> {
        self.hidden.iter().filter(move |(owner, _)| *owner != place).map(|(_, image)| *image)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::image::testing::image;
    use super::*;
    use crate::domain::tags::SHARES;
    use crate::domain::usage::accounts::may_launch;

    const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-abcdefghij";

    fn account(number: usize) -> AccountId {
        format!("{number:012}").parse().unwrap()
    }

    /// An image by what is drawn for it: whether it is disabled and public, and what its tag says.
    fn drawn(number: u32, disabled: bool, public: bool, shares: Option<&str>) -> Image {
        let mut image = image(number, "web-v1-2026-01-01");
        image.public = public && !disabled;
        if disabled {
            image.state = State::Disabled;
        }
        if let Some(shares) = shares {
            image.tags.insert(SHARES.to_owned(), shares.to_owned());
        }
        image
    }

    /// The reference for a single image: whether the account may launch it.
    fn may(image: &Image, account: Option<&AccountId>) -> bool {
        match before_disabling(image) {
            None => true,
            Some(before) => image.public || may_launch(&before, account),
        }
    }

    proptest! {
        #[test]
        fn nothing_that_an_account_may_launch_is_left_out(
            all in proptest::collection::vec((0..4usize, any::<bool>(), any::<bool>(), 0..6usize), 0..40),
            known in any::<bool>(),
        ) {
            let tags = [None, Some(""), Some("000000000001"), Some("000000000000 000000000002"), Some(ORGANIZATION), Some("?")];
            let images: Vec<_> = (0_u32..)
                .zip(&all)
                .map(|(n, (owner, disabled, public, tag))| (*owner, drawn(n, *disabled, *public, tags[*tag])))
                .collect();
            let mut launchable = Launchable::default();
            images.iter().for_each(|(owner, image)| launchable.add(*owner, image));
            for place in 0..4 {
                let account = known.then(|| account(place));
                let others = || images.iter().filter(|(owner, _)| *owner != place).map(|(_, image)| image);
                prop_assert_eq!(launchable.others(place).count(), others().count());
                prop_assert!(images.iter().all(|(owner, image)| launchable.is_of_others(place, &image.id) == (*owner != place)));
                let expected: BTreeSet<_> =
                    others().filter(|image| may(image, account.as_ref())).map(|image| image.id.clone()).collect();
                prop_assert_eq!(launchable.known(place, account.as_ref()), expected);
                let hidden: BTreeSet<_> = launchable.hidden(place).collect();
                let shown = |image: &&Image| !image.public && image.state != State::Disabled;
                prop_assert_eq!(hidden, others().filter(shown).map(|image| &image.id).collect::<BTreeSet<_>>());
            }
        }
    }
}

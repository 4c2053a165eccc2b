//! Use across accounts: references by other accounts, and the doubt that unreadable accounts leave.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Reference, Source, SourceState, SourceStatus, Usage};
use crate::domain::ids::{AccountId, ImageId};
use crate::domain::image::Image;
use crate::domain::permissions::principal::Principal;
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::domain::tags::SHARES;

/// An account that could not be read, in one region or in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadAccount {
    /// The account, where known.
    pub account: Option<AccountId>,
    /// The region; none for all.
    pub region: Option<Region>,
    /// Why not.
    pub problem: Problem,
}

/// The use of other accounts' images by an account, as references of the source `accounts`.
pub fn elsewhere(of_others: impl Fn(&ImageId) -> bool, account: &str, usage: &Usage) -> Vec<(ImageId, Reference)> {
    let mut found = Vec::new();
    for (image, references) in usage.by_image().filter(|(image, _)| of_others(image)) {
        let searched = |reference: &&Reference| reference.source == Source::ImageReferences;
        let read = references.iter().filter(|reference| !searched(reference));
        let known: BTreeSet<_> = read.map(|reference| (reference.kind, &reference.id)).collect();
        let of_the_account = references.iter().filter(|reference| match reference.source {
            // A file is the same in every account.
            Source::Files => false,
            // References that EC2 reports add nothing to those read with more detail.
            Source::ImageReferences => !known.contains(&(reference.kind, &reference.id)),
            _ => true,
        });
        found.extend(of_the_account.map(|reference| (image.clone(), seen_from_outside(account, reference))));
    }
    found
}

/// A reference as the owner of the image sees it.
pub fn seen_from_outside(account: &str, reference: &Reference) -> Reference {
    let detail = match reference.detail == reference.id || reference.source == Source::ImageReferences {
        true => format!("account {account}"),
        false => format!("account {account}: {}", reference.detail),
    };
    Reference { source: Source::Accounts, kind: reference.kind, id: reference.id.clone(), detail }
}

/// The account that names an image of another one by this reference, if nothing more is said of it: an alias of its own
/// that names the image now.
pub fn outside_account(reference: &Reference) -> Option<&str> {
    let account = reference.detail.strip_prefix("account ").filter(|_| reference.source == Source::Accounts)?;
    account.bytes().all(|byte| byte.is_ascii_digit()).then_some(account)
}

/// Whether an account may launch an image shared with these principals. An organization counts as yes, as its members
/// are not known here.
pub fn may_launch(shares: &BTreeSet<Principal>, account: Option<&AccountId>) -> bool {
    shares.iter().any(|with| match with {
        Principal::Account(id) => account.is_none_or(|account| account == id),
        Principal::Everybody | Principal::Organization(_) | Principal::Unit(_) => true,
    })
}

/// The state of the source `accounts`: failed if it leaves doubt about an image.
pub fn state(
    account: Option<AccountId>,
    region: &Region,
    read: usize,
    doubts: &BTreeMap<ImageId, Problem>,
) -> SourceState {
    let status = match doubts.values().next() {
        None => SourceStatus::Ok { read },
        Some(problem) => SourceStatus::Failed(problem.clone()),
    };
    SourceState { account, region: region.clone(), source: Source::Accounts, status }
}

/// The code of an organization's member account that is not active.
pub const NOT_ACTIVE: &str = "AccountNotActive";

/// The problem of an inactive member account, and the way out.
pub fn inactive(state: &str) -> Problem {
    let message = format!(
        "the account is {state} in its organization, and may use images once it is active again; name the accounts \
         with --role-arn and leave it out, or skip use by other accounts with --without-source {}",
        Source::Accounts
    );
    Problem { code: NOT_ACTIVE.to_owned(), message }
}

impl UnreadAccount {
    /// Whether it is another account than this one and may use images of this region.
    pub fn concerns(&self, account: Option<&AccountId>, region: &Region) -> bool {
        let other = self.account.is_none() || self.account.as_ref() != account;
        other && self.region.as_ref().is_none_or(|own| own == region)
    }

    /// The doubt about an image that the account may use.
    pub fn doubt(&self) -> Problem {
        let account = self.account.as_ref().map_or("another account".to_owned(), |id| format!("account {id}"));
        let message = format!("shared with {account}, which could not be read: {}", self.problem.message);
        Problem { message, code: self.problem.code.clone() }
    }

    /// The doubt about an image with unknown permissions: a disabled one without the tag, or one of another account.
    pub fn doubt_of(&self, image: &Image) -> Problem {
        let account = self.account.as_ref().map_or("another account".to_owned(), |id| format!("account {id}"));
        let why = match image.own {
            true => format!("it is disabled, and no tag {SHARES} says who it was shared with"),
            false => "only its owner knows who it is shared with".to_owned(),
        };
        let message = format!("{why}; {account} could not be read: {}", self.problem.message);
        Problem { message, code: self.problem.code.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> ImageId {
        format!("ami-{number:08x}").parse().unwrap()
    }

    fn account(number: u64) -> AccountId {
        format!("{number:012}").parse().unwrap()
    }

    fn reference(source: Source, kind: &'static str, id: &str, detail: &str) -> Reference {
        Reference { source, kind, id: id.into(), detail: detail.into() }
    }

    #[test]
    fn use_by_others_is_use_and_names_the_account() {
        let mut usage = Usage::default();
        usage.add(id(1), reference(Source::Instances, "instance", "i-1", "running"));
        usage.add(id(1), reference(Source::ImageReferences, "instance", "i-1", "arn:aws:ec2:us-east-1:2:instance/i-1"));
        usage.add(id(1), reference(Source::SsmParameters, "alias", "/amictl/web/prod", "/amictl/web/prod"));
        usage.add(id(1), reference(Source::Files, "file", "main.tf:1", "main.tf:1"));
        usage.add(id(2), reference(Source::Instances, "instance", "i-2", "running"));
        let found = elsewhere(|image| *image == id(1), "222222222222", &usage);
        let words: BTreeSet<_> = found.iter().map(|(_, r)| (r.kind, r.detail.as_str())).collect();
        let expected = [("alias", "account 222222222222"), ("instance", "account 222222222222: running")];
        assert_eq!(words, BTreeSet::from(expected));
        assert!(found.iter().all(|(image, r)| *image == id(1) && r.source == Source::Accounts));
        let whose: Vec<_> = found.iter().map(|(_, r)| (r.kind, outside_account(r))).collect();
        assert!(whose.contains(&("alias", Some("222222222222"))) && whose.contains(&("instance", None)), "{whose:?}");
    }

    #[test]
    fn who_may_launch_an_image() {
        let with = |texts: &[&str]| texts.iter().map(|text| Principal::read(text).unwrap()).collect::<BTreeSet<_>>();
        let unit = "arn:aws:organizations::111111111111:ou/o-abcdefghij/ou-ab12-cdefgh34";
        assert!(!may_launch(&with(&[]), Some(&account(1))) && !may_launch(&with(&[]), None));
        assert!(may_launch(&with(&["000000000001"]), Some(&account(1))));
        assert!(!may_launch(&with(&["000000000001"]), Some(&account(2))));
        assert!(may_launch(&with(&["000000000001"]), None), "it may be that one");
        assert!(may_launch(&with(&["all"]), Some(&account(2))) && may_launch(&with(&[unit]), Some(&account(2))));
    }

    #[test]
    fn an_account_concerns_the_others_where_it_was_not_read() {
        let (east, west): (Region, Region) = ("us-east-1".parse().unwrap(), "us-west-2".parse().unwrap());
        let problem = Problem { code: "AccessDenied".into(), message: "no".into() };
        let mut unread = UnreadAccount { account: Some(account(2)), region: Some(east.clone()), problem };
        assert!(unread.concerns(Some(&account(1)), &east) && !unread.concerns(Some(&account(1)), &west));
        assert!(!unread.concerns(Some(&account(2)), &east));
        unread.region = None;
        assert!(unread.concerns(Some(&account(1)), &west) && unread.concerns(None, &west));
        unread.account = None;
        assert!(unread.concerns(None, &west), "who it is is not known, so it may be another one");
    }
}

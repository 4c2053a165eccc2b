//! KMS keys, as far as images need them: names, permissions, the key that encrypts by default.

mod describe;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::ids::derived;
use super::request::Request;
use super::services::Operation;
use super::world::World;

/// Key operations.
pub const OPERATIONS: &[Operation] =
    &[Operation { name: "DescribeKey", params: &["GrantTokens", "KeyId"], run: describe::run }];

/// A key that somebody made.
#[derive(Clone, Debug)]
pub struct KmsKey {
    /// `Enabled`, `Disabled` or `PendingDeletion`.
    pub state: String,
    /// Other accounts that its policy lets use it.
    pub shared: BTreeSet<String>,
    /// When it was made.
    pub created: DateTime<Utc>,
}

impl World {
    /// Makes a key in a region, with an alias such as `alias/images`; gives its ARN.
    pub fn add_kms_key(&mut self, account: &str, region: &str, alias: &str) -> String {
        assert!(!alias.starts_with("alias/aws/"), "{alias} is made by AWS");
        let arn = key_arn(account, region, alias);
        self.kms_aliases.insert(format!("arn:aws:kms:{region}:{account}:{alias}"), arn.clone());
        let key = KmsKey { state: "Enabled".to_owned(), shared: BTreeSet::new(), created: self.now() };
        self.kms_keys.insert(arn.clone(), key);
        arn
    }

    /// Lets another account use a key.
    pub fn share_kms_key(&mut self, arn: &str, account: &str) {
        self.kms_key(arn).shared.insert(account.to_owned());
    }

    /// Makes a key `Enabled`, `Disabled` or `PendingDeletion`.
    pub fn set_kms_key_state(&mut self, arn: &str, state: &str) {
        assert!(["Enabled", "Disabled", "PendingDeletion"].contains(&state), "a key is never {state}");
        state.clone_into(&mut self.kms_key(arn).state);
    }

    /// Makes a key of `add_kms_key` the one that encrypts volumes and copies by default, instead of `aws/ebs`.
    pub fn set_ebs_default_key(&mut self, account: &str, region: &str, arn: &str) {
        assert!(self.kms_keys.contains_key(arn), "there is no key {arn}");
        self.ebs_default_keys.insert((account.to_owned(), region.to_owned()), arn.to_owned());
    }

    fn kms_key(&mut self, arn: &str) -> &mut KmsKey {
        self.kms_keys.get_mut(arn).unwrap_or_else(|| panic!("there is no key {arn}"))
    }

    /// The key a name stands for in an account and region: ARN, id or alias. It may be another account's.
    pub(super) fn find_key(&self, account: &str, region: &str, name: &str) -> Option<String> {
        let prefix = format!("arn:aws:kms:{region}:{account}");
        let full = match name {
            _ if name.starts_with("arn:") => name.to_owned(),
            _ if name.starts_with("alias/") => format!("{prefix}:{name}"),
            _ => format!("{prefix}:key/{name}"),
        };
        let [_, _, "kms", place, owner, what] = full.split(':').collect::<Vec<_>>()[..] else { return None };
        let default = default_key(owner, place);
        if place != region || !self.accounts.contains(owner) {
            None
        } else if what == "alias/aws/ebs" || full == default {
            Some(default)
        } else if what.starts_with("alias/") {
            self.kms_aliases.get(&full).cloned()
        } else {
            self.kms_keys.contains_key(&full).then_some(full)
        }
    }

    /// Whether an account may encrypt and decrypt with a key, by ARN.
    pub(super) fn may_use_key(&self, account: &str, arn: &str) -> bool {
        if is_default_key(arn) {
            return owner(arn) == account;
        }
        self.kms_keys
            .get(arn)
            .is_some_and(|key| key.state == "Enabled" && (owner(arn) == account || key.shared.contains(account)))
    }

    /// The key that encrypts in an account and region when none is named.
    pub(super) fn ebs_default_key(&self, account: &str, region: &str) -> String {
        let set = self.ebs_default_keys.get(&(account.to_owned(), region.to_owned()));
        set.cloned().unwrap_or_else(|| default_key(account, region))
    }

    /// The key that encryption by default imposes where a request acts.
    pub(super) fn forced_key(&self, request: &Request) -> Option<String> {
        let place = (request.account.clone(), request.region.clone());
        let forced = self.encrypt_by_default.contains(&place);
        forced.then(|| self.ebs_default_key(&request.account, &request.region))
    }
}

/// The ARN of an account's `aws/ebs` key in a region.
pub fn default_key(account: &str, region: &str) -> String {
    key_arn(account, region, "alias/aws/ebs")
}

/// Whether a key is some account's `aws/ebs` key.
pub fn is_default_key(arn: &str) -> bool {
    match arn.split(':').collect::<Vec<_>>()[..] {
        [_, _, _, region, account, _] => arn == default_key(account, region),
        _ => false,
    }
}

/// The account in a key's ARN.
fn owner(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

fn key_arn(account: &str, region: &str, alias: &str) -> String {
    let hex = derived("k", &[account, region, alias]);
    let (left, right) = hex[3..].split_at(8);
    format!("arn:aws:kms:{region}:{account}:key/{left}-0000-4000-8000-0000{right}")
}

//! Obstacles to copying another account's image: the image, its snapshots or its key is not shared.

use std::collections::BTreeSet;

use super::principal::Principal;
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::{AccountId, SnapshotId};
use crate::domain::image::Image;

/// The actions that the policy of a key must allow to an account that copies or launches what the key encrypts.
pub const KEY_ACTIONS: &str =
    "kms:CreateGrant, kms:Decrypt, kms:DescribeKey, kms:GenerateDataKeyWithoutPlaintext and kms:ReEncrypt*";

/// The error code for an image whose snapshots are not shared.
pub const SNAPSHOT_NOT_SHARED: &str = "SnapshotNotShared";
/// The error code for a key that cannot be used.
pub const KEY_NOT_USABLE: &str = "KeyNotUsable";

/// The answer of permissions for one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// They name the account, or are public.
    Given,
    /// They name an organization, whose members are not known here.
    Unknown,
    /// They do not include the account.
    Withheld,
}

/// Whether these permissions include the account.
pub fn access(permissions: &BTreeSet<Principal>, account: &AccountId) -> Access {
    let named = |who: &Principal| match who {
        Principal::Everybody => true,
        Principal::Account(named) => named == account,
        Principal::Organization(_) | Principal::Unit(_) => false,
    };
    if permissions.iter().any(named) {
        Access::Given
    } else if permissions.iter().any(Principal::is_organization) {
        Access::Unknown
    } else {
        Access::Withheld
    }
}

/// Whether EC2's message says that the snapshots of an image may not be read. The code that comes with it is not
/// documented.
pub fn is_about_snapshots(message: &str) -> bool {
    message.contains("permission to access the storage")
}

/// Whether EC2's reason for a failure is a key: `Given key ID is not accessible. You must have DescribeKey …`,
/// `CustomerKeyHasBeenRevoked`. Some images fail over a key with only `Copy image failed with an internal error`.
pub fn is_about_keys(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    ["key id", "kms", "customerkey"].iter().any(|word| reason.contains(word))
}

/// The command line with which the owner lets an account copy an image; `options` select the owner's account.
pub fn let_copy(image: &str, account: &str, options: &str) -> String {
    amictl("share").word(image).options("--with").word(account).options("--copyable").options(options).to_string()
}

/// The failure for an existing image that the account may not launch.
pub fn image_not_shared(image: &Image, account: &AccountId, options: &str) -> Failure {
    let message = format!("{} in {} is not shared with account {account}", image.label(), image.region);
    let share = let_copy(image.id.as_str(), account.as_str(), options);
    Failure::new(Kind::Failed, "InvalidAMIID.NotFound", message).hint(format!("its owner shares it with: {share}"))
}

/// The failure for snapshots that the account may not read, though it may launch the image; `snapshots` is empty if it
/// is not known which.
pub fn snapshots_not_shared(
    image: &Image,
    snapshots: &[SnapshotId],
    account: &str,
    options: &str,
    said: Option<&str>,
) -> Failure {
    let which = match snapshots {
        [] => "its snapshots are".to_owned(),
        [one] => format!("{one} is"),
        [most @ .., last] => {
            let most: Vec<_> = most.iter().map(SnapshotId::as_str).collect();
            format!("{} and {last} are", most.join(", "))
        }
    };
    let said = said.map(|said| format!(": {said}")).unwrap_or_default();
    let message = format!(
        "{} in {} can be launched, but not copied: {which} not shared with account {account}{said}",
        image.label(),
        image.region
    );
    let share = let_copy(image.id.as_str(), account, options);
    Failure::new(Kind::Failed, SNAPSHOT_NOT_SHARED, message)
        .hint(format!("its owner shares them with: {share}; sharing with an organization does not do it"))
}

/// The hint to let a key be used, and to remove the copy that failed without it.
pub fn key_hint(account: &str, remove: &str) -> String {
    format!(
        "the key policy must allow {KEY_ACTIONS} to account {account}; remove the failed copy, which holds the name, \
         with: {remove}, then run the command again, or use another key"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::testing::image;

    const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-abcdefghij";

    fn of(texts: &[&str]) -> BTreeSet<Principal> {
        texts.iter().map(|text| Principal::read(text).unwrap()).collect()
    }

    #[test]
    fn an_organization_leaves_it_open_who_is_let_in() {
        let account: AccountId = "111111111111".parse().unwrap();
        for (permissions, expected) in [
            (of(&[]), Access::Withheld),
            (of(&["222222222222"]), Access::Withheld),
            (of(&["222222222222", "111111111111"]), Access::Given),
            (of(&["all"]), Access::Given),
            (of(&["222222222222", ORGANIZATION]), Access::Unknown),
            (of(&["111111111111", ORGANIZATION]), Access::Given),
        ] {
            assert_eq!(access(&permissions, &account), expected, "{permissions:?}");
        }
    }

    #[test]
    fn the_words_of_ec2_are_told_apart() {
        for reason in [
            "Client.InternalError: Given key ID is not accessible. You must have DescribeKey permissions on the default CMK.",
            "CustomerKeyHasBeenRevoked",
            "User is not authorized to perform: kms:CreateGrant",
        ] {
            assert!(is_about_keys(reason) && !is_about_snapshots(reason), "{reason}");
        }
        for reason in ["Copy image failed with an internal error", "Client.InstanceTerminated: x"] {
            assert!(!is_about_keys(reason), "{reason}");
        }
        assert!(is_about_snapshots("You do not have permission to access the storage of this ami"));
    }

    #[test]
    fn every_snapshot_is_named() {
        let web = image(1, "web-v1-2026-01-02");
        let ids: Vec<SnapshotId> = (1..=3).map(|n| format!("snap-0000000{n}").parse().unwrap()).collect();
        for (count, said) in [
            (0, "its snapshots are not shared with account 222222222222"),
            (1, "snap-00000001 is not shared"),
            (2, "snap-00000001 and snap-00000002 are not shared"),
            (3, "snap-00000001, snap-00000002 and snap-00000003 are not shared"),
        ] {
            let failure = snapshots_not_shared(&web, &ids[..count], "222222222222", "--region us-east-1", None);
            assert!(failure.message.contains(said), "{}", failure.message);
            let hint = failure.hint.unwrap();
            assert!(hint.contains("--with 222222222222 --copyable --region us-east-1"), "{hint}");
        }
    }
}

//! Access of accounts to an image, read from its owner before EC2 is asked to copy.

use std::collections::BTreeSet;

use anyhow::{Error, Result};

use super::job::CopySource;
use crate::domain::failure::Failure;
use crate::domain::ids::{AccountId, SnapshotId};
use crate::domain::image::Image;
use crate::domain::permissions::copy_access::{self, Access, access};
use crate::domain::permissions::principal::Principal;
use crate::service::Target;
use crate::service::client::error::ApiError;
use crate::service::permissions::{launch_permissions, volume_permissions};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;

/// The access of each account to an image whose owner can be entered. An account may have failed before.
pub async fn with_owner(
    context: &Context,
    owner: &Target,
    image: &Image,
    asked: Vec<(Target, Option<Error>)>,
) -> Result<Vec<CopySource>> {
    let each = concurrency::each(LOOKUPS, asked, |(target, failed)| async {
        let other = match failed {
            Some(error) => Err(error),
            None => other_than(owner, &target).await,
        };
        (target, other)
    });
    let each = each.await;
    let others = each.iter().any(|(_, other)| matches!(other, Ok(Some(_))));
    let given = if others { Some(Given::read(owner, image).await) } else { None };
    let sources = each.into_iter().map(|(target, other)| {
        let own = matches!(other, Ok(None));
        let image = Image { own, ..image.clone() };
        let refusal = match (other, &given) {
            (Err(error), _) => Some(error),
            (Ok(Some(account)), Some(given)) => given.refuses(context, owner, &image, &account).map(Error::from),
            (Ok(_), _) => None,
        };
        CopySource { target, image, owner: (!own).then(|| owner.clone()), refusal }
    });
    Ok(sources.collect())
}

/// The account of a target, unless it is the owner's.
async fn other_than(owner: &Target, target: &Target) -> Result<Option<AccountId>> {
    if target.same_account(owner) {
        return Ok(None);
    }
    let (ours, theirs) = (target.account().await?, owner.account().await?);
    Ok((ours != theirs).then(|| ours.clone()))
}

/// The permissions on an image and its snapshots, if they could be read.
struct Given {
    launch: Result<BTreeSet<Principal>, ApiError>,
    snapshots: Vec<(SnapshotId, Result<BTreeSet<Principal>, ApiError>)>,
}

impl Given {
    async fn read(owner: &Target, image: &Image) -> Self {
        let ids: BTreeSet<SnapshotId> = image.snapshots.iter().map(|snapshot| snapshot.id.clone()).collect();
        let each = concurrency::each(LOOKUPS, ids, |id| async move {
            let read = volume_permissions(owner, &id).await;
            (id, read)
        });
        let (launch, snapshots) = tokio::join!(launch_permissions(owner, &image.id), each);
        Self { launch, snapshots }
    }

    /// The failure for an image or snapshot that is not shared with the account, as EC2 would refuse it.
    fn refuses(&self, context: &Context, owner: &Target, image: &Image, account: &AccountId) -> Option<Failure> {
        let options = owner.options();
        match &self.launch {
            Ok(launch) if access(launch, account) == Access::Withheld => {
                return Some(copy_access::image_not_shared(image, account, &options));
            }
            Ok(_) => {}
            Err(error) => unknown(context, image.label(), account, error),
        }
        let mut withheld = Vec::new();
        for (id, permissions) in &self.snapshots {
            match permissions {
                Ok(permissions) if access(permissions, account) == Access::Given => {}
                Ok(_) => withheld.push(id.clone()),
                Err(error) => unknown(context, id, account, error),
            }
        }
        let refused = || copy_access::snapshots_not_shared(image, &withheld, account.as_str(), &options, None);
        (!withheld.is_empty()).then(refused)
    }
}

fn unknown(context: &Context, what: impl std::fmt::Display, account: &AccountId, error: &ApiError) {
    context.printer.say(format!("whether {what} is shared with account {account} is unknown: {error}"));
}

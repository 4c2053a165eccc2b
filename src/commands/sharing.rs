//! How permissions are given and taken, and what EC2 would refuse of it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::Context;
use super::changing;
use super::chosen::Chosen;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::SnapshotId;
use crate::domain::image::{Image, State};
use crate::domain::report::{Outcome, Problem, Status, Verb};
use crate::domain::sharing::Principal;
use crate::service::permissions::{self, Give, launch_permissions, volume_permissions};
use crate::service::{Target, keys, snapshots};

/// What is to be given or taken.
#[derive(Debug, Clone)]
pub struct Sharing {
    /// Given or taken.
    pub give: Give,
    /// To whom or from whom; nobody named stands for everybody who has any.
    pub who: BTreeSet<Principal>,
    /// Whether the permissions on the snapshots are meant too.
    pub snapshots: bool,
}

/// Refuses what EC2 would refuse, before anything is shared.
pub async fn acceptable(context: &Context, chosen: &Chosen, sharing: &Sharing) -> Result<()> {
    let everybody = sharing.who.contains(&Principal::Everybody);
    let mut asked = BTreeMap::new();
    for (target, image) in &chosen.images {
        available(image)?;
        if image.encrypted() {
            if everybody {
                return Err(encrypted(image).into());
            }
            default_key(context, target, image).await?;
        }
        let place = (image.owner.clone(), image.region.clone());
        if everybody && asked.insert(place, ()).is_none() {
            not_blocked(context, target, image).await?;
        }
    }
    Ok(())
}

fn available(image: &Image) -> Result<()> {
    if image.state == State::Available {
        return Ok(());
    }
    let (label, region, state) = (image.label(), &image.region, &image.state);
    let message = format!("{label} in {region} is {state}: only available images can be shared");
    let failure = Failure::new(Kind::Failed, "InvalidAMIID.Unavailable", message);
    Err(match image.state {
        State::Pending => failure.hint(format!("wait for it with: amictl wait {} --region {region}", image.id)),
        State::Disabled => failure.hint(format!("switch it on with: amictl enable {} --region {region}", image.id)),
        _ => failure,
    }
    .into())
}

fn encrypted(image: &Image) -> Failure {
    let message =
        format!("{} in {} is encrypted, and EC2 makes no encrypted image public", image.label(), image.region);
    Failure::new(Kind::Refused, "Encrypted", message)
        .hint("share it with accounts, or make a public image of an unencrypted volume")
}

/// EC2 shares nothing that is encrypted with a key of AWS: nobody else can be given the use of that key. Where the key
/// cannot be looked at, EC2 itself will tell.
async fn default_key(context: &Context, target: &Target, image: &Image) -> Result<()> {
    let ids: Vec<_> = image.snapshots.iter().filter(|s| s.encrypted).map(|s| s.id.clone()).collect();
    let found = snapshots::existing(target, &ids).await?;
    let keys: BTreeSet<_> = found.iter().filter_map(|snapshot| snapshot.kms_key.as_deref()).collect();
    for key in keys {
        match keys::managed_by_aws(target, key).await {
            Ok(false) => {}
            Ok(true) => {
                let message = format!(
                    "{} in {} is encrypted with the key aws/ebs of AWS, under which nothing can be shared",
                    image.label(),
                    image.region
                );
                let again = format!(
                    "make a copy under a key of your own and share that: amictl copy {} --to {} --encrypt --kms-key KEY \
                     --name NAME",
                    image.id, image.region
                );
                return Err(Failure::new(Kind::Refused, "DefaultKey", message).hint(again).into());
            }
            Err(error) => context.printer.say(format!("whether {key} can be shared is unknown: {error}")),
        }
    }
    Ok(())
}

/// Accounts, and those who set policies for them, may forbid to make images public.
async fn not_blocked(context: &Context, target: &Target, image: &Image) -> Result<()> {
    match permissions::public_sharing_blocked(target).await {
        Ok(None) => Ok(()),
        Ok(Some(by)) => {
            let place = target.place().await;
            let message =
                format!("{} cannot be made public: block public access for AMIs is on in {place}", image.label());
            let off = format!("aws ec2 disable-image-block-public-access --region {}", image.region);
            let hint = match by.as_str() {
                "declarative-policy" => {
                    "a declarative policy of the organization sets it: ask who manages that".to_owned()
                }
                _ => format!("where that is meant to be possible: {off}; it takes up to 10 minutes"),
            };
            Err(Failure::new(Kind::Refused, "BlockPublicAccess", message).hint(hint).into())
        }
        Err(error) => {
            context.printer.say(format!("whether public access is blocked is unknown: {error}"));
            Ok(())
        }
    }
}

/// Gives or takes for every image, and reports.
pub async fn run(context: &Context, chosen: Chosen, verb: Verb, sharing: &Sharing, dry_run: bool) -> Result<()> {
    if dry_run {
        for (target, image) in &chosen.images {
            check(target, image, sharing).await?;
        }
        return changing::would(context, &chosen, verb);
    }
    changing::each(context, chosen, verb, async |target, image| shared(target, image, verb, sharing).await).await
}

async fn check(target: &Target, image: &Image, sharing: &Sharing) -> Result<()> {
    match (sharing.give, sharing.who.is_empty()) {
        (Give::Remove, true) => permissions::reset_launch(target, &image.id, true).await?,
        (give, _) => permissions::change_launch(target, &image.id, give, &sharing.who, true).await?,
    }
    for snapshot in image.snapshots.iter().filter(|_| sharing.snapshots && !sharing.who.is_empty()) {
        permissions::change_volume(target, &snapshot.id, sharing.give, &sharing.who, true).await?;
    }
    Ok(())
}

/// Gives to or takes from one image, and then its snapshots.
pub async fn shared(target: &Target, image: &Image, verb: Verb, sharing: &Sharing) -> Outcome {
    match launches(target, image, sharing).await {
        Err(problem) => Outcome::new(image, verb, false, Status::Failed(problem)),
        Ok(changed) => {
            let mut outcome = Outcome::new(image, verb, !changed.is_empty(), Status::Done);
            let mut detail = named(&changed);
            if sharing.snapshots {
                match volumes(target, image, sharing).await {
                    Ok(0) => {}
                    Ok(count) => {
                        outcome.changed = true;
                        let what = if count == 1 { "1 snapshot".to_owned() } else { format!("{count} snapshots") };
                        let words = if sharing.give == Give::Add { "copyable" } else { "not copyable any more" };
                        let comma = if detail.is_empty() { "" } else { "; " };
                        detail = format!("{detail}{comma}{what} {words}");
                    }
                    Err((snapshot, problem)) => {
                        let done = if sharing.give == Give::Add { "can be launched" } else { "cannot be launched" };
                        let message = format!("it {done}, but {snapshot} is as it was: {}", problem.message);
                        outcome.status = Status::Failed(Problem { message, ..problem });
                    }
                }
            }
            if detail.is_empty() { outcome } else { outcome.detail(detail) }
        }
    }
}

async fn launches(target: &Target, image: &Image, sharing: &Sharing) -> Result<BTreeSet<Principal>, Problem> {
    let present = launch_permissions(target, &image.id).await.map_err(|error| error.problem())?;
    let to_change: BTreeSet<Principal> = match (sharing.give, sharing.who.is_empty()) {
        (Give::Add, _) => sharing.who.difference(&present).cloned().collect(),
        (Give::Remove, true) => present,
        (Give::Remove, false) => sharing.who.intersection(&present).cloned().collect(),
    };
    if sharing.give == Give::Remove && sharing.who.is_empty() && !to_change.is_empty() {
        let asked = permissions::reset_launch(target, &image.id, false).await;
        permissions::seen(asked, BTreeSet::is_empty, || launch_permissions(target, &image.id)).await?;
    } else {
        permissions::give(target, &image.id, sharing.give, &to_change).await?;
    }
    Ok(to_change)
}

/// Changes what has to be changed on the snapshots; gives how many were changed.
async fn volumes(target: &Target, image: &Image, sharing: &Sharing) -> Result<usize, (SnapshotId, Problem)> {
    let ids: BTreeSet<_> = image.snapshots.iter().map(|snapshot| snapshot.id.clone()).collect();
    let mut changed = 0;
    for id in ids {
        let present = volume_permissions(target, &id).await.map_err(|error| (id.clone(), error.problem()))?;
        let to_change: BTreeSet<Principal> = match (sharing.give, sharing.who.is_empty()) {
            (Give::Add, _) => sharing.who.difference(&present).cloned().collect(),
            (Give::Remove, true) => present,
            (Give::Remove, false) => sharing.who.intersection(&present).cloned().collect(),
        };
        if to_change.is_empty() {
            continue;
        }
        let asked = permissions::change_volume(target, &id, sharing.give, &to_change, false).await;
        let holds = |now: &BTreeSet<Principal>| match sharing.give {
            Give::Add => now.is_superset(&to_change),
            Give::Remove => now.is_disjoint(&to_change),
        };
        let settled = permissions::seen(asked, holds, || volume_permissions(target, &id)).await;
        settled.map_err(|problem| (id.clone(), problem))?;
        changed += 1;
    }
    Ok(changed)
}

fn named(who: &BTreeSet<Principal>) -> String {
    let words = who.iter().take(3).map(|who| match who {
        Principal::Everybody => "everybody".to_owned(),
        other => other.to_string(),
    });
    let mut text = words.collect::<Vec<_>>().join(", ");
    if who.len() > 3 {
        text.push_str(&format!(" and {} more", who.len() - 3));
    }
    text
}

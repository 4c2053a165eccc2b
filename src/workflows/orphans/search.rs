//! The search of one place for orphaned snapshots, each with its proof or the reason why it stays.

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::domain::age::Age;
use crate::domain::failure::{Failure, Kind};
use crate::domain::orphan::{KnownImages, Orphan, OrphanVerdict, Proof, Spared, Stays, in_use, verdict};
use crate::domain::snapshot::{Snapshot, delete_line};
use crate::service::images::{self, Query};
use crate::service::{Target, recycle_bin, snapshots};
use crate::workflows::run::context::Context;
use crate::workflows::usage::snapshots::Naming;

/// The number of command lines printed; `-o json` has them all.
const TOLD: usize = 3;

/// The criteria of the search.
pub struct OrphanSearch {
    /// Younger snapshots stay.
    pub min_age: Age,
    /// Whether an unreadable Recycle Bin counts as empty.
    pub ignore_recycle_bin: bool,
    /// The time of the run.
    pub now: DateTime<Utc>,
}

/// The result for a place.
pub struct Leftovers {
    /// Proven orphans, unless something names them.
    proven: Vec<(Snapshot, Proof)>,
    /// Snapshots that look like orphans but stay.
    pub spared: Vec<Spared>,
    /// The number of own snapshots.
    pub own: usize,
}

impl Leftovers {
    /// Whether anything would be deleted.
    pub fn any(&self) -> bool {
        !self.proven.is_empty()
    }

    /// The orphans: proven, and named by nothing. The others move to `spared`.
    pub async fn orphans(&mut self, target: &Target, naming: &Naming) -> Vec<Orphan> {
        let proven = std::mem::take(&mut self.proven);
        let ids: Vec<_> = proven.iter().map(|(snapshot, _)| snapshot.id.clone()).collect();
        let named = naming.of(target, &ids).await;
        let account = target.account().await.ok().cloned();
        let mut orphans = Vec::new();
        for (snapshot, proof) in proven {
            let (account, region) = (account.clone(), target.region.clone());
            match in_use(&snapshot.id, &named.of(&snapshot.id)) {
                Some(why) => self.spared.push(Spared { account, region, snapshot, why }),
                None => orphans.push(Orphan { account, region, snapshot, why: proof.to_string(), result: None }),
            }
        }
        orphans
    }
}

/// Searches a place, by its own snapshots and images only.
pub async fn place(target: &Target, search: &OrphanSearch) -> Result<Leftovers> {
    // Snapshots first: the list of images then includes any made meanwhile, whose snapshots are no orphans.
    let all = snapshots::own(target).await?;
    let count = all.len();
    let own = images::find(target, &Query::own()).await?;
    let binned = match recycle_bin::images(target).await {
        Ok(binned) => binned.into_iter().map(|image| image.id).collect(),
        Err(_) if search.ignore_recycle_bin => Vec::new(),
        Err(error) => {
            let message = format!("whether images in the Recycle Bin need their snapshots is unknown: {error}");
            let failure = Failure::new(Kind::Refused, "Unverified", message);
            return Err(failure.hint("allow ec2:ListImagesInRecycleBin, or give --ignore-recycle-bin").into());
        }
    };
    let used = own.iter().flat_map(|image| image.snapshots.iter().map(|s| s.id.clone())).collect();
    let known = KnownImages { images: own.iter().map(|image| image.id.clone()).chain(binned).collect(), used };
    let account = target.account().await.ok().cloned();
    let spared = |snapshot, why| Spared { account: account.clone(), region: target.region.clone(), snapshot, why };
    let (mut proven, mut stay) = (Vec::new(), Vec::new());
    for snapshot in all {
        match verdict(&snapshot, &known, search.min_age, search.now) {
            OrphanVerdict::Orphan(proof) => proven.push((snapshot, proof)),
            OrphanVerdict::Stays(why) => stay.push(spared(snapshot, why)),
            OrphanVerdict::Needed | OrphanVerdict::NotOurs => {}
        }
    }
    Ok(Leftovers { proven, spared: stay, own: count })
}

/// Prints how many snapshots stay in doubt, and how to delete one.
pub fn tell(context: &Context, spared: &[Spared]) {
    let doubtful: Vec<_> = spared.iter().filter(|spared| matches!(spared.why, Stays::Doubt(_))).collect();
    let gib: i64 = doubtful.iter().map(|spared| spared.snapshot.size_gib).sum();
    let count = match doubtful.len() {
        0 => return,
        1 => "1 snapshot".to_owned(),
        n => format!("{n} snapshots"),
    };
    context.printer.say(format!("{count} of {gib} GiB kept as doubtful; to delete those that are left over:"));
    for spared in doubtful.iter().take(TOLD) {
        context.printer.say(format!("  {}", delete_line(&spared.region, &spared.snapshot.id)));
    }
    if doubtful.len() > TOLD {
        context.printer.say(format!("  and so on for {} more", doubtful.len() - TOLD));
    }
}

/// Fails if references to proven orphans could not be read.
pub fn verified(spared: &[Spared]) -> Result<()> {
    let unread = spared.iter().filter_map(|spared| match &spared.why {
        Stays::Unverified(problem) => Some((&spared.region, problem)),
        Stays::Doubt(_) | Stays::InUse(_) => None,
    });
    let unread: Vec<_> = unread.collect();
    let Some((region, problem)) = unread.first() else { return Ok(()) };
    let message = format!(
        "{} snapshots are kept, as it could not be read whether launch templates or configurations name them; in {region}: \
         {problem}",
        unread.len()
    );
    let failure = Failure::new(Kind::Refused, "Unverified", message);
    let hint = "allow ec2:DescribeLaunchTemplates, ec2:DescribeLaunchTemplateVersions and \
                autoscaling:DescribeLaunchConfigurations";
    Err(failure.hint(hint).into())
}

//! The search for snapshots that are left over: each that looks so, with the proof, or with what keeps it.

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::domain::age::Age;
use crate::domain::failure::{Failure, Kind};
use crate::domain::orphan::{Known, Orphan, Proof, Spared, Stays, Verdict, in_use, verdict};
use crate::domain::snapshot::{Snapshot, delete_line};
use crate::service::images::{self, Query};
use crate::service::{Target, recycle_bin, snapshots};
use crate::workflows::run::context::Context;
use crate::workflows::usage::snapshots::Naming;

/// How many command lines are written out; `-o json` has them all.
const TOLD: usize = 3;

/// What is looked for.
pub struct Search {
    /// What is younger stays.
    pub min_age: Age,
    /// Whether a bin that cannot be read counts as empty.
    pub ignore_recycle_bin: bool,
    /// The time it is.
    pub now: DateTime<Utc>,
}

/// What was found in a place.
pub struct Leftovers {
    /// What is proven to be left over, unless something names it.
    proven: Vec<(Snapshot, Proof)>,
    /// What looks so and stays.
    pub spared: Vec<Spared>,
    /// How many own snapshots there are.
    pub own: usize,
}

impl Leftovers {
    /// Whether anything would go.
    pub fn any(&self) -> bool {
        !self.proven.is_empty()
    }

    /// The orphans: what is proven to be left over and nothing names. The rest of it stays with the others.
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

/// What is left over in a place, as far as the place itself tells, and what looks so and stays.
pub async fn place(target: &Target, search: &Search) -> Result<Leftovers> {
    // Snapshots first: an image made in between is then known, and its snapshots are not taken for orphans.
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
    let known = Known { images: own.iter().map(|image| image.id.clone()).chain(binned).collect(), used };
    let account = target.account().await.ok().cloned();
    let spared = |snapshot, why| Spared { account: account.clone(), region: target.region.clone(), snapshot, why };
    let (mut proven, mut stay) = (Vec::new(), Vec::new());
    for snapshot in all {
        match verdict(&snapshot, &known, search.min_age, search.now) {
            Verdict::Orphan(proof) => proven.push((snapshot, proof)),
            Verdict::Stays(why) => stay.push(spared(snapshot, why)),
            Verdict::Needed | Verdict::NotOurs => {}
        }
    }
    Ok(Leftovers { proven, spared: stay, own: count })
}

/// Says how many stay for doubt, and how one of them is removed by whoever knows better.
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

/// Refuses to end well when it could not be read whether anything names what would go.
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

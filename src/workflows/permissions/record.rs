//! Records launch permissions before an image is disabled (EC2 drops them) and restores them later.

use std::collections::BTreeSet;

use crate::domain::change::Change;
use crate::domain::image::{Image, State};
use crate::domain::permissions::principal::{Principal, few};
use crate::domain::permissions::recorded::{as_before, tag_left};
use crate::domain::problem::Problem;
use crate::domain::tags::SHARES;
use crate::service::client::error::codes;
use crate::service::permissions::{give_each, known_permissions, launch_permissions};
use crate::service::{Target, images, lifecycle};

/// The error of a disabling.
pub struct NotDisabled {
    /// The problem.
    pub problem: Problem,
    /// Whether certainly nothing was lost, so that the earlier record applies again.
    pub undone: bool,
    /// Why EC2 refused the tag, if it did: nothing else was then requested.
    pub untagged: Option<String>,
}

/// Disables an image after its launch permissions are recorded: by the caller in the journal, then here in `tag`. If
/// EC2 refuses and the image still has them all, the tags are set back.
pub async fn disable(
    target: &Target,
    image: &Image,
    tag: &Change,
    shares: &BTreeSet<Principal>,
) -> Result<(), NotDisabled> {
    let tagged = match lifecycle::attempt(target, image, tag).await {
        Ok(tagged) => tagged,
        Err(failed) => {
            let why = failed.problem.message;
            let message = format!("left alone, as its {} cannot be written: {why}", keys(tag));
            let undone = failed.refused && undo(target, image, image, tag).await.is_ok();
            // A throttle is not a refusal: another run may succeed.
            let untagged = (failed.refused && failed.problem.code != codes::LIMIT).then_some(why);
            return Err(NotDisabled { problem: Problem { code: failed.problem.code, message }, undone, untagged });
        }
    };
    match lifecycle::attempt(target, &tagged, &Change::Disable).await {
        Ok(_) => Ok(()),
        Err(failed) => {
            // An earlier attempt with a lost answer may have disabled the image before the last was refused.
            let intact = failed.refused && is_intact(target, image, shares).await;
            let Problem { code, mut message } = failed.problem;
            let undone = match intact {
                true => undo(target, image, &tagged, tag).await,
                false => Ok(false),
            };
            if let Err(why) = &undone {
                message = format!("{message}; its {} stays as it was written: {}", keys(tag), why.message);
            }
            let undone = undone.unwrap_or(false);
            Err(NotDisabled { problem: Problem { code, message }, undone, untagged: None })
        }
    }
}

async fn is_intact(target: &Target, image: &Image, shares: &BTreeSet<Principal>) -> bool {
    let found = images::by_ids(target, std::slice::from_ref(&image.id)).await;
    let enabled = found.is_ok_and(|found| found.iter().any(|now| now.state == State::Available));
    enabled && launch_permissions(target, &image.id).await.is_ok_and(|now| now.is_superset(shares))
}

/// Sets the tags back; true where that is done.
async fn undo(target: &Target, before: &Image, now: &Image, tag: &Change) -> Result<bool, Problem> {
    lifecycle::make(target, now, &as_before(before, tag)).await.map(|_| true)
}

fn keys(tag: &Change) -> String {
    let Change::Tag { set, remove } = tag else { return "tags".to_owned() };
    let keys: Vec<_> = set.keys().chain(remove).map(String::as_str).collect();
    if keys.len() == 1 { format!("tag {}", keys[0]) } else { format!("tags {}", keys.join(", ")) }
}

/// The permissions restored, and those left.
pub struct GivenBack {
    /// The number of permissions restored.
    pub given: usize,
    /// The permissions left.
    pub left: BTreeSet<Principal>,
    /// Why they are left.
    pub problem: Option<Problem>,
}

/// Restores the missing launch permissions of an enabled image, each that EC2 accepts. Exactly the permissions left
/// stay recorded.
pub async fn give_back(target: &Target, image: &Image, due: &BTreeSet<Principal>) -> GivenBack {
    let present = match known_permissions(target, &image.id).await {
        Ok(present) => present,
        Err(error) => {
            let message = format!("who it is shared with is unknown: {}", error.message);
            let problem = Some(Problem { code: error.code, message });
            return GivenBack { given: 0, left: due.clone(), problem };
        }
    };
    let (given, refused) = give_each(target, &image.id, &(due - &present)).await;
    let left: BTreeSet<_> = refused.iter().flat_map(|(who, _)| who).cloned().collect();
    let mut problem = refused.first().map(|(_, why)| Problem {
        code: why.code.clone(),
        message: format!("it is not shared again with {}: {}", few(&left), why.message),
    });
    if !left.is_empty() {
        // If this fails, the tag has more than is left, and nothing is lost.
        let noted = lifecycle::make(target, image, &tag_left(image, &left)).await;
        if let (Err(why), Some(problem)) = (noted, &mut problem) {
            problem.message += &format!("; the tag {SHARES} still has all of them: {}", why.message);
        }
    }
    GivenBack { given, left, problem }
}

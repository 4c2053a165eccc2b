//! The command line that does the rest of a run.
//!
//! It names images by their ids. The user's references may now stand for other images: once the newest version is
//! disabled, deprecated or deregistered, its family stands for the one before, which is the one to roll back to.

use std::collections::BTreeSet;

use crate::domain::command_line::{Invocation, amictl};
use crate::domain::ids::ImageId;
use crate::domain::region::Region;
use crate::domain::report::{Outcome, Report, Status};
use crate::service::Target;
use crate::workflows::select::selection::Selection;

/// The images of a run, and the places it could not search.
pub struct Remainder {
    images: Vec<(Target, ImageId)>,
    /// The number of named images; the others are copies of those.
    named: usize,
    unread: Vec<Target>,
    unfollowed: Vec<Target>,
    /// Named images that are gone.
    gone: Vec<ImageId>,
    /// All places, if there are such images: what came of them may be in any.
    everywhere: Vec<Target>,
    unentered: Vec<String>,
    several: bool,
}

impl Remainder {
    /// From the selected images.
    pub fn of(chosen: &Selection) -> Self {
        Self {
            images: chosen.images.iter().map(|(target, image)| (target.clone(), image.id.clone())).collect(),
            named: chosen.gaps.named,
            unread: chosen.gaps.unread.clone(),
            unfollowed: chosen.gaps.unfollowed.clone(),
            gone: chosen.gaps.gone.clone(),
            everywhere: if chosen.gaps.gone.is_empty() { Vec::new() } else { chosen.targets.clone() },
            unentered: chosen.unentered.iter().filter_map(|error| error.account.clone()).collect(),
            several: chosen.several,
        }
    }

    /// The hint for the rest; `None` if nothing is left.
    pub fn rest(&self, invocation: &Invocation, report: &Report) -> Option<String> {
        let left: BTreeSet<_> = report.results.iter().filter(|o| is_left(o)).map(|o| &o.image_id).collect();
        let left: Vec<_> = self.images.iter().filter(|(_, id)| left.contains(id)).collect();
        let together = self.several && invocation.looks_for_use();
        let lines = if together { self.together(invocation, &left) } else { self.apart(invocation, &left) };
        let mut words = Vec::new();
        if !lines.is_empty() {
            words.push(format!("do the rest with: {}", lines.join("; ")));
        }
        words.extend(if together { self.unseen() } else { self.elsewhere() });
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// One line per account.
    fn apart(&self, invocation: &Invocation, left: &[&(Target, ImageId)]) -> Vec<String> {
        let mut lines: Vec<_> = by_account(left.iter().copied(), &[])
            .iter()
            .map(|(target, ids, regions)| invocation.line(ids, "", &target.options_in(regions)))
            .collect();
        if let Some(follows) = invocation.follows {
            let gaps = self.gaps();
            let roots = self.roots(&gaps);
            let roots = by_account(roots.iter(), &gaps);
            let some = roots.iter().filter(|(target, ..)| gaps.iter().any(|gap| gap.same_account(target)));
            lines.extend(
                some.map(|(target, ids, all)| invocation.line(ids, &format!(" {follows}"), &target.options_in(all))),
            );
        }
        lines
    }

    /// One line for all accounts, so that each is searched for use by it. An id exists in one account only.
    fn together(&self, invocation: &Invocation, left: &[&(Target, ImageId)]) -> Vec<String> {
        let line = |images: &[&(Target, ImageId)], more: &str, gaps: &[Target]| {
            let regions = images.iter().map(|(target, _)| target).chain(gaps).map(|target| target.region.clone());
            let ids: Vec<_> = images.iter().map(|(_, id)| id).collect();
            invocation.line(&ids, more, &invocation.everywhere(&regions.collect()))
        };
        let mut lines = Vec::new();
        if !left.is_empty() {
            lines.push(line(left, "", &[]));
        }
        let gaps = self.gaps();
        if let Some(follows) = invocation.follows.filter(|_| !gaps.is_empty()) {
            let roots = self.roots(&gaps);
            lines.push(line(&roots.iter().collect::<Vec<_>>(), &format!(" {follows}"), &gaps));
        }
        lines
    }

    /// The places not searched for copies, or for what came of an image.
    fn gaps(&self) -> Vec<Target> {
        let gaps = self.unread.iter().chain(&self.unfollowed);
        match gaps.clone().next() {
            Some(_) => gaps.chain(&self.everywhere).cloned().collect(),
            None => Vec::new(),
        }
    }

    /// The named images, those that are gone at the first of these places.
    fn roots(&self, gaps: &[Target]) -> Vec<(Target, ImageId)> {
        let gone =
            gaps.first().into_iter().flat_map(|place| self.gone.iter().map(move |id| (place.clone(), id.clone())));
        self.images.iter().take(self.named).cloned().chain(gone).collect()
    }

    /// The hint for places that could not be searched: the same references, as nothing has changed there.
    fn elsewhere(&self) -> Option<String> {
        let mut all: Vec<_> = self.unread.iter().map(|place| format!("with {}", place.options())).collect();
        all.extend(self.unentered.iter().map(|account| format!("with the role of account {account}")));
        let all = (!all.is_empty()).then(|| all.join(", and "))?;
        Some(format!("these accounts and regions were skipped; run the same command again for them: {all}"))
    }

    /// As [`Self::elsewhere`], if all accounts are to be searched again. In those already done, the same references may
    /// now stand for other images, so the images are named by id.
    fn unseen(&self) -> Option<String> {
        let mut all: Vec<_> =
            self.unread.iter().map(|place| amictl("list").options(place.options()).to_string()).collect();
        all.extend(
            self.unentered.iter().map(|account| format!("{} with the role of account {account}", amictl("list"))),
        );
        let all = (!all.is_empty()).then(|| all.join(", and "))?;
        Some(format!(
            "these accounts and regions were skipped; see what is there: {all}; then run the command again with those \
             ids and all accounts of this run, as each of them may use the images"
        ))
    }
}

/// Whether another run would have something to do. A deregistered image cannot be named again.
fn is_left(outcome: &Outcome) -> bool {
    match outcome.status {
        Status::Done => false,
        Status::Failed(ref problem) if problem.is_of_backup() => false,
        Status::Failed(_) | Status::Skipped(_) => outcome.snapshots.is_empty(),
    }
}

type OfAccount<'a> = (&'a Target, Vec<&'a ImageId>, BTreeSet<Region>);

/// The images by account, with their regions, and the regions of `more` places of the account.
fn by_account<'a>(images: impl Iterator<Item = &'a (Target, ImageId)>, more: &[Target]) -> Vec<OfAccount<'a>> {
    let mut accounts: Vec<OfAccount<'a>> = Vec::new();
    for (target, id) in images {
        let at = accounts.iter().position(|(known, ..)| known.same_account(target)).unwrap_or_else(|| {
            let regions = more.iter().filter(|place| place.same_account(target)).map(|place| place.region.clone());
            accounts.push((target, Vec::new(), regions.collect()));
            accounts.len() - 1
        });
        let (_, ids, regions) = &mut accounts[at];
        ids.push(id);
        regions.insert(target.region.clone());
    }
    accounts
}

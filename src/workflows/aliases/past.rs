//! The past of an alias in each place: what it named before, and what became of those images.

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::domain::alias::{AliasParameter, Note, NoteAction};
use crate::domain::alias_gates::objection_to;
use crate::domain::alias_history::{AliasHistory, AliasVersion, WayBack};
use crate::domain::alias_report::CONCURRENT;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::problem::Problem;
use crate::service::client::error::ApiError;
use crate::service::parameters::Current;
use crate::service::{Target, images, parameters};
use crate::workflows::run::concurrency::{self, PLACES};
use crate::workflows::run::context::Context;

/// The past of an alias in one place.
pub struct Past {
    /// The place.
    pub target: Target,
    /// The alias now; `None` where it is absent or could not be read.
    pub current: Option<Current>,
    /// The images of the history, as this account sees them.
    pub images: HashMap<ImageId, Image>,
    /// Why this is not known.
    pub problem: Option<Problem>,
    history: AliasHistory,
    /// Images that their owner revoked, which EC2 does not show here.
    revoked: BTreeSet<ImageId>,
}

/// Reads the past of an alias in each place. With places of the `owner`, also what that account has revoked.
pub async fn read(
    context: &Context,
    targets: &[Target],
    parameter: &AliasParameter,
    owner: &[Target],
) -> Result<Vec<Past>> {
    let bar = context.printer.bars().count(targets.len() as u64, "reading histories");
    read_each(targets, parameter, owner, &|| bar.step()).await
}

/// As [`read`], without a bar.
pub async fn of_places(targets: &[Target], parameter: &AliasParameter, owner: &[Target]) -> Result<Vec<Past>> {
    read_each(targets, parameter, owner, &|| ()).await
}

async fn read_each(
    targets: &[Target],
    parameter: &AliasParameter,
    owner: &[Target],
    step: &impl Fn(),
) -> Result<Vec<Past>> {
    let parameter = parameter.parameter();
    let each = concurrency::each(PLACES, targets, |target| async {
        let past = of_place(target, &parameter).await;
        step();
        past
    });
    let mut pasts = each.await;
    for place in owner {
        look_up_revoked(place, &mut pasts).await?;
    }
    Ok(pasts)
}

async fn of_place(target: &Target, parameter: &str) -> Past {
    let mut past = Past {
        target: target.clone(),
        current: None,
        images: HashMap::new(),
        problem: None,
        history: AliasHistory::default(),
        revoked: BTreeSet::new(),
    };
    match recorded(target, parameter).await {
        Ok(Some((current, history))) => (past.current, past.history) = (Some(current), history),
        Ok(None) => {}
        Err(problem) => past.problem = Some(problem),
    }
    // The current one is looked at for its architecture and its label.
    let current = past.history.current().and_then(|version| version.image());
    let ids: Vec<_> = past.history.below().into_iter().chain(current).collect();
    if !ids.is_empty() {
        match images::visible_by_ids(target, &ids).await {
            Ok(images) => past.images = images.into_iter().map(|image| (image.id.clone(), image)).collect(),
            Err(error) => past.problem = Some(error.problem()),
        }
    }
    past
}

/// The alias and its history, of the same moment; `None` where there is no alias.
///
/// Both calls must be permitted before anything is written: SSM's check of an image makes the one, the reading back the
/// other.
pub(super) async fn recorded(target: &Target, parameter: &str) -> Result<Option<(Current, AliasHistory)>, Problem> {
    let problem = |error: ApiError| error.problem();
    for _ in 0..2 {
        let current = parameters::current(target, parameter).await.map_err(problem)?;
        let history = parameters::history(target, parameter).await.map_err(problem)?;
        if history.current().map(|version| version.number) == current.as_ref().map(|current| current.version) {
            return Ok(current.map(|current| (current, history)));
        }
    }
    let message = format!("somebody is writing {parameter} at this moment: run it again");
    Err(Problem { code: CONCURRENT.to_owned(), message })
}

/// Looks in the owner's account for the marks of images that the other places only share.
async fn look_up_revoked(owner: &Target, pasts: &mut [Past]) -> Result<()> {
    let here = |past: &&mut Past| past.target.region == owner.region;
    let foreign: BTreeSet<ImageId> = pasts.iter_mut().filter(here).flat_map(|past| past.foreign()).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let images = match images::visible_by_ids(owner, &Vec::from_iter(foreign)).await {
        Ok(images) => images,
        Err(error) => {
            let Problem { code, message } = error.problem();
            let message = format!("what is revoked could not be read in {}: {message}", owner.place().await);
            return Err(Failure::new(Kind::Refused, code, message).into());
        }
    };
    let revoked: BTreeSet<_> = images.into_iter().filter(Image::revoked).map(|image| image.id).collect();
    for past in pasts.iter_mut().filter(|past| past.target.region == owner.region) {
        past.revoked.extend(revoked.iter().cloned());
    }
    Ok(())
}

impl Past {
    fn foreign(&self) -> Vec<ImageId> {
        self.images.values().filter(|image| !image.own).map(|image| image.id.clone()).collect()
    }

    /// Why a rollback passes over an image; `None` if it does not.
    fn objection(&self, id: &ImageId, now: DateTime<Utc>) -> Option<String> {
        let Some(image) = self.images.get(id) else { return Some(format!("{id} is gone, or not visible here")) };
        if self.revoked.contains(id) {
            return Some(format!("{} is revoked by its owner", image.label()));
        }
        objection_to(image, now)
    }

    /// Whether a run has rolled the alias back here.
    pub fn rolled_back_by(&self, run: &str) -> bool {
        let by = |note: Note| note.action == NoteAction::Rollback && note.run == run;
        self.history.versions().iter().filter_map(AliasVersion::note).any(by)
    }

    /// The image that the alias names now, as this account sees it.
    pub fn now(&self) -> Option<Image> {
        self.images.get(&self.history.current()?.image()?).cloned()
    }

    /// Passes over these images as well: they are revoked now, or will be.
    pub fn pass_over(&mut self, revoked: &BTreeSet<ImageId>) {
        self.revoked.extend(revoked.iter().cloned());
    }

    /// Where a rollback goes.
    pub fn way_back(&self, now: DateTime<Utc>) -> WayBack {
        self.history.way_back(|id| self.objection(id, now).is_none())
    }

    /// The images that a rollback passes over, each with the reason.
    pub fn passed_over(&self, now: DateTime<Utc>) -> Vec<String> {
        self.history.below().iter().map_while(|id| self.objection(id, now)).collect()
    }

    /// The refusal of an image of another architecture than the current one, unless the alias has named it before.
    pub fn other_architecture(&self, image: &Image) -> Option<Problem> {
        let before = self.images.get(&self.history.current()?.image()?)?;
        let known = self.history.versions().iter().any(|version| version.image().as_ref() == Some(&image.id));
        if known || before.architecture == image.architecture {
            return None;
        }
        let words = |image: &Image| image.architecture.clone().unwrap_or_else(|| "of unknown architecture".to_owned());
        let message = format!(
            "{} is {}, and {}, which the alias names now, is {}; 'amictl promote' takes it with --allow-arch-change",
            image.label(),
            words(image),
            before.label(),
            words(before)
        );
        Some(Problem { code: "OtherArchitecture".to_owned(), message })
    }
}

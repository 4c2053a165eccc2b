//! CreateImage and RegisterImage: a new version of a family from an instance or snapshots.
//!
//! Neither call has a client token. A run therefore tags its image with its own id, and searches for that tag when EC2
//! says the name is taken or gives no answer.

use std::collections::BTreeSet;

use anyhow::Result;
use aws_sdk_ec2::types::ResourceType;
use tokio::time::Instant;

use super::client::convert::tag_specification;
use super::client::error::{ApiError, api, dry_run};
use super::client::lost_answers::Attempts;
use super::client::patience::{Over, Patience, Pauses, UNKNOWN_AT_FIRST};
use super::client::quota::Room;
use super::client::stop::{self, Stop};
use super::client::target::Target;
use super::image_request::{ImageOrigin, Request};
use super::images::{self, Query};
use super::{register, snapshots, tags};
use crate::domain::failure::{Failure, INTERRUPTED, Kind};
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::image::{Image, State};
use crate::domain::naming::{Family, ImageName, next_version};
use crate::domain::new_image::NewImage;
use crate::domain::tags::{Maker, RUN, Tags};

/// The number of versions that other runs may take before this run gives up.
const RACES: usize = 20;
const DUPLICATE: &str = "InvalidAMIName.Duplicate";

/// The own images that may be versions of the family.
async fn versions(target: &Target, family: &Family) -> Result<Vec<Image>, ApiError> {
    images::find(target, &Query::own().filter("name", vec![format!("{family}-v*")])).await
}

/// The image that an earlier delivery of the same run has made, unless it failed.
pub async fn made_before(target: &Target, wanted: &NewImage) -> Result<Option<(ImageName, Image)>, ApiError> {
    Ok(of_run(versions(target, &wanted.family).await?, wanted))
}

/// Of several, which two deliveries at once may have made, the oldest version.
fn of_run(own: impl IntoIterator<Item = Image>, wanted: &NewImage) -> Option<(ImageName, Image)> {
    let lives = |image: &Image| match image.state {
        State::Pending | State::Available | State::Transient | State::Disabled | State::Unknown(_) => true,
        State::Invalid | State::Deregistered | State::Failed | State::Error => false,
    };
    let ours = own.into_iter().filter(|image| lives(image) && made_by(image, &wanted.maker));
    let named = ours.filter_map(|image| Some((image.parsed_name.clone()?, image)));
    named.filter(|(name, _)| *name.family() == wanted.family).min_by_key(|(name, _)| name.version())
}

/// The name for the image, unless another run takes it first.
async fn next_name(target: &Target, request: &Request) -> Result<ImageName> {
    next_among(target, request, &versions(target, &request.image.family).await?)
}

fn next_among(target: &Target, request: &Request, own: &[Image]) -> Result<ImageName> {
    let version = match request.image.version {
        Some(version) => {
            let same = |n: &ImageName| *n.family() == request.image.family && n.version() == version;
            match own.iter().find(|image| image.parsed_name.as_ref().is_some_and(same)) {
                Some(taken) if !made_by(taken, &request.image.maker) => return Err(exists(target, taken).into()),
                _ => version,
            }
        }
        None => next_version(&request.image.family, own.iter().filter_map(|image| image.parsed_name.as_ref()))?,
    };
    Ok(ImageName::new(request.image.family.clone(), version, request.image.date)?)
}

fn exists(target: &Target, taken: &Image) -> Failure {
    Failure::new(Kind::Failed, DUPLICATE, format!("this version exists in {}: {}", target.region, taken.label()))
        .hint("leave --version out to get the next free one")
}

fn made_by(image: &Image, maker: &Maker) -> bool {
    image.tags.get(RUN) == Some(&maker.run)
}

/// Asks EC2 whether the image could be made; changes nothing.
pub async fn check(target: &Target, request: &Request) -> Result<ImageName> {
    let name = next_name(target, request).await?;
    let tags = request.image.image_tags(&name)?;
    let call = request.origin.call();
    dry_run(call, &target.region, send(target, request, &name, &tags, true).await)?;
    Ok(name)
}

/// Starts the image and returns its name and id; it is usually still pending. A stop signal ends the wait for capacity
/// and the search for an image after a lost answer.
pub async fn start(target: &Target, request: &Request, room: &Room<'_>) -> Result<(ImageName, ImageId)> {
    let own = versions(target, &request.image.family).await?;
    let mut name = next_among(target, request, &own)?;
    // Another delivery of this run may have been faster.
    if let Some((name, image)) = of_run(own, &request.image).filter(|(_, image)| from_same(image, &request.origin)) {
        return Ok((name, image.id));
    }
    for _ in 0..RACES {
        let tags = request.image.image_tags(&name)?;
        let error = match room.call(|| send(target, request, &name, &tags, false)).await {
            Ok(id) => return Ok((name, id)),
            Err(error) => error,
        };
        if !error.is(DUPLICATE) && !error.answer_lost {
            return Err(error.into());
        }
        match find_ours(target, request, &name, &error, &room.patience.stop).await? {
            Found::Ours(id) => return Ok((name, id)),
            Found::Another if error.is(DUPLICATE) => {}
            Found::Nothing if !error.answer_lost => {}
            Found::Another | Found::Nothing => {
                let seen = "no image of this run can be seen under that name";
                return Err(lost(target, &name, Kind::Failed, format!("{error}; {seen}")).into());
            }
        }
        if request.image.version.is_some() {
            return Err(error.into());
        }
        stop::nothing_begun();
        // The name may belong to an image just deregistered, which no listing shows.
        let listed = next_name(target, request).await?;
        let after = ImageName::new(request.image.family.clone(), name.version().next()?, request.image.date)?;
        name = listed.max(after);
    }
    Err(Failure::new(Kind::Failed, DUPLICATE, format!("{RACES} versions in a row were taken by other runs")).into())
}

/// The image that has the requested name.
enum Found {
    /// The image that this run made.
    Ours(ImageId),
    /// Another image.
    Another,
    /// No visible image.
    Nothing,
}

/// Searches for this run's image under that name. After a lost answer, of this delivery or an earlier one, EC2 may show
/// it only later.
async fn find_ours(
    target: &Target,
    request: &Request,
    name: &ImageName,
    error: &ApiError,
    stop: &Stop,
) -> Result<Found> {
    let patience = Patience { until: Instant::now() + UNKNOWN_AT_FIRST, stop: stop.clone() };
    let (mut pauses, mut over) = (Pauses::new(&patience), false);
    let may_come = error.answer_lost || request.image.delivered;
    loop {
        match images::by_name(target, &name.to_string()).await {
            Ok(Some(image)) if made_by(&image, &request.image.maker) && from_same(&image, &request.origin) => {
                return Ok(Found::Ours(image.id));
            }
            Ok(Some(_)) => return Ok(Found::Another),
            Ok(None) if over || !may_come => return Ok(Found::Nothing),
            Ok(None) => {}
            Err(look) if !error.answer_lost => return Err(look.into()),
            Err(look) => {
                let message = format!("{error}; looking for it failed too: {look}");
                return Err(lost(target, name, Kind::Failed, message).into());
            }
        }
        match pauses.pause().await {
            Ok(()) => {}
            Err(Over::TimedOut) => over = true,
            Err(Over::Interrupted) => {
                let message = format!("{error}; interrupted while looking for it");
                return Err(lost(target, name, Kind::Interrupted, message).into());
            }
        }
    }
}

/// The failure if it is unknown whether the image is being made.
fn lost(target: &Target, name: &ImageName, kind: Kind, message: String) -> Failure {
    let list = format!("look with 'amictl list {}' before running it again: EC2 may still make it", target.options());
    let code = if kind == Kind::Interrupted { INTERRUPTED } else { "AnswerLost" };
    Failure::new(kind, code, format!("an answer was lost, and {name} may have been made: {message}")).hint(list)
}

fn from_same(image: &Image, origin: &ImageOrigin) -> bool {
    match (origin, &image.source.instance_id) {
        (ImageOrigin::Instance { id, .. }, Some(source)) => source == id,
        (ImageOrigin::Instance { .. } | ImageOrigin::Snapshot(_), _) => true,
    }
}

async fn send(
    target: &Target,
    request: &Request,
    name: &ImageName,
    tags: &Tags,
    dry_run: bool,
) -> Result<ImageId, ApiError> {
    let call = request.origin.call();
    let id = match &request.origin {
        ImageOrigin::Snapshot(made_of) => register::send(target, request, made_of, name, tags, dry_run).await?,
        ImageOrigin::Instance { id, no_reboot } => {
            let attempts = Attempts::default();
            let snapshot_tags = request.image.snapshot_tags.then(|| tag_specification(ResourceType::Snapshot, tags));
            let image_tags = tag_specification(ResourceType::Image, tags);
            let answer = target
                .ec2
                .create_image()
                .instance_id(id.as_str())
                .name(name.to_string())
                .set_description(request.image.description.clone())
                .no_reboot(*no_reboot)
                .set_tag_specifications(Some([Some(image_tags), snapshot_tags].into_iter().flatten().collect()))
                .dry_run(dry_run)
                .customize()
                .interceptor(attempts.clone())
                .send()
                .await;
            answer.map_err(api(call, &target.region)).map_err(|error| attempts.judged(error))?.image_id
        }
    };
    id.and_then(|id| id.parse().ok()).ok_or_else(|| ApiError::unreadable(call, &target.region))
}

/// Tags the snapshots an image was registered from, except those taken over from another image. RegisterImage tags only
/// the image; existing tags stay.
pub async fn tag_snapshots(
    target: &Target,
    image: &NewImage,
    named: &BTreeSet<SnapshotId>,
    name: &ImageName,
) -> Result<()> {
    if !image.snapshot_tags {
        return Ok(());
    }
    let named: Vec<_> = named.iter().cloned().collect();
    let found = snapshots::existing(target, &named).await?;
    for id in named {
        let present = found.iter().find(|snapshot| snapshot.id == id);
        let wanted = image.lacking_tags(name, present.map_or(&Tags::new(), |snapshot| &snapshot.tags))?;
        tags::add(target, &[id.to_string()], &wanted).await?;
    }
    Ok(())
}

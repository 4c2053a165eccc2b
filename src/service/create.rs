//! Making an image from an instance or a snapshot.
//!
//! Neither CreateImage nor RegisterImage takes a client token. A run therefore marks what it makes with its own
//! tag, and looks for that mark when EC2 says the name is taken or gives no answer.

use anyhow::Result;
use aws_sdk_ec2::types::ResourceType;
use chrono::NaiveDate;
use tokio::time::Instant;

use super::client::convert::tag_specification;
use super::client::error::{ApiError, api, dry_run};
use super::client::lost_answers::Attempts;
use super::client::patience::{Over, Patience, Pauses, UNKNOWN_AT_FIRST};
use super::client::quota::Room;
use super::client::stop::{self, Stop};
use super::client::target::Target;
use super::images::{self, Query};
use super::{register, snapshots, tags};
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::{ImageId, InstanceId};
use crate::domain::image::Image;
use crate::domain::naming::{Date, Family, ImageName, Version, next_version};
use crate::domain::registration::Registration;
use crate::domain::tags::{Maker, RUN, Tag, Tags, image_tags};

/// Runs that race for a version give each other way this often before they give up.
const RACES: usize = 20;
const DUPLICATE: &str = "InvalidAMIName.Duplicate";

/// What an image is made from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// An instance; its volumes are snapshotted.
    Instance {
        /// The instance.
        id: InstanceId,
        /// Leaves the instance running, at the risk of an inconsistent file system.
        no_reboot: bool,
    },
    /// Snapshots, of which one becomes the root of the image, with the machine they are for.
    Snapshot(Box<Registration>),
}

/// An image to be made.
#[derive(Debug, Clone)]
pub struct Request {
    /// The family it becomes a version of.
    pub family: Family,
    /// The version; the next free one when `None`.
    pub version: Option<Version>,
    /// The day in its name.
    pub date: Date,
    /// What it is made from.
    pub origin: Origin,
    /// What to write about it, up to 255 characters.
    pub description: Option<String>,
    /// Tags beside those that follow from the name.
    pub tags: Vec<Tag>,
    /// Whether the snapshots are tagged too.
    pub snapshot_tags: bool,
    /// Who makes it.
    pub maker: Maker,
}

impl Request {
    /// Finds what EC2 would refuse before anything is asked of it: a name too long, tags too many.
    pub fn check(&self) -> Result<()> {
        let name = ImageName::new(self.family.clone(), self.version.unwrap_or(Version::FIRST), self.date)?;
        image_tags(&name, &self.maker, &self.tags)?;
        Ok(())
    }
}

/// The day of today in a name.
pub fn today(now: chrono::DateTime<chrono::Utc>) -> Result<Date> {
    let day: NaiveDate = now.date_naive();
    Ok(Date::try_from(day)?)
}

/// The name the image will get, unless another run takes it first.
pub async fn next_name(target: &Target, request: &Request) -> Result<ImageName> {
    let pattern = format!("{}-v*", request.family);
    let own = images::find(target, &Query::own().filter("name", vec![pattern])).await?;
    let version = match request.version {
        Some(version) => {
            let same = |n: &ImageName| *n.family() == request.family && n.version() == version;
            match own.iter().find(|image| image.parsed_name.as_ref().is_some_and(same)) {
                Some(taken) if !made_by(taken, &request.maker) => return Err(exists(target, taken).into()),
                _ => version,
            }
        }
        None => next_version(&request.family, own.iter().filter_map(|image| image.parsed_name.as_ref()))?,
    };
    Ok(ImageName::new(request.family.clone(), version, request.date)?)
}

fn exists(target: &Target, taken: &Image) -> Failure {
    Failure::new(Kind::Failed, DUPLICATE, format!("this version exists in {}: {}", target.region, taken.label()))
        .hint("leave --version out to get the next free one")
}

fn made_by(image: &Image, maker: &Maker) -> bool {
    image.tags.get(RUN) == Some(&maker.run)
}

/// Asks EC2 whether making the image is allowed and would work; changes nothing.
pub async fn check(target: &Target, request: &Request) -> Result<ImageName> {
    let name = next_name(target, request).await?;
    let tags = image_tags(&name, &request.maker, &request.tags)?;
    let call = request.origin.call();
    dry_run(call, &target.region, send(target, request, &name, &tags, true).await)?;
    Ok(name)
}

/// Starts making the image, and gives its name and id; it is usually pending still. The user's wish to
/// stop ends the wait for room, and the search for an image of which EC2 has not told.
pub async fn start(target: &Target, request: &Request, room: &Room<'_>) -> Result<(ImageName, ImageId)> {
    let mut name = next_name(target, request).await?;
    for _ in 0..RACES {
        let tags = image_tags(&name, &request.maker, &request.tags)?;
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
        if request.version.is_some() {
            return Err(error.into());
        }
        stop::nothing_begun();
        // The name may be that of an image just deregistered, which no listing shows.
        let listed = next_name(target, request).await?;
        let after = ImageName::new(request.family.clone(), name.version().next()?, request.date)?;
        name = listed.max(after);
    }
    Err(Failure::new(Kind::Failed, DUPLICATE, format!("{RACES} versions in a row were taken by other runs")).into())
}

/// What has the name that an image was to get.
enum Found {
    /// The image that this run made.
    Ours(ImageId),
    /// The image of somebody else.
    Another,
    /// No image, as far as can be seen.
    Nothing,
}

/// Looks for the image this run made under that name. After a lost answer EC2 may show it only after a while.
async fn find_ours(
    target: &Target,
    request: &Request,
    name: &ImageName,
    error: &ApiError,
    stop: &Stop,
) -> Result<Found> {
    let patience = Patience { until: Instant::now() + UNKNOWN_AT_FIRST, stop: stop.clone() };
    let (mut pauses, mut over) = (Pauses::new(&patience), false);
    loop {
        match images::by_name(target, &name.to_string()).await {
            Ok(Some(image)) if made_by(&image, &request.maker) && from_same(&image, &request.origin) => {
                return Ok(Found::Ours(image.id));
            }
            Ok(Some(_)) => return Ok(Found::Another),
            Ok(None) if over || !error.answer_lost => return Ok(Found::Nothing),
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

/// The failure where nobody knows whether the image is being made.
fn lost(target: &Target, name: &ImageName, kind: Kind, message: String) -> Failure {
    let list = format!("look with 'amictl list {}' before running it again: EC2 may still make it", target.options());
    let code = if kind == Kind::Interrupted { "Interrupted" } else { "AnswerLost" };
    Failure::new(kind, code, format!("an answer was lost, and {name} may have been made: {message}")).hint(list)
}

fn from_same(image: &Image, origin: &Origin) -> bool {
    match (origin, &image.source.instance_id) {
        (Origin::Instance { id, .. }, Some(source)) => source == id,
        (Origin::Instance { .. } | Origin::Snapshot(_), _) => true,
    }
}

impl Origin {
    fn call(&self) -> &'static str {
        match self {
            Self::Instance { .. } => "CreateImage",
            Self::Snapshot(_) => "RegisterImage",
        }
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
        Origin::Snapshot(made_of) => register::send(target, request, made_of, name, tags, dry_run).await?,
        Origin::Instance { id, no_reboot } => {
            let attempts = Attempts::default();
            let snapshot_tags = request.snapshot_tags.then(|| tag_specification(ResourceType::Snapshot, tags));
            let image_tags = tag_specification(ResourceType::Image, tags);
            let answer = target
                .ec2
                .create_image()
                .instance_id(id.as_str())
                .name(name.to_string())
                .set_description(request.description.clone())
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

/// Tags the snapshots an image was registered from, but for those that another image brought. RegisterImage itself tags
/// the image only; what a snapshot says of itself already is left as it is.
pub async fn tag_snapshots(target: &Target, request: &Request, name: &ImageName) -> Result<()> {
    let Origin::Snapshot(registration) = &request.origin else { return Ok(()) };
    if !request.snapshot_tags {
        return Ok(());
    }
    let named: Vec<_> = registration.named_snapshots().into_iter().collect();
    let found = snapshots::existing(target, &named).await?;
    for id in named {
        let present = found.iter().find(|snapshot| snapshot.id == id);
        let mut wanted = image_tags(name, &request.maker, &request.tags)?;
        wanted.retain(|key, _| !present.is_some_and(|snapshot| snapshot.tags.contains_key(key)));
        tags::add(target, &[id.to_string()], &wanted).await?;
    }
    Ok(())
}

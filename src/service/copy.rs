//! CopyImage into a region, repeatable without making a second copy.

use std::time::Duration;

use anyhow::Result;
use aws_sdk_ec2::types::ResourceType;
use sha2::{Digest, Sha256};

use super::client::convert::tag_specification;
use super::client::error::{ApiError, api, dry_run};
use super::client::lost_answers::Attempts;
use super::client::quota::Room;
use super::client::target::Target;
use super::{images, kms_keys, snapshots, tags};
use crate::domain::command_line::amictl;
use crate::domain::copy_duration::CopyDuration;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State};
use crate::domain::region::Region;
use crate::domain::tags::{SNAPSHOT_OF, Tags, of_snapshots};
use crate::domain::{lineage, orphan};

const CALL: &str = "CopyImage";
const DUPLICATE: &str = "InvalidAMIName.Duplicate";
/// EC2's code for a token used before with other parameters.
const OTHER_PARAMETERS: &str = "IdempotentParameterMismatch";

/// The number of tokens tried when earlier ones lead to a deregistered image or were used for another.
const GENERATIONS: u32 = 4;

/// The seconds for which EC2 may not know a new copy before it counts as deregistered.
const UNKNOWN_PAUSES: [u64; 4] = [0, 1, 2, 4];

/// The encryption of the copy's snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// As the source, or by the region's default encryption.
    AsSource,
    /// With the default key of the region.
    DefaultKey,
    /// With this key of the region.
    Key(String),
}

/// A copy to be made.
#[derive(Debug, Clone)]
pub struct Request {
    /// The image to copy.
    pub source: Image,
    /// The name of the copy.
    pub name: String,
    /// The encryption.
    pub encryption: Encryption,
    /// The tags of the copy and of its snapshots.
    pub tags: Tags,
    /// The time within which EC2 is to complete it; a standard copy has none.
    pub within: Option<CopyDuration>,
}

/// A copy that was started, or already existed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// Started by this run.
    New(ImageId),
    /// Started by an earlier run.
    Adopted(ImageId),
}

impl Started {
    /// The copy.
    pub fn id(&self) -> &ImageId {
        match self {
            Self::New(id) | Self::Adopted(id) => id,
        }
    }
}

/// Asks EC2 whether the copy is allowed; changes nothing. An existing copy needs no check.
pub async fn check(to: &Target, request: &Request) -> Result<Option<ImageId>> {
    if let Some(adopted) = adopt(to, request).await? {
        return Ok(Some(adopted));
    }
    dry_run(CALL, &to.region, send(to, request, 0, true).await)?;
    Ok(None)
}

/// Starts the copy in the region of `to` when there is capacity, or adopts an existing one.
pub async fn start(to: &Target, request: &Request, room: &Room<'_>) -> Result<Started> {
    if let Some(adopted) = adopt(to, request).await? {
        return Ok(Started::Adopted(adopted));
    }
    let mut unseen = None;
    for generation in 0..GENERATIONS {
        let error = match room.call(|| send(to, request, generation, false)).await {
            Ok(id) if was_deregistered(to, &id).await => {
                unseen = Some(id);
                continue;
            }
            Ok(id) => return Ok(Started::New(id)),
            Err(error) => error,
        };
        let used_up = error.is(OTHER_PARAMETERS);
        if (error.is(DUPLICATE) || error.answer_lost || used_up)
            && let Some(adopted) = adopt(to, request).await.map_err(|look| blind(request, &error, &unseen, look))?
        {
            return Ok(Started::Adopted(adopted));
        }
        // The token made a copy with another key or other tags that no longer exists. Names are unique, so the next
        // token cannot make a second copy.
        if used_up {
            continue;
        }
        // The name is taken: the copy that was not visible exists after all.
        return match unseen {
            Some(id) if error.is(DUPLICATE) => Ok(Started::New(id)),
            _ => Err(error.into()),
        };
    }
    Err(Failure::new(Kind::Failed, "StaleCopy", format!("EC2 keeps giving deregistered copies in {}", to.region))
        .hint("give the copy another name with --name")
        .into())
}

/// The failure if a copy may exist but the search for it failed. Other errors of the search are returned as they are.
fn blind(request: &Request, error: &ApiError, unseen: &Option<ImageId>, look: anyhow::Error) -> anyhow::Error {
    let Some(look) = look.downcast_ref::<ApiError>() else { return look };
    let code = if error.answer_lost { "AnswerLost".to_owned() } else { error.code.clone() };
    let id = unseen.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let message = format!("{error}; {}{id} may have been made, but looking for it failed: {look}", request.name);
    let again = "run the command again: it adopts existing copies";
    let hint = look.hint().map_or(again.to_owned(), |hint| format!("{hint}; then {again}"));
    Failure::new(Kind::Failed, code, message).hint(hint).into()
}

/// The existing copy of the source under that name; a failure if another image has the name.
async fn adopt(to: &Target, request: &Request) -> Result<Option<ImageId>> {
    let Some(found) = images::by_name(to, &request.name).await? else { return Ok(None) };
    let problem = |code, message: String| Failure::new(Kind::Failed, code, message);
    if !lineage::is_copy(&found, &request.source) {
        let message =
            format!("{} in {} has that name and is no copy of {}", found.label(), to.region, request.source.id);
        return Err(problem(DUPLICATE, message).hint("give the copy another name with --name").into());
    }
    if !matches!(found.state, State::Available) && !found.state.may_become_available() {
        let reason = found.state_reason.as_deref().unwrap_or("EC2 gives no reason");
        let message = format!("an earlier copy, {}, is {} in {}: {reason}", found.label(), found.state, to.region);
        let remove = amictl("deregister").word(&found.id).options(to.options()).to_string();
        let hint = format!("it holds the name: remove it with: {remove}, then copy again");
        return Err(problem("ImageNotAvailable", message).hint(hint).first(remove).into());
    }
    if found.state == State::Available {
        as_asked(to, request, &found).await?;
    }
    Ok(Some(found.id))
}

/// Refuses an existing copy that is not encrypted as requested, which only an available copy shows.
pub async fn as_asked(to: &Target, request: &Request, found: &Image) -> Result<()> {
    let (label, region) = (found.label(), &to.region);
    let refused = |message: String, hint: &str| Failure::new(Kind::Failed, DUPLICATE, message).hint(hint);
    if request.encryption != Encryption::AsSource && found.snapshots.iter().any(|snapshot| !snapshot.encrypted) {
        let message = format!("an earlier copy, {label} in {region}, is not encrypted");
        return Err(refused(message, "give the encrypted copy another name with --name").into());
    }
    if let Encryption::Key(key) = &request.encryption
        && let Some(other) = other_key(to, found, key).await?
    {
        let message = format!("an earlier copy, {label} in {region}, is encrypted with {other}, not with {key}");
        return Err(refused(message, "give the copy under that key another name with --name").into());
    }
    Ok(())
}

/// The key of a snapshot of the copy, if it differs from `wanted`. Without permission to describe keys the check is
/// skipped.
async fn other_key(to: &Target, copy: &Image, wanted: &str) -> Result<Option<String>, ApiError> {
    let Ok(wanted) = kms_keys::arn(to, wanted).await else { return Ok(None) };
    let ids: Vec<_> = copy.snapshots.iter().map(|s| s.id.clone()).collect();
    let keys = snapshots::existing(to, &ids).await?.into_iter().filter_map(|snapshot| snapshot.kms_key);
    Ok(keys.into_iter().find(|key| *key != wanted))
}

/// A token replayed after the copy was deregistered returns the old id [unconfirmed on EC2, cheap to allow for]. A new
/// id may be unknown for a moment, too.
async fn was_deregistered(to: &Target, id: &ImageId) -> bool {
    for pause in UNKNOWN_PAUSES {
        tokio::time::sleep(Duration::from_secs(pause)).await;
        match images::by_ids(to, std::slice::from_ref(id)).await {
            Ok(found) => return found.first().is_none_or(|image| image.state == State::Deregistered),
            Err(error) if error.is("InvalidAMIID.NotFound") => {}
            Err(error) => return error.is("InvalidAMIID.Unavailable"),
        }
    }
    true
}

/// A client token of 64 characters, equal for every run that requests the same copy: EC2 answers a repeated token with
/// the first image. The text must not change, or an upgraded amictl would copy once more.
fn token(source: &Image, to: &Region, name: &str, generation: u32) -> String {
    let text = format!("{}\n{}\n{}\n{to}\n{name}\n{generation}", amictl("copy"), source.region, source.id);
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn send(to: &Target, request: &Request, generation: u32, dry_run: bool) -> Result<ImageId, ApiError> {
    let of_snapshots = of_snapshots(&request.tags);
    let kinds = [(ResourceType::Image, &request.tags), (ResourceType::Snapshot, &of_snapshots)];
    let tagged = kinds.into_iter().filter(|(_, tags)| !tags.is_empty());
    let specifications: Vec<_> = tagged.map(|(kind, tags)| tag_specification(kind, tags)).collect();
    let (encrypted, key) = match &request.encryption {
        Encryption::AsSource => (None, None),
        Encryption::DefaultKey => (Some(true), None),
        Encryption::Key(key) => (Some(true), Some(key.clone())),
    };
    let attempts = Attempts::default();
    let answer = to
        .ec2
        .copy_image()
        .source_image_id(request.source.id.as_str())
        .source_region(request.source.region.as_str())
        .name(&request.name)
        .set_description(request.source.description.clone())
        .set_encrypted(encrypted)
        .set_kms_key_id(key)
        .set_snapshot_copy_completion_duration_minutes(request.within.map(|within| i64::from(within.minutes())))
        .client_token(token(&request.source, &to.region, &request.name, generation))
        .set_tag_specifications((!specifications.is_empty()).then_some(specifications))
        .dry_run(dry_run)
        .customize()
        .interceptor(attempts.clone())
        .send()
        .await;
    let id = answer.map_err(api(CALL, &to.region)).map_err(|error| attempts.judged(error))?.image_id;
    id.and_then(|id| id.parse().ok()).ok_or_else(|| ApiError::unreadable(CALL, &to.region))
}

/// Adds missing tags to the copy and its snapshots: an adopted copy may lack some, and not every endpoint tags what it
/// copies.
pub async fn complete(to: &Target, copy: &mut Image, wanted: &Tags) -> Result<(), ApiError> {
    let missing = tags::lacking(&copy.tags, wanted);
    tags::add(to, &[copy.id.to_string()], &missing).await?;
    copy.tags.extend(missing);
    let wanted = &of_snapshots(wanted);
    if wanted.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = copy.snapshots.iter().map(|s| s.id.clone()).collect();
    for snapshot in snapshots::existing(to, &ids).await? {
        tags::add(to, &[snapshot.id.to_string()], &tags::lacking(&snapshot.tags, wanted)).await?;
    }
    Ok(())
}

/// Tags each snapshot with its copy, unless tagged: once the copy is deregistered, nothing else proves it.
pub async fn mark(to: &Target, copy: &Image) -> Result<(), ApiError> {
    let ids: Vec<_> = copy.snapshots.iter().map(|s| s.id.clone()).collect();
    for snapshot in snapshots::existing(to, &ids).await? {
        let wanted = Tags::from([(SNAPSHOT_OF.to_owned(), orphan::mark(&snapshot.id, &copy.id))]);
        tags::add(to, &[snapshot.id.to_string()], &tags::lacking(&snapshot.tags, &wanted)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::testing::image;

    #[test]
    fn a_token_depends_on_source_region_and_name_only() {
        let (source, region): (Image, Region) = (image(1, "web-v1-2026-01-02"), "eu-west-1".parse().unwrap());
        let first = token(&source, &region, "a", 0);
        assert_eq!(first.len(), 64);
        assert_eq!(first, token(&source, &region, "a", 0));
        assert_ne!(first, token(&source, &region, "b", 0));
        assert_ne!(first, token(&source, &"eu-west-2".parse().unwrap(), "a", 0));
        assert_ne!(first, token(&image(2, "web-v1-2026-01-02"), &region, "a", 0));
    }
}

//! CopyImage, called in the destination region.

use std::collections::BTreeSet;

use super::super::errors::{Answer, Refusal, combination, image_unavailable, invalid_value, no_image, refuse};
use super::super::model::{Image, Reason, Snapshot, Tags, visible_tags};
use super::super::paging::fingerprint;
use super::super::protection::Protection;
use super::super::request::Request;
use super::super::tags;
use super::super::world::{World, span};
use super::super::xml::Xml;
use super::{Viewer, add, check_description, check_name, seen, snapshot_phase, turns_out};

/// What EC2 copies of one snapshot in a second, in a time-based copy.
const MIB_A_SECOND: i64 = 500;

/// What an endpoint says, later, when it may not use the given key.
const BAD_KEY: &str = "Given key ID is not accessible. You must have DescribeKey permissions on the default CMK.";

pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let name = params.need("Name")?;
    let from = params.need("SourceRegion")?;
    let source_id = params.need("SourceImageId")?;
    let description = check_description(params.get("Description"))?;
    let mut tags = tags::specified(params, &["image", "snapshot"])?;
    let copy_tags = params.flag("CopyImageTags")?.unwrap_or(false);
    let encrypt = params.flag("Encrypted")?.unwrap_or(false);
    if params.has("KmsKeyId") && !encrypt {
        return Err(combination("KmsKeyId requires the parameter Encrypted to be set"));
    }
    if !world.is_enabled(&request.account, from) {
        return Err(invalid_value("SourceRegion", from, "No such region, or not enabled."));
    }
    let token = params.get("ClientToken").map(str::to_owned);
    let print = fingerprint(request, &["ClientToken", "DryRun"]);
    if let Some(done) = replayed(world, request, token.as_deref(), print)? {
        request.dry_run()?;
        return Ok(answer(&done));
    }
    let (source, originals) = source(world, request, from, source_id)?;
    check_duration(request, &originals)?;
    check_name(world.region(&request.region), request, name)?;
    check_room(world, request)?;
    request.dry_run()?;

    let reason = world.fail_next_image.take().or_else(|| bad_key(world, request, &originals));
    let phase = turns_out(world, request.now, reason.as_ref());
    let id = world.ids.next("ami");
    let snapshot_tags = tags.remove("snapshot").unwrap_or_default();
    let mut image = Image {
        id: id.clone(),
        owner: request.account.clone(),
        region: request.region.clone(),
        name: name.to_owned(),
        description,
        phase,
        created: request.now,
        visible_from: request.now + span(world.visible_after),
        tags: image_tags(&source, &request.account, copy_tags, tags.remove("image")),
        launch: BTreeSet::new(),
        alias: None,
        deprecated: None,
        last_launched: None,
        protection: Protection::Disabled,
        source_instance: None,
        source_ami: Some(source.id.clone()),
        source_region: Some(from.to_owned()),
        source_untold: false,
        scan: None,
        reason,
        ..source
    };
    let mut copies = Vec::new();
    for ebs in image.mappings.iter_mut().filter_map(|m| m.ebs.as_mut()) {
        let Some(original) = ebs.snapshot.as_ref().and_then(|id| originals.iter().find(|o| o.id == *id)) else {
            continue;
        };
        let key = key(world, request, from, original, encrypt);
        ebs.encrypted = key.is_some();
        let copy = Snapshot {
            id: world.ids.next("snap"),
            owner: request.account.clone(),
            volume: "vol-ffffffff".to_owned(),
            description: format!(
                "Copied for DestinationAmi {id} from SourceAmi {source_id} for SourceSnapshot {}",
                original.id
            ),
            phase: snapshot_phase(&image.phase),
            message: image.reason.as_ref().map(|(_, message)| message.clone()),
            started: request.now,
            size: original.size,
            full_bytes: original.full_bytes,
            kms_key: key,
            tier: "standard".to_owned(),
            tags: snapshot_tags.clone(),
            shared: BTreeSet::new(),
            users: BTreeSet::new(),
            busy: None,
        };
        ebs.snapshot = Some(copy.id.clone());
        copies.push(copy);
    }
    let region = world.region(&request.region);
    if let Some(token) = token {
        let key = (request.account.clone(), request.action.clone(), token);
        region.tokens.insert(key, (print, vec![id.clone()]));
    }
    add(region, image, copies);
    Ok(answer(&id))
}

fn answer(id: &str) -> String {
    let mut x = Xml::new();
    x.leaf("imageId", id);
    x.done()
}

/// What an earlier request with this token made, if it was the same request.
fn replayed(world: &mut World, request: &Request, token: Option<&str>, print: u64) -> Result<Option<String>, Refusal> {
    let Some(token) = token else { return Ok(None) };
    if token.len() > 64 {
        return Err(invalid_value("ClientToken", token, "At most 64 characters."));
    }
    let key = (request.account.clone(), request.action.clone(), token.to_owned());
    match world.region(&request.region).tokens.get(&key) {
        Some((before, ids)) if *before == print => Ok(ids.first().cloned()),
        Some(_) => {
            Err(refuse("IdempotentParameterMismatch", "The client token was used before with other parameters."))
        }
        None => Ok(None),
    }
}

/// The source and its snapshots, which the caller must be allowed to read.
fn source(world: &mut World, request: &Request, from: &str, id: &str) -> Result<(Image, Vec<Snapshot>), Refusal> {
    let viewer = Viewer::new(world, request);
    let region = world.region(from);
    let image = seen(region, &viewer, id)?;
    if image.state(request.now) != "available" {
        return Err(image_unavailable(id));
    }
    if image.root_type != "ebs" {
        return Err(no_image(&[id]));
    }
    let snapshots: Vec<Snapshot> = image.snapshots().filter_map(|id| region.snapshots.get(id)).cloned().collect();
    let archived = snapshots.iter().find(|s| s.tier != "standard");
    if let Some(snapshot) = archived {
        let message = format!("The snapshot {} is in the archive tier", snapshot.id);
        return Err(refuse("IncorrectState", message));
    }
    if snapshots.iter().all(|snapshot| snapshot.usable_by(&request.account)) {
        Ok((image.clone(), snapshots))
    } else {
        Err(refuse("InvalidRequest", "You do not have permission to access the storage of this ami"))
    }
}

/// A time-based copy is asked for in steps of 15 minutes, and a large snapshot needs some of them; the codes of the
/// refusals are unconfirmed, and so is that EC2 reckons with the size of the volume.
fn check_duration(request: &Request, originals: &[Snapshot]) -> Result<(), Refusal> {
    const NAME: &str = "SnapshotCopyCompletionDurationMinutes";
    let Some(minutes) = request.params.number(NAME)? else { return Ok(()) };
    if minutes % 15 != 0 {
        return Err(invalid_value(NAME, &minutes.to_string(), "Expecting a multiple of 15."));
    }
    let most = MIB_A_SECOND * 60 * minutes / 1024;
    match originals.iter().find(|snapshot| snapshot.size > most) {
        Some(snapshot) => {
            let why = format!("The snapshot {} is larger than {most} GiB.", snapshot.id);
            Err(invalid_value(NAME, &minutes.to_string(), &why))
        }
        None => Ok(()),
    }
}

/// Copies in progress into this region of this account have a limit.
fn check_room(world: &mut World, request: &Request) -> Result<(), Refusal> {
    let limit = world.copies_at_once;
    let pending = world.region(&request.region).images.values().filter(|image| {
        image.owner == request.account
            && image.state(request.now) == "pending"
            && image.source_instance.is_none()
            && image.source_ami.is_some()
    });
    if pending.count() < limit {
        return Ok(());
    }
    Err(refuse("ResourceLimitExceeded", format!("Too many image copies in progress; the limit is {limit}.")))
}

/// A key that cannot be used shows only later, on the copy: the one that is asked for, and those of the source.
fn bad_key(world: &World, request: &Request, originals: &[Snapshot]) -> Option<Reason> {
    let account = request.account.as_str();
    let usable = |arn: &String| world.may_use_key(account, arn);
    let asked = request.params.get("KmsKeyId");
    let target =
        asked.is_none_or(|name| world.find_key(account, &request.region, name).is_some_and(|arn| usable(&arn)));
    let readable = originals.iter().filter_map(|original| original.kms_key.as_ref()).all(usable);
    (!target || !readable).then(|| ("Client.InternalError".to_owned(), BAD_KEY.to_owned()))
}

/// The copy's tags: the caller's own ones of the source (or the shared ones of a foreign source),
/// then those of the request.
fn image_tags(source: &Image, account: &str, copy: bool, given: Option<Tags>) -> Tags {
    let visible = visible_tags(&source.tags, &source.owner, account);
    let copied = visible.filter(|(key, _)| copy && !key.starts_with("aws:"));
    let mut tags: Tags = copied.map(|(key, value)| (key.clone(), value.clone())).collect();
    tags.extend(given.unwrap_or_default());
    tags
}

/// Key of a copied snapshot, by the encryption table of CopyImage.
fn key(world: &World, request: &Request, from: &str, original: &Snapshot, encrypt: bool) -> Option<String> {
    let default = world.ebs_default_key(&request.account, &request.region);
    let own = original.owner == request.account;
    if let Some(name) = request.params.get("KmsKeyId") {
        let found = world.find_key(&request.account, &request.region, name);
        return Some(found.unwrap_or_else(|| name.to_owned()));
    }
    match &original.kms_key {
        Some(key) if own && from == request.region => Some(key.clone()),
        Some(_) => Some(default),
        None if encrypt => Some(default),
        None => world.forced_key(request),
    }
}

//! Tags: specifications inside other calls, CreateTags, DeleteTags.

use std::collections::BTreeMap;

use super::errors::{Answer, Refusal, no_image, no_instance, no_snapshot, not_your_image, refuse};
use super::model::Tags;
use super::params::Params;
use super::request::Request;
use super::services::Operation;
use super::world::{Region, World};

/// Most tags on one resource.
const MOST_TAGS: usize = 50;

/// Tagging operations.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "CreateTags", params: &["ResourceId", "Tag"], run: create },
    Operation { name: "DeleteTags", params: &["ResourceId", "Tag"], run: delete },
];

/// Reads `TagSpecification.N`, which may speak of these resource types only.
pub fn specified(params: &Params, allowed: &[&str]) -> Result<BTreeMap<String, Tags>, Refusal> {
    let bad = |message: String| refuse("InvalidParameterValue", message);
    let mut found = BTreeMap::new();
    for given in params.structs("TagSpecification") {
        let kind = given.get("ResourceType").unwrap_or_default().to_owned();
        if kind.is_empty() {
            return Err(bad("Tag specification resource type must have a value".into()));
        }
        if !allowed.contains(&kind.as_str()) {
            return Err(bad(format!("'{kind}' is not a valid taggable resource type for this operation.")));
        }
        let tags = read(&given)?;
        if tags.is_empty() {
            return Err(bad("Tag specification must have at least one tag".into()));
        }
        check_count(&tags)?;
        if found.insert(kind, tags).is_some() {
            return Err(bad("Tag specification resource type must be unique".into()));
        }
    }
    Ok(found)
}

fn read(params: &Params) -> Result<Tags, Refusal> {
    let bad = |message: String| refuse("InvalidParameterValue", message);
    let mut tags = Tags::new();
    for tag in params.structs("Tag") {
        let key = tag.get("Key").unwrap_or_default().to_owned();
        let value = tag.get("Value").unwrap_or_default().to_owned();
        if key.is_empty() {
            return Err(bad("Tag key cannot be empty".into()));
        }
        if key.chars().count() > 128 {
            return Err(bad("Tag key exceeds the maximum length of 128 characters".into()));
        }
        if value.chars().count() > 256 {
            return Err(bad("Tag value exceeds the maximum length of 256 characters".into()));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(bad("Tag keys starting with 'aws:' are reserved for internal use".into()));
        }
        if tags.insert(key.clone(), value).is_some() {
            return Err(bad(format!("Duplicate tag key '{key}' specified.")));
        }
    }
    Ok(tags)
}

fn check_count(tags: &Tags) -> Result<(), Refusal> {
    let counted = tags.keys().filter(|key| !key.starts_with("aws:")).count();
    if counted > MOST_TAGS {
        return Err(refuse("TagLimitExceeded", "The maximum number of Tags for a resource has been reached."));
    }
    Ok(())
}

/// The tags of a resource the account owns.
fn of<'a>(region: &'a mut Region, account: &str, id: &str) -> Result<&'a mut Tags, Refusal> {
    let unknown = || refuse("InvalidID", format!("The ID '{id}' is not valid"));
    let (kind, _) = id.split_once('-').ok_or_else(unknown)?;
    super::ids::check(kind, id)?;
    match kind {
        "ami" => {
            let image = region.images.get_mut(id).ok_or_else(|| no_image(&[id]))?;
            if image.owner != account {
                return Err(not_your_image(id));
            }
            Ok(&mut image.tags)
        }
        "snap" => {
            let own = region.snapshots.get_mut(id).filter(|s| s.owner == account);
            Ok(&mut own.ok_or_else(|| no_snapshot(id))?.tags)
        }
        "i" => {
            let own = region.instances.get_mut(id).filter(|i| i.owner == account);
            Ok(&mut own.ok_or_else(|| no_instance(&[id]))?.tags)
        }
        "sg" => {
            let own = region.groups.get_mut(id).filter(|g| g.owner == account);
            Ok(&mut own.ok_or_else(|| super::groups::no_group(id))?.tags)
        }
        "lt" => {
            let own = region.templates.get_mut(id).filter(|t| t.owner == account);
            Ok(&mut own.ok_or_else(|| super::templates::no_template_id(id))?.tags)
        }
        "amiur" => {
            let own = region.usage_reports.get_mut(id).filter(|report| report.owner == account);
            Ok(&mut own.ok_or_else(|| super::usage_reports::no_report(id))?.tags)
        }
        "vol" => {
            let own = region.instances.values_mut().filter(|i| i.owner == account);
            let mut volumes = own.flat_map(|instance| &mut instance.volumes);
            let found = volumes.find(|volume| volume.id == id);
            Ok(&mut found.ok_or_else(unknown)?.tags)
        }
        _ => Err(unknown()),
    }
}

fn resources(request: &Request) -> Result<Vec<&str>, Refusal> {
    let ids = request.params.list("ResourceId");
    match ids.len() {
        0 => Err(super::errors::missing("ResourceId")),
        1..=1000 => Ok(ids),
        _ => Err(refuse("InvalidParameterValue", "At most 1000 resources at once.")),
    }
}

/// All or nothing: every resource is checked before any is tagged.
fn create(world: &mut World, request: &Request) -> Answer {
    let ids = resources(request)?;
    let added = read(&request.params)?;
    if added.is_empty() {
        return Err(super::errors::missing("Tag"));
    }
    let now = request.now;
    let region = world.region(&request.region);
    for id in &ids {
        if region.images.get(*id).is_some_and(|image| now < image.visible_from) {
            return Err(no_image(&[id]));
        }
        let mut tags = of(region, &request.account, id)?.clone();
        tags.extend(added.clone());
        check_count(&tags)?;
    }
    request.dry_run()?;
    for id in &ids {
        of(region, &request.account, id)?.extend(added.clone());
    }
    Ok("<return>true</return>".to_owned())
}

/// Without tags it removes all; with a value only a tag that has it.
fn delete(world: &mut World, request: &Request) -> Answer {
    let ids = resources(request)?;
    let wanted = request.params.structs("Tag");
    let region = world.region(&request.region);
    for id in &ids {
        of(region, &request.account, id)?;
    }
    request.dry_run()?;
    for id in &ids {
        of(region, &request.account, id)?.retain(|key, value| {
            let reserved = key.starts_with("aws:");
            let named = wanted.is_empty()
                || wanted.iter().any(|tag| tag.get("Key") == Some(key) && tag.get("Value").is_none_or(|v| v == value));
            reserved || !named
        });
    }
    Ok("<return>true</return>".to_owned())
}

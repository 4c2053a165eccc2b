//! Making launch templates and their versions.

use std::collections::BTreeMap;

use super::super::compute::{Template, TemplateVersion};
use super::super::errors::{Answer, Refusal, missing, refuse};
use super::super::paging::fingerprint;
use super::super::params::Params;
use super::super::request::Request;
use super::super::tags;
use super::super::world::World;
use super::super::xml::Xml;
use super::{named, versions, warnings, write};

/// Most templates of an account in a region, and most versions of a template.
const MOST_TEMPLATES: usize = 5000;
const MOST_VERSIONS: usize = 10_000;

/// Data of a new version: something must be in it; of its contents EC2 only warns.
fn data(params: &Params) -> Result<Params, Refusal> {
    let data = params.sub("LaunchTemplateData");
    if data.0.is_empty() { Err(missing("LaunchTemplateData")) } else { Ok(data) }
}

/// What a version made from another one inherits: all but the snapshots of its volumes.
fn inherited(source: &Params) -> Params {
    let snapshot = |name: &str| name.starts_with("BlockDeviceMapping.") && name.ends_with(".Ebs.SnapshotId");
    let kept = source.0.iter().filter(|(name, _)| !snapshot(name));
    Params(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Templates of an AWS service are changed by that service only.
fn changeable(template: &Template) -> Result<(), Refusal> {
    match &template.managed {
        Some(principal) => {
            let message = format!("The launch template {} is managed by {principal}.", template.id);
            Err(refuse("OperationNotPermitted", message))
        }
        None => Ok(()),
    }
}

fn description(params: &Params) -> Result<Option<String>, Refusal> {
    match params.get("VersionDescription") {
        Some(text) if text.chars().count() > 255 => {
            Err(refuse("InvalidParameterValue", "VersionDescription has at most 255 characters"))
        }
        other => Ok(other.map(str::to_owned)),
    }
}

/// What an earlier request with this token made, if it was the same request.
fn replayed(world: &mut World, request: &Request) -> Result<Option<Vec<String>>, Refusal> {
    let Some(token) = request.params.get("ClientToken") else { return Ok(None) };
    let key = (request.account.clone(), request.action.clone(), token.to_owned());
    match world.region(&request.region).tokens.get(&key) {
        None => Ok(None),
        Some((print, made)) if *print == fingerprint(request, &["ClientToken", "DryRun"]) => Ok(Some(made.clone())),
        Some(_) => {
            Err(refuse("IdempotentParameterMismatch", "The client token was used before with other parameters."))
        }
    }
}

fn remember(world: &mut World, request: &Request, made: Vec<String>) {
    if let Some(token) = request.params.get("ClientToken") {
        let key = (request.account.clone(), request.action.clone(), token.to_owned());
        let print = fingerprint(request, &["ClientToken", "DryRun"]);
        world.region(&request.region).tokens.insert(key, (print, made));
    }
}

pub fn template(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let name = params.need("LaunchTemplateName")?;
    let data = data(params)?;
    let description = description(params)?;
    let mut tags = tags::specified(params, &["launch-template"])?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "().-/_".contains(c);
    if !(3..=128).contains(&name.len()) || !name.chars().all(allowed) {
        return Err(refuse(
            "InvalidLaunchTemplateName.MalformedException",
            "A launch template name must be between 3 and 128 characters, and may contain letters, \
             numbers, and the following characters: - ( ) . / _.",
        ));
    }
    if let Some(made) = replayed(world, request)? {
        request.dry_run()?;
        return Ok(answer(world, request, &made[0], &[]));
    }
    let mut all = world.region(&request.region).templates.values();
    if all.any(|template| template.owner == request.account && template.name == name) {
        return Err(refuse("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use."));
    }
    if world.region(&request.region).templates.values().filter(|t| t.owner == request.account).count() >= MOST_TEMPLATES
    {
        return Err(refuse("MaxTemplateLimitExceeded", "You have reached the limit of launch templates."));
    }
    request.dry_run()?;
    let warned = warnings::of(world, request, &data);
    let first = TemplateVersion { number: 1, description, created: request.now, data };
    let template = Template {
        id: world.ids.next("lt"),
        owner: request.account.clone(),
        name: name.to_owned(),
        created: request.now,
        default: 1,
        latest: 1,
        managed: None,
        tags: tags.remove("launch-template").unwrap_or_default(),
        versions: BTreeMap::from([(1, first)]),
    };
    let id = template.id.clone();
    world.region(&request.region).templates.insert(id.clone(), template);
    remember(world, request, vec![id.clone()]);
    Ok(answer(world, request, &id, &warned))
}

fn answer(world: &mut World, request: &Request, id: &str, warned: &[Refusal]) -> String {
    let mut x = Xml::new();
    if let Some(template) = world.region(&request.region).templates.get(id) {
        x.node("launchTemplate", |x| write(x, template));
    }
    warnings::write(&mut x, warned);
    x.done()
}

/// A new version, over the data of SourceVersion when that is given. It does not become the default.
pub fn version(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let mut data = data(params)?;
    let description = description(params)?;
    let resolves = params.flag("ResolveAlias")?.unwrap_or(false);
    let made = replayed(world, request)?;
    let region = world.region(&request.region);
    let template = named(region, &request.account, params)?;
    let template = template.ok_or_else(|| missing("LaunchTemplateId"))?;
    changeable(template)?;
    if let Some(source) = params.get("SourceVersion") {
        data = data.over(&inherited(&template.version(source)?.data));
    }
    let image = versions::shown_image(region, request, &data, resolves)?;
    if made.is_none() && template.versions.len() >= MOST_VERSIONS {
        return Err(refuse("MaxTemplateVersionLimitExceeded", "The launch template has its most versions."));
    }
    request.dry_run()?;
    let (id, latest) = (template.id.clone(), template.latest);
    let warned = warnings::of(world, request, &data);
    let region = world.region(&request.region);
    let number = if let Some(made) = made {
        made[0].parse().unwrap_or(latest)
    } else {
        let number = latest + 1;
        let version = TemplateVersion { number, description, created: request.now, data };
        if let Some(template) = region.templates.get_mut(&id) {
            template.latest = number;
            template.versions.insert(number, version);
        }
        remember(world, request, vec![number.to_string()]);
        number
    };
    let region = world.region(&request.region);
    let template = &region.templates[&id];
    let version = &template.versions[&number];
    let mut x = Xml::new();
    x.node("launchTemplateVersion", |x| {
        versions::write(x, template, version, image.as_deref());
    });
    warnings::write(&mut x, &warned);
    Ok(x.done())
}

pub fn modify(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let made = replayed(world, request)?;
    let region = world.region(&request.region);
    let template = named(region, &request.account, params)?;
    let template = template.ok_or_else(|| missing("LaunchTemplateId"))?;
    changeable(template)?;
    let wanted = params.need("SetDefaultVersion")?;
    let number = template.version(wanted)?.number;
    let id = template.id.clone();
    request.dry_run()?;
    if made.is_some() {
        // A token that was used before does nothing again.
        return Ok(answer(world, request, &id, &[]));
    }
    if let Some(template) = region.templates.get_mut(&id) {
        template.default = number;
    }
    remember(world, request, vec![id.clone()]);
    Ok(answer(world, request, &id, &[]))
}

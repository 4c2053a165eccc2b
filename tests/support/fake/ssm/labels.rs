//! LabelParameterVersion, and the tags of parameters.

use serde_json::json;

use super::super::errors::{Answer, Refusal, missing, refuse};
use super::super::model::Tags;
use super::super::params::Params;
use super::super::request::Request;
use super::super::world::World;
use super::{Parameter, not_found};

/// Most labels on one version.
const MOST_LABELS: usize = 10;
/// Most tags on one parameter.
const MOST_TAGS: usize = 50;

/// Puts labels on a version, taking them off others. Labels that are no labels are named, not refused.
pub fn label(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let name = params.need("Name")?;
    let wanted = params.list("Labels");
    let asked = params.number("ParameterVersion")?;
    if wanted.is_empty() {
        return Err(missing("Labels"));
    }
    let region = world.region(&request.region);
    let parameter = region.parameters.get_mut(&request.named(name)).ok_or_else(|| not_found(name))?;
    let selector = asked.map(|number| number.to_string());
    let number = parameter.version(selector.as_deref()).map(|version| version.number).ok_or_else(|| {
        let number = asked.unwrap_or_default();
        let message =
            format!("Systems Manager could not find version {number} of {name}. Verify the version and try again.");
        refuse("ParameterVersionNotFound", message)
    })?;
    let (good, bad): (Vec<&str>, Vec<&str>) = wanted.into_iter().partition(|label| is_label(label));
    let mut labels = parameter.versions[&number].labels.clone();
    labels.extend(good.iter().map(|label| (*label).to_owned()));
    if labels.len() > MOST_LABELS {
        let message = format!("A parameter version can have a maximum of {MOST_LABELS} labels.");
        return Err(refuse("ParameterVersionLabelLimitExceeded", message));
    }
    for version in parameter.versions.values_mut() {
        version.labels.retain(|label| !good.contains(&label.as_str()));
        if version.number == number {
            version.labels.clone_from(&labels);
        }
    }
    Ok(json!({ "InvalidLabels": bad, "ParameterVersion": number }).to_string())
}

/// Letters, digits and `.-_`, at most 100; no digit at its front, nor `aws` or `ssm`.
fn is_label(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    (1..=100).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && !lower.starts_with("aws")
        && !lower.starts_with("ssm")
}

/// Reads `Tags.N`.
pub fn read_tags(params: &Params) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for tag in params.structs("Tags") {
        let (key, value) = (tag.need("Key")?.to_owned(), tag.get("Value").unwrap_or_default().to_owned());
        if key.starts_with("aws:") || tags.insert(key.clone(), value).is_some() {
            return Err(refuse("ValidationException", format!("The tag key {key} is reserved or given twice.")));
        }
    }
    if tags.len() > MOST_TAGS {
        return Err(too_many());
    }
    Ok(tags)
}

fn too_many() -> Refusal {
    refuse("TooManyTagsError", format!("A resource can have a maximum of {MOST_TAGS} tags."))
}

/// The parameter that ResourceId names; only parameters have tags here.
fn tagged<'a>(world: &'a mut World, request: &Request) -> Result<&'a mut Parameter, Refusal> {
    let kind = request.params.need("ResourceType")?;
    if kind != "Parameter" {
        return Err(refuse("InvalidResourceType", format!("{kind} is not a valid resource type here.")));
    }
    let name = request.params.need("ResourceId")?;
    let found = world.region(&request.region).parameters.get_mut(&request.named(name));
    found.ok_or_else(|| refuse("InvalidResourceId", format!("The resource ID {name} is not valid.")))
}

pub fn add_tags(world: &mut World, request: &Request) -> Answer {
    let added = read_tags(&request.params)?;
    if added.is_empty() {
        return Err(missing("Tags"));
    }
    let parameter = tagged(world, request)?;
    let mut tags = parameter.tags.clone();
    tags.extend(added);
    if tags.len() > MOST_TAGS {
        return Err(too_many());
    }
    parameter.tags = tags;
    Ok(String::new())
}

pub fn list_tags(world: &mut World, request: &Request) -> Answer {
    let tags = &tagged(world, request)?.tags;
    let list: Vec<_> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(json!({ "TagList": list }).to_string())
}

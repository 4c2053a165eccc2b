//! PutParameter and DeleteParameter.

use serde_json::json;

use super::super::errors::{Answer, Refusal, refuse};
use super::super::ids;
use super::super::model::Tags;
use super::super::request::Request;
use super::super::world::World;
use super::labels::read_tags;
use super::late::{self, MOST_VERSIONS};
use super::{Parameter, Version, not_found};

/// Most characters of a standard parameter's value.
const MOST_CHARACTERS: usize = 4096;

fn bad(message: impl Into<String>) -> Refusal {
    refuse("ValidationException", message)
}

/// A new parameter, or with Overwrite a new version of one.
pub fn put(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let name = params.need("Name")?;
    let value = params.need("Value")?;
    let overwrite = params.flag("Overwrite")?.unwrap_or(false);
    let description = params.get("Description").map(str::to_owned);
    let tags = read_tags(params)?;
    check_name(name)?;
    if value.len() > MOST_CHARACTERS {
        return Err(bad(format!("Standard tier parameters support a maximum of {MOST_CHARACTERS} characters.")));
    }
    if description.as_ref().is_some_and(|text| text.chars().count() > 1024) {
        return Err(bad("A description has at most 1024 characters."));
    }
    if !matches!(params.get("Tier"), None | Some("Standard")) {
        return Err(bad("Only the tier Standard is known here."));
    }
    let key = request.named(name);
    late::interfere(world, request, name);
    let known = world.region(&request.region).parameters.get(&key).cloned();
    let taken = known.is_some() || late::is_taken(world, &request.region, &key);
    let mut parameter = match known {
        _ if taken && !overwrite => {
            return Err(refuse(
                "ParameterAlreadyExists",
                "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
            ));
        }
        Some(parameter) => next_of(parameter, request, &tags)?,
        None => fresh(request, tags)?,
    };
    if parameter.data_type == "aws:ec2:image" && !ids::well_formed("ami", value) {
        return Err(bad("The parameter value does not match the data type aws:ec2:image."));
    }
    make_room(&mut parameter, name)?;
    if parameter.data_type == "aws:ec2:image" {
        let number = late::next_number(world, &request.region, &key);
        let description = parameter.described(description);
        let (value, author, labels) = (value.to_owned(), request.arn.clone(), Default::default());
        let version = Version { number, value, description, modified: request.now, author, labels };
        late::take(world, request, key, parameter, version);
        return Ok(json!({ "Version": number, "Tier": "Standard" }).to_string());
    }
    let number = parameter.add(value, description, request.now, &request.arn);
    world.region(&request.region).parameters.insert(key, parameter);
    Ok(json!({ "Version": number, "Tier": "Standard" }).to_string())
}

/// Letters, digits and `_.-/`; at most 15 levels; not a name that AWS keeps for itself.
fn check_name(name: &str) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    let bare = name.trim_start_matches('/').to_ascii_lowercase();
    if name.len() > 1011 || !name.chars().all(allowed) || name.ends_with('/') || name.contains("//") {
        return Err(bad(
            "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist \
             of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the \
             following 3 symbols .-_",
        ));
    }
    if name.contains('/') && !name.starts_with('/') {
        return Err(bad("Parameter name must be a fully qualified name."));
    }
    if bare.starts_with("aws") || bare.starts_with("ssm") {
        return Err(bad(format!("No access to reserved parameter name: {name}.")));
    }
    if name.matches('/').count() > 15 {
        let message = "A hierarchy can have a maximum of 15 levels.";
        return Err(refuse("HierarchyLevelLimitExceededException", message));
    }
    Ok(())
}

fn fresh(request: &Request, tags: Tags) -> Result<Parameter, Refusal> {
    let kind =
        request.params.get("Type").ok_or_else(|| bad("A parameter type is required when you create a parameter."))?;
    if !matches!(kind, "String" | "StringList" | "SecureString") {
        return Err(refuse("UnsupportedParameterType", format!("The parameter type {kind} is not supported.")));
    }
    let data_type = request.params.get("DataType").unwrap_or("text");
    match (data_type, kind) {
        ("text", _) | ("aws:ec2:image", "String") => Ok(Parameter { tags, ..Parameter::new(kind, data_type) }),
        _ => Err(bad(format!("The data type {data_type} does not go with the type {kind}."))),
    }
}

/// Type and data type stay as they are; tags cannot be given again.
fn next_of(parameter: Parameter, request: &Request, tags: &Tags) -> Result<Parameter, Refusal> {
    let changed = |field: &str, now: &str| request.params.get(field).is_some_and(|wanted| wanted != now);
    if changed("Type", &parameter.kind) {
        return Err(refuse(
            "HierarchyTypeMismatchException",
            "Parameter Store doesn't support changing a parameter type. You must create a new, unique parameter.",
        ));
    }
    if changed("DataType", &parameter.data_type) {
        return Err(bad("The data type of a parameter cannot be changed."));
    }
    if !tags.is_empty() {
        return Err(bad("Tags and overwrite can't be used together."));
    }
    Ok(parameter)
}

/// Drops the oldest version of a full parameter; one with a label stays and bars new versions.
fn make_room(parameter: &mut Parameter, name: &str) -> Result<(), Refusal> {
    if parameter.versions.len() < MOST_VERSIONS {
        return Ok(());
    }
    match parameter.versions.first_key_value() {
        Some((number, oldest)) if !oldest.labels.is_empty() => Err(refuse(
            "ParameterMaxVersionLimitExceeded",
            format!(
                "You attempted to create a new version of {name} by calling the PutParameter API with the overwrite \
                 flag. Version {number}, the oldest version, can't be deleted because it has a label associated with it."
            ),
        )),
        _ => {
            parameter.versions.pop_first();
            Ok(())
        }
    }
}

pub fn delete(world: &mut World, request: &Request) -> Answer {
    let name = request.params.need("Name")?;
    let gone = world.region(&request.region).parameters.remove(&request.named(name));
    gone.map(|_| String::new()).ok_or_else(|| not_found(name))
}

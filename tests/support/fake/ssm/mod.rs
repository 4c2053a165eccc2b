//! The parameter store of Systems Manager.

mod filters;
mod labels;
mod late;
mod list;
mod model;
mod read;
mod write;

use serde_json::{Map, Value, json};

use super::errors::{Refusal, refuse};
use super::request::Request;
use super::services::Operation;
use super::world::Region;

pub use late::{LateValues, settle};
pub use model::{Parameter, Version};

/// Parameter store operations.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "GetParameter", params: &["Name", "WithDecryption"], run: read::one },
    Operation { name: "GetParameters", params: &["Names", "WithDecryption"], run: read::many },
    Operation {
        name: "GetParameterHistory",
        params: &["MaxResults", "Name", "NextToken", "WithDecryption"],
        run: read::history,
    },
    Operation {
        name: "GetParametersByPath",
        params: &["MaxResults", "NextToken", "ParameterFilters", "Path", "Recursive", "WithDecryption"],
        run: list::by_path,
    },
    Operation {
        name: "DescribeParameters",
        params: &["MaxResults", "NextToken", "ParameterFilters"],
        run: list::describe,
    },
    Operation {
        name: "PutParameter",
        params: &["DataType", "Description", "Name", "Overwrite", "Tags", "Tier", "Type", "Value"],
        run: write::put,
    },
    Operation { name: "DeleteParameter", params: &["Name"], run: write::delete },
    Operation { name: "LabelParameterVersion", params: &["Labels", "Name", "ParameterVersion"], run: labels::label },
    Operation { name: "AddTagsToResource", params: &["ResourceId", "ResourceType", "Tags"], run: labels::add_tags },
    Operation { name: "ListTagsForResource", params: &["ResourceId", "ResourceType"], run: labels::list_tags },
];

/// Who has the parameters that everybody can read and nobody lists.
pub const PUBLISHER: &str = "aws";

/// A parameter that a caller has named, and the version that is meant.
pub struct Found<'a> {
    /// Its name.
    pub name: &'a str,
    /// `:3` or `:prod`, as it was asked for.
    pub selector: Option<String>,
    /// The parameter.
    pub parameter: &'a Parameter,
    /// The version.
    pub version: &'a Version,
}

/// No such parameter.
fn not_found(name: &str) -> Refusal {
    refuse("ParameterNotFound", format!("Parameter {name} not found."))
}

/// A parameter of the caller by `name`, `name:version`, `name:label` or ARN.
pub fn find<'a>(region: &'a Region, request: &Request, text: &str) -> Result<Found<'a>, Refusal> {
    let local = text.strip_prefix(arn_prefix(request).as_str());
    let (path, selector) = match local.unwrap_or(text).split_once(':') {
        Some((path, selector)) if !text.starts_with("arn:") || local.is_some() => (path, Some(selector)),
        _ => (local.unwrap_or(text), None),
    };
    // The ARN of `web` and that of `/web` look the same.
    let names = [path, path.strip_prefix('/').filter(|_| local.is_some()).unwrap_or(path)];
    let published = |name: &str| name.starts_with("/aws/service/").then(|| (PUBLISHER.to_owned(), name.to_owned()));
    let keys = names.iter().flat_map(|name| [Some(request.named(name)), published(name)]).flatten();
    let known = keys.into_iter().find_map(|key| region.parameters.get_key_value(&key));
    let ((_, name), parameter) = known.ok_or_else(|| not_found(path))?;
    let version = parameter.version(selector).ok_or_else(|| {
        let selector = selector.unwrap_or_default();
        refuse(
            "ParameterVersionNotFound",
            format!("Systems Manager could not find version {selector} of {name}. Verify the version and try again."),
        )
    })?;
    Ok(Found { name, selector: selector.map(|selector| format!(":{selector}")), parameter, version })
}

/// The caller's parameters, by name.
pub fn own<'a>(region: &'a Region, request: &Request) -> impl Iterator<Item = (&'a String, &'a Parameter)> + use<'a> {
    let account = request.account.clone();
    let from = region.parameters.range((account.clone(), String::new())..);
    from.take_while(move |((owner, _), _)| *owner == account).map(|((_, name), parameter)| (name, parameter))
}

fn arn_prefix(request: &Request) -> String {
    format!("arn:aws:ssm:{}:{}:parameter", request.region, request.account)
}

/// The name that a caller has given, without version or label; those of the caller's own ARNs without their slash.
pub fn without_selector(request: &Request, text: &str) -> String {
    let local = text.strip_prefix(arn_prefix(request).as_str()).unwrap_or(text);
    let path = match local.starts_with("arn:") {
        true => local,
        false => local.split_once(':').map_or(local, |(path, _)| path),
    };
    path.trim_start_matches('/').to_owned()
}

/// The ARN of a parameter of the caller.
pub fn arn(request: &Request, name: &str) -> String {
    let slash = if name.starts_with('/') { "" } else { "/" };
    format!("{}{slash}{name}", arn_prefix(request))
}

/// What all listings say of a version.
fn common(request: &Request, name: &str, parameter: &Parameter, version: &Version) -> Map<String, Value> {
    let fields = json!({
        "Name": name,
        "Type": parameter.kind,
        "DataType": parameter.data_type,
        "Version": version.number,
        "LastModifiedDate": version.modified.timestamp(),
        "ARN": arn(request, name),
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// What DescribeParameters and GetParameterHistory say beyond that.
fn details(request: &Request, name: &str, parameter: &Parameter, version: &Version) -> Map<String, Value> {
    let mut fields = common(request, name, parameter, version);
    fields.insert("LastModifiedUser".to_owned(), json!(version.author));
    fields.insert("Tier".to_owned(), json!("Standard"));
    fields.insert("Policies".to_owned(), json!([]));
    if let Some(text) = &version.description {
        fields.insert("Description".to_owned(), json!(text));
    }
    if parameter.kind == "SecureString" {
        fields.insert("KeyId".to_owned(), json!("alias/aws/ssm"));
    }
    fields
}

/// A page of a listing.
fn page(field: &str, items: Vec<Value>, next: Option<String>) -> String {
    let mut document = Map::from_iter([(field.to_owned(), Value::Array(items))]);
    if let Some(next) = next {
        document.insert("NextToken".to_owned(), Value::String(next));
    }
    Value::Object(document).to_string()
}

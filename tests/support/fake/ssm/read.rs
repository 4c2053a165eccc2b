//! GetParameter, GetParameters and GetParameterHistory.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::errors::{Answer, Refusal, missing, refuse};
use super::super::paging::{Rules, Window};
use super::super::request::Request;
use super::super::world::World;
use super::{Found, common, details, find, not_found, page, without_selector};

/// Most names in one call.
const MOST_NAMES: usize = 10;

/// `Parameter` as GetParameter and its like give it.
pub fn shown(request: &Request, found: &Found<'_>, decrypted: bool) -> Value {
    let mut fields = common(request, found.name, found.parameter, found.version);
    fields.insert("Value".to_owned(), json!(found.parameter.shown(found.version, decrypted)));
    if let Some(selector) = &found.selector {
        fields.insert("Selector".to_owned(), json!(selector));
    }
    Value::Object(fields)
}

pub fn one(world: &mut World, request: &Request) -> Answer {
    let decrypted = decrypted(request)?;
    let name = request.params.need("Name")?;
    let found = find(world.region(&request.region), request, name)?;
    Ok(json!({ "Parameter": shown(request, &found, decrypted) }).to_string())
}

/// What is not found is named, not refused.
pub fn many(world: &mut World, request: &Request) -> Answer {
    let decrypted = decrypted(request)?;
    let names = request.params.list("Names");
    if names.is_empty() {
        return Err(missing("Names"));
    }
    if names.len() > MOST_NAMES {
        return Err(refuse(
            "ValidationException",
            format!(
                "1 validation error detected: Value at 'names' failed to satisfy constraint: \
                 Member must have length less than or equal to {MOST_NAMES}"
            ),
        ));
    }
    // Whether two versions of one parameter are taken together is not known.
    let mut distinct = BTreeSet::new();
    for name in &names {
        let malformed = !name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/:".contains(c));
        if malformed || !distinct.insert(without_selector(request, name)) {
            let message = format!("{name}: a name is malformed, or that parameter is asked for twice");
            return Err(refuse("ValidationException", message));
        }
    }
    let unread = world.unread_parameters.clone();
    let region = world.region(&request.region);
    let (mut parameters, mut invalid) = (Vec::new(), Vec::new());
    for name in names {
        match find(region, request, name) {
            Ok(_) if unread.contains(name) => invalid.push(name),
            Ok(found) => parameters.push(shown(request, &found, decrypted)),
            Err(_) => invalid.push(name),
        }
    }
    Ok(json!({ "Parameters": parameters, "InvalidParameters": invalid }).to_string())
}

/// All versions that are left, oldest first.
pub fn history(world: &mut World, request: &Request) -> Answer {
    let decrypted = decrypted(request)?;
    let name = request.params.need("Name")?;
    let window = Window::by(world, request, &listing((1, 50)))?;
    let found = find(world.region(&request.region), request, name).map_err(|_| not_found(name))?;
    if found.selector.is_some() {
        return Err(refuse("ValidationException", "A history is not that of one version."));
    }
    let keyed = found.parameter.versions.values().map(|version| (format!("{:020}", version.number), version));
    let (versions, next) = window.cut(keyed);
    let items = versions.into_iter().map(|version| {
        let mut fields = details(request, found.name, found.parameter, version);
        fields.remove("ARN");
        fields.insert("Value".to_owned(), json!(found.parameter.shown(version, decrypted)));
        fields.insert("Labels".to_owned(), json!(version.labels));
        Value::Object(fields)
    });
    Ok(page("Parameters", items.collect(), next))
}

/// How SSM cuts listings: a page is never longer than its largest size.
pub fn listing(bounds: (i64, i64)) -> Rules<'static> {
    Rules { size: "MaxResults", bounds, default: Some(bounds.1), ids: None }
}

/// `WithDecryption`.
pub fn decrypted(request: &Request) -> Result<bool, Refusal> {
    Ok(request.params.flag("WithDecryption")?.unwrap_or(false))
}

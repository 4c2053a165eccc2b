//! DescribeParameters and GetParametersByPath.

use serde_json::Value;

use super::super::errors::{Answer, refuse};
use super::super::paging::Window;
use super::super::request::Request;
use super::super::world::World;
use super::filters::{Filters, is_under};
use super::read::{decrypted, listing, shown};
use super::{Found, details, own, page};

/// Everything about parameters but their values.
pub fn describe(world: &mut World, request: &Request) -> Answer {
    let window = Window::by(world, request, &listing((1, 50)))?;
    let filters = Filters::read(&request.params, &["tag:", "Name", "Type", "KeyId", "Path", "Tier", "DataType"])?;
    let listed = own(world.region(&request.region), request).filter(|(name, found)| filters.accept(name, found));
    let (found, next) = window.cut(listed.map(|(name, parameter)| (name, (name, parameter))));
    let items = found.into_iter().filter_map(|(name, parameter)| {
        let version = parameter.latest()?;
        Some(Value::Object(details(request, name, parameter, version)))
    });
    Ok(page("Parameters", items.collect(), next))
}

/// Names and values of a hierarchy, ten at a time.
pub fn by_path(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let decrypted = decrypted(request)?;
    let recursive = params.flag("Recursive")?.unwrap_or(false);
    let path = params.need("Path")?;
    if !path.starts_with('/') {
        return Err(refuse(
            "ValidationException",
            "The parameter doesn't meet the parameter name requirements. The parameter path must begin with a \
             forward slash \"/\".",
        ));
    }
    let window = Window::by(world, request, &listing((1, 10)))?;
    let filters = Filters::read(params, &["Type", "KeyId", "Label"])?;
    let listed = own(world.region(&request.region), request)
        .filter(|(name, parameter)| is_under(name, path, recursive) && filters.accept(name, parameter));
    let (found, next) = window.cut(listed.map(|(name, parameter)| (name, (name, parameter))));
    let items = found.into_iter().filter_map(|(name, parameter)| {
        let version = parameter.version(filters.label())?;
        Some(shown(request, &Found { name, selector: None, parameter, version }, decrypted))
    });
    Ok(page("Parameters", items.collect(), next))
}

//! DescribeLaunchTemplates.

use super::super::errors::{Answer, refuse};
use super::super::filters::{Filters, tag_field};
use super::super::ids;
use super::super::paging::Window;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::{Xml, stamp};
use super::{no_template_id, write};

/// Templates of AWS services show only on demand.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let window = Window::read(world, request, (1, 200), None)?;
    let known = ["create-time", "launch-template-name", "tag:", "tag-key"];
    let filters = Filters::read(params, &known)?;
    let managed_too = params.flag("IncludeManagedResources")?.unwrap_or(false);
    let (by_id, by_name) = (params.list("LaunchTemplateId"), params.list("LaunchTemplateName"));
    let unlisted = world.unlisted_templates.clone();
    let region = world.region(&request.region);
    let own = || region.templates.values().filter(|t| t.owner == request.account);
    for id in &by_id {
        ids::check("lt", id)?;
        if !own().any(|template| template.id == *id) {
            return Err(no_template_id(id));
        }
    }
    if by_name.iter().any(|name| !own().any(|template| template.name == *name)) {
        return Err(refuse(
            "InvalidLaunchTemplateName.NotFoundException",
            "At least one of the launch templates specified in the request does not exist.",
        ));
    }
    request.dry_run()?;
    let named = !by_id.is_empty() || !by_name.is_empty();
    let listed = own().filter(|template| {
        let wanted = by_id.contains(&template.id.as_str()) || by_name.contains(&template.name.as_str());
        (wanted || !named)
            && (managed_too || named || template.managed.is_none())
            && (named || !unlisted.contains(&template.id))
            && filters.accept(|name, test| {
                tag_field(name, &template.tags, test).unwrap_or_else(|| match name {
                    "create-time" => test(&stamp(template.created)),
                    _ => test(&template.name),
                })
            })
    });
    let (page, next) = window.cut(listed.map(|template| (&template.id, template)));
    let mut x = Xml::new();
    x.list("launchTemplates", page, write);
    x.maybe("nextToken", next);
    Ok(x.done())
}

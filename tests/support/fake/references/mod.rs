//! DescribeImageReferences.

pub mod options;

use std::collections::BTreeMap;

use super::errors::{Answer, Refusal, invalid_value, missing};
use super::ids;
use super::instances::forget_terminated;
use super::paging::Window;
use super::request::Request;
use super::services::Operation;
use super::ssm;
use super::templates::resolve;
use super::world::{Region, World};
use super::xml::Xml;

use options::Scope;

/// Reference operations.
pub const OPERATIONS: &[Operation] = &[Operation {
    name: "DescribeImageReferences",
    params: &["ImageId", "IncludeAllResourceTypes", "MaxResults", "NextToken", "ResourceType"],
    run: describe,
}];

/// Most images in one call.
const MOST_IMAGES: usize = 10;

/// One reference: image, resource type, ARN.
type Row = (String, &'static str, String);

/// The caller's own resources in this region that name the images. Any image id may be asked about.
fn describe(world: &mut World, request: &Request) -> Answer {
    let window = Window::read(world, request, (5, 1000), None)?;
    let images = request.params.list("ImageId");
    if images.is_empty() {
        return Err(missing("ImageId"));
    }
    if images.len() > MOST_IMAGES {
        let many = images.len().to_string();
        return Err(invalid_value("ImageId", &many, &format!("At most {MOST_IMAGES} images at once.")));
    }
    for id in &images {
        ids::check("ami", id)?;
    }
    let scope = Scope::read(&request.params)?;
    request.dry_run()?;
    forget_terminated(world, &request.region, request.now);
    let region = world.region(&request.region);
    let mut rows = rows(region, request, &scope)?;
    rows.retain(|(image, _, _)| images.contains(&image.as_str()));
    // A resource that names an image twice refers to it once.
    let keyed: BTreeMap<String, Row> =
        rows.into_iter().map(|row| (format!("{}|{}|{}", row.0, row.1, row.2), row)).collect();
    let (page, next) = window.cut(keyed.into_iter());
    let mut x = Xml::new();
    x.list("imageReferenceSet", page, |x, (image, kind, arn)| {
        x.leaf("imageId", image).leaf("resourceType", kind).leaf("arn", arn);
    });
    x.maybe("nextToken", next);
    Ok(x.done())
}

fn rows(region: &Region, request: &Request, scope: &Scope) -> Result<Vec<Row>, Refusal> {
    let account = request.account.as_str();
    let place = format!("arn:aws:ec2:{}:{account}", request.region);
    let mut rows: Vec<Row> = Vec::new();
    if let Some(states) = &scope.instances {
        let own = region.instances.values().filter(|instance| instance.is_seen(account, request.now));
        let wanted = own.filter(|instance| states.iter().any(|state| *state == instance.state(request.now)));
        rows.extend(wanted.map(|i| (i.image.clone(), options::INSTANCE, format!("{place}:instance/{}", i.id))));
    }
    if let Some(depth) = scope.templates {
        for template in region.templates.values().filter(|template| template.owner == account) {
            let newest = template.versions.values().rev().take(depth);
            let images = newest.filter_map(|version| resolve(region, request, version.data.get("ImageId")?).ok());
            let arn = format!("{place}:launch-template/{}", template.id);
            rows.extend(images.map(|image| (image, options::TEMPLATE, arn.clone())));
        }
    }
    if scope.parameters {
        let own = ssm::own(region, request).filter(|(_, parameter)| parameter.data_type == "aws:ec2:image");
        let latest = own.filter_map(|(name, parameter)| Some((name, parameter.value(None)?)));
        rows.extend(latest.map(|(name, value)| (value.to_owned(), options::PARAMETER, ssm::arn(request, name))));
    }
    for recipe in region.recipes.values().filter(|recipe| recipe.owner == account) {
        let kind = if recipe.container { options::CONTAINER_RECIPE } else { options::IMAGE_RECIPE };
        if scope.recipes.contains(&kind) {
            rows.push((recipe.image.clone(), kind, recipe.arn.clone()));
        }
    }
    Ok(rows)
}

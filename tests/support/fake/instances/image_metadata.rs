//! DescribeInstanceImageMetadata: instances with what EC2 keeps of their images, deregistered ones too.

use std::ops::Bound;

use super::super::errors::Answer;
use super::super::filters::{Filters, tag_field};
use super::super::model::{Image, Watermark};
use super::super::paging::{Rules, Window};
use super::super::request::Request;
use super::super::world::{Region, World};
use super::super::xml::{Xml, stamp};
use super::{check_ids, fields, forget_terminated, is_listed};

/// Its filters. There is none by image.
const FILTERS: &[&str] = &[
    "availability-zone",
    "image-allowed",
    "instance-id",
    "instance-state-name",
    "instance-type",
    "launch-time",
    "owner-alias",
    "owner-id",
    "tag:",
    "tag-key",
];

/// The page that comes where no size is given.
const USUAL: i64 = 1000;

pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let rules = Rules {
        size: "MaxResults",
        bounds: (5, 1000),
        default: (!params.has("InstanceId")).then_some(USUAL),
        ids: Some("InstanceId"),
    };
    let window = Window::by(world, request, &rules)?;
    let filters = Filters::read(params, FILTERS)?;
    let wanted = params.list("InstanceId");
    let not_allowed = world.not_allowed.get(&request.account).cloned();
    forget_terminated(world, &request.region, request.now);
    let region = world.region(&request.region);
    check_ids(region, request, &wanted)?;
    request.dry_run()?;

    let allowed = |id: &str| {
        let own = region.images.get(id).is_some_and(|image| image.owner == request.account);
        not_allowed.as_ref().map(|refused| own || !refused.contains(id))
    };
    let from = (Bound::Excluded(window.after()), Bound::Unbounded);
    let listed = region.instances.range::<str, _>(from).filter(|(_, instance)| {
        is_listed(instance, request, &wanted, true)
            && filters.accept(|name, test| match name {
                "image-allowed" => allowed(&instance.image).is_some_and(|allowed| test(&allowed.to_string())),
                "owner-id" => test(&instance.owner),
                "owner-alias" => alias(region, &instance.image).is_some_and(test),
                _ => tag_field(name, &instance.tags, test)
                    .unwrap_or_else(|| fields::passes(instance, request.now, name, test)),
            })
    });
    let (page, next) = window.cut(listed);
    let mut x = Xml::new();
    x.list("instanceImageMetadataSet", page, |x, instance| {
        x.leaf("instanceId", &instance.id).leaf("instanceType", &instance.kind);
        x.time("launchTime", instance.launched).leaf("availabilityZone", &instance.zone);
        fields::write_state(x, "instanceState", instance.state(request.now));
        x.leaf("instanceOwnerId", &instance.owner);
        x.node("imageMetadata", |x| write(x, region, &instance.image, request, allowed(&instance.image)));
        x.node("operator", |x| {
            x.leaf("managed", instance.managed.is_some()).maybe("principal", instance.managed.as_ref());
        });
        x.tags(&instance.tags);
    });
    x.maybe("nextToken", next);
    Ok(x.done())
}

fn alias<'r>(region: &'r Region, id: &str) -> Option<&'r str> {
    region.images.get(id)?.alias.as_deref()
}

/// The image as EC2 knows it, whether the account sees it or not.
fn write(x: &mut Xml, region: &Region, id: &str, request: &Request, allowed: Option<bool>) {
    x.leaf("imageId", id);
    match (region.images.get(id), region.graves.get(id)) {
        (Some(image), _) => known(x, image, request),
        (None, Some(grave)) => {
            x.leaf("name", &grave.name).leaf("imageOwnerId", &grave.owner).leaf("imageState", "deregistered");
        }
        (None, None) => {
            x.leaf("imageState", "deregistered");
        }
    }
    x.maybe("imageAllowed", allowed);
}

fn known(x: &mut Xml, image: &Image, request: &Request) {
    x.leaf("name", &image.name).leaf("imageOwnerId", &image.owner);
    x.leaf("imageState", image.state(request.now));
    x.maybe("imageOwnerAlias", image.alias.as_ref());
    x.leaf("creationDate", stamp(image.created));
    x.maybe("deprecationTime", image.deprecated.map(stamp));
    x.leaf("isPublic", image.is_public());
    if !image.watermarks.is_empty() {
        x.list("imageWatermarkSet", &image.watermarks, |x, watermark: &Watermark| {
            x.leaf("watermarkKey", &watermark.key);
        });
    }
}

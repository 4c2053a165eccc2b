//! DescribeLaunchTemplateVersions.

use std::collections::BTreeSet;

use super::super::compute::{Template, TemplateVersion};
use super::super::errors::{Answer, Refusal, combination, missing, refuse};
use super::super::filters::Filters;
use super::super::paging::Window;
use super::super::params::Params;
use super::super::request::Request;
use super::super::world::{Region, World};
use super::super::xml::{Xml, stamp};
use super::{named, resolve};

type Row<'a> = (&'a Template, &'a TemplateVersion);

/// Of one template all or chosen versions, newest first; of all templates the default and latest.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let window = Window::read(world, request, (1, 200), None)?;
    let known = ["create-time", "image-id", "instance-type", "is-default-version"];
    let filters = Filters::read(params, &known)?;
    let managed_too = params.flag("IncludeManagedResources")?.unwrap_or(false);
    let resolves = params.flag("ResolveAlias")?.unwrap_or(false);
    if resolves && !is_single(params) {
        return Err(combination(
            "Resource aliasing (resolveAlias) is only supported when doing single version describe",
        ));
    }
    let unlisted = world.unlisted_templates.clone();
    let region = world.region(&request.region);
    let mut rows = match named(region, &request.account, params)? {
        Some(template) => of_one(template, params)?,
        None => {
            let mut rows = of_all(region, &request.account, params, managed_too)?;
            rows.retain(|(template, _)| !unlisted.contains(&template.id));
            rows
        }
    };
    rows.retain(|(template, version)| {
        filters.accept(|name, test| match name {
            "create-time" => test(&stamp(version.created)),
            "image-id" => version.data.get("ImageId").is_some_and(test),
            "instance-type" => version.data.get("InstanceType").is_some_and(test),
            _ => test(if version.number == template.default { "true" } else { "false" }),
        })
    });
    request.dry_run()?;
    let keyed = rows.into_iter().map(|row| {
        let newest_first = u64::MAX - row.1.number;
        (format!("{}/{newest_first:020}", row.0.id), row)
    });
    let (page, next) = window.cut(keyed);
    let mut items = Vec::new();
    for (template, version) in page {
        items.push((template, version, shown_image(region, request, &version.data, resolves)?));
    }
    let mut x = Xml::new();
    x.list("launchTemplateVersionSet", items, |x, (template, version, image)| {
        write(x, template, version, image.as_deref());
    });
    x.maybe("nextToken", next);
    Ok(x.done())
}

/// Whether one version of one template is asked for.
fn is_single(params: &Params) -> bool {
    let template = params.has("LaunchTemplateId") || params.has("LaunchTemplateName");
    template && params.list("LaunchTemplateVersion").len() == 1
}

/// The image id or alias to show.
pub fn shown_image(
    region: &Region,
    request: &Request,
    data: &Params,
    resolves: bool,
) -> Result<Option<String>, Refusal> {
    match data.get("ImageId") {
        Some(image) if resolves => resolve(region, request, image).map(Some),
        image => Ok(image.map(str::to_owned)),
    }
}

fn of_one<'a>(template: &'a Template, params: &Params) -> Result<Vec<Row<'a>>, Refusal> {
    let chosen = params.list("LaunchTemplateVersion");
    let bounds = (params.number("MinVersion")?, params.number("MaxVersion")?);
    if chosen.len() > 200 {
        return Err(refuse("InvalidParameterValue", "At most 200 versions at once."));
    }
    if !chosen.is_empty() {
        if bounds != (None, None) {
            return Err(combination("Versions cannot be used with MinVersion or MaxVersion"));
        }
        let versions = chosen.iter().map(|text| template.version(text).map(|v| v.number));
        let numbers = versions.collect::<Result<BTreeSet<u64>, Refusal>>()?;
        let versions = numbers.iter().rev().filter_map(|n| template.versions.get(n));
        return Ok(versions.map(|version| (template, version)).collect());
    }
    let (least, most) = (bounds.0.unwrap_or(0), bounds.1.unwrap_or(i64::MAX));
    let within = |n: u64| i64::try_from(n).is_ok_and(|n| least <= n && n <= most);
    let versions = template.versions.values().rev().filter(|version| within(version.number));
    Ok(versions.map(|version| (template, version)).collect())
}

fn of_all<'a>(region: &'a Region, account: &str, params: &Params, managed_too: bool) -> Result<Vec<Row<'a>>, Refusal> {
    let chosen = params.list("LaunchTemplateVersion");
    if chosen.is_empty() {
        return Err(missing("LaunchTemplateId"));
    }
    if chosen.iter().any(|text| !matches!(*text, "$Latest" | "$Default")) {
        return Err(combination("Without a launch template only the versions $Latest and $Default can be specified"));
    }
    let mut rows = Vec::new();
    let own = region.templates.values().filter(|t| t.owner == account);
    for template in own.filter(|template| managed_too || template.managed.is_none()) {
        let versions = chosen.iter().map(|text| template.version(text).map(|v| v.number));
        for number in versions.collect::<Result<BTreeSet<u64>, Refusal>>()?.iter().rev() {
            rows.extend(template.versions.get(number).map(|version| (template, version)));
        }
    }
    Ok(rows)
}

/// The fields of a volume of EBS, and of the options of metadata, as requests name them.
const EBS: [&str; 10] = [
    "SnapshotId",
    "VolumeSize",
    "VolumeType",
    "Encrypted",
    "DeleteOnTermination",
    "Iops",
    "KmsKeyId",
    "Throughput",
    "VolumeInitializationRate",
    "EbsCardIndex",
];
const METADATA: &[&str] =
    &["HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "HttpProtocolIpv6", "InstanceMetadataTags"];

/// `volumeSize` for `VolumeSize`: answers begin with a small letter.
fn lower(name: &str) -> String {
    format!("{}{}", name[..1].to_ascii_lowercase(), &name[1..])
}

pub fn write(x: &mut Xml, template: &Template, version: &TemplateVersion, image: Option<&str>) {
    x.leaf("launchTemplateId", &template.id).leaf("launchTemplateName", &template.name);
    x.leaf("versionNumber", version.number).time("createTime", version.created);
    x.maybe("versionDescription", version.description.as_ref());
    x.leaf("createdBy", format_args!("arn:aws:iam::{}:user/operator", template.owner));
    x.leaf("defaultVersion", version.number == template.default);
    x.node("operator", |x| {
        x.leaf("managed", template.managed.is_some()).maybe("principal", template.managed.as_ref());
    });
    let data = &version.data;
    x.node("launchTemplateData", |x| {
        x.maybe("imageId", image).maybe("instanceType", data.get("InstanceType"));
        x.maybe("keyName", data.get("KeyName")).maybe("userData", data.get("UserData"));
        if data.has("IamInstanceProfile") {
            x.node("iamInstanceProfile", |x| {
                x.maybe("arn", data.get("IamInstanceProfile.Arn"));
                x.maybe("name", data.get("IamInstanceProfile.Name"));
            });
        }
        let volumes = data.structs("BlockDeviceMapping");
        if !volumes.is_empty() {
            x.list("blockDeviceMappingSet", volumes, |x, volume| {
                x.maybe("deviceName", volume.get("DeviceName")).maybe("virtualName", volume.get("VirtualName"));
                if volume.has("Ebs") {
                    x.node("ebs", |x| {
                        for name in EBS {
                            x.maybe(&lower(name), volume.get(&format!("Ebs.{name}")));
                        }
                    });
                }
            });
        }
        let interfaces = data.structs("NetworkInterface");
        if !interfaces.is_empty() {
            x.list("networkInterfaceSet", interfaces, |x, interface| {
                x.maybe("deviceIndex", interface.get("DeviceIndex")).maybe("subnetId", interface.get("SubnetId"));
                let groups = interface.list("SecurityGroupId");
                if !groups.is_empty() {
                    x.node("groupSet", |x| {
                        for group in groups {
                            x.leaf("groupId", group);
                        }
                    });
                }
            });
        }
        for (name, fields) in [("MetadataOptions", METADATA), ("InstanceMarketOptions", &["MarketType"])] {
            if data.has(name) {
                x.node(&lower(name), |x| {
                    for field in fields {
                        x.maybe(&lower(field), data.get(&format!("{name}.{field}")));
                    }
                });
            }
        }
        let groups = data.list("SecurityGroupId");
        if !groups.is_empty() {
            x.node("securityGroupIdSet", |x| {
                for group in groups {
                    x.leaf("item", group);
                }
            });
        }
        let tags = data.structs("TagSpecification");
        if !tags.is_empty() {
            x.list("tagSpecificationSet", tags, |x, specification| {
                x.maybe("resourceType", specification.get("ResourceType"));
                x.list("tagSet", specification.structs("Tag"), |x, tag| {
                    x.maybe("key", tag.get("Key")).maybe("value", tag.get("Value"));
                });
            });
        }
    });
}

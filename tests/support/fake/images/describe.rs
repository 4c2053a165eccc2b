//! DescribeImages.

use std::collections::BTreeMap;
use std::ops::Bound;

use chrono::{DateTime, Utc};

use super::super::errors::{Answer, Refusal, invalid_value, no_image, refuse};
use super::super::filters::Filters;
use super::super::ids;
use super::super::instances::tell_launches;
use super::super::model::{Image, Principal, visible_tags};
use super::super::paging::Window;
use super::super::request::Request;
use super::super::world::{Region, World, span};
use super::super::xml::Xml;
use super::Viewer;
use super::fields;

/// Aliases that may stand for an owner.
const OWNER_ALIASES: [&str; 3] = ["amazon", "aws-backup-vault", "aws-marketplace"];

/// What a listing is narrowed to, beside its filters.
struct Selection {
    owners: Vec<String>,
    executable_by: Vec<String>,
    by_id: bool,
    deprecated: bool,
    disabled: bool,
}

pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let window = Window::read(world, request, (1, 1000), Some("ImageId"))?.at_most(world.image_page_limit);
    let filters = Filters::read(params, fields::FILTERS)?;
    let selection = Selection {
        owners: accounts(request, "Owner", &OWNER_ALIASES)?,
        executable_by: accounts(request, "ExecutableBy", &["all"])?,
        by_id: params.has("ImageId"),
        deprecated: params.flag("IncludeDeprecated")?.unwrap_or(false),
        disabled: params.flag("IncludeDisabled")?.unwrap_or(false),
    };
    if filters.asks_for("state", "disabled") && !selection.disabled {
        return Err(refuse(
            "InvalidParameter",
            "When filtering by the 'disabled' state, 'IncludeDisabled' must be set to 'true' in the request.",
        ));
    }
    tell_launches(world, &request.region, request.now);
    let viewer = Viewer::new(world, request);
    let ghost_for = span(world.ghost_for);
    let late_snapshots = world.snapshots_appear_late;
    let region = world.region(&request.region);
    region.lingering.retain(|_, (_, until)| request.now < *until);
    let wanted = params.list("ImageId");
    check_ids(region, &viewer, &wanted, ghost_for)?;
    request.dry_run()?;

    let fits = |image: &Image| {
        viewer.sees(image)
            && selection.takes(&viewer, image)
            && filters.accept(|name, test| fields::passes(image, &viewer, name, test))
    };
    let (page, next) = if selection.by_id {
        let lingering = |id: &str| region.lingering.get(id).map(|(image, _)| image);
        let mut images: Vec<&Image> =
            wanted.iter().filter_map(|id| region.images.get(*id).or_else(|| lingering(id))).collect();
        images.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        images.dedup_by(|a, b| a.id == b.id);
        images.retain(|image| fits(image));
        (images, None)
    } else {
        let from = || (Bound::Excluded(window.after()), Bound::Unbounded);
        let listed = region.images.range::<str, _>(from()).filter(|(_, image)| fits(image));
        match region.lingering.is_empty() {
            true => window.cut(listed),
            false => {
                let lingering = region.lingering.range::<str, _>(from()).map(|(id, (image, _))| (id, image));
                let gone = lingering.filter(|(id, image)| !region.images.contains_key(*id) && fits(image));
                let all: BTreeMap<_, _> = listed.chain(gone).collect();
                window.cut(all.into_iter())
            }
        }
    };

    let mut x = Xml::new();
    x.list("imagesSet", page, |x, image| write(x, image, &viewer, late_snapshots));
    x.maybe("nextToken", next);
    Ok(x.done())
}

/// Account ids, `self` as the caller's, and aliases; anything else is refused.
fn accounts(request: &Request, name: &str, aliases: &[&str]) -> Result<Vec<String>, Refusal> {
    let values = request.params.list(name);
    let read = values.into_iter().map(|value| match value {
        "self" => Ok(request.account.clone()),
        _ if aliases.contains(&value) || ids::is_account(value) => Ok(value.to_owned()),
        _ => Err(refuse("InvalidUserID.Malformed", format!("Invalid user id: \"{value}\""))),
    });
    read.collect()
}

/// Every id must be well formed and known. The caller's deregistered ones are for a while, and as
/// long as instances run them, known but not listed.
fn check_ids(region: &Region, viewer: &Viewer, wanted: &[&str], ghost_for: chrono::Duration) -> Result<(), Refusal> {
    if wanted.len() > 1000 {
        return Err(invalid_value("ImageId", "…", "At most 1000 ids at once."));
    }
    for id in wanted {
        ids::check("ami", id)?;
    }
    let is_ghost = |id: &str| {
        region.graves.get(id).is_some_and(|grave| {
            grave.owner == viewer.account && (viewer.now < grave.at + ghost_for || still_runs(region, id, viewer.now))
        })
    };
    let lingers = |id: &str| region.lingering.get(id).is_some_and(|(image, _)| viewer.sees(image));
    let is_known = |id: &str| region.images.get(id).is_some_and(|image| viewer.sees(image)) || lingers(id);
    let lost: Vec<&str> = wanted.iter().copied().filter(|id| !is_known(id) && !is_ghost(id)).collect();
    if lost.is_empty() { Ok(()) } else { Err(no_image(&lost)) }
}

fn still_runs(region: &Region, image: &str, now: DateTime<Utc>) -> bool {
    let mut instances = region.instances.values();
    instances.any(|i| i.image == image && i.state(now) != "terminated")
}

impl Selection {
    fn takes(&self, viewer: &Viewer, image: &Image) -> bool {
        let own = image.owner == viewer.account;
        let owner =
            self.owners.is_empty() || self.owners.iter().any(|o| *o == image.owner || Some(o) == image.alias.as_ref());
        let executable = self.executable_by.is_empty()
            || self.executable_by.iter().any(|user| match user.as_str() {
                "all" => image.is_public(),
                me if me == viewer.account => viewer.is_granted(image),
                other => own && image.launch.contains(&Principal::Account(other.to_owned())),
            });
        let is_deprecated = image.deprecated.is_some_and(|at| at <= viewer.now);
        let deprecated = self.by_id || own || self.deprecated || !is_deprecated;
        let disabled = self.by_id || self.disabled || image.state(viewer.now) != "disabled";
        owner && executable && deprecated && disabled
    }
}

fn write(x: &mut Xml, image: &Image, viewer: &Viewer, late_snapshots: bool) {
    let own = image.owner == viewer.account;
    let state = image.state(viewer.now);
    x.leaf("imageId", &image.id);
    x.leaf("imageLocation", format_args!("{}/{}", image.owner, image.name));
    x.leaf("imageState", state);
    x.leaf("imageOwnerId", &image.owner);
    x.time("creationDate", image.created);
    x.leaf("isPublic", image.is_public());
    x.leaf("architecture", &image.architecture);
    x.leaf("imageType", "machine");
    x.maybe("platform", image.windows.then_some("windows"));
    x.leaf("platformDetails", fields::platform_details(image));
    x.leaf("usageOperation", if image.windows { "RunInstances:0002" } else { "RunInstances" });
    x.maybe("imageOwnerAlias", image.alias.as_ref());
    x.leaf("name", &image.name);
    x.maybe("description", image.description.as_ref());
    x.leaf("rootDeviceType", &image.root_type);
    x.leaf("rootDeviceName", &image.root_device);
    x.list("blockDeviceMapping", &image.mappings, |x, mapping| {
        x.leaf("deviceName", &mapping.device);
        x.maybe("virtualName", mapping.virtual_name.as_ref());
        if let Some(ebs) = &mapping.ebs {
            let hidden = late_snapshots && state == "pending";
            x.node("ebs", |x| {
                x.maybe("snapshotId", ebs.snapshot.as_ref().filter(|_| !hidden));
                x.leaf("volumeSize", ebs.size).leaf("volumeType", &ebs.kind);
                x.maybe("iops", ebs.iops).maybe("throughput", ebs.throughput);
                x.leaf("deleteOnTermination", ebs.delete_on_termination);
                x.leaf("encrypted", ebs.encrypted);
            });
        }
    });
    x.leaf("virtualizationType", &image.virtualization);
    x.leaf("hypervisor", "xen").leaf("enaSupport", image.ena);
    x.maybe("bootMode", image.boot_mode.as_ref());
    x.maybe("imdsSupport", image.imds.as_ref());
    x.maybe("tpmSupport", image.tpm.as_ref());
    if let Some((code, message)) = image.reason.as_ref().filter(|_| state != "pending") {
        x.node("stateReason", |x| {
            x.leaf("code", code).leaf("message", message);
        });
    }
    if let Some(at) = image.deprecated {
        x.time("deprecationTime", at);
    }
    if let Some(at) = image.last_launched.filter(|_| own) {
        x.leaf("lastLaunchedTime", at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    }
    if own {
        x.leaf("deregistrationProtection", viewer.protection_of(image));
    }
    x.maybe("sourceInstanceId", image.source_instance.as_ref());
    x.maybe("sourceImageId", image.source_ami.as_ref().filter(|_| !image.source_untold));
    x.maybe("sourceImageRegion", image.source_region.as_ref().filter(|_| !image.source_untold));
    if let Some(scan) = &image.scan {
        x.node("scanResults", |x| {
            x.maybe("highestFindingSeverityLabel", scan.severity.as_ref()).time("findingScanDate", scan.at);
            for (severity, since) in &scan.fixes {
                x.time(&format!("{severity}FixAvailableSince"), *since);
            }
        });
    }
    if let Some(refused) = &viewer.not_allowed {
        x.leaf("imageAllowed", own || !refused.contains(&image.id));
    }
    if !image.watermarks.is_empty() {
        x.list("imageWatermarkSet", &image.watermarks, |x, watermark| {
            let (id, region, created) = &watermark.source;
            x.leaf("watermarkKey", &watermark.key);
            x.leaf("sourceImageRegion", region).leaf("sourceImageId", id);
            x.time("sourceImageCreationTime", *created).time("watermarkCreationTime", watermark.attached);
        });
    }
    x.tags(visible_tags(&image.tags, &image.owner, &viewer.account));
}

//! RegisterImage: an image over snapshots that are there already.

use std::collections::BTreeSet;

use super::super::errors::{Answer, Refusal, no_snapshot, refuse};
use super::super::ids;
use super::super::model::{Ebs, Image, Mapping};
use super::super::params::Params;
use super::super::protection::Protection;
use super::super::request::Request;
use super::super::tags;
use super::super::world::{Region, World, span};
use super::super::xml::Xml;
use super::machine::{self, Machine};
use super::{add, check_description, check_name, outcome};

pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let name = params.need("Name")?;
    let description = check_description(params.get("Description"))?;
    let mut tags = tags::specified(params, &["image"])?;
    let Machine { architecture, virtualization, ena, boot_mode, imds, tpm, uefi_data } = machine::read(params)?;
    let region = world.region(&request.region);
    let mappings = mappings(region, request)?;
    let root_device = root(params, &mappings)?;
    check_name(region, request, name)?;
    request.dry_run()?;

    let (phase, reason) = outcome(world, request.now);
    let id = world.ids.next("ami");
    let image = Image {
        id: id.clone(),
        owner: request.account.clone(),
        region: request.region.clone(),
        name: name.to_owned(),
        description,
        phase,
        reason,
        created: request.now,
        visible_from: request.now + span(world.visible_after),
        architecture,
        virtualization,
        ena,
        boot_mode,
        imds,
        tpm,
        uefi_data,
        windows: false,
        root_type: "ebs".to_owned(),
        root_device,
        mappings,
        tags: tags.remove("image").unwrap_or_default(),
        launch: BTreeSet::new(),
        alias: None,
        deprecated: None,
        last_launched: None,
        protection: Protection::Disabled,
        source_instance: None,
        source_ami: None,
        source_region: None,
        source_untold: false,
        watermarks: Vec::new(),
        scan: None,
    };
    add(world.region(&request.region), image, Vec::new());
    let mut x = Xml::new();
    x.leaf("imageId", id);
    Ok(x.done())
}

/// The root device must be named and stand on a snapshot.
fn root(params: &Params, mappings: &[Mapping]) -> Result<String, Refusal> {
    let name = params.need("RootDeviceName")?;
    let ebs = mappings.iter().find(|m| m.device == name).and_then(|m| m.ebs.as_ref());
    if ebs.is_some_and(|ebs| ebs.snapshot.is_some()) {
        Ok(name.to_owned())
    } else {
        Err(refuse("InvalidBlockDeviceMapping", "No root snapshot specified in device mapping."))
    }
}

fn mappings(region: &Region, request: &Request) -> Result<Vec<Mapping>, Refusal> {
    let given = request.params.structs("BlockDeviceMapping");
    let mut mappings: Vec<Mapping> = Vec::new();
    for given in given {
        let device = given.need("DeviceName")?.to_owned();
        if mappings.iter().any(|m| m.device == device) {
            return Err(refuse(
                "InvalidBlockDeviceMapping",
                format!("Device {device} is used more than once in block-device mapping"),
            ));
        }
        let ebs = given.sub("Ebs");
        let ebs = match ebs.get("SnapshotId") {
            Some(id) => Some(over_snapshot(region, request, &device, id, &ebs)?),
            None if ebs.has("VolumeSize") => Some(volume(&ebs, None, 0)?),
            None if given.has("Ebs") => {
                let message = format!("The volume {device} needs a snapshot or a size");
                return Err(refuse("InvalidBlockDeviceMapping", message));
            }
            None => None,
        };
        let virtual_name = given.get("VirtualName").map(str::to_owned);
        mappings.push(Mapping { device, ebs, virtual_name });
    }
    Ok(mappings)
}

fn over_snapshot(region: &Region, request: &Request, device: &str, id: &str, ebs: &Params) -> Result<Ebs, Refusal> {
    let bad = |message: String| Err(refuse("InvalidBlockDeviceMapping", message));
    ids::check("snap", id)?;
    let usable = region.snapshots.get(id).filter(|s| s.usable_by(&request.account));
    let snapshot = usable.ok_or_else(|| no_snapshot(id))?;
    let state = snapshot.phase.at(request.now);
    if state != "completed" || snapshot.tier != "standard" {
        return Err(refuse(
            "IncorrectState",
            format!("The snapshot {id} is not ready for use: {state}, {}", snapshot.tier),
        ));
    }
    if ebs.has("Encrypted") {
        return bad(format!("the encrypted flag cannot be specified since device {device} has a snapshot specified."));
    }
    let mut volume = volume(ebs, Some(id), snapshot.size)?;
    volume.encrypted = snapshot.kms_key.is_some();
    if volume.size < snapshot.size {
        return bad(format!(
            "Volume of size {}GB is smaller than snapshot '{id}', expect size >= {}GB",
            volume.size, snapshot.size
        ));
    }
    Ok(volume)
}

fn volume(ebs: &Params, snapshot: Option<&str>, least: i64) -> Result<Ebs, Refusal> {
    let kind = ebs.get("VolumeType").unwrap_or("standard").to_owned();
    let (iops, throughput) = (ebs.number("Iops")?, ebs.number("Throughput")?);
    let size = ebs.number("VolumeSize")?.unwrap_or(least);
    machine::check_volume(&kind, size, iops, throughput)?;
    Ok(Ebs {
        snapshot: snapshot.map(str::to_owned),
        size,
        kind,
        iops,
        throughput,
        encrypted: ebs.flag("Encrypted")?.unwrap_or(false),
        delete_on_termination: ebs.flag("DeleteOnTermination")?.unwrap_or(true),
    })
}

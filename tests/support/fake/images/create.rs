//! CreateImage: one snapshot for each EBS volume of an instance.

use std::collections::BTreeSet;

use super::super::compute::{Instance, Volume};
use super::super::errors::{Answer, Refusal, no_instance, refuse};
use super::super::ids;
use super::super::model::{Ebs, Image, Mapping, Phase, Snapshot, Tags};
use super::super::params::Params;
use super::super::protection::Protection;
use super::super::request::Request;
use super::super::tags;
use super::super::world::{Region, World, span};
use super::super::xml::Xml;
use super::{add, check_description, check_name, outcome, snapshot_phase};

/// Snapshots of one volume in progress, at most.
const SNAPSHOTS_AT_ONCE: usize = 5;

/// A volume that becomes a device of the image; without a source it starts empty.
struct Plan {
    source: Option<Volume>,
    mapping: Mapping,
}

pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let instance_id = params.need("InstanceId")?;
    let name = params.need("Name")?;
    ids::check("i", instance_id)?;
    let reboots = !params.flag("NoReboot")?.unwrap_or(false);
    let description = check_description(params.get("Description"))?;
    let mut tags = tags::specified(params, &["image", "snapshot"])?;
    let now = request.now;

    let region = world.region(&request.region);
    let instance = region.instances.get(instance_id).filter(|i| i.is_seen(&request.account, now));
    let instance = instance.ok_or_else(|| no_instance(&[instance_id]))?;
    let state = instance.state(now);
    if !matches!(state, "running" | "stopped") {
        return Err(refuse(
            "IncorrectInstanceState",
            format!("The instance '{instance_id}' is {state}; it must be running or stopped"),
        ));
    }
    if instance.root_type != "ebs" {
        let message = format!("The instance {instance_id} has no EBS root volume");
        return Err(refuse("InvalidParameterValue", message));
    }
    let plans = devices(instance, params)?;
    check_volumes(region, instance, request)?;
    check_name(region, request, name)?;
    request.dry_run()?;

    let instance = instance.clone();
    // An image inherits the watermarks of its instance's image.
    let watermarks = region.images.get(&instance.image).map(|image| image.watermarks.clone()).unwrap_or_default();
    let (phase, reason) = outcome(world, now);
    let id = world.ids.next("ami");
    let snapshot_tags = tags.remove("snapshot").unwrap_or_default();
    let mut snapshots = Vec::new();
    let mappings = plans.into_iter().map(|Plan { source, mut mapping }| {
        if let (Some(volume), Some(ebs)) = (source, &mut mapping.ebs) {
            let key = volume.kms_key.clone().or_else(|| world.forced_key(request));
            let text = format!("Created by CreateImage({instance_id}) for {id}");
            let mut snapshot = taken(world, request, &volume, &phase, key);
            snapshot.description = text;
            snapshot.tags = snapshot_tags.clone();
            ebs.snapshot = Some(snapshot.id.clone());
            ebs.encrypted = snapshot.kms_key.is_some();
            snapshots.push(snapshot);
        }
        mapping
    });
    let image = Image {
        mappings: mappings.collect(),
        owner: request.account.clone(),
        region: request.region.clone(),
        name: name.to_owned(),
        description,
        reason,
        created: now,
        visible_from: now + span(world.visible_after),
        architecture: instance.architecture.clone(),
        virtualization: "hvm".to_owned(),
        ena: true,
        boot_mode: None,
        imds: None,
        tpm: None,
        uefi_data: None,
        windows: instance.windows,
        root_type: "ebs".to_owned(),
        root_device: instance.volumes.first().map_or_else(String::new, |v| v.device.clone()),
        tags: tags.remove("image").unwrap_or_else(Tags::new),
        launch: BTreeSet::new(),
        alias: None,
        deprecated: None,
        last_launched: None,
        protection: Protection::Disabled,
        source_instance: Some(instance_id.to_owned()),
        source_ami: Some(instance.image.clone()),
        source_region: Some(request.region.clone()),
        source_untold: false,
        watermarks,
        scan: None,
        phase,
        id: id.clone(),
    };
    let region = world.region(&request.region);
    if let Some(instance) = region.instances.get_mut(instance_id)
        && reboots
        && instance.state(now) == "running"
    {
        instance.reboots += 1;
    }
    add(region, image, snapshots);
    let mut x = Xml::new();
    x.leaf("imageId", id);
    Ok(x.done())
}

/// A volume takes only so many snapshots at once.
fn check_volumes(region: &Region, instance: &Instance, request: &Request) -> Result<(), Refusal> {
    for volume in &instance.volumes {
        let all = region.snapshots.values();
        let running = all.filter(|s| s.volume == volume.id && s.phase.at(request.now) == "pending");
        if running.count() >= SNAPSHOTS_AT_ONCE {
            return Err(refuse(
                "ConcurrentSnapshotLimitExceeded",
                "Maximum allowed in-progress snapshots for a single volume exceeded.",
            ));
        }
    }
    Ok(())
}

/// A snapshot of a volume, in step with its image.
fn taken(world: &mut World, request: &Request, volume: &Volume, image: &Phase, kms_key: Option<String>) -> Snapshot {
    Snapshot {
        id: world.ids.next("snap"),
        owner: request.account.clone(),
        volume: volume.id.clone(),
        description: String::new(),
        phase: snapshot_phase(image),
        message: None,
        started: request.now + span(world.snapshots_begin_after),
        size: volume.size,
        full_bytes: Some((volume.size << 30) / 2),
        kms_key,
        tier: "standard".to_owned(),
        tags: Tags::new(),
        shared: BTreeSet::new(),
        users: BTreeSet::new(),
        busy: None,
    }
}

/// The instance's volumes, changed as the request's mappings say.
fn devices(instance: &Instance, params: &Params) -> Result<Vec<Plan>, Refusal> {
    let bad = |message: String| refuse("InvalidBlockDeviceMapping", message);
    let mut plans: Vec<Plan> = instance.volumes.iter().map(kept).collect();
    for given in params.structs("BlockDeviceMapping") {
        let device = given.need("DeviceName")?;
        let at = plans.iter().position(|plan| plan.mapping.device == device);
        if given.get("NoDevice").is_some() {
            match at {
                Some(0) => return Err(bad(format!("The root device {device} cannot be omitted"))),
                Some(at) => drop(plans.remove(at)),
                None => {}
            }
        } else if let Some(at) = at {
            change(&mut plans[at], &given.sub("Ebs"))?;
        } else {
            plans.push(added(device, &given)?);
        }
    }
    Ok(plans)
}

fn kept(volume: &Volume) -> Plan {
    let ebs = Ebs {
        snapshot: None,
        size: volume.size,
        kind: volume.kind.clone(),
        iops: None,
        throughput: None,
        encrypted: volume.kms_key.is_some(),
        delete_on_termination: volume.delete_on_termination,
    };
    let mapping = Mapping { device: volume.device.clone(), ebs: Some(ebs), virtual_name: None };
    Plan { source: Some(volume.clone()), mapping }
}

/// Of an existing volume only DeleteOnTermination may change.
fn change(plan: &mut Plan, ebs: &Params) -> Result<(), Refusal> {
    let Some(volume) = &mut plan.mapping.ebs else { return Ok(()) };
    let same_size = ebs.number("VolumeSize")?.is_none_or(|size| size == volume.size);
    let same_encryption = ebs.flag("Encrypted")?.is_none_or(|on| on == volume.encrypted);
    if !same_size || !same_encryption || ebs.has("SnapshotId") || ebs.has("KmsKeyId") {
        return Err(refuse(
            "InvalidBlockDeviceMapping",
            format!("Size, encryption and snapshot of the volume {} cannot be changed", plan.mapping.device),
        ));
    }
    if let Some(on) = ebs.flag("DeleteOnTermination")? {
        volume.delete_on_termination = on;
    }
    Ok(())
}

/// A new empty volume, or an ephemeral one.
fn added(device: &str, given: &Params) -> Result<Plan, Refusal> {
    let ebs = given.sub("Ebs");
    let size = ebs.number("VolumeSize")?;
    let volume = size.map(|size| -> Result<Ebs, Refusal> {
        Ok(Ebs {
            snapshot: None,
            size,
            kind: ebs.get("VolumeType").unwrap_or("gp2").to_owned(),
            iops: None,
            throughput: None,
            encrypted: ebs.flag("Encrypted")?.unwrap_or(false),
            delete_on_termination: ebs.flag("DeleteOnTermination")?.unwrap_or(true),
        })
    });
    let mapping = Mapping {
        device: device.to_owned(),
        ebs: volume.transpose()?,
        virtual_name: given.get("VirtualName").map(str::to_owned),
    };
    if mapping.ebs.is_none() && mapping.virtual_name.is_none() {
        return Err(refuse(
            "InvalidBlockDeviceMapping",
            format!("The new device {device} needs a volume size or a virtual name"),
        ));
    }
    Ok(Plan { source: None, mapping })
}

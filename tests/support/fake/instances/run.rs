//! RunInstances: reads and checks the request; [`super::launch`] makes the instances.

use std::collections::BTreeMap;

use super::super::compute::Instance;
use super::super::errors::{Answer, Refusal, combination, image_unavailable, invalid_value, missing, refuse};
use super::super::groups::own_group;
use super::super::images::{Viewer, seen};
use super::super::model::Image;
use super::super::network::own_subnet;
use super::super::paging::fingerprint;
use super::super::params::Params;
use super::super::request::Request;
use super::super::tags;
use super::super::templates;
use super::super::world::{Region, World};
use super::super::xml::Xml;
use super::launch::{Order, Place, SpotTerms, make};
use super::{fields, types};

pub fn run(world: &mut World, request: &Request) -> Answer {
    let print = fingerprint(request, &["ClientToken", "DryRun"]);
    if let Some(ids) = replayed(world, request, print)? {
        request.dry_run()?;
        return Ok(answer(world.region(&request.region), request, &ids));
    }
    let count = count(&request.params)?;
    let template = templates::for_launch(world, request)?;
    let params = request.params.over(&template.unwrap_or_default());
    let order = order(world, request, &params)?;
    request.dry_run()?;
    if world.no_capacity.contains(&order.kind) {
        let message = format!("We currently do not have sufficient {} capacity in the zone you requested.", order.kind);
        return Err(Refusal { status: 500, ..refuse("InsufficientInstanceCapacity", message) });
    }
    let ids = make(world, request, &order, count);
    if let Some(key) = token(request) {
        world.region(&request.region).tokens.insert(key, (print, ids.clone()));
    }
    Ok(answer(world.region(&request.region), request, &ids))
}

fn token(request: &Request) -> Option<(String, String, String)> {
    let token = request.params.get("ClientToken")?;
    Some((request.account.clone(), request.action.clone(), token.to_owned()))
}

/// Ids that an earlier request with this token gave, if it was the same request.
fn replayed(world: &mut World, request: &Request, print: u64) -> Result<Option<Vec<String>>, Refusal> {
    let Some(key) = token(request) else { return Ok(None) };
    if key.2.len() > 64 {
        return Err(invalid_value("ClientToken", &key.2, "At most 64 characters."));
    }
    let region = world.region(&request.region);
    let Some((before, ids)) = region.tokens.get(&key) else { return Ok(None) };
    if *before != print {
        return Err(refuse(
            "IdempotentParameterMismatch",
            "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
        ));
    }
    let lives = |id: &String| {
        region.instances.get(id).is_some_and(|i| !matches!(i.state(request.now), "shutting-down" | "terminated"))
    };
    if !ids.iter().all(lives) {
        return Err(refuse(
            "IdempotentInstanceTerminated",
            "The instances of the earlier request have been terminated.",
        ));
    }
    Ok(Some(ids.clone()))
}

/// MaxCount; all types are in stock, so MinCount only has to make sense.
fn count(params: &Params) -> Result<usize, Refusal> {
    let least = params.number("MinCount")?.ok_or_else(|| missing("MinCount"))?;
    let most = params.number("MaxCount")?.ok_or_else(|| missing("MaxCount"))?;
    if least < 1 || most < least {
        return Err(invalid_value("MaxCount", &most.to_string(), "Needs 1 <= MinCount <= MaxCount."));
    }
    usize::try_from(most).map_err(|_| missing("MaxCount"))
}

fn order(world: &mut World, request: &Request, params: &Params) -> Result<Order, Refusal> {
    let mut tags = tags::specified(params, &["instance", "volume", "spot-instances-request", "network-interface"])?;
    let spot = market(params)?;
    let spot_tags = tags.remove("spot-instances-request");
    if spot_tags.is_some() && spot.is_none() {
        let message = "'spot-instances-request' can be tagged only with a spot launch.";
        return Err(refuse("InvalidParameterValue", message));
    }
    let spot = spot.map(|persistent| SpotTerms { persistent, tags: spot_tags.unwrap_or_default() });
    let user_data = user_data(params.get("UserData"))?;
    let named = params.get("ImageId").ok_or_else(|| missing("ImageId"))?;
    let image_id = templates::resolve(world.region(&request.region), request, named)?;
    let image = launchable(world, request, &image_id)?;
    let kind = params.get("InstanceType").unwrap_or("m1.small");
    types::check(kind, &image)?;
    interfaces(&request.params)?;
    let place = place(world, request, params)?;
    if world.not_offered.contains(&(kind.to_owned(), place.subnet.zone.clone())) {
        let message = format!(
            "Your requested instance type ({kind}) is not supported in your requested Availability Zone ({}).",
            place.subnet.zone
        );
        return Err(refuse("Unsupported", message));
    }
    let volumes_go = volumes(params, &image)?;
    let key_name = params.get("KeyName").map(str::to_owned);
    if let Some(name) = &key_name {
        let key = (request.account.clone(), request.region.clone(), name.clone());
        if !world.key_pairs.contains(&key) {
            let message = format!("The key pair '{name}' does not exist");
            return Err(refuse("InvalidKeyPair.NotFound", message));
        }
    }
    Ok(Order {
        kind: kind.to_owned(),
        place,
        key_name,
        profile: profile(world, request, params)?,
        user_data,
        spot,
        instance_tags: tags.remove("instance").unwrap_or_default(),
        volume_tags: tags.remove("volume").unwrap_or_default(),
        interface_tags: tags.remove("network-interface").unwrap_or_default(),
        shut_down: match params.get("InstanceInitiatedShutdownBehavior") {
            Some("terminate") => "terminated",
            _ => "stopped",
        },
        tokens_required: params.get("MetadataOptions.HttpTokens") == Some("required"),
        volumes_go,
        image,
    })
}

fn launchable(world: &mut World, request: &Request, id: &str) -> Result<Image, Refusal> {
    let viewer = Viewer::new(world, request);
    let region = world.region(&request.region);
    let image = seen(region, &viewer, id)?;
    if image.state(request.now) != "available" {
        return Err(image_unavailable(id));
    }
    let archived =
        image.snapshots().any(|id| region.snapshots.get(id).is_some_and(|snapshot| snapshot.tier != "standard"));
    if archived {
        let message = format!("The image {id} has archived snapshots");
        return Err(refuse("InvalidSnapshot.NotFound", message));
    }
    Ok(image.clone())
}

/// Subnet and groups: the default VPC's unless given; groups must be of the subnet's VPC.
fn place(world: &mut World, request: &Request, params: &Params) -> Result<Place, Refusal> {
    let account = &request.account;
    // A subnet stands within a network interface if there is one, and the groups there too.
    let interface = params.structs("NetworkInterface").into_iter().next();
    if interface.is_some() && (params.has("SubnetId") || params.has("SecurityGroupId")) {
        let message = "Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request";
        return Err(combination(message));
    }
    let params = interface.as_ref().unwrap_or(params);
    let public = params.flag("AssociatePublicIpAddress")?;
    let region = world.networked(account, &request.region);
    let subnet = if let Some(id) = params.get("SubnetId") {
        own_subnet(region, account, id)?
    } else {
        let mut own = region.subnets.values().filter(|s| s.owner == *account && s.default);
        own.next().ok_or_else(|| {
            let message = "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.";
            refuse("VPCIdNotSpecified", message)
        })?
    };
    let mut groups = Vec::new();
    for id in params.list("SecurityGroupId") {
        let group = own_group(region, account, id)?;
        if group.vpc != subnet.vpc {
            return Err(refuse(
                "InvalidParameter",
                format!("Security group {id} and subnet {} belong to different networks.", subnet.id),
            ));
        }
        groups.push((group.id.clone(), group.name.clone()));
    }
    if groups.is_empty() {
        let all = region.groups.values();
        let default = all.filter(|group| group.vpc == subnet.vpc && group.name == "default");
        groups.extend(default.map(|group| (group.id.clone(), group.name.clone())));
    }
    Ok(Place { subnet: subnet.clone(), groups, public })
}

/// The network interfaces of a launch: one new one, as amictl makes none but that.
fn interfaces(params: &Params) -> Result<(), Refusal> {
    let all = params.structs("NetworkInterface");
    for interface in &all {
        let Some(index) = interface.number("DeviceIndex")? else {
            return Err(refuse("InvalidParameterValue", "Each network interface requires a device index."));
        };
        let existing = interface.has("NetworkInterfaceId");
        if interface.has("AssociatePublicIpAddress") {
            if existing || index != 0 || all.len() > 1 {
                let message = "The associatePublicIPAddress parameter can only be specified for the network interface with DeviceIndex 0, for a new one, and for one only.";
                return Err(combination(message));
            }
            // No source says which subnet EC2 takes then.
            interface.get("SubnetId").ok_or_else(|| missing("SubnetId"))?;
        }
        let of_new = ["SubnetId", "SecurityGroupId"].iter().any(|name| interface.has(name));
        let goes = interface.flag("DeleteOnTermination")? == Some(true);
        if existing && (of_new || goes) {
            return Err(combination("These parameters apply to a new network interface only."));
        }
    }
    Ok(())
}

/// Whether volumes go with the instance, by the devices of the image that the request names.
fn volumes(params: &Params, image: &Image) -> Result<BTreeMap<String, bool>, Refusal> {
    let mut volumes = BTreeMap::new();
    for device in params.structs("BlockDeviceMapping") {
        let name = device.get("DeviceName").ok_or_else(|| missing("DeviceName"))?;
        if !image.mappings.iter().any(|mapping| mapping.device == name && mapping.ebs.is_some()) {
            return Err(missing("size or snapshotId"));
        }
        if let Some(goes) = device.flag("Ebs.DeleteOnTermination")? {
            volumes.insert(name.to_owned(), goes);
        }
    }
    Ok(volumes)
}

fn profile(world: &World, request: &Request, params: &Params) -> Result<Option<String>, Refusal> {
    let prefix = format!("arn:aws:iam::{}:instance-profile/", request.account);
    let arn = params.get("IamInstanceProfile.Arn");
    let name = params.get("IamInstanceProfile.Name").or(arn.and_then(|arn| arn.strip_prefix(&prefix)));
    let Some(name) = name.or(arn) else { return Ok(None) };
    if world.profiles.contains(&(request.account.clone(), name.to_owned())) {
        Ok(Some(format!("{prefix}{name}")))
    } else {
        Err(invalid_value("iamInstanceProfile.name", name, "Invalid IAM Instance Profile name"))
    }
}

/// Whether a spot launch is a persistent one; none is a launch on demand.
fn market(params: &Params) -> Result<Option<bool>, Refusal> {
    let kind = "InstanceMarketOptions.SpotOptions.SpotInstanceType";
    match params.get("InstanceMarketOptions.MarketType") {
        None if params.has("InstanceMarketOptions") => Err(combination("MarketType is missing")),
        None => Ok(None),
        Some("spot") => match params.get(kind) {
            None | Some("one-time") => Ok(Some(false)),
            Some("persistent") => Ok(Some(true)),
            Some(other) => Err(invalid_value(kind, other, "Expected one-time or persistent.")),
        },
        Some(other) => Err(invalid_value("MarketType", other, "Expected spot.")),
    }
}

/// Base64 of at most 16 KiB.
fn user_data(text: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let body = text.trim_end_matches('=');
    let letters = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    if text.len() % 4 != 0 || text.len() - body.len() > 2 || !body.bytes().all(letters) {
        return Err(refuse("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."));
    }
    if body.len() * 3 / 4 > 16_384 {
        return Err(refuse("InvalidParameterValue", "User data is limited to 16384 bytes"));
    }
    Ok(Some(text.to_owned()))
}

/// Fresh instances are `pending` in this answer, however fast they boot.
fn answer(region: &Region, request: &Request, ids: &[String]) -> String {
    let instances: Vec<&Instance> = ids.iter().filter_map(|id| region.instances.get(id)).collect();
    let mut x = Xml::new();
    x.maybe("reservationId", instances.first().map(|i| &i.reservation));
    x.leaf("ownerId", &request.account);
    x.list("instancesSet", instances, |x, instance| fields::write(x, instance, "pending"));
    x.done()
}

//! Makes the instances of a launch that has passed all checks.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::compute::{Instance, Subnet, Volume};
use super::super::launchers::SpotRequest;
use super::super::model::{Image, Phase, Reason, Tags};
use super::super::request::Request;
use super::super::world::{BadBoot, World, span};
use super::told;

/// A launch that has been checked.
pub struct Order {
    pub image: Image,
    pub kind: String,
    pub place: Place,
    pub key_name: Option<String>,
    pub profile: Option<String>,
    pub user_data: Option<String>,
    pub spot: Option<SpotTerms>,
    pub instance_tags: Tags,
    pub volume_tags: Tags,
    pub interface_tags: Tags,
    /// The state that a shutdown from within leads to.
    pub shut_down: &'static str,
    pub tokens_required: bool,
    /// Whether volumes go with the instance, by device, where the launch says so.
    pub volumes_go: BTreeMap<String, bool>,
}

/// What a spot launch asks for.
pub struct SpotTerms {
    pub persistent: bool,
    pub tags: Tags,
}

/// Where it launches.
pub struct Place {
    pub subnet: Subnet,
    pub groups: Vec<(String, String)>,
    /// Whether it gets a public address, where the launch says so.
    pub public: Option<bool>,
}

/// Makes the instances; gives their ids.
pub fn make(world: &mut World, request: &Request, order: &Order, count: usize) -> Vec<String> {
    let reservation = world.ids.next("r");
    let badly = world.bad_boots.get(&order.image.id).cloned();
    let reason = world.fail_next_launch.take().or_else(|| locked_out(world, request, order));
    let reason = reason.or_else(|| match &badly {
        Some(BadBoot::Ends(code, message)) => Some((code.clone(), message.clone())),
        Some(BadBoot::Impaired) | None => None,
    });
    // What cannot be reached does not run its user data either.
    let timer = match (&badly, &reason) {
        (None, None) => order
            .user_data
            .as_deref()
            .and_then(timer)
            .map(|after| (phase_turn(world, request) + after, order.shut_down)),
        _ => None,
    };
    let after = if reason.is_some() { "terminated" } else { "running" };
    let phase = Phase { before: "pending", turn: phase_turn(world, request), after: after.to_owned() };
    let mut made = Vec::new();
    told::note(world, &request.region, &order.image.id, request.now);
    for index in 0..count {
        let volumes = volumes(world, request, order);
        let spot = order.spot.as_ref().map(|_| world.ids.next("sir"));
        let (private_ip, public_ip) = addresses(world);
        let instance = Instance {
            id: world.ids.next("i"),
            owner: request.account.clone(),
            reservation: reservation.clone(),
            index,
            image: order.image.id.clone(),
            phase: phase.clone(),
            reason: reason.clone(),
            visible_from: request.now + span(world.visible_after),
            kind: order.kind.clone(),
            launched: request.now,
            key_name: order.key_name.clone(),
            subnet: order.place.subnet.id.clone(),
            vpc: order.place.subnet.vpc.clone(),
            zone: order.place.subnet.zone.clone(),
            groups: order.place.groups.clone(),
            profile: order.profile.clone(),
            spot,
            managed: None,
            user_data: order.user_data.clone(),
            tags: order.instance_tags.clone(),
            volumes,
            architecture: order.image.architecture.clone(),
            windows: order.image.windows,
            root_type: order.image.root_type.clone(),
            private_ip,
            public_ip: order.place.public.unwrap_or(order.place.subnet.public).then_some(public_ip),
            elastic: false,
            stop_protected: false,
            reboots: 0,
            client_token: request.params.get("ClientToken").map(str::to_owned),
            timer,
            stale_until: None,
            tokens_required: order.tokens_required,
            interface_tags: order.interface_tags.clone(),
        };
        made.push(instance.id.clone());
        if let Some((terms, mut spot)) = order.spot.as_ref().zip(SpotRequest::behind(&instance)) {
            spot.persistent = terms.persistent;
            spot.tags.clone_from(&terms.tags);
            world.region(&request.region).spot_requests.insert(spot.id.clone(), spot);
        }
        world.region(&request.region).instances.insert(instance.id.clone(), instance);
    }
    made
}

/// When the instances run.
fn phase_turn(world: &World, request: &Request) -> DateTime<Utc> {
    request.now + span(world.boot_for)
}

/// How long after the boot the script of the user data shuts the instance down, if it does.
fn timer(user_data: &str) -> Option<TimeDelta> {
    let script = String::from_utf8(aws_smithy_types::base64::decode(user_data).ok()?).ok()?;
    let number = |after: &str| {
        let rest = script.split_once(after)?.1;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<i64>().ok()
    };
    match script.starts_with("<powershell>") {
        true => number("/t ").map(TimeDelta::seconds),
        false => script.starts_with("#!").then(|| number("shutdown -h +").map(TimeDelta::minutes)).flatten(),
    }
}

/// A private and a public address that nobody else has, unless a test wants a certain one.
pub fn addresses(world: &mut World) -> (String, String) {
    if let Some(address) = &world.address {
        return (address.clone(), address.clone());
    }
    let number = world.ids.number();
    let (high, low) = (number / 250 % 250, number % 250 + 1);
    (format!("172.31.{high}.{low}"), format!("203.0.{high}.{low}"))
}

/// An instance whose volumes cannot be decrypted is accepted, and ends at once.
fn locked_out(world: &mut World, request: &Request, order: &Order) -> Option<Reason> {
    let snapshots = &world.region(&request.region).snapshots;
    let keys = order.image.snapshots().filter_map(|id| snapshots.get(id)?.kms_key.clone());
    let keys: Vec<String> = keys.collect();
    let locked = keys.iter().any(|key| !world.may_use_key(&request.account, key));
    let reason = ("Client.InternalError", "Client.InternalError: Client error on launch");
    locked.then(|| (reason.0.to_owned(), reason.1.to_owned()))
}

fn volumes(world: &mut World, request: &Request, order: &Order) -> Vec<Volume> {
    let image = &order.image;
    let mut devices: Vec<_> =
        image.mappings.iter().filter_map(|mapping| Some((mapping.device.clone(), mapping.ebs.clone()?))).collect();
    devices.sort_by_key(|(device, _)| *device != image.root_device);
    let make = |(device, ebs): (String, super::super::model::Ebs)| {
        let default = world.ebs_default_key(&request.account, &request.region);
        let snapshots = &world.region(&request.region).snapshots;
        let snapshot = ebs.snapshot.and_then(|id| snapshots.get(&id));
        // What is encrypted by another account is encrypted anew.
        let kms_key = snapshot.and_then(|snapshot| {
            let key = snapshot.kms_key.clone()?;
            Some(if snapshot.owner == request.account { key } else { default })
        });
        Volume {
            id: world.ids.next("vol"),
            delete_on_termination: order.volumes_go.get(&device).copied().unwrap_or(ebs.delete_on_termination),
            device,
            size: ebs.size,
            kind: ebs.kind,
            kms_key,
            tags: order.volume_tags.clone(),
        }
    };
    devices.into_iter().map(make).collect()
}

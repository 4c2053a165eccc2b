//! Disabling, deprecating and protecting images.

use chrono::{DateTime, Duration, DurationRound, Months, Utc};

use super::super::errors::{Answer, image_unavailable, invalid_value, refuse};
use super::super::model::{Image, Phase};
use super::super::protection::Protection;
use super::super::request::Request;
use super::super::world::World;
use super::{Viewer, own};

/// Checks that the image is the caller's and fit for the change, then changes it.
fn change(
    world: &mut World,
    request: &Request,
    fit: impl FnOnce(&Image) -> Result<(), super::Refusal>,
    apply: impl FnOnce(&mut Image),
) -> Answer {
    let id = request.params.need("ImageId")?;
    let viewer = Viewer::new(world, request);
    let region = world.region(&request.region);
    fit(own(region, &viewer, id)?)?;
    request.dry_run()?;
    if let Some(image) = region.images.get_mut(id) {
        apply(image);
    }
    Ok("<return>true</return>".to_owned())
}

fn in_state(image: &Image, now: DateTime<Utc>, states: &[&str]) -> Result<(), super::Refusal> {
    if states.contains(&image.state(now)) { Ok(()) } else { Err(image_unavailable(&image.id)) }
}

/// Drops all launch permissions for good.
pub fn disable(world: &mut World, request: &Request) -> Answer {
    let now = request.now;
    change(
        world,
        request,
        |image| in_state(image, now, &["available", "disabled"]),
        |image| {
            image.phase = Phase::settled("disabled", now);
            image.launch.clear();
        },
    )
}

/// Brings an image back, without its launch permissions; its snapshots must not be archived. That an image which is
/// available stays so, without a refusal, is unconfirmed.
pub fn enable(world: &mut World, request: &Request) -> Answer {
    let now = request.now;
    let id = request.params.need("ImageId")?;
    let region = world.region(&request.region);
    let archived = region.images.get(id).is_some_and(|image| {
        let mut snapshots = image.snapshots().filter_map(|id| region.snapshots.get(id));
        snapshots.any(|snapshot| snapshot.tier != "standard")
    });
    change(
        world,
        request,
        |image| {
            in_state(image, now, &["available", "disabled"])?;
            if archived {
                let message = "The image has archived snapshots; restore them first.";
                return Err(refuse("IncorrectState", message));
            }
            Ok(())
        },
        |image| image.phase = Phase::settled("available", now),
    )
}

/// States in which an image can be deprecated and protected; that a pending one cannot is unconfirmed.
const SETTLED: [&str; 2] = ["available", "disabled"];

/// The latest time at which a public image is deprecated, and the one that it gets when it is made public.
pub fn latest_of_public(image: &Image) -> DateTime<Utc> {
    image.created + Months::new(24)
}

/// Sets the deprecation time: not in the past, at most 10 years ahead (public images: 2 years from creation), rounded
/// to the minute. A public image's time only ever moves nearer; the code of that refusal is unconfirmed.
pub fn deprecate(world: &mut World, request: &Request) -> Answer {
    let now = request.now;
    let text = request.params.need("DeprecateAt")?;
    let bad = |why: &str| invalid_value("DeprecateAt", text, why);
    let given = DateTime::parse_from_rfc3339(text).map_err(|_| bad("Expected a timestamp."))?.with_timezone(&Utc);
    let at = given.duration_round(Duration::minutes(1)).map_err(|_| bad("Too large."))?;
    if at < now - Duration::minutes(1) {
        return Err(bad("The time must not be in the past."));
    }
    change(
        world,
        request,
        |image| {
            in_state(image, now, &SETTLED)?;
            let latest = if image.is_public() { latest_of_public(image) } else { now + Months::new(120) };
            if given > latest {
                return Err(bad("The time is too far ahead."));
            }
            match image.deprecated {
                Some(set) if image.is_public() && at > set => Err(public_stays(image)),
                _ => Ok(()),
            }
        },
        |image| image.deprecated = Some(at),
    )
}

/// Refused for public images: they must be made private first.
pub fn undeprecate(world: &mut World, request: &Request) -> Answer {
    let fit = |image: &Image| if image.is_public() { Err(public_stays(image)) } else { Ok(()) };
    change(world, request, fit, |image| image.deprecated = None)
}

fn public_stays(image: &Image) -> super::Refusal {
    let message =
        format!("The deprecation of the public image {} can be moved back only once it is private.", image.id);
    refuse("OperationNotPermitted", message)
}

pub fn protect(world: &mut World, request: &Request) -> Answer {
    let cooldown = request.params.flag("WithCooldown")?.unwrap_or(false);
    let fit = |image: &Image| in_state(image, request.now, &SETTLED);
    change(world, request, fit, |image| image.protection = Protection::Enabled { cooldown })
}

/// With a cooldown the protection stays for another 24 hours.
pub fn unprotect(world: &mut World, request: &Request) -> Answer {
    let until = request.now + Duration::hours(24);
    change(
        world,
        request,
        |_| Ok(()),
        |image| {
            image.protection = match &image.protection {
                Protection::Enabled { cooldown: true } => Protection::Cooling(until),
                Protection::Cooling(until) => Protection::Cooling(*until),
                Protection::Enabled { cooldown: false } | Protection::Disabled => Protection::Disabled,
            }
        },
    )
}

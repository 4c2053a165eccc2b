//! The rule `pinned-image`: ids in files whose image is gone, should not be used, or is old.

use super::super::facts::{AuditPlace, PinnedId};
use super::super::findings::{AuditFinding, Level};
use super::super::inventory::{ImageSight, Inventory};
use super::super::rule::AuditRule;
use super::super::trouble::{Trouble, label};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "pinned-image",
    level: Level::High,
    levels: "deprecated: medium, behind: low",
    looks_at: "ids of images in files (--refs-from): those of images that are gone, revoked, disabled or deprecated, or \
               several versions behind their family",
    why: "Code that pins an id launches that image, whatever has become of it, and nobody is told.",
    mend: "Write the id of a newer version into the file, or let it follow an alias: resolve:ssm:/amictl/FAMILY/ALIAS.",
    setting: Some(("behind_versions", "3")),
    check,
};

/// The kind of the resource.
const KIND: &str = "pin";

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    inventory.facts.pins.iter().filter_map(|pin| of_pin(inventory, pin)).collect()
}

fn of_pin(inventory: &Inventory<'_>, pin: &PinnedId) -> Option<AuditFinding> {
    let (place, sight) = seen(inventory, &pin.image);
    let image = match sight {
        ImageSight::Seen(image) => Some(image),
        ImageSight::Gone | ImageSight::Unknown => None,
    };
    let named = label(sight, &pin.image);
    let (level, message) = match Trouble::of(sight, inventory.now()) {
        Some(Trouble::Gone) => {
            (Level::High, format!("{named} is gone or not visible in any account and region of the run"))
        }
        Some(trouble) => (trouble.level(), format!("{named} {}", trouble.words())),
        None => (Level::Low, behind(inventory, image?)?),
    };
    let newest = image.and_then(|image| inventory.newest(image)).filter(|newest| newest.id != pin.image);
    let also = image.and_then(|image| image.name.clone());
    Some(AuditFinding {
        rule: RULE.id,
        level,
        account: place.and_then(|place| place.account.clone()),
        region: place.map(|place| place.region.clone()),
        resource: pin.image.to_string(),
        kind: KIND,
        message,
        hint: newest.map(|newest| format!("the newest version is {}", newest.label())),
        pin: Some(pin.place.clone()),
        also: also.into_iter().collect(),
    })
}

/// The image as its owner sees it, else as the first place does that sees it.
fn seen<'f>(inventory: &Inventory<'f>, id: &ImageId) -> (Option<&'f AuditPlace>, ImageSight<'f>) {
    if let Some((place, _)) = inventory.own(id) {
        return (Some(place), inventory.sight(place, id));
    }
    let others = inventory.facts.places.iter().find_map(|place| Some((place, place.others.as_ref()?.get(id)?)));
    match others {
        Some((place, image)) => (Some(place), ImageSight::Seen(image)),
        None if inventory.complete() => (None, ImageSight::Gone),
        None => (None, ImageSight::Unknown),
    }
}

fn behind(inventory: &Inventory<'_>, image: &Image) -> Option<String> {
    let (_, image) = inventory.own(&image.id)?;
    let versions = inventory.behind(image)?.versions;
    (versions >= inventory.limits.behind_versions).then(|| format!("{} is {versions} versions behind", image.label()))
}

//! The rule `pinned-image`: ids in files whose image is gone, should not be used, or is old.

use super::super::facts::{AuditFacts, AuditPlace, PinnedId};
use super::super::findings::{AuditFinding, Level};
use super::super::inventory::{ImageSight, Inventory};
use super::super::rule::AuditRule;
use super::super::trouble::{Trouble, label};
use crate::domain::age::ago;
use crate::domain::command_line::amictl;
use crate::domain::ids::ImageId;
use crate::domain::image::Image;

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "pinned-image",
    level: Level::High,
    levels: "deprecated or older than max_age: medium, behind: low",
    looks_at: "ids of images in files (--refs-from): those of images that are gone, revoked, disabled or deprecated, of \
               own images that are older than max_age or several versions behind their family",
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
    let newest = image.and_then(|image| inventory.newest(image)).filter(|newest| newest.id != pin.image);
    let newest = newest.map(|newest| format!("the newest version is {}", newest.label()));
    let (level, message, hint) = match Trouble::of(sight, inventory.now()) {
        Some(Trouble::Gone) => (Level::High, format!("{named} {}", gone(inventory.facts)), elsewhere(inventory, pin)),
        Some(trouble) => (trouble.level(), format!("{named} {}", trouble.words()), newest),
        None => {
            let (level, words) = old(inventory, image?)?;
            (level, format!("{named} is {words}"), newest)
        }
    };
    Some(AuditFinding {
        rule: RULE.id,
        level,
        account: place.and_then(|place| place.account.clone()),
        region: place.map(|place| place.region.clone()),
        resource: pin.image.to_string(),
        kind: KIND,
        message,
        hint,
        pin: Some(pin.place.clone()),
        also: image.and_then(|image| image.name.clone()).into_iter().collect(),
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
        None if inventory.complete => (None, ImageSight::Gone),
        None => (None, ImageSight::Unknown),
    }
}

/// That an image is nowhere, and where nobody looked.
fn gone(facts: &AuditFacts) -> String {
    let inactive = match facts.inactive.as_slice() {
        [] => String::new(),
        [one] => format!("; account {one} was not entered, as it is not active"),
        [first, others @ ..] => {
            format!("; account {first} and {} more were not entered, as they are not active", others.len())
        }
    };
    let regions = if facts.everywhere.is_some() { "; other regions were not looked at (--region all)" } else { "" };
    format!("is gone or not visible in the accounts and regions of the run{inactive}{regions}")
}

/// The command that looks in the other regions, too.
fn elsewhere(inventory: &Inventory<'_>, pin: &PinnedId) -> Option<String> {
    let everywhere = inventory.facts.everywhere.as_ref()?;
    let line = amictl("audit").words(["--rule", RULE.id, "--refs-from", &pin.place.file]);
    Some(line.options(everywhere).to_string())
}

/// How old an own image is, by its versions and by its days, where that is more than the limits.
fn old(inventory: &Inventory<'_>, image: &Image) -> Option<(Level, String)> {
    let (_, image) = inventory.own(&image.id)?;
    let (now, limits) = (inventory.now(), inventory.limits);
    let versions = inventory.behind(image).map(|behind| behind.versions);
    let behind = versions.filter(|versions| *versions >= limits.behind_versions);
    let behind = behind.map(|versions| match versions {
        1 => "1 version behind".to_owned(),
        _ => format!("{versions} versions behind"),
    });
    let made = image.created_at.filter(|made| *made <= limits.max_age.before(now));
    let aged = made.map(|made| format!("{} old", ago(made, now)));
    let level = if aged.is_some() { Level::Medium } else { Level::Low };
    let words: Vec<String> = aged.into_iter().chain(behind).collect();
    (!words.is_empty()).then(|| (level, words.join(" and ")))
}

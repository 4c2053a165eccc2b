//! Reader of the journal: its records of images.
//!
//! Lines of other programs, and incomplete lines, are skipped, and so is what a collector of logs puts before or around a line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};

use super::collected;
use crate::domain::ids::{AccountId, ImageId, SnapshotId};
use crate::domain::journal::{JournaledImage, Returning};
use crate::domain::permissions::principal::Principal;
use crate::domain::permissions::recorded::{Journaled, RecordedPermissions, to_tag};
use crate::domain::region::Region;
use crate::domain::report::Verb;
use crate::domain::tags::{SHARES, Tags};
use crate::domain::unfinished::Unfinished;

/// The number of ids in a line after which it certainly named the image it is about.
const MOST_NAMED: usize = 64;
/// The start of every line.
const START: &str = "{\"version\":";

#[derive(Deserialize)]
struct Line {
    /// Lines of other programs have no such beginning.
    #[serde(rename = "version")]
    _version: u32,
    phase: String,
    at: DateTime<Utc>,
    action: Option<String>,
    image: Option<ImageLine>,
    launch_permissions: Option<Vec<String>>,
    /// Missing in lines of the first versions, which differs from `null`.
    #[serde(default, deserialize_with = "there")]
    shares_due: Option<Option<DueLine>>,
    delete_snapshots: Option<Vec<SnapshotId>>,
    snapshot_tags: Option<BTreeMap<SnapshotId, Tags>>,
    snapshot_permissions: Option<BTreeMap<SnapshotId, Option<Vec<String>>>>,
    result: Option<ResultLine>,
    image_back: Option<bool>,
}

#[derive(Deserialize)]
struct DueLine {
    launch_permissions: Option<Vec<String>>,
    tag: bool,
}

fn there<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Option<DueLine>>, D::Error> {
    Option::deserialize(input).map(Some)
}

#[derive(Deserialize)]
struct ImageLine {
    id: ImageId,
    name: Option<String>,
    region: Option<Region>,
    owner_id: Option<AccountId>,
    #[serde(default)]
    tags: Tags,
    #[serde(default)]
    snapshots: Vec<SnapshotLine>,
}

#[derive(Deserialize)]
struct SnapshotLine {
    id: SnapshotId,
}

#[derive(Deserialize)]
struct ResultLine {
    image_id: ImageId,
    action: String,
    status: String,
    /// Missing in older lines.
    changed: Option<bool>,
}

/// The records of these images: for each the newest line written before an action; the line of a deregistration counts
/// until amictl has put back all that the image lacks. A missing journal has no records.
pub fn remembered(path: &Path, images: &BTreeSet<ImageId>) -> io::Result<BTreeMap<ImageId, JournaledImage>> {
    let mut found = BTreeMap::new();
    each_line(path, images, |line| remember(line, images, &mut found))?;
    Ok(found)
}

/// The launch permissions to be restored on these images, from the last line with any.
pub fn due(path: &Path, images: &BTreeSet<ImageId>) -> io::Result<BTreeMap<ImageId, Journaled>> {
    let mut found = BTreeMap::new();
    each_line(path, images, |line| {
        let Some((image, written)) = says_due(line) else { return };
        if !images.contains(&image) {
            return;
        }
        match written {
            Ok(RecordedPermissions { who: None, .. }) => drop(found.remove(&image)),
            written => drop(found.insert(image, written)),
        }
    })?;
    Ok(found)
}

/// The images whose last deregistration has no end, or failed.
pub fn unfinished(path: &Path, images: &BTreeSet<ImageId>) -> io::Result<BTreeMap<ImageId, Unfinished>> {
    let mut found = BTreeMap::new();
    each_line(path, images, |line| match line {
        Line { phase, action: Some(action), image: Some(image), delete_snapshots, .. } if phase == "begin" => {
            // A later action shows that the image existed again.
            found.remove(&image.id);
            let deregister = images.contains(&image.id) && action == Verb::Deregister.as_str();
            if let (true, Some(region), Some(delete)) = (deregister, image.region, delete_snapshots) {
                let ImageLine { id, name, owner_id: account, tags, .. } = image;
                found.insert(id, Unfinished { region, account, name, tags, delete });
            }
        }
        Line { phase, result: Some(result), .. } if phase == "end" => {
            let nothing = result.status != "done" && result.changed == Some(false);
            if result.status == "done" || nothing {
                found.remove(&result.image_id);
            }
        }
        _ => {}
    })?;
    Ok(found)
}

fn each_line(path: &Path, images: &BTreeSet<ImageId>, mut take: impl FnMut(Line)) -> io::Result<()> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    let (mut reader, mut line) = (BufReader::with_capacity(1 << 20, file), Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        // `aws logs … --output text` puts a tab between lines that had no line feed; inside a line there is none. Most
        // lines of a long journal are about other images, and need no parsing.
        let wrapped = collected::messages(&text, START);
        let parts = text.split('\t').chain(wrapped.iter().flat_map(|message| message.split(['\t', '\n'])));
        parts.filter(|part| names_one(part, images)).filter_map(parse).for_each(&mut take);
        line.clear();
    }
    Ok(())
}

fn names_one(text: &str, images: &BTreeSet<ImageId>) -> bool {
    let each = text.match_indices("ami-").filter_map(|(at, _)| text[at..].split('"').next()?.parse().ok());
    each.take(MOST_NAMED).any(|id| images.contains(&id))
}

/// Parses a line, whatever stands before its first brace; if a run died in the middle of one, the next run's line that
/// follows in it.
fn parse(text: &str) -> Option<Line> {
    let whole = serde_json::from_str(&text[text.find('{')?..]).ok();
    whole.or_else(|| serde_json::from_str(&text[text.rfind(START)?..]).ok())
}

fn remember(line: Line, images: &BTreeSet<ImageId>, found: &mut BTreeMap<ImageId, JournaledImage>) {
    match line {
        Line { phase, action: Some(action), image: Some(image), .. }
            if phase == "begin" && action == Verb::Restore.as_str() =>
        {
            if let Some(remembered) = found.get_mut(&image.id) {
                remembered.returning = Returning::Begun;
            }
        }
        Line { phase, action: Some(action), image: Some(image), .. }
            if phase == "begin" && images.contains(&image.id) =>
        {
            let unfinished = found.get_mut(&image.id).filter(|then| then.is_unfinished_return());
            if let Some(then) = unfinished.filter(|_| !ends_return(&action)) {
                if [Verb::Disable, Verb::Enable, Verb::Revive].iter().any(|verb| verb.as_str() == action) {
                    // From now on these lines decide which permissions are to be restored.
                    then.tags.remove(SHARES);
                }
                return;
            }
            let mut unreadable = Vec::new();
            let copiers = line.snapshot_permissions.into_iter().flatten();
            let copiers = copiers.filter_map(|(id, who)| Some((id, principals(who?, &mut unreadable))));
            let remembered = JournaledImage {
                action,
                at: line.at,
                name: image.name,
                tags: image.tags,
                snapshots: image.snapshots.into_iter().map(|snapshot| snapshot.id).collect(),
                snapshot_tags: line.snapshot_tags,
                snapshot_permissions: copiers.collect(),
                launch_permissions: line.launch_permissions.map(|all| principals(all, &mut unreadable)),
                unreadable,
                in_vain: false,
                returning: Returning::NotBegun,
                brought_back: false,
            };
            found.insert(image.id, remembered);
        }
        Line { phase, result: Some(result), image_back, .. } if phase == "end" => {
            let (done, restore) = (result.status == "done", result.action == Verb::Restore.as_str());
            let Some(remembered) = found.get_mut(&result.image_id) else { return };
            remembered.brought_back |= done && restore;
            if result.action == remembered.action {
                remembered.in_vain = !done && result.changed == Some(false);
            }
            if let Some(there) = image_back.filter(|_| restore) {
                remembered.returning = if there { Returning::Incomplete } else { Returning::Unfinished };
            }
        }
        _ => {}
    }
}

/// Whether the action ends a restore: the image is deregistered again, or permissions are revoked on purpose.
fn ends_return(action: &str) -> bool {
    [Verb::Deregister, Verb::Unshare].iter().any(|verb| verb.as_str() == action)
}

/// The principals that can be parsed; the others go to `unreadable`.
fn principals(written: Vec<String>, unreadable: &mut Vec<String>) -> BTreeSet<Principal> {
    let mut all = BTreeSet::new();
    for text in written {
        match Principal::read(&text) {
            Ok(who) => drop(all.insert(who)),
            Err(_) => unreadable.push(text),
        }
    }
    all
}

/// The image and the launch permissions to be restored in a line.
fn says_due(line: Line) -> Option<(ImageId, Journaled)> {
    let Line { phase, action, image, launch_permissions, shares_due, result, .. } = line;
    let ended = result.filter(|_| phase == "end");
    let image = ended.as_ref().map(|result| &result.image_id).or(image.as_ref().map(|image| &image.id))?.clone();
    let written = match shares_due {
        Some(Some(due)) => {
            due.launch_permissions.map_or(Ok(RecordedPermissions::default()), |all| read_all(&all, Some(due.tag)))
        }
        Some(None) => return None,
        // The format of the first versions.
        None => match ended {
            Some(result) => {
                let back = [Verb::Enable, Verb::Revive].iter().any(|verb| verb.as_str() == result.action);
                (back && result.status == "done").then(|| Ok(RecordedPermissions::default()))?
            }
            None => read_all(&launch_permissions.filter(|_| action.as_deref() == Some(Verb::Disable.as_str()))?, None),
        },
    };
    Some((image, written))
}

/// All principals of a line. Without other information, those that fit a tag were in one.
fn read_all(texts: &[String], in_tag: Option<bool>) -> Journaled {
    let who: BTreeSet<Principal> = texts.iter().map(|text| Principal::read(text)).collect::<Result<_, _>>()?;
    let in_tag = in_tag.unwrap_or_else(|| to_tag(&who).is_some());
    Ok(RecordedPermissions { who: Some(who), in_tag })
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;

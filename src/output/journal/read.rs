//! Reading a journal: what it remembers of images. Lines of others, and lines that were never finished, are passed
//! over.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::domain::comeback::{Remembered, Returning};
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::report::Verb;
use crate::domain::sharing::Principal;
use crate::domain::tagging::Tags;

/// How many ids a line may name before the one it is about is certainly among them.
const MOST_NAMED: usize = 64;
/// How every line begins.
const START: &str = "{\"version\":";

#[derive(Deserialize)]
struct Line {
    phase: String,
    at: DateTime<Utc>,
    action: Option<String>,
    image: Option<ImageLine>,
    launch_permissions: Option<Vec<String>>,
    snapshot_tags: Option<BTreeMap<SnapshotId, Tags>>,
    snapshot_permissions: Option<BTreeMap<SnapshotId, Option<Vec<String>>>>,
    result: Option<ResultLine>,
    image_back: Option<bool>,
}

#[derive(Deserialize)]
struct ImageLine {
    id: ImageId,
    name: Option<String>,
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
    /// Older lines do not tell.
    changed: Option<bool>,
}

/// What the journal remembers of these images: the newest line of each that was written before one of `actions`, or
/// before whatever was done where none is given. A journal that is not there remembers nothing.
pub fn remembered(
    path: &Path,
    images: &BTreeSet<ImageId>,
    actions: &[Verb],
) -> io::Result<BTreeMap<ImageId, Remembered>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        other => other?,
    };
    let mut found = BTreeMap::new();
    let (mut reader, mut line) = (BufReader::with_capacity(1 << 20, file), Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        // Most lines of a long journal are about other images, and need not be taken apart.
        if names_one(&text, images)
            && let Some(read) = parse(&text)
        {
            take(read, images, actions, &mut found);
        }
        line.clear();
    }
    Ok(found)
}

fn names_one(text: &str, images: &BTreeSet<ImageId>) -> bool {
    let each = text.match_indices("ami-").filter_map(|(at, _)| text[at..].split('"').next()?.parse().ok());
    each.take(MOST_NAMED).any(|id| images.contains(&id))
}

/// A line; where a run died in the middle of one, the next run's line, which goes on behind it.
fn parse(text: &str) -> Option<Line> {
    let whole = serde_json::from_str(text).ok();
    whole.or_else(|| serde_json::from_str(&text[text.rfind(START)?..]).ok())
}

fn take(line: Line, images: &BTreeSet<ImageId>, actions: &[Verb], found: &mut BTreeMap<ImageId, Remembered>) {
    let wanted = |action: &str| actions.is_empty() || actions.iter().any(|verb| verb.as_str() == action);
    match line {
        Line { phase, action: Some(action), image: Some(image), .. }
            if phase == "begin" && action == Verb::Restore.as_str() =>
        {
            if let Some(remembered) = found.get_mut(&image.id) {
                remembered.returning = Returning::Begun;
            }
        }
        Line { phase, action: Some(action), image: Some(image), .. }
            if phase == "begin" && wanted(&action) && images.contains(&image.id) =>
        {
            let copiers = line.snapshot_permissions.into_iter().flatten();
            let remembered = Remembered {
                action,
                at: line.at,
                name: image.name,
                tags: image.tags,
                snapshots: image.snapshots.into_iter().map(|snapshot| snapshot.id).collect(),
                snapshot_tags: line.snapshot_tags,
                launch_permissions: line.launch_permissions.as_deref().map(principals),
                snapshot_permissions: copiers.filter_map(|(id, who)| Some((id, principals(&who?)))).collect(),
                in_vain: false,
                returning: Returning::NotBegun,
                brought_back: false,
            };
            found.insert(image.id, remembered);
        }
        Line { phase, result: Some(result), image_back, .. } if phase == "end" => {
            let done = result.status == "done";
            let Some(remembered) = found.get_mut(&result.image_id) else { return };
            remembered.brought_back |= done && brings_back(&result.action, &remembered.action);
            if result.action == remembered.action {
                remembered.in_vain = !done && result.changed == Some(false);
            }
            if result.action == Verb::Restore.as_str()
                && let Some(there) = image_back
            {
                remembered.returning = if there { Returning::Incomplete } else { Returning::Unfinished };
            }
        }
        _ => {}
    }
}

fn principals(written: &[String]) -> BTreeSet<Principal> {
    written.iter().filter_map(|who| Principal::read(who).ok()).collect()
}

/// Whether one action gives an image everything back that another one took. Lines of enabling are only about that.
fn brings_back(action: &str, taken: &str) -> bool {
    let is = |verb: Verb| action == verb.as_str();
    if taken == Verb::Disable.as_str() { is(Verb::Enable) || is(Verb::Revive) } else { is(Verb::Restore) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: &str = "ami-00000000000000001";
    const API: &str = "ami-00000000000000002";

    fn begin(image: &str, action: &str, minute: u32) -> String {
        format!(
            r#"{{"version":1,"phase":"begin","run":"r","at":"2026-01-02T03:{minute:02}:00Z","who":null,"action":"{action}","image":{{"id":"{image}","name":"web-v1-2026-01-02","tags":{{"Team":"web"}},"snapshots":[{{"id":"snap-00000001","device":"/dev/xvda"}}],"new":1}},"launch_permissions":["222222222222","all","who?"],"delete_snapshots":[],"snapshot_tags":{{"snap-00000001":{{"a":"b"}}}},"snapshot_permissions":{{"snap-00000001":["222222222222"],"snap-00000002":null}}}}"#
        ) + "\n"
    }

    fn end(image: &str, action: &str, status: &str) -> String {
        format!(
            r#"{{"version":1,"phase":"end","run":"r","at":"2026-01-02T04:00:00Z","who":null,"result":{{"image_id":"{image}","action":"{action}","status":"{status}"}}}}"#
        ) + "\n"
    }

    fn read(text: &str, actions: &[Verb]) -> BTreeMap<ImageId, Remembered> {
        let path = std::env::temp_dir().join(format!("amictl-journal-{:032x}", fastrand::u128(..)));
        std::fs::write(&path, text).unwrap();
        let found = remembered(&path, &[WEB.parse().unwrap()].into(), actions).unwrap();
        std::fs::remove_file(path).unwrap();
        found
    }

    fn of_web(text: &str) -> Remembered {
        read(text, &[]).remove(&WEB.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_newest_line_counts_with_all_that_is_in_it() {
        let text = [begin(WEB, "disable", 1), begin(WEB, "deregister", 2), begin(API, "deregister", 3)].concat();
        let found = of_web(&text);
        assert_eq!(
            (found.action.as_str(), found.at.to_rfc3339().as_str()),
            ("deregister", "2026-01-02T03:02:00+00:00")
        );
        assert_eq!((found.name.as_deref(), found.tags["Team"].as_str()), (Some("web-v1-2026-01-02"), "web"));
        assert_eq!(found.snapshots, ["snap-00000001".parse().unwrap()]);
        assert_eq!(found.snapshot_tags.unwrap()[&"snap-00000001".parse().unwrap()]["a"], "b");
        let copiers = BTreeMap::from([("snap-00000001".parse().unwrap(), ["222222222222".parse().unwrap()].into())]);
        assert_eq!(found.snapshot_permissions, copiers);
        let shares: Vec<_> = found.launch_permissions.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(shares, ["all", "222222222222"]);
        let disabled = read(&text, &[Verb::Disable]).remove(&WEB.parse().unwrap()).unwrap();
        assert_eq!((disabled.action.as_str(), read(&text, &[Verb::Tag]).len()), ("disable", 0));
    }

    #[test]
    fn lines_of_others_and_torn_lines_are_passed_over() {
        let whole = begin(WEB, "deregister", 2);
        let torn = &begin(WEB, "deregister", 3)[..120];
        let noise = format!("\n\u{0}\n{WEB}\n{{}}\n[\"{WEB}\"]\n{{\"version\":2,\"image\":\"{WEB}\"}}\n");
        for text in [
            format!("{noise}{whole}{noise}{torn}"),
            format!("{torn}{whole}"),
            format!("{torn}{}{whole}", end(API, "deregister", "done")),
            whole.trim_end().to_owned(),
        ] {
            assert_eq!(of_web(&text).at.to_rfc3339(), "2026-01-02T03:02:00+00:00", "{text}");
        }
        assert!(read(&noise, &[]).is_empty() && read("", &[]).is_empty());
    }

    #[test]
    fn what_was_brought_back_since_is_known_until_it_goes_again() {
        let (gone, back) = (begin(WEB, "deregister", 1), end(WEB, "restore", "done"));
        assert!(of_web(&[gone.as_str(), &back].concat()).brought_back);
        let others = [end(API, "restore", "done"), end(WEB, "restore", "failed"), end(WEB, "deregister", "done")];
        assert!(!of_web(&[gone.as_str(), &others.concat()].concat()).brought_back);
        assert!(!of_web(&[gone.as_str(), &back, &begin(WEB, "deregister", 5)].concat()).brought_back);
        let off = begin(WEB, "disable", 1);
        for (action, status, brought_back) in [
            ("enable", "done", true),
            ("revive", "done", true),
            ("enable", "failed", false),
            ("restore", "done", false),
        ] {
            let text = [off.as_str(), &end(WEB, "disable", "done"), &end(WEB, action, status)].concat();
            assert_eq!(of_web(&text).brought_back, brought_back, "{action} {status}");
        }
    }

    /// A line about bringing an image back: `fields` follow `phase`.
    fn restoring(image: &str, phase: &str, fields: &str) -> String {
        let what = match phase {
            "begin" => format!(r#""action":"restore","image":{{"id":"{image}","name":"web-v1-2026-01-02"}}"#),
            _ => format!(r#""result":{{"image_id":"{image}","action":"restore","status":"failed","changed":true}}"#),
        };
        format!(r#"{{"version":1,"phase":"{phase}","at":"2026-01-02T05:00:00Z",{what}{fields}}}"#) + "\n"
    }

    #[test]
    fn how_far_bringing_back_got_is_known_and_is_no_line_of_its_own() {
        let (gone, begun) = (begin(WEB, "deregister", 1), restoring(WEB, "begin", ""));
        let ended = |there: &str| restoring(WEB, "end", &format!(r#","image_back":{there}"#));
        for (lines, expected) in [
            (vec![], Returning::NotBegun),
            (vec![restoring(API, "begin", "")], Returning::NotBegun),
            (vec![begun.clone()], Returning::Begun),
            (vec![begun.clone(), ended("null")], Returning::Begun),
            (vec![begun.clone(), ended("false")], Returning::Unfinished),
            (vec![begun.clone(), ended("true")], Returning::Incomplete),
            (vec![begun.clone(), ended("true"), begin(WEB, "deregister", 5)], Returning::NotBegun),
            (vec![restoring(WEB, "end", "")], Returning::NotBegun),
        ] {
            let found = of_web(&[vec![gone.clone()], lines].concat().concat());
            assert_eq!((found.action.as_str(), found.returning, found.brought_back), ("deregister", expected, false));
        }
        assert!(read(&begun, &[]).is_empty());
    }

    #[test]
    fn what_ec2_refused_was_done_in_vain() {
        for (status, changed, in_vain) in [
            ("failed", ",\"changed\":false", true),
            ("skipped", ",\"changed\":false", true),
            ("failed", ",\"changed\":true", false),
            ("done", ",\"changed\":true", false),
            ("failed", "", false),
        ] {
            let end = |image: &str, action: &str| end(image, action, &format!("{status}\"{changed},\"x\":\""));
            let text = [begin(WEB, "deregister", 1), end(WEB, "deregister"), end(API, "deregister")].concat();
            assert_eq!(of_web(&text).in_vain, in_vain, "{text}");
            assert!(!of_web(&[begin(WEB, "deregister", 1), end(WEB, "tag"), end(API, "deregister")].concat()).in_vain);
            assert!(!of_web(&[text, begin(WEB, "deregister", 2)].concat()).in_vain);
        }
    }

    #[test]
    fn no_journal_remembers_nothing_and_one_that_cannot_be_read_is_an_error() {
        let images = BTreeSet::from([WEB.parse().unwrap()]);
        assert!(remembered(Path::new("/nowhere/journal.jsonl"), &images, &[]).unwrap().is_empty());
        assert!(remembered(&std::env::temp_dir(), &images, &[]).is_err());
    }
}

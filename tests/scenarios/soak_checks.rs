//! Checks after each command of the soak test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::cli::Ran;
use crate::fake::{Fake, PROD};

/// What there is at the endpoint.
pub struct Seen {
    /// Images by id.
    pub images: BTreeMap<String, SeenImage>,
    /// Snapshots by id.
    pub snapshots: BTreeMap<String, SeenSnapshot>,
    /// Instances, by id.
    pub instances: BTreeSet<String>,
    /// Images that instances were started from.
    pub used: BTreeSet<String>,
}

/// An image at the endpoint.
pub struct SeenImage {
    /// Its region.
    pub region: String,
    /// Its name.
    pub name: String,
}

/// A snapshot at the endpoint.
pub struct SeenSnapshot {
    /// How many images are made of it.
    pub users: usize,
}

impl Seen {
    /// Looks at all regions.
    pub fn now(fake: &Fake) -> Self {
        let world = fake.world();
        let mut seen = Self {
            images: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            instances: BTreeSet::new(),
            used: BTreeSet::new(),
        };
        for region in ["us-east-1", "eu-west-1", "us-west-2"] {
            for image in world.images(PROD, region) {
                let value = SeenImage { region: region.to_owned(), name: image.name.clone() };
                seen.images.insert(image.id.clone(), value);
            }
            for snapshot in world.snapshots(PROD, region) {
                seen.snapshots.insert(snapshot.id.clone(), SeenSnapshot { users: snapshot.users.len() });
            }
            seen.used.extend(world.instances(PROD, region).map(|instance| instance.image.clone()));
            seen.instances.extend(world.instances(PROD, region).map(|instance| instance.id.clone()));
        }
        seen
    }
}

/// What the journal says.
pub struct Journal {
    begun: BTreeSet<String>,
    ended: BTreeSet<String>,
    snapshots: BTreeSet<String>,
}

impl Journal {
    /// Reads the journal of a home directory; there may be none yet.
    pub fn read(home: &Path) -> Self {
        let text = std::fs::read_to_string(home.join(".local/state/amictl/journal.jsonl")).unwrap_or_default();
        let mut journal = Self { begun: BTreeSet::new(), ended: BTreeSet::new(), snapshots: BTreeSet::new() };
        for line in text.lines() {
            let entry: Value = serde_json::from_str(line).expect("every line of the journal is whole");
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            if entry["phase"] == "begin" {
                journal.begun.insert(text(&entry["image"]["id"]));
                journal.snapshots.extend(entry["delete_snapshots"].as_array().into_iter().flatten().map(text));
                journal.snapshots.insert(text(&entry["snapshot"]));
            } else {
                journal.ended.insert(text(&entry["result"]["image_id"]));
            }
        }
        journal
    }
}

type Check = Result<(), String>;

fn that(holds: bool, what: impl Into<String>) -> Check {
    if holds { Ok(()) } else { Err(what.into()) }
}

fn ids(items: &Value, field: &str) -> BTreeSet<String> {
    let all = items.as_array().into_iter().flatten();
    all.filter_map(|item| item[field].as_str().map(str::to_owned)).collect()
}

/// Holds what a command said against what it did.
pub fn check(line: &str, ran: &Ran, before: &Seen, after: &Seen, journal: &Journal) -> Check {
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or(Value::Null);
    let verb = line.split(' ').next().unwrap_or_default();
    let made: Vec<_> = after.images.keys().filter(|id| !before.images.contains_key(*id)).collect();
    let gone: Vec<_> = before.images.keys().filter(|id| !after.images.contains_key(*id)).collect();
    let started: BTreeSet<_> = after.instances.difference(&before.instances).cloned().collect();
    that(matches!(verb, "deregister" | "prune") || gone.is_empty(), format!("{verb} removed {gone:?}"))?;
    that(matches!(verb, "create" | "copy") || made.is_empty(), format!("{verb} made {made:?}"))?;
    that(verb == "launch" || started.is_empty(), format!("{verb} launched {started:?}"))?;
    match verb {
        "create" => created(ran, &document, &made)?,
        "copy" => copied(line, ran, &document, after, &made)?,
        "launch" => launched(ran, &document, &started)?,
        "deregister" | "prune" => removed(&document, after, &gone, journal)?,
        _ => {}
    }
    snapshots(&document, before, after, journal)?;
    let mut names = BTreeSet::new();
    let twins = after.images.values().find(|image| !names.insert((&image.region, version_of(&image.name))));
    that(twins.is_none(), format!("two images are one version: {:?}", twins.map(|image| &image.name)))
}

/// Family and version, without the date.
fn version_of(name: &str) -> &str {
    name.get(..name.len() - 11).unwrap_or(name)
}

fn created(ran: &Ran, document: &Value, made: &[&String]) -> Check {
    that(made.len() <= 1, format!("made {made:?}"))?;
    let reported = ids(&document["images"], "id");
    match ran.code {
        0 => that(made.len() == 1 && reported.contains(made[0]), format!("made {made:?}, reported {reported:?}")),
        _ => that(
            made.iter().all(|id| ran.stderr.contains(id.as_str()) || ran.stderr.contains("may still make it")),
            "an image is not accounted for",
        ),
    }
}

fn copied(line: &str, ran: &Ran, document: &Value, after: &Seen, made: &[&String]) -> Check {
    let reported = ids(&document["images"], "id");
    that(reported.iter().all(|id| after.images.contains_key(id)), "a copy is reported that is not there")?;
    for id in made {
        let region = &after.images[*id].region;
        that(line.contains(region.as_str()), format!("{id} was made in {region}"))?;
        let told = reported.contains(*id) || ran.stderr.contains(id.as_str()) || ran.stderr.contains(region.as_str());
        that(told, format!("{id} in {region} is not accounted for"))?;
    }
    let regions = if line.contains(',') { 2 } else { 1 };
    that(ran.code != 0 || reported.len() == regions, format!("{} of {regions} copies reported", reported.len()))
}

fn launched(ran: &Ran, document: &Value, started: &BTreeSet<String>) -> Check {
    let reported = ids(&document["instances"], "id");
    match ran.code {
        0 => that(*started == reported, format!("launched {started:?}, reported {reported:?}")),
        _ => that(
            started.iter().all(|id| ran.stderr.contains(id)) || ran.stderr.contains("--client-token"),
            "instances are not accounted for",
        ),
    }
}

fn removed(document: &Value, after: &Seen, gone: &[&String], journal: &Journal) -> Check {
    let results = document["results"].as_array().cloned().unwrap_or_default();
    for result in &results {
        let id = result["image_id"].as_str().unwrap_or_default();
        if result["status"] == "done" {
            that(!after.images.contains_key(id), format!("{id} is reported as done and is there"))?;
        }
        if result["status"] != "skipped" {
            that(journal.begun.contains(id) && journal.ended.contains(id), format!("{id} is not in the journal"))?;
        }
    }
    let reported = ids(&document["results"], "image_id");
    for id in gone {
        that(reported.contains(*id), format!("{id} is gone and not reported"))?;
        that(journal.begun.contains(*id), format!("{id} is gone and not in the journal"))?;
    }
    Ok(())
}

fn snapshots(document: &Value, before: &Seen, after: &Seen, journal: &Journal) -> Check {
    for (id, snapshot) in &before.snapshots {
        if after.snapshots.contains_key(id) {
            continue;
        }
        that(journal.snapshots.contains(id), format!("{id} is gone and not in the journal"))?;
        that(snapshot.users <= 2, format!("{id} had {} images", snapshot.users))?;
    }
    let results = document["results"].as_array().into_iter().flatten();
    let of_images = results.flat_map(|result| result["snapshots"].as_array().into_iter().flatten());
    let orphans = document["snapshots"].as_array().into_iter().flatten();
    for result in of_images.chain(orphans) {
        let id = result["id"].as_str().unwrap_or_default();
        if result["result"] == "deleted" {
            that(!after.snapshots.contains_key(id), format!("{id} is reported as deleted and is there"))?;
        }
    }
    Ok(())
}

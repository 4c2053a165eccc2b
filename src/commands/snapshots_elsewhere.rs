//! Snapshots that launch templates of other accounts name: a snapshot can be shared as well as an image.

use std::collections::HashMap;

use super::using::Looked;
use crate::domain::across::seen_from_outside;

/// Adds to what each place says the snapshots of its images that the other accounts of the run name.
pub fn add(looked: &mut [Looked<'_>]) {
    let mut owners = HashMap::new();
    for (at, place) in looked.iter().enumerate() {
        let snapshots = place.images.iter().filter(|image| image.own).flat_map(|image| &image.snapshots);
        owners.extend(snapshots.map(|snapshot| ((place.target.region.clone(), snapshot.id.clone()), at)));
    }
    let mut found = Vec::new();
    for (at, place) in looked.iter().enumerate() {
        let name = place.account.as_ref().map_or("unknown".to_owned(), ToString::to_string);
        for (snapshot, reference) in place.usage.all_snapshots() {
            let owner = owners.get(&(place.target.region.clone(), snapshot.clone()));
            if let Some(owner) = owner.filter(|owner| **owner != at) {
                found.push((*owner, snapshot.clone(), seen_from_outside(&name, reference)));
            }
        }
    }
    for (owner, snapshot, reference) in found {
        looked[owner].usage.add_snapshot(snapshot, reference);
    }
}

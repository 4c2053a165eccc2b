//! LastLaunchedTime of images, which EC2 tells late.

use chrono::{DateTime, Utc};

use super::super::world::{World, span};

/// Notes a launch, if the world tells of them.
pub fn note(world: &mut World, region: &str, image: &str, at: DateTime<Utc>) {
    if let Some(late) = world.launches_told_after {
        world.region(region).launches.push((image.to_owned(), at, at + span(late)));
    }
}

/// Tells of the launches whose time has come.
pub fn tell(world: &mut World, region: &str, now: DateTime<Utc>) {
    let region = world.region(region);
    let (due, later) = std::mem::take(&mut region.launches).into_iter().partition(|(_, _, told)| *told <= now);
    region.launches = later;
    let due: Vec<(String, DateTime<Utc>, DateTime<Utc>)> = due;
    for (image, at, _) in due {
        if let Some(image) = region.images.get_mut(&image) {
            image.last_launched = image.last_launched.max(Some(at));
        }
    }
}

//! GetImageAncestry.

use super::super::errors::Answer;
use super::super::model::Descent;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;
use super::{Viewer, seen};

/// Entries in an answer, at most.
const MOST: usize = 50;

/// The image, which the caller must see, then what it came of, whether that exists, is seen by the caller, or not.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let id = request.params.need("ImageId")?;
    let viewer = Viewer::new(world, request);
    seen(world.region(&request.region), &viewer, id)?;
    request.dry_run()?;
    let mut entries: Vec<(String, Descent)> = Vec::new();
    let mut next = Some(id.to_owned());
    while let Some(id) = next.take().filter(|id| entries.iter().all(|(known, _)| known != id)) {
        let Some(line) = line(world, &id).filter(|_| entries.len() < MOST) else { break };
        next = line.source.as_ref().map(|(id, _)| id.clone()).filter(|_| !line.ends);
        entries.push((id, line));
    }
    let mut x = Xml::new();
    x.list("imageAncestryEntrySet", entries, |x, (id, line)| {
        x.leaf("imageId", id);
        x.time("creationDate", line.created);
        x.maybe("imageOwnerAlias", line.alias);
        if let Some((source, region)) = line.source.filter(|_| !line.ends) {
            x.leaf("sourceImageId", source).leaf("sourceImageRegion", region);
        }
    });
    Ok(x.done())
}

/// What EC2 knows of an image in whatever region, also once it is deregistered.
fn line(world: &World, id: &str) -> Option<Descent> {
    let there = world.find_image(id).map(Descent::of);
    there.or_else(|| world.regions.values().find_map(|region| region.graves.get(id)).map(|grave| grave.was.clone()))
}

//! The lineage of one image: the images of its tree, with state, use and marks.

use std::collections::HashSet;

use super::ids::{AccountId, ImageId};
use super::image::{Image, State};
use super::image_forest::{Ancestor, ForestNode, ImageForest, Relation, TreeNode, parent_of};
use super::lineage::Origin;
use super::problem::PlaceError;
use super::region::Region;

/// The tree of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageTree {
    /// The image that was asked about.
    pub root: ImageId,
    /// The images of the tree, parents before what came of them.
    pub images: Vec<LineageImage>,
    /// Why nothing is known above the topmost image, and what may be missing below.
    pub notes: Vec<String>,
    /// Whether the run is over several accounts.
    pub several: bool,
    /// Places and sources that could not be read.
    pub errors: Vec<PlaceError>,
}

/// An image of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageImage {
    /// Its id.
    pub id: ImageId,
    /// Its name, if it is listed.
    pub name: Option<String>,
    /// The account that owns it, if it is listed.
    pub account: Option<AccountId>,
    /// Its region, where known.
    pub region: Option<Region>,
    /// The image that it came of; `None` for the topmost one.
    pub parent: Option<Origin>,
    /// How it came of that; `None` where EC2 does not say.
    pub relation: Option<Relation>,
    /// Its state; `None` if it is known by others only.
    pub state: Option<State>,
    /// Whether anything uses it; `None` if that is not known.
    pub in_use: Option<bool>,
    /// Whether it is revoked; `None` if that is not known: EC2 shows tags to the owner only.
    pub revoked: Option<bool>,
    /// The number of images above it.
    pub depth: usize,
}

impl LineageImage {
    /// An image of a tree; `in_use` says what is known about the use of an image.
    pub fn new(found: &TreeNode<'_, '_>, in_use: impl Fn(&ForestNode<'_>) -> Option<bool>) -> Self {
        let TreeNode { node, parent, depth } = *found;
        Self {
            id: node.id.clone(),
            name: node.image.and_then(|image| image.name.clone()),
            account: node.image.and_then(|image| image.owner.clone()),
            region: node.region.clone(),
            parent: parent.map(|parent| Origin { id: parent.id.clone(), region: parent.region.clone() }),
            relation: parent.and(node.relation),
            state: node.image.map(|image| image.state.clone()),
            in_use: in_use(node),
            revoked: node.image.filter(|image| image.own).map(Image::revoked),
            depth,
        }
    }
}

/// The candidates that did not come of another candidate: of copies under one name the original.
pub fn originals<'i>(forest: &ImageForest<'_>, candidates: &[&'i Image]) -> Vec<&'i Image> {
    let ids: HashSet<&ImageId> = candidates.iter().map(|image| &image.id).collect();
    let came_of_one = |image: &Image| forest.ancestors(&image.id).iter().any(|above| ids.contains(&above.id));
    let mut first: Vec<_> = candidates.iter().copied().filter(|image| !came_of_one(image)).collect();
    if first.is_empty() {
        // They name each other.
        first.extend(candidates.first());
    }
    first
}

/// The topmost listed image above `root`, or itself, if a listing ends with it: something is known above it, and what
/// that is only EC2 can say.
pub fn listing_ends<'a>(forest: &ImageForest<'a>, root: &ImageId) -> Option<&'a Image> {
    let above = forest.ancestors(root);
    let chain: Vec<_> = forest.get(root).into_iter().chain(above).collect();
    let at = chain.iter().position(|node| node.image.is_none())?;
    chain[..at].last().and_then(|node| node.image)
}

/// What may be missing below: listed images outside the tree whose sources no listing has. Those may have come of an image
/// of the tree all the same.
pub fn unclear(forest: &ImageForest<'_>, root: &ImageId) -> Option<String> {
    let inside: HashSet<&ImageId> = forest.tree(root, true).iter().map(|found| &found.node.id).collect();
    let outside = forest.below_the_unlisted().into_iter().filter(|image| !inside.contains(&image.id)).count();
    (outside > 0).then(|| {
        let sources = if outside == 1 { "1 source".to_owned() } else { format!("{outside} sources") };
        format!(
            "{sources} of other images are not listed: gone, or of others; what came of those through them is not shown"
        )
    })
}

/// Why nothing is known above the topmost image of a tree.
pub fn end(forest: &ImageForest<'_>, root: &ImageId, ancestry: &[Ancestor]) -> Option<String> {
    let top = forest.ancestors(root).last().copied().or_else(|| forest.get(root))?;
    let id = &top.id;
    let alias = ancestry.iter().find(|ancestor| ancestor.id == *id).and_then(|known| known.owner_alias.as_deref());
    Some(match (top.image, alias) {
        (Some(image), _) if parent_of(image).is_some() => {
            format!("the sources of {id} and of images above it form a ring")
        }
        (Some(image), _) if image.source.instance_id.is_some() => {
            format!("{id} was made from an instance, and EC2 does not say from which image that was launched")
        }
        (Some(_), _) => {
            format!("{id} was not copied or made from an instance, as far as EC2 knows: RegisterImage breaks the chain")
        }
        (None, Some(alias)) => format!("{id} is a public image of {alias}, and EC2's ancestry ends there"),
        (None, None) => format!("above {id} EC2 tells of nothing: it was registered, or comes from a public image"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::image::testing::image;
    use super::*;

    fn copy(id: u32, of: &Image) -> Image {
        let mut copy = image(id, "web-v1-2026-01-02");
        copy.source.image_id = Some(of.id.clone());
        copy.source.region = Some(of.region.clone());
        copy
    }

    #[test]
    fn of_copies_under_one_name_the_original_is_meant() {
        let one = image(1, "web-v1-2026-01-02");
        let (two, other) = (copy(2, &one), image(4, "web-v1-2026-01-02"));
        let three = copy(3, &two);
        let all = [one, two, three, other];
        let forest = ImageForest::new(&all);
        let ids = |of: &[usize]| {
            let candidates: Vec<_> = of.iter().map(|at| &all[*at]).collect();
            originals(&forest, &candidates).iter().map(|image| image.id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&[2, 0]), [all[0].id.clone()]);
        assert_eq!(ids(&[2, 1]), [all[1].id.clone()]);
        assert_eq!(ids(&[2, 0, 3]).len(), 2);
        let mut ring = [all[0].clone(), all[1].clone()];
        ring[0].source.image_id = Some(ring[1].id.clone());
        let candidates: Vec<_> = ring.iter().collect();
        assert_eq!(originals(&ImageForest::new(&ring), &candidates).len(), 1);
    }

    #[test]
    fn ec2_is_asked_about_the_last_listed_image_only_if_something_is_above() {
        let one = image(1, "base");
        let two = copy(2, &one);
        let three = copy(3, &two);
        let listed = [three.clone(), two.clone()];
        let forest = ImageForest::new(&listed);
        assert_eq!(listing_ends(&forest, &three.id).map(|image| &image.id), Some(&two.id));
        let whole = [three.clone(), two, one];
        assert_eq!(listing_ends(&ImageForest::new(&whole), &three.id), None);
    }

    #[test]
    fn sources_that_are_not_listed_are_counted() {
        let (one, gone) = (image(1, "base"), image(7, "gone"));
        let listed = [copy(2, &one), copy(3, &gone), copy(4, &gone), one];
        let forest = ImageForest::new(&listed);
        assert!(unclear(&forest, &listed[3].id).is_some_and(|said| said.starts_with("1 source ")));
        assert_eq!(unclear(&ImageForest::new(&listed[1..3]), &listed[1].id), None, "its own source is shown");
    }

    #[test]
    fn the_end_of_the_chain_is_said() {
        let one = image(1, "base");
        let two = copy(2, &one);
        let ends = |listed: &[Image], ancestry: &[Ancestor]| {
            let mut forest = ImageForest::new(listed);
            forest.add_ancestry(ancestry);
            end(&forest, &two.id, ancestry).unwrap()
        };
        assert!(ends(&[two.clone(), one.clone()], &[]).contains("RegisterImage breaks the chain"));
        let known =
            |alias: Option<&str>| Ancestor { id: one.id.clone(), source: None, owner_alias: alias.map(str::to_owned) };
        assert!(ends(std::slice::from_ref(&two), &[known(Some("amazon"))]).contains("a public image of amazon"));
        assert!(ends(std::slice::from_ref(&two), &[known(None)]).contains("EC2 tells of nothing"));
        let mut ring = one.clone();
        ring.source.image_id = Some(two.id.clone());
        assert!(ends(&[two.clone(), ring], &[]).contains("form a ring"));
        let mut made = two.clone();
        made.source.instance_id = "i-0123456789abcdef0".parse().ok();
        made.source.image_id = None;
        assert!(ends(&[made], &[]).contains("was made from an instance"));
    }
}

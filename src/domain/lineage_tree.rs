//! The lineage of one image: the images of its tree, with state, use and marks.

use std::collections::HashSet;

use super::count::counted;
use super::ids::{AccountId, ImageId};
use super::image::{Image, State};
use super::image_forest::{Ancestor, ForestNode, ImageForest, Relation, TreeNode, of_unnamed_image, parent_of};
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
    pub notes: Vec<LineageNote>,
    /// Whether the run is over several accounts.
    pub several: bool,
    /// Places and sources that could not be read.
    pub errors: Vec<PlaceError>,
}

/// What a reader of a tree must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageNote {
    /// The word for scripts.
    pub code: &'static str,
    /// The same in words.
    pub message: String,
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

/// The listed image by which EC2 can say what is above: the topmost one above `root`, or itself, if a listing ends with
/// it, or if it was made from an instance whose image is not named. Where no listing has `root`, one that came of it.
pub fn listing_ends<'a>(forest: &ImageForest<'a>, root: &ImageId) -> Option<&'a Image> {
    let above = forest.ancestors(root);
    let chain: Vec<_> = forest.get(root).into_iter().chain(above).collect();
    match chain.iter().position(|node| node.image.is_none()) {
        Some(0) => forest.made_of(root),
        Some(at) => chain[..at].last().and_then(|node| node.image),
        None => chain.last().and_then(|top| top.image).filter(|image| of_unnamed_image(image)),
    }
}

/// What may be missing below: listed images outside the tree whose sources no listing has. Those may have come of an image
/// of the tree all the same.
pub fn unclear(forest: &ImageForest<'_>, root: &ImageId) -> Vec<LineageNote> {
    let inside: HashSet<&ImageId> = forest.tree(root, true).iter().map(|found| &found.node.id).collect();
    let outside = |image: &&Image| !inside.contains(&image.id);
    let unlisted = forest.below_the_unlisted().into_iter().filter(|(_, image)| outside(image)).count();
    let unlisted = counted(unlisted, "source").map(|sources| {
        let are = if unlisted == 1 { "is" } else { "are" };
        let message = format!(
            "{sources} of other images {are} not listed: gone, or of others; what came of the image through those is not \
             shown"
        );
        LineageNote { code: "UnlistedSources", message }
    });
    let unnamed = forest.of_unnamed_images().into_iter().filter(outside).count();
    let unnamed = counted(unnamed, "other image").map(|images| {
        let message =
            format!("of {images} EC2 names the instance, and not its image: what came of this one is not shown");
        LineageNote { code: "UnknownSource", message }
    });
    unlisted.into_iter().chain(unnamed).collect()
}

/// Why nothing is known above the topmost image of a tree.
pub fn end(forest: &ImageForest<'_>, root: &ImageId, ancestry: &[Ancestor]) -> Option<LineageNote> {
    let top = forest.ancestors(root).last().copied().or_else(|| forest.get(root))?;
    let id = &top.id;
    let told = ancestry.iter().find(|ancestor| ancestor.id == *id);
    let alias = told.and_then(|known| known.owner_alias.as_deref());
    let (code, message) = match (top.image, alias) {
        (Some(image), _) if parent_of(image).is_some() => {
            ("Ring", format!("the sources of {id} and of images above it form a ring"))
        }
        (Some(image), _) if image.source.instance_id.is_some() => (
            "UnknownSource",
            format!("{id} was made from an instance, and EC2 does not say from which image that was launched"),
        ),
        (Some(_), _) => (
            "Registered",
            format!(
                "{id} was not copied or made from an instance, as far as EC2 knows: RegisterImage breaks the chain"
            ),
        ),
        (None, Some(alias)) => {
            ("PublicImage", format!("{id} is a public image of {alias}, and EC2's ancestry ends there"))
        }
        (None, None) if told.is_some() => (
            "AncestryEnds",
            format!("above {id} EC2 tells of nothing: it was registered, or comes from a public image"),
        ),
        (None, None) => (
            "UnknownSource",
            format!(
                "what {id} came of is not known: it is not in the accounts and regions of the run, and EC2 did not say"
            ),
        ),
    };
    Some(LineageNote { code, message })
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
        assert_eq!(listing_ends(&forest, &whole[2].id).map(|image| &image.id), Some(&whole[1].id), "through a copy");
    }

    #[test]
    fn sources_that_are_not_listed_are_counted() {
        let (one, gone) = (image(1, "base"), image(7, "gone"));
        let listed = [copy(2, &one), copy(3, &gone), copy(4, &gone), one];
        let forest = ImageForest::new(&listed);
        let said = unclear(&forest, &listed[3].id);
        assert!(said.len() == 1 && said[0].message.starts_with("1 source of other images is not"), "{said:?}");
        assert_eq!(unclear(&ImageForest::new(&listed[1..3]), &listed[1].id), [], "its own source is shown");
    }

    #[test]
    fn the_end_of_the_chain_is_said() {
        let one = image(1, "base");
        let two = copy(2, &one);
        let ends = |listed: &[Image], ancestry: &[Ancestor]| {
            let mut forest = ImageForest::new(listed);
            forest.add_ancestry(ancestry);
            end(&forest, &two.id, ancestry).unwrap().message
        };
        assert!(ends(&[two.clone(), one.clone()], &[]).contains("RegisterImage breaks the chain"));
        let known =
            |alias: Option<&str>| Ancestor { id: one.id.clone(), source: None, owner_alias: alias.map(str::to_owned) };
        assert!(ends(std::slice::from_ref(&two), &[known(Some("amazon"))]).contains("a public image of amazon"));
        assert!(ends(std::slice::from_ref(&two), &[known(None)]).contains("EC2 tells of nothing"));
        assert!(ends(std::slice::from_ref(&two), &[]).contains("EC2 did not say"), "it was not asked");
        let mut ring = one.clone();
        ring.source.image_id = Some(two.id.clone());
        assert!(ends(&[two.clone(), ring], &[]).contains("form a ring"));
        let mut made = two.clone();
        made.source.instance_id = "i-0123456789abcdef0".parse().ok();
        made.source.image_id = None;
        assert!(ends(&[made], &[]).contains("was made from an instance"));
    }
}

//! The forest of images: what each was copied or made from, and what came of it.
//!
//! It is built in one pass over the listings of all places. A parent that no listing has is a node of its own, known by
//! id and region alone.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::ids::ImageId;
use super::image::Image;
use super::lineage::{Origin, origin};
use super::region::Region;

/// How an image came of its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// It is a copy.
    Copy,
    /// It was made from an instance that was launched from the parent.
    Child,
}

impl Relation {
    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Child => "child",
        }
    }
}

/// The parent of an image, if EC2 or amictl's tag names it.
pub fn parent_of(image: &Image) -> Option<(Origin, Relation)> {
    if image.source.instance_id.is_none() {
        return Some((origin(image)?, Relation::Copy));
    }
    // An instance is in the region of its image.
    let region = image.source.region.as_ref().unwrap_or(&image.region).clone();
    Some((Origin { id: image.source.image_id.clone()?, region: Some(region) }, Relation::Child))
}

/// Whether it was made from an instance of which EC2 names no image, as of some old images.
pub fn of_unnamed_image(image: &Image) -> bool {
    image.source.instance_id.is_some() && image.source.image_id.is_none()
}

/// One image of the ancestry that EC2 remembers, whether the image still exists or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ancestor {
    /// The image.
    pub id: ImageId,
    /// The image that it came of; `None` where the ancestry ends.
    pub source: Option<Origin>,
    /// The verified owner that EC2 names, e.g. `amazon`.
    pub owner_alias: Option<String>,
}

/// An image of the forest, listed or only named by another one.
#[derive(Debug)]
pub struct ForestNode<'a> {
    /// Its id.
    pub id: ImageId,
    /// Its region, where known.
    pub region: Option<Region>,
    /// The image; `None` if no listing has it.
    pub image: Option<&'a Image>,
    /// How it came of its parent; `None` if it has none, or if that is not known.
    pub relation: Option<Relation>,
    parent: Option<usize>,
    children: Vec<usize>,
}

/// An image in a tree.
#[derive(Debug, Clone, Copy)]
pub struct TreeNode<'f, 'a> {
    /// The image.
    pub node: &'f ForestNode<'a>,
    /// Its parent; `None` for the topmost one.
    pub parent: Option<&'f ForestNode<'a>>,
    /// The number of images above it.
    pub depth: usize,
}

/// All images by what they came of.
#[derive(Debug, Default)]
pub struct ImageForest<'a> {
    nodes: Vec<ForestNode<'a>>,
    at: HashMap<ImageId, usize>,
}

impl<'a> ImageForest<'a> {
    /// Builds the forest. An image that is listed twice is one; its owner's listing counts.
    pub fn new(images: impl IntoIterator<Item = &'a Image>) -> Self {
        let mut forest = Self::default();
        for image in images {
            forest.add(image);
        }
        forest
    }

    fn add(&mut self, image: &'a Image) {
        let at = self.node(&image.id);
        let node = &mut self.nodes[at];
        if node.image.is_some_and(|known| known.own || !image.own) {
            return;
        }
        node.image = Some(image);
        node.region = Some(image.region.clone());
        if let Some((parent, relation)) = parent_of(image) {
            self.link(at, &parent, Some(relation));
        }
    }

    /// Adds what EC2 remembers of the images above one.
    pub fn add_ancestry(&mut self, ancestry: &[Ancestor]) {
        for ancestor in ancestry {
            let at = self.node(&ancestor.id);
            if let Some(source) = &ancestor.source {
                let here = self.nodes[at].region.as_ref();
                // An instance is in the region of its image; within a region it may be either.
                let elsewhere = source.region.as_ref().zip(here).is_some_and(|(source, here)| source != here);
                let made = self.nodes[at].image.is_some_and(of_unnamed_image);
                let relation = if made { Some(Relation::Child) } else { elsewhere.then_some(Relation::Copy) };
                self.link(at, source, relation);
            }
        }
    }

    fn node(&mut self, id: &ImageId) -> usize {
        if let Some(at) = self.at.get(id) {
            return *at;
        }
        let at = self.nodes.len();
        self.at.insert(id.clone(), at);
        self.nodes.push(ForestNode {
            id: id.clone(),
            region: None,
            image: None,
            relation: None,
            parent: None,
            children: Vec::new(),
        });
        at
    }

    /// Puts an image below its parent, unless it has one or names itself.
    fn link(&mut self, child: usize, parent: &Origin, relation: Option<Relation>) {
        let above = self.node(&parent.id);
        if above == child || self.nodes[child].parent.is_some() {
            return;
        }
        self.nodes[child].parent = Some(above);
        self.nodes[child].relation = relation;
        self.nodes[above].children.push(child);
        let region = &mut self.nodes[above].region;
        *region = region.take().or_else(|| parent.region.clone());
    }

    /// The image with this id, if anything names it.
    pub fn get(&self, id: &ImageId) -> Option<&ForestNode<'a>> {
        Some(&self.nodes[*self.at.get(id)?])
    }

    /// A listed image that came of this one directly.
    pub fn made_of(&self, id: &ImageId) -> Option<&'a Image> {
        self.nodes[*self.at.get(id)?].children.iter().find_map(|child| self.nodes[*child].image)
    }

    /// The images above one, the nearest first. Images that name each other come to an end.
    pub fn ancestors(&self, id: &ImageId) -> Vec<&ForestNode<'a>> {
        let Some(at) = self.at.get(id) else { return Vec::new() };
        self.above(*at).into_iter().map(|at| &self.nodes[at]).collect()
    }

    fn above(&self, from: usize) -> Vec<usize> {
        let (mut seen, mut above, mut at) = (HashSet::from([from]), Vec::new(), from);
        while let Some(parent) = self.nodes[at].parent.filter(|parent| seen.insert(*parent)) {
            above.push(parent);
            at = parent;
        }
        above
    }

    /// The tree of an image: its ancestors above, all its descendants below; with `whole` also all other descendants of
    /// its ancestors. Parents come before what came of them. Empty for an image that nothing names.
    pub fn tree(&self, root: &ImageId, whole: bool) -> Vec<TreeNode<'_, 'a>> {
        let Some(root) = self.at.get(root).copied() else { return Vec::new() };
        let mut above = self.above(root);
        let mut tree = Vec::new();
        if whole && let Some(top) = above.pop() {
            self.below(top, None, 0, &mut tree);
            return tree;
        }
        above.reverse();
        let mut parent = None;
        for (depth, at) in above.iter().enumerate() {
            let node = &self.nodes[*at];
            tree.push(TreeNode { node, parent, depth });
            parent = Some(node);
        }
        self.below(root, parent, above.len(), &mut tree);
        tree
    }

    /// The listed images that came of these, without them.
    pub fn descendants(&self, of: &[ImageId]) -> Vec<&'a Image> {
        let mut seen: HashSet<usize> = of.iter().filter_map(|id| self.at.get(id).copied()).collect();
        let mut open: Vec<usize> = seen.iter().copied().collect();
        let mut found = Vec::new();
        while let Some(at) = open.pop() {
            for child in self.nodes[at].children.iter().filter(|child| seen.insert(**child)) {
                found.extend(self.nodes[*child].image);
                open.push(*child);
            }
        }
        found.sort_by(|a, b| (a.created_at, &a.region, &a.id).cmp(&(b.created_at, &b.region, &b.id)));
        found
    }

    /// Each image that no listing has, and above which nothing is known, with a listed one that came of it: whether that
    /// also came of another image only EC2 can say.
    pub fn below_the_unlisted(&self) -> Vec<(&ForestNode<'a>, &'a Image)> {
        let tops = self.nodes.iter().filter(|node| node.image.is_none() && node.parent.is_none());
        let below = |top: &ForestNode<'a>| top.children.iter().find_map(|child| self.nodes[*child].image);
        tops.filter_map(|top| Some((top, below(top)?))).collect()
    }

    /// The own images made from instances whose image no listing names: EC2 may know it.
    pub fn of_unnamed_images(&self) -> Vec<&'a Image> {
        let tops = self.nodes.iter().filter(|node| node.parent.is_none()).filter_map(|node| node.image);
        tops.filter(|image| image.own && of_unnamed_image(image)).collect()
    }

    /// Adds an image and all that came of it. No recursion: a chain of copies may be long.
    fn below<'f>(
        &'f self,
        from: usize,
        above: Option<&'f ForestNode<'a>>,
        depth: usize,
        tree: &mut Vec<TreeNode<'f, 'a>>,
    ) {
        // What stands above must not come again below.
        let mut seen = vec![false; self.nodes.len()];
        if above.is_some() {
            self.above(from).into_iter().for_each(|at| seen[at] = true);
        }
        let mut open = vec![(from, above, depth)];
        while let Some((at, parent, depth)) = open.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            let node = &self.nodes[at];
            tree.push(TreeNode { node, parent, depth });
            let mut children: Vec<usize> = node.children.clone();
            children.sort_by_key(|child| Reverse(self.rank(*child)));
            open.extend(children.into_iter().map(|child| (child, Some(node), depth + 1)));
        }
    }

    /// The order beside each other: copies first, then families in the order of their versions, then by age.
    fn rank(&self, at: usize) -> impl Ord {
        let node = &self.nodes[at];
        let image = node.image;
        let family = image.and_then(|image| image.family()).map(|family| family.word);
        let version = image.and_then(|image| image.parsed_name.as_ref()).map(|name| name.version());
        (node.relation, family, version, image.and_then(|image| image.created_at), node.region.as_ref(), &node.id)
    }
}

#[cfg(test)]
#[path = "image_forest_tests.rs"]
mod tests;

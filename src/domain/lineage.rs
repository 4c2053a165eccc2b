//! Copies of images, and the images they were copied from.

use std::collections::BTreeMap;

use super::ids::ImageId;
use super::image::Image;
use super::region::Region;
use super::tags::COPIED_FROM;

/// The source of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The image; it may be deregistered.
    pub id: ImageId,
    /// Its region, which EC2 names with the image.
    pub region: Option<Region>,
}

/// The current state of the source of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// EC2 shows it.
    Seen(Box<Image>),
    /// EC2 shows this account no such image: it is deregistered, or no longer shared with the account.
    Missing,
    /// The lookup failed.
    Unknown,
}

/// The source of a copy; `None` if the image is no copy.
///
/// EC2 records the source of a copy; if it does not, amictl's tag on the copy does. An image made from an instance
/// names the image that the instance was launched from as well, and is no copy.
pub fn origin(image: &Image) -> Option<Origin> {
    match &image.source.image_id {
        Some(_) if image.source.instance_id.is_some() => None,
        Some(id) => Some(Origin { id: id.clone(), region: image.source.region.clone() }),
        None => read_mark(image.tags.get(COPIED_FROM)?),
    }
}

/// The value of the tag that names the source of a copy: `us-east-1/ami-…`.
pub fn mark(image: &Image) -> String {
    format!("{}/{}", image.region, image.id)
}

fn read_mark(text: &str) -> Option<Origin> {
    let (region, id) = text.split_once('/')?;
    Some(Origin { id: id.parse().ok()?, region: Some(region.parse().ok()?) })
}

/// Whether an image was copied directly from `source`.
pub fn is_copy(image: &Image, source: &Image) -> bool {
    origin(image).is_some_and(|origin| origin.is(&source.id, &source.region))
}

impl Origin {
    /// Whether it is this image.
    pub fn is(&self, id: &ImageId, region: &Region) -> bool {
        self.id == *id && self.region.as_ref().is_none_or(|known| known == region)
    }
}

/// The `candidates` that are copies of `roots`, and copies of those copies, without the roots.
///
/// The nearest come first. A copy whose source is neither a root nor a candidate is not found: EC2 names only the
/// direct source.
pub fn copies_of<'a>(roots: &[Image], candidates: &'a [Image]) -> Vec<&'a Image> {
    let mut known: BTreeMap<&ImageId, &Region> = roots.iter().map(|image| (&image.id, &image.region)).collect();
    let from = |image: &'a Image| Some((image, origin(image)?));
    let mut open: Vec<_> = candidates.iter().filter(|image| !known.contains_key(&image.id)).filter_map(from).collect();
    let mut copies = Vec::new();
    loop {
        let of_a_known = |(_, origin): &(&Image, Origin)| {
            let region = known.get(&origin.id);
            region.is_some_and(|region| origin.is(&origin.id, region))
        };
        let (found, left): (Vec<_>, Vec<_>) = open.into_iter().partition(of_a_known);
        if found.is_empty() {
            return copies;
        }
        for (image, _) in found {
            // A candidate listed twice is one copy.
            if known.insert(&image.id, &image.region).is_none() {
                copies.push(image);
            }
        }
        open = left;
    }
}

#[cfg(test)]
mod tests {
    use super::super::image::testing::image;
    use super::*;

    const WEST: &str = "us-west-2";

    fn at(id: u32, region: &str) -> Image {
        Image { region: region.parse().unwrap(), ..image(id, "web-v1-2026-01-02") }
    }

    /// A copy in another region whose source EC2 records.
    fn copy(id: u32, of: &Image) -> Image {
        let mut copy = at(id, WEST);
        copy.source.image_id = Some(of.id.clone());
        copy.source.region = Some(of.region.clone());
        copy
    }

    fn ids(images: &[&Image]) -> Vec<ImageId> {
        images.iter().map(|image| image.id.clone()).collect()
    }

    #[test]
    fn ec2_s_memory_goes_before_the_tag() {
        let (first, second) = (image(1, "web-v1-2026-01-02"), image(2, "web-v2-2026-01-02"));
        let mut found = copy(3, &first);
        found.tags.insert(COPIED_FROM.to_owned(), mark(&second));
        assert!(is_copy(&found, &first) && !is_copy(&found, &second));
        found.source.image_id = None;
        assert!(is_copy(&found, &second) && !is_copy(&found, &first));
        assert_eq!(origin(&found).unwrap().region, Some(second.region));
    }

    #[test]
    fn an_image_of_an_instance_is_no_copy_of_what_that_was_launched_from() {
        let source = image(1, "web-v1-2026-01-02");
        let mut made = copy(2, &source);
        made.source.instance_id = "i-0123456789abcdef0".parse().ok();
        assert_eq!(origin(&made), None);
        assert!(copies_of(&[source], &[made]).is_empty());
    }

    #[test]
    fn an_origin_in_another_region_is_another_image() {
        let source = image(1, "web-v1-2026-01-02");
        let mut found = copy(2, &source);
        found.source.region = None;
        assert!(is_copy(&found, &source), "EC2 need not name the region");
        found.source.region = WEST.parse().ok();
        assert!(!is_copy(&found, &source));
    }

    #[test]
    fn tags_that_name_no_image_name_no_origin() {
        let mut found = at(2, WEST);
        for text in ["", "/", "us-east-1", "us-east-1/", "us-east-1/ami-1", "nowhere/ami-01234567", "a/b/c"] {
            found.tags.insert(COPIED_FROM.to_owned(), text.to_owned());
            assert_eq!(origin(&found), None, "{text}");
        }
    }

    #[test]
    fn copies_of_copies_are_found_in_whatever_order_they_come() {
        let root = image(1, "web-v1-2026-01-02");
        let first = copy(2, &root);
        let second = copy(3, &first);
        let third = copy(4, &second);
        let stranger = copy(6, &image(5, "api-v1-2026-01-02"));
        let all = [third.clone(), stranger, first.clone(), second.clone(), root.clone(), first.clone()];
        assert_eq!(ids(&copies_of(&[root], &all)), [first.id.clone(), second.id.clone(), third.id.clone()]);
        assert_eq!(ids(&copies_of(&[first], &all)), [second.id, third.id]);
        assert!(copies_of(&[], &all).is_empty());
    }

    #[test]
    fn a_copy_whose_source_is_gone_is_not_found() {
        let root = image(1, "web-v1-2026-01-02");
        let gone = copy(2, &root);
        assert!(copies_of(&[root], &[copy(3, &gone)]).is_empty());
    }

    #[test]
    fn images_that_name_each_other_come_to_an_end() {
        let one = copy(1, &at(2, WEST));
        let two = copy(2, &one);
        let all = [one, two.clone()];
        assert_eq!(ids(&copies_of(&all[..1], &all)), [two.id]);
        assert!(copies_of(&all, &all).is_empty());
    }
}

//! Tests of the forest of images.

use super::super::image::testing::image;
use super::super::lineage::mark;
use super::super::tags::COPIED_FROM;
use super::*;

const WEST: &str = "us-west-2";

fn copy(id: u32, of: &Image) -> Image {
    let mut copy = Image { region: WEST.parse().unwrap(), ..image(id, "web-v1-2026-01-02") };
    copy.source.image_id = Some(of.id.clone());
    copy.source.region = Some(of.region.clone());
    copy
}

/// An image made from an instance that was launched from another one.
fn child(id: u32, of: &Image) -> Image {
    let mut made = Image { region: of.region.clone(), ..image(id, "web-v2-2026-01-02") };
    made.source.instance_id = "i-0123456789abcdef0".parse().ok();
    made.source.image_id = Some(of.id.clone());
    made
}

/// The tree in words: the depth, the last digits of the id, how it came of its parent.
fn words(tree: &[TreeNode<'_, '_>]) -> Vec<String> {
    let word = |one: &TreeNode<'_, '_>| {
        let id = one.node.id.as_str().trim_start_matches("ami-").trim_start_matches('0');
        let relation = one.parent.and(one.node.relation).map_or("", Relation::as_str);
        format!("{} {id} {relation}", one.depth).trim_end().to_owned()
    };
    tree.iter().map(word).collect()
}

fn id(n: u32) -> ImageId {
    format!("ami-{n:017x}").parse().unwrap()
}

/// 1 has a copy 2 and a child 3; 3 has a copy 4; 2 has a child 5.
fn family() -> Vec<Image> {
    let one = image(1, "base-v1-2026-01-01");
    let (two, three) = (copy(2, &one), child(3, &one));
    let (four, five) = (copy(4, &three), child(5, &two));
    vec![five, four, three, two, one]
}

#[test]
fn ancestors_stand_above_and_all_that_came_of_it_below() {
    let images = family();
    let forest = ImageForest::new(&images);
    assert_eq!(words(&forest.tree(&id(1), false)), ["0 1", "1 2 copy", "2 5 child", "1 3 child", "2 4 copy"]);
    assert_eq!(words(&forest.tree(&id(3), false)), ["0 1", "1 3 child", "2 4 copy"], "not what is beside it");
    assert_eq!(words(&forest.tree(&id(4), true)), words(&forest.tree(&id(1), false)), "but with the whole tree");
    assert!(forest.tree(&id(9), true).is_empty());
    assert_eq!(forest.ancestors(&id(4)).iter().map(|node| node.id.clone()).collect::<Vec<_>>(), [id(3), id(1)]);
}

#[test]
fn what_came_of_several_is_found_once() {
    let images = family();
    let forest = ImageForest::new(&images);
    let found = |of: &[u32]| {
        let of: Vec<_> = of.iter().map(|n| id(*n)).collect();
        forest.descendants(&of).iter().map(|image| image.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(found(&[1]).len(), 4);
    assert_eq!(found(&[1, 3]), [id(2), id(4), id(5)]);
    assert!(found(&[4]).is_empty() && found(&[9]).is_empty());
}

#[test]
fn a_parent_that_is_gone_is_known_by_id_and_region() {
    let gone = image(7, "gone");
    let images = [copy(1, &gone), child(2, &gone)];
    let forest = ImageForest::new(&images);
    let top = forest.ancestors(&id(1))[0];
    assert_eq!((&top.id, top.image.is_none(), top.region.as_ref()), (&id(7), true, Some(&gone.region)));
    assert_eq!(words(&forest.tree(&id(7), false)), ["0 7", "1 1 copy", "1 2 child"]);
    // A tag names the parent where EC2 does not.
    let mut tagged = image(3, "web-v3-2026-01-02");
    tagged.tags.insert(COPIED_FROM.to_owned(), mark(&gone));
    assert_eq!(words(&ImageForest::new([&tagged]).tree(&id(3), false)), ["0 7", "1 3 copy"]);
}

#[test]
fn an_image_of_an_instance_without_an_image_has_no_parent() {
    let mut made = child(2, &image(1, "web-v1-2026-01-02"));
    made.source.image_id = None;
    assert_eq!(parent_of(&made), None);
}

#[test]
fn rings_and_repetitions_come_to_an_end() {
    let one = copy(1, &image(2, "x"));
    let two = copy(2, &one);
    let mut own = copy(3, &one);
    own.source.image_id = Some(own.id.clone());
    let images = [one.clone(), two.clone(), one, own, two];
    let forest = ImageForest::new(&images);
    for whole in [false, true] {
        assert_eq!(forest.tree(&id(1), whole).len(), 2, "{whole}");
        assert_eq!(forest.tree(&id(3), whole).len(), 1);
    }
    assert_eq!(forest.descendants(&[id(1)]).len(), 1);
    assert_eq!(forest.ancestors(&id(1)).len(), 1);
}

#[test]
fn the_listing_of_the_owner_counts() {
    let own = image(1, "web-v1-2026-01-02");
    let foreign = Image { own: false, ..own.clone() };
    for images in [[&own, &foreign], [&foreign, &own]] {
        let forest = ImageForest::new(images);
        assert!(forest.get(&id(1)).unwrap().image.unwrap().own);
        assert_eq!(forest.tree(&id(1), false).len(), 1);
    }
}

#[test]
fn the_ancestry_of_ec2_goes_on_where_the_listing_ends() {
    let images = [child(1, &image(2, "gone"))];
    let mut forest = ImageForest::new(&images);
    let source = |n: u32, region: &str| Some(Origin { id: id(n), region: region.parse().ok() });
    let of = |n: u32, source| Ancestor { id: id(n), source, owner_alias: None };
    let ancestry = [of(1, source(2, "us-east-1")), of(2, source(3, WEST)), of(3, source(4, WEST)), of(4, None)];
    forest.add_ancestry(&ancestry);
    // From another region it can only be copied.
    assert_eq!(words(&forest.tree(&id(1), false)), ["0 4", "1 3", "2 2 copy", "3 1 child"]);
    assert_eq!(forest.ancestors(&id(1))[2].region.as_ref().map(Region::as_str), Some(WEST));
}

#[test]
fn of_images_whose_source_is_not_listed_one_each_is_asked_about() {
    let (gone, other) = (image(7, "gone"), image(8, "other"));
    let first = copy(1, &gone);
    let images = [first.clone(), child(2, &gone), copy(3, &other), child(4, &first), image(5, "alone")];
    let forest = ImageForest::new(&images);
    let asked: Vec<_> = forest.below_the_unlisted().iter().map(|(_, image)| image.id.clone()).collect();
    assert_eq!(asked, [id(1), id(3)]);
}

#[test]
fn a_long_chain_is_no_trouble() {
    let mut images = vec![image(0, "web-v1-2026-01-02")];
    for n in 1..20_000 {
        let next = copy(n, &images[images.len() - 1]);
        images.push(next);
    }
    let forest = ImageForest::new(&images);
    assert_eq!(forest.tree(&id(0), false).last().map(|one| one.depth), Some(19_999));
    assert_eq!(forest.tree(&id(19_999), false).len(), 20_000);
}

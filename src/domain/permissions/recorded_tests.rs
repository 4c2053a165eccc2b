//! Tests of the recorded launch permissions.

use super::*;
use crate::domain::image::testing::image;

fn who(numbers: &[u32]) -> BTreeSet<Principal> {
    numbers.iter().map(|n| format!("{n:012}").parse().unwrap()).collect()
}

fn text(numbers: &[u32]) -> String {
    to_tag(&who(numbers)).unwrap()
}

fn web(tag: Option<&str>, state: State) -> Image {
    let mut web = image(1, "web-v1-2026-01-01");
    web.state = state;
    web.tags.extend(tag.map(|tag| (SHARES.to_owned(), tag.to_owned())));
    web
}

fn journal(numbers: &[u32], in_tag: bool) -> Journaled {
    Ok(RecordedPermissions { who: Some(who(numbers)), in_tag })
}

fn wrong() -> JournalGap {
    Principal::read("who?").unwrap_err().into()
}

#[test]
fn the_tag_counts_and_the_journal_adds_what_it_has_alone() {
    let (on, off) = (State::Available, State::Disabled);
    let two = text(&[1, 2]);
    for (tag, state, written, expected) in [
        (None, &off, None, None),
        (None, &on, None, None),
        (Some(""), &off, None, Some(vec![])),
        (Some(two.as_str()), &on, None, Some(vec![1, 2])),
        // Other machines change the tag, but not this journal.
        (Some(two.as_str()), &off, Some(journal(&[1, 2, 3], true)), Some(vec![1, 2])),
        (Some(two.as_str()), &off, Some(journal(&[3], false)), Some(vec![1, 2, 3])),
        (None, &off, Some(journal(&[3], false)), Some(vec![3])),
        (None, &on, Some(journal(&[3], false)), Some(vec![3])),
        // Without the tag, the journal counts for a disabled image only.
        (None, &off, Some(journal(&[1], true)), Some(vec![1])),
        (None, &on, Some(journal(&[1], true)), None),
        (Some(two.as_str()), &off, Some(Err(wrong())), Some(vec![1, 2])),
        (Some(two.as_str()), &off, Some(Err(JournalGap::Elsewhere)), Some(vec![1, 2])),
        (None, &on, Some(Err(JournalGap::Elsewhere)), None),
    ] {
        let found = due(&web(tag, state.clone()), written.as_ref()).unwrap();
        assert_eq!(found, expected.map(|numbers| who(&numbers)), "{tag:?} {state:?} {written:?}");
    }
    for gap in [wrong(), JournalGap::Elsewhere] {
        assert_eq!(due(&web(None, off.clone()), Some(&Err(gap.clone()))), Err(RecordError::Journal(gap)));
    }
    let damaged = due(&web(Some("who?"), off), Some(&journal(&[1], false))).unwrap_err();
    assert_eq!(damaged.problem().code, "DamagedTag");
}

#[test]
fn a_second_disabling_forgets_nobody_of_the_first() {
    let web = web(Some(&text(&[1, 2])), State::Available);
    let kept = Record::of(&web, &who(&[2, 3]), &who(&[1, 2]), &Tags::new());
    assert_eq!((&kept.who, &kept.place, kept.earlier), (&who(&[1, 2, 3]), &RecordPlace::Tag(text(&[1, 2, 3])), 1));
    assert_eq!(kept.written(), journal(&[1, 2, 3], true).unwrap());
    let nobody = Record::of(&web, &who(&[]), &who(&[]), &Tags::new());
    assert_eq!((nobody.words().as_str(), nobody.notable()), ("it was not shared", None));
}

#[test]
fn what_fits_no_tag_leaves_none_that_would_mislead() {
    let many: Vec<u32> = (0..20).collect();
    let mut web = web(Some("000000000009"), State::Available);
    let kept = Record::of(&web, &who(&many), &who(&[9]), &Tags::new());
    assert_eq!((&kept.place, kept.written().in_tag), (&RecordPlace::TooLong, false));
    let gone = Change::Tag { set: Tags::new(), remove: [SHARES.to_owned()].into() };
    assert_eq!(kept.place.change(&web, Tags::new()), gone);
    // The 50th tag is the last; tags of AWS do not count, and an existing key takes no more room.
    web.tags = (0..49).map(|n| (format!("k{n}"), String::new())).collect();
    web.tags.extend((0..9).map(|n| (format!("aws:{n}"), String::new())));
    let place = |web: &Image, more: &Tags| RecordPlace::of(web, &who(&[1]), more);
    assert_eq!(place(&web, &Tags::new()), RecordPlace::Tag(text(&[1])));
    let more = Tags::from([(RETIRE.to_owned(), String::new())]);
    assert_eq!(place(&web, &more), RecordPlace::NoRoom);
    web.tags.insert(SHARES.to_owned(), String::new());
    assert_eq!(place(&web, &Tags::new()), RecordPlace::Tag(text(&[1])));
}

#[test]
fn the_tag_keeps_who_is_left_and_says_nobody_where_that_means_something() {
    let set = |text: String| Change::Tag { set: [(SHARES.to_owned(), text)].into(), remove: BTreeSet::new() };
    let gone = Change::Tag { set: Tags::new(), remove: [SHARES.to_owned()].into() };
    let (on, off) = (State::Available, State::Disabled);
    let full = text(&[1, 2]);
    assert_eq!(tag_left(&web(Some(&full), on.clone()), &who(&[2])), set(text(&[2])));
    assert_eq!(tag_left(&web(Some(&full), on.clone()), &who(&[])), gone);
    assert_eq!(tag_left(&web(Some(&full), off.clone()), &who(&[])), set(String::new()));
    assert!(tag_left(&web(None, on.clone()), &who(&[2])).holds(&web(None, on.clone())), "the journal has it alone");
    let mut retired = web(None, on);
    retired.tags.insert(RETIRE.to_owned(), String::new());
    assert_eq!(tag_left(&retired, &who(&[])), set(String::new()));
}

#[test]
fn what_is_withdrawn_is_given_back_by_nothing() {
    let off = web(Some(&text(&[1, 2])), State::Disabled);
    let some = withdraw(&off, Some(&journal(&[1, 2], true)), Some(&who(&[2, 9]))).unwrap();
    assert_eq!((some.who, some.written), (who(&[2]), Some(journal(&[1], true).unwrap())));
    assert_eq!(some.tag, tag_left(&off, &who(&[1])));
    let none = withdraw(&off, Some(&journal(&[1, 2], true)), Some(&who(&[9]))).unwrap();
    assert!(none.who.is_empty() && none.written.is_none() && none.tag.holds(&off));
    let all = withdraw(&off, None, None).unwrap();
    assert_eq!((all.who, all.tag), (who(&[1, 2]), tag_left(&off, &who(&[]))));
    let alone = withdraw(&web(None, State::Available), Some(&journal(&[5, 6], false)), Some(&who(&[5]))).unwrap();
    assert_eq!((alone.who, alone.written), (who(&[5]), Some(journal(&[6], false).unwrap())));
    // Some of an unreadable list cannot be withdrawn; all of it can.
    let damaged = web(Some("who?"), State::Disabled);
    assert!(withdraw(&damaged, None, Some(&who(&[1]))).is_err());
    let all = withdraw(&damaged, Some(&Err(wrong())), None).unwrap();
    assert!(!all.tag.holds(&damaged));
    assert_eq!(all.written.map(|written| written.who), Some(Some(who(&[]))));
}

#[test]
fn tags_can_be_set_as_they_were() {
    let before = web(Some("000000000001"), State::Available);
    let change = Change::Tag {
        set: [("a".to_owned(), String::new())].into(),
        remove: [SHARES.to_owned(), "b".to_owned()].into(),
    };
    let Change::Tag { set, remove } = as_before(&before, &change) else { panic!() };
    assert_eq!(set, [(SHARES.to_owned(), "000000000001".to_owned())].into());
    assert_eq!(remove, ["a".to_owned(), "b".to_owned()].into());
}

proptest::proptest! {
    #[test]
    fn disabling_and_giving_back_loses_nobody(
        present in proptest::collection::btree_set(0..40u32, 0..30),
        before in proptest::collection::btree_set(0..40u32, 0..30),
        refused in proptest::collection::btree_set(0..40u32, 0..5),
    ) {
        let set = |numbers: &BTreeSet<u32>| who(&numbers.iter().copied().collect::<Vec<_>>());
        let mut web = web(None, State::Available);
        let kept = Record::of(&web, &set(&present), &set(&before), &Tags::new());
        if let Change::Tag { set, .. } = kept.place.change(&web, Tags::new()) {
            web.tags.extend(set);
        }
        web.state = State::Disabled;
        let written = Ok(kept.written());
        let found = due(&web, Some(&written)).unwrap().unwrap();
        proptest::prop_assert_eq!(&found, &set(&present.union(&before).copied().collect()));
        // Some are restored; the refused ones are still to be restored.
        web.state = State::Available;
        let left = &found & &set(&refused);
        if let Change::Tag { set, remove } = tag_left(&web, &left) {
            web.tags.extend(set);
            web.tags.retain(|key, _| !remove.contains(key));
        }
        let written = written.map(|written| written.left(&left));
        proptest::prop_assert_eq!(due(&web, Some(&written)).unwrap().unwrap_or_default(), left);
    }
}

#[test]
fn shares_fit_a_tag_or_are_left_out() {
    let some: BTreeSet<_> = ["111111111111", "arn:aws:organizations::111111111111:organization/o-abcdefghij"]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let text = to_tag(&some).unwrap();
    assert_eq!(from_tag(&text), Ok(some));
    assert_eq!(from_tag(""), Ok(BTreeSet::new()));
    let many: BTreeSet<_> = (0..20).map(|n| format!("{n:012}").parse().unwrap()).collect();
    assert_eq!(to_tag(&many), None);
}

#[test]
fn who_a_disabled_image_was_shared_with_is_in_its_tag_or_unknown() {
    let mut web = image(1, "web-v1-2026-01-01");
    assert_eq!(before_disabling(&web), Some(BTreeSet::new()));
    web.state = State::Disabled;
    assert_eq!(before_disabling(&web), None);
    for (text, known) in [("", Some(0)), ("111111111111 all", Some(2)), ("everybody", None)] {
        web.tags.insert(SHARES.to_owned(), text.to_owned());
        assert_eq!(before_disabling(&web).map(|shares| shares.len()), known, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_tag_panics(text in proptest::arbitrary::any::<String>()) {
        let _ = from_tag(&text);
    }
}

//! Tests of histories of aliases after whatever was done to them.

use proptest::prelude::*;

use super::tests::{KEPT, Pen, id, number};
use super::*;

/// A step that somebody takes.
#[derive(Debug, Clone)]
enum Move {
    Promote(u8),
    ByHand(u8),
    Back,
    BackTo(u8),
    Nonsense,
}

fn taken(moves: &[Move]) -> Pen {
    moves.iter().fold(Pen::default(), |pen, step| match step {
        Move::Promote(n) => pen.promote(*n),
        Move::ByHand(n) => pen.by_hand(*n),
        Move::BackTo(n) => pen.back(*n),
        Move::Nonsense => pen.write("nonsense", None),
        Move::Back => {
            let same = Pen { versions: pen.versions.clone(), written: pen.written };
            pen.back_by_itself().unwrap_or(same)
        }
    })
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let step = prop_oneof![
        4 => (0_u8..8).prop_map(Move::Promote),
        2 => (0_u8..8).prop_map(Move::ByHand),
        4 => Just(Move::Back),
        1 => (0_u8..12).prop_map(Move::BackTo),
        1 => Just(Move::Nonsense),
    ];
    proptest::collection::vec(step, 0..140)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn each_rollback_leaves_less_below_until_nothing_is_left(moves in moves()) {
        let mut pen = taken(&moves);
        for _ in 0..=KEPT {
            let before = pen.history().stack().0;
            let Some(next) = pen.back_by_itself() else { return Ok(()) };
            // What is left lay there before, as far as it is known.
            let (after, _) = next.history().stack();
            prop_assert!(after.len() < before.len(), "{before:?} {after:?}");
            prop_assert!(before.windows(after.len()).any(|part| part == after), "{before:?} {after:?}");
            pen = next;
        }
        prop_assert!(false, "it never ends");
    }

    #[test]
    fn after_a_promote_the_way_back_is_to_the_image_before(moves in moves(), n in 0_u8..8) {
        let pen = taken(&moves);
        if let Some(before) = pen.history().current().and_then(AliasVersion::image).filter(|image| *image != id(n)) {
            prop_assert_eq!(pen.promote(n).history().way_back(|_| true), WayBack::To(before));
        }
    }

    #[test]
    fn what_ssm_forgets_changes_no_target(moves in moves(), dropped in 0_usize..140, usable in 0_u16..256) {
        let versions = taken(&moves).versions;
        let kept = versions.get(dropped..).unwrap_or_default().to_vec();
        prop_assume!(!kept.is_empty());
        let usable = |image: &ImageId| usable >> (number(image) % 8) & 1 == 1;
        let whole = AliasHistory::new(versions).way_back(usable);
        let part = AliasHistory::new(kept).way_back(usable);
        prop_assert!(part == whole || part == WayBack::Forgotten, "{part:?} {whole:?}");
    }
}

use std::collections::BTreeSet;

use super::super::*;
use super::{account, apply, day, put_back, take, usual, web};
use crate::domain::change::Change;
use crate::domain::report::Problem;
use crate::domain::sharing::SHARES;

#[test]
fn what_is_so_already_is_written_down_and_shortens_no_wait() {
    let mut web = web();
    (web.state, web.deprecated_at) = (State::Disabled, Some(day(-100)));
    web.tags.insert(SHARES.to_owned(), "000000000002".to_owned());
    let before = web.clone();
    let nobody = BTreeSet::new();
    let moves = take(Step::Deprecate, &mut web, &nobody, day(0));
    assert_eq!((moves.first.len(), moves.detail.as_deref()), (1, Some("it was so already")));
    assert!(matches!(next(&usual(), &web, day(13)), Next::Stays(_)));
    assert_eq!(next(&usual(), &web, day(14)), Next::Due(Step::Disable));
    take(Step::Disable, &mut web, &nobody, day(14));
    assert_eq!(web.tags[RETIRE], "deprecate@2026-01-02T04:30:00Z/already disable@2026-01-16T04:30:00Z/already");
    assert!(matches!(next(&usual(), &web, day(43)), Next::Stays(_)));
    assert_eq!(next(&usual(), &web, day(44)), Next::Due(Step::Deregister));
    // What retirement has not done it does not take back; the tag of whoever disabled it stays theirs.
    let moves = put_back(&mut web, Some(&nobody), day(44));
    assert!(moves.share.is_empty() && moves.detail.unwrap().contains("stays disabled"));
    assert_eq!(web, before);
}

#[test]
fn reviving_puts_back_state_date_and_permissions() {
    let shares = BTreeSet::from([account(2), account(3)]);
    for planned in [None, Some(day(300))] {
        let mut web = Image { deprecated_at: planned, ..web() };
        let before = web.clone();
        take(Step::Deprecate, &mut web, &shares, day(0));
        assert_eq!(web.deprecated_at, Some(day(0)));
        take(Step::Disable, &mut web, &shares, day(14));
        assert_eq!((web.state.clone(), web.tags[SHARES].as_str()), (State::Disabled, "000000000002 000000000003"));
        let moves = put_back(&mut web, Some(&BTreeSet::new()), day(20));
        assert_eq!((&moves.share, &moves.detail), (&shares, &None));
        assert_eq!(moves.first[0], Change::Enable);
        assert_eq!(web, before);
    }
    // A deprecation that was planned for a day that has passed would have come by now.
    let mut web = Image { deprecated_at: Some(day(10)), ..web() };
    take(Step::Deprecate, &mut web, &shares, day(0));
    put_back(&mut web, Some(&shares), day(20));
    assert_eq!((web.deprecated_at, web.tags.len()), (Some(day(0)), 0));
}

#[test]
fn what_others_have_set_since_stays() {
    let shares = BTreeSet::from([account(2)]);
    let mut web = web();
    take(Step::Deprecate, &mut web, &shares, day(0));
    take(Step::Disable, &mut web, &shares, day(14));
    // Somebody has enabled it, shared it with others and given it another date.
    (web.state, web.deprecated_at) = (State::Available, Some(day(200)));
    let moves = put_back(&mut web, Some(&BTreeSet::from([account(4)])), day(20));
    assert_eq!((moves.first.len(), moves.share.len()), (0, 0));
    assert_eq!((web.deprecated_at, web.tags.len()), (Some(day(200)), 0));
}

#[test]
fn a_revival_that_was_cut_off_is_taken_up() {
    let shares = BTreeSet::from([account(2)]);
    let mut web = web();
    take(Step::Deprecate, &mut web, &shares, day(0));
    take(Step::Disable, &mut web, &shares, day(14));
    let moves = revive(&web, Some(&BTreeSet::new()), day(20)).unwrap();
    apply(&mut web, &moves.first[0]);
    let moves = put_back(&mut web, Some(&BTreeSet::new()), day(21));
    assert_eq!((moves.share, web.deprecated_at, web.tags.len()), (shares, None, 0));
}

#[test]
fn permissions_that_fit_no_tag_are_said_to_be_in_the_journal() {
    let many: BTreeSet<_> = (0..20).map(account).collect();
    let mut web = web();
    // Of an earlier life, and wrong by now.
    web.tags.insert(SHARES.to_owned(), "000000000009".to_owned());
    let moves = take(Step::Disable, &mut web, &many, day(0));
    assert!(moves.detail.unwrap().contains("20 launch permissions fit no tag"));
    assert!(!web.tags.contains_key(SHARES));
    let moves = put_back(&mut web, Some(&BTreeSet::new()), day(1));
    assert!(moves.share.is_empty() && moves.detail.unwrap().contains("the journal has who"));
    assert_eq!((web.state, web.tags.len()), (State::Available, 0));
}

#[test]
fn nothing_is_disabled_while_nobody_knows_who_would_lose_it() {
    let denied = || Problem { code: "UnauthorizedOperation".into(), message: "not yours".into() };
    let problem = advance(Step::Disable, &web(), Err(denied()), day(0), day(0)).unwrap_err();
    assert_eq!(problem.code, "UnauthorizedOperation");
    assert!(problem.message.contains("not yours"));
    assert!(advance(Step::Deprecate, &web(), Err(denied()), day(0), day(0)).is_ok());
}

#[test]
fn a_tag_of_permissions_that_cannot_be_read_stays_for_people_to_look_at() {
    let mut web = web();
    take(Step::Disable, &mut web, &BTreeSet::new(), day(0));
    web.tags.insert(SHARES.to_owned(), "everybody".to_owned());
    let moves = put_back(&mut web, Some(&BTreeSet::new()), day(1));
    assert!(moves.detail.unwrap().contains("amictl:shares cannot be read"));
    assert_eq!((web.state, web.tags.len()), (State::Available, 1));
}

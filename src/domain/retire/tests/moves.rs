//! Tests of the changes that make up the steps of a retirement.

use std::collections::BTreeSet;

use super::super::*;
use super::{account, apply, day, put_back, shares as known, take, usual, web};
use crate::domain::change::Change;
use crate::domain::permissions::recorded::due;
use crate::domain::problem::Problem;
use crate::domain::tags::{RETIRE, SHARES};

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
    // A revival does not revert what the retirement did not do; the tag of another disabling stays.
    let moves = put_back(&mut web, &nobody, day(44));
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
        let moves = put_back(&mut web, &BTreeSet::new(), day(20));
        assert_eq!((&moves.share, &moves.detail), (&shares, &None));
        assert_eq!(moves.first[0], Change::Enable);
        assert_eq!(web, before);
    }
    // A deprecation planned for a past day would have happened by now.
    let mut web = Image { deprecated_at: Some(day(10)), ..web() };
    take(Step::Deprecate, &mut web, &shares, day(0));
    put_back(&mut web, &shares, day(20));
    assert_eq!((web.deprecated_at, web.tags.len()), (Some(day(0)), 0));
}

#[test]
fn what_others_have_set_since_stays() {
    let shares = BTreeSet::from([account(2)]);
    let mut web = web();
    take(Step::Deprecate, &mut web, &shares, day(0));
    take(Step::Disable, &mut web, &shares, day(14));
    // Someone enabled it, shared it with others and set another time. The lost permissions are still to be restored.
    (web.state, web.deprecated_at) = (State::Available, Some(day(200)));
    let moves = put_back(&mut web, &BTreeSet::from([account(4)]), day(20));
    assert_eq!((moves.first.len(), moves.share), (0, shares));
    assert_eq!((web.deprecated_at, web.tags.len()), (Some(day(200)), 0));
}

#[test]
fn a_revival_that_was_cut_off_is_taken_up() {
    let shares = BTreeSet::from([account(2)]);
    let mut web = web();
    take(Step::Deprecate, &mut web, &shares, day(0));
    take(Step::Disable, &mut web, &shares, day(14));
    let moves = revive(&web, &known(&web, &BTreeSet::new()), day(20)).unwrap();
    apply(&mut web, &moves.first[0]);
    let moves = put_back(&mut web, &BTreeSet::new(), day(21));
    assert_eq!((moves.share, web.deprecated_at, web.tags.len()), (shares, None, 0));
}

#[test]
fn permissions_that_fit_no_tag_are_said_to_be_in_the_journal_and_come_back_from_it() {
    let many: BTreeSet<_> = (0..20).map(account).collect();
    let mut web = web();
    // Still to be restored from an earlier time.
    web.tags.insert(SHARES.to_owned(), "000000000019 000000000020".to_owned());
    let moves = take(Step::Disable, &mut web, &many, day(0));
    let detail = moves.detail.unwrap();
    assert_eq!(
        detail,
        "21 permissions kept in the journal only, too many for a tag; 1 of them from an earlier time, not yet restored"
    );
    let written = moves.due.unwrap();
    assert_eq!((written.who.as_ref().map(BTreeSet::len), written.in_tag), (Some(21), false));
    assert!(!web.tags.contains_key(SHARES));
    let here = Shares { present: Ok(BTreeSet::new()), due: due(&web, Some(&Ok(written.clone()))) };
    let moves = revive(&web, &here, day(1)).unwrap();
    assert_eq!((Some(moves.share), moves.lacking), (written.who, None));
    // On another machine they are unknown, even after it is enabled: it differs from before.
    for state in [State::Disabled, State::Available] {
        web.state = state;
        let moves = revive(&web, &known(&web, &BTreeSet::new()), day(1)).unwrap();
        assert!(moves.share.is_empty());
        assert_eq!(moves.lacking.unwrap().code, "UnknownShares");
    }
}

#[test]
fn what_is_due_from_an_earlier_time_is_kept_with_what_goes() {
    let mut web = web();
    web.tags.insert(SHARES.to_owned(), "000000000002 000000000003".to_owned());
    // Enabled by hand, and not shared again.
    take(Step::Disable, &mut web, &BTreeSet::new(), day(0));
    assert_eq!(web.tags[SHARES], "000000000002 000000000003");
    web.state = State::Available;
    let moves = take(Step::Disable, &mut web, &BTreeSet::from([account(1), account(2)]), day(1));
    assert_eq!(web.tags[SHARES], "000000000001 000000000002 000000000003");
    assert!(moves.detail.unwrap().ends_with("; 1 of them from an earlier time, not yet restored"));
}

#[test]
fn an_image_without_room_for_a_tag_is_disabled_all_the_same() {
    let mut web = web();
    web.tags = (0..49).map(|n| (format!("k{n}"), String::new())).collect();
    web.tags.insert("aws:x".to_owned(), String::new());
    let moves = take(Step::Disable, &mut web, &BTreeSet::from([account(2)]), day(0));
    assert!(moves.detail.unwrap().contains("no room for another tag"));
    assert_eq!(moves.due.map(|written| written.in_tag), Some(false));
    assert_eq!((web.tags.len(), web.tags.contains_key(SHARES), web.state), (51, false, State::Disabled));
}

#[test]
fn nothing_is_disabled_while_nobody_knows_who_would_lose_it() {
    let denied = || Problem { code: "UnauthorizedOperation".into(), message: "not yours".into() };
    let unread = |image: &Image| Shares { present: Err(denied()), due: due(image, None) };
    let problem = advance(Step::Disable, &web(), &unread(&web()), day(0), day(0)).unwrap_err();
    assert_eq!(problem.code, "UnauthorizedOperation");
    assert!(problem.message.contains("not yours"));
    assert!(advance(Step::Deprecate, &web(), &unread(&web()), day(0), day(0)).is_ok());
    // Nor does anything count as restored.
    let mut web = web();
    take(Step::Disable, &mut web, &BTreeSet::from([account(2)]), day(0));
    web.state = State::Available;
    let problem = revive(&web, &unread(&web), day(1)).unwrap_err();
    assert!(problem.message.starts_with("left as it is, as its launch permissions"), "{problem}");
    web.tags.insert(SHARES.to_owned(), String::new());
    assert!(revive(&web, &unread(&web), day(1)).is_ok(), "nobody is to get anything back");
}

#[test]
fn a_tag_of_permissions_that_cannot_be_read_stays_for_people_to_look_at_and_so_does_the_image() {
    let mut web = web();
    take(Step::Disable, &mut web, &BTreeSet::new(), day(0));
    web.tags.insert(SHARES.to_owned(), "everybody".to_owned());
    let shares = known(&web, &BTreeSet::new());
    let problem = revive(&web, &shares, day(1)).unwrap_err();
    assert_eq!(problem.code, "DamagedTag");
    assert!(problem.message.starts_with("left as it is: its tag amictl:shares is damaged"), "{problem}");
    web.state = State::Available;
    assert_eq!(advance(Step::Disable, &web, &shares, day(1), day(1)).unwrap_err().code, "DamagedTag");
}

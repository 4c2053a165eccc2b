//! Tests of histories of aliases.

use std::collections::BTreeSet;

use super::*;

/// Image number `n`.
pub(super) fn id(n: u8) -> ImageId {
    format!("ami-{n:017x}").parse().unwrap()
}

/// The number of an image.
pub(super) fn number(image: &ImageId) -> u8 {
    u8::from_str_radix(&image.as_str()[19..], 16).unwrap()
}

/// The most versions that SSM keeps.
pub(super) const KEPT: usize = 100;

/// A history that is written step by step, and forgets as SSM does.
#[derive(Default)]
pub(super) struct Pen {
    pub(super) versions: Vec<AliasVersion>,
    pub(super) written: i64,
}

impl Pen {
    pub(super) fn write(mut self, value: &str, description: Option<String>) -> Self {
        self.written += 1;
        let number = self.written;
        self.versions.push(AliasVersion { number, value: value.to_owned(), description, at: None, author: None });
        if self.versions.len() > KEPT {
            self.versions.remove(0);
        }
        self
    }

    fn noted(self, n: u8, action: NoteAction) -> Self {
        let note = Note {
            by: "arn:aws:iam::111111111111:user/operator".to_owned(),
            action,
            image: id(n),
            from: None,
            reason: None,
            run: format!("run{}", self.written),
            at: "2026-01-02T03:04:05Z".parse().unwrap(),
        };
        self.write(id(n).as_str(), Some(note.description()))
    }

    pub(super) fn promote(self, n: u8) -> Self {
        self.noted(n, NoteAction::Promote)
    }

    pub(super) fn by_hand(self, n: u8) -> Self {
        // SSM keeps the description where somebody writes without one.
        let kept = self.versions.last().and_then(|version| version.description.clone());
        self.write(id(n).as_str(), kept)
    }

    pub(super) fn back(self, n: u8) -> Self {
        self.noted(n, NoteAction::Rollback)
    }

    /// A rollback to where the history says.
    pub(super) fn back_by_itself(self) -> Option<Self> {
        match self.history().way_back(|_| true) {
            WayBack::To(image) => Some(self.back(number(&image))),
            WayBack::Nothing | WayBack::Forgotten => None,
        }
    }

    pub(super) fn history(&self) -> AliasHistory {
        AliasHistory::new(self.versions.clone())
    }

    #[track_caller]
    fn leads_to(&self, way: WayBack) {
        assert_eq!(self.history().way_back(|_| true), way);
    }
}

fn promoted(numbers: &[u8]) -> Pen {
    numbers.iter().fold(Pen::default(), |pen, n| pen.promote(*n))
}

#[test]
fn a_rollback_goes_to_the_image_before() {
    promoted(&[1, 2]).leads_to(WayBack::To(id(1)));
    promoted(&[1, 2, 3]).leads_to(WayBack::To(id(2)));
}

#[test]
fn a_first_version_has_nothing_below() {
    Pen::default().leads_to(WayBack::Nothing);
    promoted(&[1]).leads_to(WayBack::Nothing);
    promoted(&[1, 1]).leads_to(WayBack::Nothing);
}

#[test]
fn a_second_rollback_goes_further_back_and_never_forth() {
    let pen = promoted(&[1, 2, 3, 4]).back(3);
    pen.leads_to(WayBack::To(id(2)));
    let pen = pen.back(2);
    pen.leads_to(WayBack::To(id(1)));
    pen.back(1).leads_to(WayBack::Nothing);
}

#[test]
fn a_promote_after_a_rollback_lies_on_what_was_gone_back_to() {
    let pen = promoted(&[1, 2, 3]).back(2).promote(4);
    assert_eq!(pen.history().below(), [id(2), id(1)]);
    pen.back(2).leads_to(WayBack::To(id(1)));
}

#[test]
fn values_by_hand_count_as_promotes() {
    let pen = promoted(&[1]).by_hand(2).promote(3);
    pen.leads_to(WayBack::To(id(2)));
    // Back by hand is no rollback: nobody said so.
    promoted(&[1, 2]).by_hand(1).leads_to(WayBack::To(id(2)));
}

#[test]
fn a_description_that_ssm_kept_for_another_value_does_not_count() {
    let pen = promoted(&[1, 2, 3]).back(2);
    let kept = pen.versions.last().unwrap().description.clone();
    let pen = pen.write(id(5).as_str(), kept);
    assert_eq!(pen.history().current().unwrap().note(), None);
    assert_eq!(pen.history().below(), [id(2), id(1)]);
}

#[test]
fn a_description_that_ssm_kept_does_not_count_either_when_its_image_comes_again() {
    // Back to 1; by hand to 3 and to 1, which is no rollback.
    let pen = promoted(&[1, 2]).back(1).by_hand(3).by_hand(1).by_hand(1);
    let history = pen.history();
    let actions: Vec<_> = history.versions().iter().map(|version| version.note().map(|note| note.action)).collect();
    let (promote, rollback) = (Some(NoteAction::Promote), Some(NoteAction::Rollback));
    assert_eq!(actions, [promote, promote, rollback, None, None, None]);
    pen.leads_to(WayBack::To(id(3)));
    // A write that was sent twice is one note on both.
    let pen = promoted(&[1, 2]).back(1);
    let twice = pen.versions.last().unwrap().description.clone();
    let pen = pen.write(id(1).as_str(), twice);
    assert!(pen.history().current().unwrap().note().is_some());
    pen.leads_to(WayBack::Nothing);
}

#[test]
fn a_description_that_is_no_note_does_not_count() {
    let pen = promoted(&[1]).write(id(2).as_str(), Some("the golden image".to_owned()));
    pen.leads_to(WayBack::To(id(1)));
    assert_eq!(pen.history().current().unwrap().by(), None);
}

#[test]
fn the_same_image_twice_is_one_step() {
    let pen = promoted(&[1, 2, 2]);
    pen.leads_to(WayBack::To(id(1)));
    pen.back(1).leads_to(WayBack::Nothing);
    // It lies there twice: the nearer one is gone back to first.
    let pen = promoted(&[1, 2, 3, 2, 4]);
    assert_eq!(pen.history().below(), [id(2), id(3), id(1)]);
    let pen = pen.back(2);
    assert_eq!(pen.history().below(), [id(3), id(1)]);
    let pen = pen.back(3);
    assert_eq!(pen.history().below(), [id(2), id(1)]);
}

#[test]
fn a_value_without_one_image_lies_there_and_is_no_target() {
    let pen = promoted(&[1]).write("no image", None);
    pen.leads_to(WayBack::To(id(1)));
    assert_eq!(pen.history().current().unwrap().image(), None);
    promoted(&[1]).write("no image", None).promote(2).leads_to(WayBack::To(id(1)));
    let two = format!("{},{}", id(7), id(8));
    promoted(&[1]).write(&two, None).promote(2).leads_to(WayBack::To(id(1)));
    // Line feeds around an id do no harm.
    promoted(&[1]).write(&format!("{}\n", id(7)), None).promote(2).leads_to(WayBack::To(id(7)));
}

#[test]
fn what_is_not_usable_is_passed_over() {
    let history = promoted(&[1, 2, 3, 4]).history();
    let gone: BTreeSet<_> = [id(3), id(2)].into();
    assert_eq!(history.way_back(|image| !gone.contains(image)), WayBack::To(id(1)));
    assert_eq!(history.way_back(|_| false), WayBack::Nothing);
}

#[test]
fn what_was_passed_over_is_not_gone_back_to_later() {
    // 3 was disabled at the time of the rollback, and is enabled again.
    promoted(&[1, 2, 3, 4]).back(2).leads_to(WayBack::To(id(1)));
}

#[test]
fn a_target_that_never_lay_there_takes_the_place_of_the_bad_one() {
    let pen = promoted(&[1, 2, 3]).back(9);
    assert_eq!(pen.history().below(), [id(2), id(1)]);
    // Also one that was taken off before.
    let pen = promoted(&[1, 2, 3]).back(2).back(3);
    pen.leads_to(WayBack::To(id(1)));
}

#[test]
fn below_the_oldest_of_a_hundred_nothing_is_known() {
    let numbers: Vec<u8> = (0..=100).collect();
    let pen = promoted(&numbers[..100]);
    assert_eq!(pen.history().way_back(|_| false), WayBack::Nothing);
    let pen = promoted(&numbers);
    assert_eq!((pen.history().versions().len(), pen.history().versions()[0].number), (100, 2));
    assert_eq!(pen.history().way_back(|_| false), WayBack::Forgotten);
    pen.leads_to(WayBack::To(id(99)));
}

#[test]
fn a_target_that_fell_off_hides_what_lies_below_it() {
    // Back to 0 when it was the oldest; then it falls off.
    let numbers: Vec<u8> = (0..100).collect();
    let pen = promoted(&numbers);
    let pen = pen.back(0);
    // SSM has forgotten that 0 was ever promoted: only the rollback to it is left.
    pen.leads_to(WayBack::Forgotten);
    let pen = pen.promote(200);
    pen.leads_to(WayBack::To(id(0)));
    pen.back(0).leads_to(WayBack::Forgotten);
}

#[test]
fn the_version_before_goes_by_time_and_not_by_the_stack() {
    let pen = promoted(&[1, 2]).back(1);
    assert_eq!(pen.history().previous().unwrap().image(), Some(id(2)));
    let pen = promoted(&[1, 2, 2]);
    assert_eq!(pen.history().previous().unwrap().image(), Some(id(1)));
    assert_eq!(promoted(&[1, 1]).history().previous(), None);
}

#[test]
fn the_order_of_versions_is_that_of_their_numbers() {
    let mut versions = promoted(&[1, 2, 3]).versions;
    versions.reverse();
    assert_eq!(AliasHistory::new(versions).below(), [id(2), id(1)]);
}

//! The verdict that an image stands on: its own, else that of the image it was copied from.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::age::{Age, ago};
use super::boot_test::Verdict;
use super::ids::ImageId;
use super::image::Image;
use super::lineage::{Origin, origin};
use super::problem::Problem;
use super::tested::Tested;

/// The verdict that an image stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The verdict of this image: the image itself, or the nearest of its sources that has one.
    Tested(Box<Image>, Box<Tested>),
    /// Neither it nor a source has one. This is the first of them, which all were copied from.
    Untested(Box<Image>),
    /// It has none, and a source may have one that cannot be read.
    Unread(Problem),
}

/// What `--require-tested` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TestedGate {
    /// The oldest that the verdict may be.
    pub within: Option<Age>,
}

/// Images as their owners see them, with their tags, or why they could not be read.
pub type OwnerViews = BTreeMap<ImageId, Result<Image, Problem>>;

impl Standing {
    /// The standing of an image; the error is an image to be read first.
    pub fn of(image: &Image, views: &OwnerViews) -> Result<Self, Origin> {
        // EC2 shows tags to the owner only.
        let itself = || Origin { id: image.id.clone(), region: Some(image.region.clone()) };
        let mut at = match views.get(&image.id) {
            _ if image.own => image,
            Some(Ok(view)) => view,
            Some(Err(problem)) => return Ok(Self::Unread(problem.clone())),
            None => return Err(itself()),
        };
        let mut passed = BTreeSet::new();
        loop {
            if let Some(tested) = Tested::of(at) {
                return Ok(Self::Tested(Box::new(at.clone()), Box::new(tested)));
            }
            passed.insert(&at.id);
            let Some(source) = origin(at) else { return Ok(Self::Untested(Box::new(at.clone()))) };
            at = match views.get(&source.id) {
                Some(Ok(view)) if passed.contains(&view.id) => return Ok(Self::Untested(Box::new(at.clone()))),
                Some(Ok(view)) => view,
                Some(Err(problem)) => return Ok(Self::Unread(problem.clone())),
                None => return Err(source),
            };
        }
    }
}

impl TestedGate {
    /// Why an image does not pass.
    pub fn objection(&self, image: &Image, standing: &Standing, now: DateTime<Utc>) -> Option<Problem> {
        let label = image.label();
        let (code, message) = match standing {
            Standing::Tested(by, tested) => {
                let whose = match by.id == image.id {
                    true => label,
                    false => format!("{}, of which {label} is a copy,", by.label()),
                };
                let old = self.within.filter(|within| tested.at < within.before(now));
                match (tested.verdict, old) {
                    (Verdict::Passed, None) => return None,
                    (Verdict::Passed, Some(within)) => {
                        let message = format!(
                            "{whose} passed its boot test {} ago, and --tested-within asks for {within}",
                            ago(tested.at, now)
                        );
                        ("TestTooOld", message)
                    }
                    (Verdict::Failed, _) => {
                        let message =
                            format!("{whose} failed its boot test {} ago: {}", ago(tested.at, now), tested.checks());
                        ("TestFailed", message)
                    }
                }
            }
            Standing::Untested(first) if first.id == image.id => ("NotTested", format!("{label} was not tested")),
            Standing::Untested(first) => {
                ("NotTested", format!("neither {label} nor {}, of which it is a copy, was tested", first.label()))
            }
            Standing::Unread(problem) => {
                ("VerdictUnread", format!("whether {label} was tested is not known: {}", problem.message))
            }
        };
        Some(Problem { code: code.to_owned(), message })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::image::testing::image;
    use super::super::tags::TESTED;
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-01-31T00:00:00Z".parse().unwrap()
    }

    fn tested(mut found: Image, verdict: Verdict, days: i64) -> Image {
        let value = Tested {
            image: found.id.clone(),
            verdict,
            at: now() - TimeDelta::days(days),
            run: "run".to_owned(),
            launch: None,
            probes: vec!["failed system".to_owned()],
            more: 0,
        };
        found.tags.insert(TESTED.to_owned(), value.tag_value());
        found
    }

    fn copy(id: u32, of: &Image) -> Image {
        let mut copy = image(id, "copy");
        copy.source.image_id = Some(of.id.clone());
        copy.source.region = Some(of.region.clone());
        // A copy carries the tags of its source.
        copy.tags.clone_from(&of.tags);
        copy
    }

    fn views(images: &[&Image]) -> OwnerViews {
        images.iter().map(|image| (image.id.clone(), Ok((*image).clone()))).collect()
    }

    fn code(image: &Image, views: &OwnerViews, within: Option<&str>) -> Option<String> {
        let gate = TestedGate { within: within.map(|text| text.parse().unwrap()) };
        gate.objection(image, &Standing::of(image, views).unwrap(), now()).map(|problem| problem.code)
    }

    #[test]
    fn an_image_s_own_verdict_decides_whatever_its_source_s_is() {
        let source = tested(image(1, "web-v1-2026-01-02"), Verdict::Passed, 3);
        let known = views(&[&source]);
        assert_eq!(code(&source, &known, None), None);
        assert_eq!(code(&copy(2, &source), &known, None), None, "the copied tag is not its own, the source's counts");
        let failed = tested(copy(2, &source), Verdict::Failed, 30);
        assert_eq!(code(&failed, &known, None).as_deref(), Some("TestFailed"));
        let good = tested(copy(3, &failed), Verdict::Passed, 30);
        assert_eq!(code(&good, &views(&[&failed]), None), None);
        assert_eq!(code(&copy(4, &failed), &views(&[&source, &failed]), None).as_deref(), Some("TestFailed"));
    }

    #[test]
    fn the_age_of_a_verdict_counts_to_the_second() {
        let found = tested(image(1, "web-v1-2026-01-02"), Verdict::Passed, 7);
        assert_eq!(code(&found, &OwnerViews::new(), Some("7d")), None);
        assert_eq!(code(&found, &OwnerViews::new(), Some("604799s")).as_deref(), Some("TestTooOld"));
    }

    #[test]
    fn a_chain_of_copies_is_followed_to_its_end() {
        let root = image(1, "web-v1-2026-01-02");
        let first = copy(2, &root);
        let second = copy(3, &first);
        let asked = Standing::of(&second, &OwnerViews::new()).unwrap_err();
        assert_eq!(asked.id, first.id, "the nearest is read first");
        assert_eq!(Standing::of(&second, &views(&[&first])).unwrap_err().id, root.id);
        let known = views(&[&first, &root]);
        assert_eq!(Standing::of(&second, &known), Ok(Standing::Untested(Box::new(root.clone()))));
        assert_eq!(code(&second, &known, None).as_deref(), Some("NotTested"));
        let passed = tested(root, Verdict::Passed, 1);
        assert_eq!(code(&second, &views(&[&first, &passed]), None), None);
    }

    #[test]
    fn doubt_refuses() {
        let source = tested(image(1, "web-v1-2026-01-02"), Verdict::Passed, 3);
        let gone = Problem { code: "Gone".to_owned(), message: "it is gone".to_owned() };
        let known = OwnerViews::from([(source.id.clone(), Err(gone))]);
        assert_eq!(code(&copy(2, &source), &known, None).as_deref(), Some("VerdictUnread"));
        // Of an image of another account only the owner's view counts.
        let foreign = Image { own: false, ..source.clone() };
        assert_eq!(Standing::of(&foreign, &OwnerViews::new()).unwrap_err().id, source.id);
        assert_eq!(code(&foreign, &known, None).as_deref(), Some("VerdictUnread"));
        assert_eq!(code(&foreign, &views(&[&source]), None), None);
    }

    #[test]
    fn images_that_name_each_other_come_to_an_end() {
        let one = copy(1, &image(2, "web-v1-2026-01-02"));
        let two = copy(2, &one);
        let known = views(&[&one, &two]);
        assert_eq!(code(&one, &known, None).as_deref(), Some("NotTested"));
    }
}

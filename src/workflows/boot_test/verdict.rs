//! The verdict of boot tests, written to the image.

use chrono::{DateTime, Utc};

use crate::domain::boot_test::BootTest;
use crate::domain::command_line::amictl;
use crate::domain::image::Image;
use crate::domain::problem::Problem;
use crate::domain::tags::{MOST, TESTED, Tags};
use crate::domain::tested::{TestLaunch, Tested};
use crate::service::{Target, tags};
use crate::workflows::run::context::Context;

/// The code of a verdict that is not on the image.
pub const NOT_WRITTEN: &str = "VerdictNotWritten";

/// Why EC2 would not take the verdict on an image, known before anything is launched.
pub fn objection(image: &Image) -> Option<Problem> {
    // AWS's own tags do not count.
    let tags = image.tags.keys().filter(|key| !key.starts_with("aws:")).count();
    let full = image.own && tags >= MOST && !image.tags.contains_key(TESTED);
    let message = || {
        format!(
            "{} has {tags} tags, the most that EC2 takes, so that the verdict cannot be written: remove one with \
             `{} --region {}`",
            image.label(),
            amictl("tag").word(&image.id).word("--remove").word("KEY"),
            image.region
        )
    };
    full.then(|| Problem { code: NOT_WRITTEN.to_owned(), message: message() })
}

/// Writes the verdict of all tests of an image into its tag, in place of an earlier one; failed if one of them failed.
///
/// `image` is as it was read before the first launch, and `launched_at` the time of the last: EC2 will tell of that one.
/// Nothing is written if a test came to no verdict, or to an image of another account, which is said.
pub async fn write(
    context: &Context,
    target: &Target,
    image: &Image,
    tests: &[BootTest],
    launched_at: Option<DateTime<Utc>>,
) -> Result<(), Problem> {
    let launch = launched_at.map(|at| TestLaunch::note(image, at));
    let Some(tested) = Tested::new(image, tests, &context.maker.run, launch) else { return Ok(()) };
    if !image.own {
        let words = format!("{} belongs to another account: its verdict is not written to it", image.label());
        context.printer.say(&words);
        return Ok(());
    }
    let value = Tags::from([(TESTED.to_owned(), tested.tag_value())]);
    let failed = |error: Problem| Problem {
        code: NOT_WRITTEN.to_owned(),
        message: format!(
            "{} {} the test, but the tag {TESTED} could not be written: {error}",
            image.label(),
            tested.verdict
        ),
    };
    tags::add(target, &[&image.id], &value).await.map_err(|error| failed(error.problem()))
}

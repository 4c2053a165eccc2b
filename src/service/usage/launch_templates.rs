//! Launch templates: every version of every template, with `resolve:ssm:` resolved.

use super::templates::Templates;
use super::{Found, Source};
use crate::domain::report::Problem;

pub(super) fn read(templates: &Templates) -> Result<Found, Problem> {
    let mut found = Found { read: templates.count, ..Found::default() };
    for version in &templates.versions {
        let image = version.image.as_ref().map_err(Clone::clone)?;
        let detail = format!("{}:{}", version.name, version.number);
        found.add(Source::LaunchTemplates, image.as_deref(), "launch-template", &version.id, detail)?;
    }
    Ok(found)
}

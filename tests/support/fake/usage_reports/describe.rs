//! DescribeImageUsageReports.

use chrono::Duration;

use super::super::errors::{Answer, Refusal, invalid_value};
use super::super::filters::{Filters, tag_field};
use super::super::ids;
use super::super::paging::{Rules, Window};
use super::super::request::Request;
use super::super::world::{Region, World};
use super::super::xml::{Xml, stamp};
use super::{LIFE, MOST_IDS, UsageReport, forget_expired, own};

/// How both listings are cut.
pub const PAGES: Rules<'static> = Rules { size: "MaxResults", bounds: (1, 1000), default: Some(100), ids: None };

/// Reports of the caller; both listings select them by image and by report id.
pub fn selected<'a>(
    region: &'a Region,
    request: &Request,
) -> Result<impl Iterator<Item = &'a UsageReport> + use<'a>, Refusal> {
    let read = |name: &str, prefix: &str| {
        let given = request.params.list(name);
        if given.len() > MOST_IDS {
            return Err(invalid_value(name, &given.len().to_string(), &format!("At most {MOST_IDS} ids.")));
        }
        given.iter().try_for_each(|id| ids::check(prefix, id))?;
        Ok(given.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let (images, reports) = (read("ImageId", "ami")?, read("ReportId", "amiur")?);
    for id in &reports {
        own(region, request, id)?;
    }
    let account = request.account.clone();
    Ok(region.usage_reports.values().filter(move |report| {
        report.owner == account
            && (images.is_empty() || images.contains(&report.image))
            && (reports.is_empty() || reports.contains(&report.id))
    }))
}

/// MaxResults has no known upper bound; a thousand here. Without it there may be pages all the same.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let window = Window::by(world, request, &PAGES)?;
    let filters = Filters::read(&request.params, &["creation-time", "state", "tag:", "tag-key"])?;
    let region = world.region(&request.region);
    forget_expired(region, request.now);
    let found = selected(region, request)?;
    request.dry_run()?;
    let now = request.now;
    let listed = found.filter(|report| {
        filters.accept(|name, test| {
            tag_field(name, &report.tags, test).unwrap_or_else(|| match name {
                "state" => test(report.phase.at(now)),
                _ => test(&stamp(report.created)),
            })
        })
    });
    let (page, next) = window.cut(listed.map(|report| (&report.id, report)));
    let mut x = Xml::new();
    x.list("imageUsageReportSet", page, |x, report| {
        let state = report.phase.at(now);
        x.leaf("imageId", &report.image).leaf("reportId", &report.id);
        x.list("resourceTypeSet", &report.kinds, |x, (kind, depth)| {
            x.leaf("resourceType", kind);
            x.list("resourceTypeOptionSet", depth, |x, depth| {
                x.leaf("optionName", "version-depth");
                x.list("optionValueSet", [depth], |x, depth| {
                    x.text(depth);
                });
            });
        });
        x.list("accountIdSet", &report.accounts, |x, account| {
            x.text(account);
        });
        x.leaf("state", state);
        x.maybe("stateReason", report.reason.as_ref().filter(|_| state == "error"));
        x.time("creationTime", report.created).time("expirationTime", report.created + Duration::days(LIFE));
        x.tags(&report.tags);
    });
    x.maybe("nextToken", next);
    Ok(x.done())
}

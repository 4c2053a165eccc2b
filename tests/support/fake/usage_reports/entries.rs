//! DescribeImageUsageReportEntries.

use super::super::errors::Answer;
use super::super::filters::Filters;
use super::super::paging::Window;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::{Xml, stamp};
use super::describe::{PAGES, selected};
use super::forget_expired;

/// The rows of finished reports; a report in the making has none.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let window = Window::by(world, request, &PAGES)?;
    let filters = Filters::read(&request.params, &["account-id", "creation-time", "resource-type"])?;
    let region = world.region(&request.region);
    forget_expired(region, request.now);
    let found = selected(region, request)?;
    request.dry_run()?;
    let ready = found.filter(|report| report.phase.at(request.now) == "available");
    let rows = ready.flat_map(|report| report.entries.iter().enumerate().map(move |row| (report, row)));
    let listed = rows.filter(|(report, (_, (account, kind, _)))| {
        filters.accept(|name, test| match name {
            "account-id" => test(account),
            "resource-type" => test(kind),
            _ => test(&stamp(report.created)),
        })
    });
    let keyed = listed.map(|(report, (index, row))| (format!("{}|{index:06}", report.id), (report, row)));
    let (page, next) = window.cut(keyed);
    let mut x = Xml::new();
    x.list("imageUsageReportEntrySet", page, |x, (report, (account, kind, count))| {
        x.leaf("resourceType", kind).leaf("reportId", &report.id).leaf("usageCount", count);
        x.leaf("accountId", account).leaf("imageId", &report.image).time("reportCreationTime", report.created);
    });
    x.maybe("nextToken", next);
    Ok(x.done())
}

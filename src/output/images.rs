//! Renderer of image listings, in every format.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::columns::{Column, Row};
use super::json::document::{BeginningJson, VERSION};
use super::json::{BesidesJson, ErrorJson, ImageJson, OutcomeJson, parallel};
use super::markdown::{counted, unread};
use super::printer::{Format, Printer};
use super::table::Sheet;
use crate::domain::cost::{Prices, snapshot_gib};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::problem::PlaceError;
use crate::domain::report::Outcome;

/// The options of a listing.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The columns; the default ones if empty.
    pub columns: Vec<Column>,
    /// Shows the region even if all images are in one: others were read too.
    pub regions: bool,
    /// Shows the owner even if all images have the same: other accounts were read too.
    pub owners: bool,
    /// The prices for the cost of snapshots.
    pub prices: Option<Prices>,
    /// The use of each image, if requested.
    pub used_by: BTreeMap<ImageId, String>,
    /// The outcomes of the steps after the images were made.
    pub steps: Vec<Outcome>,
}

/// Writes images to stdout. Only JSON documents also have the failed places and the steps.
pub fn images(
    printer: &Printer,
    images: &[&Image],
    errors: &[PlaceError],
    options: &Options,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let cost = |image: &Image| options.prices.map(|prices| prices.monthly([(&image.region, snapshot_gib([image]))]));
    let row = |image| Row { image, cost: cost(image), used_by: options.used_by.get(&image.id).map(String::as_str) };
    let item = |image| ImageJson::new(image, cost(image), now);
    let chosen = |usual: Vec<Column>| if options.columns.is_empty() { usual } else { options.columns.clone() };
    printer.each(|printer| match printer.format() {
        Format::Json => {
            let besides = BesidesJson {
                errors: errors.iter().map(ErrorJson::new).collect(),
                steps: options.steps.iter().map(OutcomeJson::new).collect(),
            };
            let around = (&BeginningJson { version: VERSION }, "images", &besides);
            printer.document(|mut out| parallel::document(&mut out, around, images, |image| item(image)))
        }
        Format::Jsonl => printer.write(|out| parallel::lines(out, images, |image| item(image))),
        Format::Ids => printer.ids(images.iter().map(|image| &image.id)),
        Format::Csv => {
            let columns = chosen(Column::all());
            let mut sheet = Sheet::new(columns.iter().map(Column::name));
            let cells = |row: Row<'_>| columns.iter().map(|c| c.exact(&row, now).into()).collect();
            sheet.rows = images.iter().copied().map(row).map(cells).collect();
            printer.csv(&sheet)
        }
        Format::Table => {
            let several = options.regions || images.windows(2).any(|pair| pair[0].region != pair[1].region);
            let foreign = options.owners || images.iter().any(|image| !image.own);
            let columns = chosen(Column::usual(several, foreign, options.prices.is_some()));
            let mut sheet = Sheet::new(columns.iter().map(Column::title));
            let cells = |row: Row<'_>| columns.iter().map(|c| c.shown(&row, now)).collect();
            sheet.rows = images.iter().copied().map(row).map(cells).collect();
            let dispensable: &[&str] = match options.columns.is_empty() {
                true => &["LAST LAUNCHED", "ARCH", "SIZE", "AGE", "OWNER"],
                false => &[],
            };
            let sheet = sheet.summed(counted(images.len(), "image")).noted(unread(errors));
            printer.table(sheet, dispensable)
        }
    })
}

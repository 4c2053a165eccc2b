//! Renderer of settings, in every format.

use super::json::{SettingJson, SettingsJson};
use super::markdown::counted;
use super::printer::{Format, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::settings::{Setting, SettingSource};

/// Writes settings to stdout; as ids, their names.
pub fn settings(printer: &Printer, settings: &[Setting]) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&SettingsJson::new(settings)),
        Format::Jsonl => printer.jsonl(settings.iter().map(SettingJson::new)),
        Format::Ids => printer.ids(settings.iter().map(|setting| &setting.name)),
        Format::Csv => {
            let mut sheet = Sheet::new(["name", "value", "source", "detail"]);
            sheet.rows = settings.iter().map(csv_row).collect();
            printer.csv(&sheet)
        }
        Format::Table => {
            let mut sheet = Sheet::new(["NAME", "VALUE", "FROM"]);
            sheet.rows = settings.iter().map(row).collect();
            printer.table(sheet.summed(counted(settings.len(), "setting")), &[])
        }
    })
}

fn csv_row(setting: &Setting) -> Vec<Cell> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default().into();
    vec![setting.name.as_str().into(), text(&setting.value), setting.source.as_str().into(), text(&setting.detail)]
}

fn row(setting: &Setting) -> Vec<Cell> {
    let from = match &setting.detail {
        Some(detail) => format!("{}: {detail}", setting.source.shown()),
        None => setting.source.shown().to_owned(),
    };
    let value = setting.value.as_deref().map_or_else(|| Cell::toned("-", Tone::Faint), Cell::from);
    let faint = setting.source == SettingSource::Default;
    vec![setting.name.as_str().into(), value, if faint { Cell::toned(from, Tone::Faint) } else { from.into() }]
}

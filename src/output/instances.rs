//! Renderer of instances, in every format.

use super::json::document::VERSION;
use super::json::{InstanceJson, InstancesJson};
use super::markdown::counted;
use super::printer::{Format, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::instance::Instance;

/// Writes instances to stdout.
pub fn instances(printer: &Printer, instances: &[Instance]) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer
            .json(&InstancesJson { version: VERSION, instances: instances.iter().map(InstanceJson::new).collect() }),
        Format::Jsonl => printer.jsonl(instances.iter().map(InstanceJson::new)),
        Format::Ids => printer.ids(instances.iter().map(|instance| &instance.id)),
        Format::Csv => {
            let names = ["id", "image_id", "region", "state", "type", "private_ip", "public_ip", "public_dns"];
            printer.csv(&sheet(&names, instances, ""))
        }
        Format::Table => {
            let titles = ["ID", "IMAGE", "REGION", "STATE", "TYPE", "PRIVATE IP", "PUBLIC IP", "PUBLIC DNS"];
            let sheet = sheet(&titles, instances, "-").summed(counted(instances.len(), "instance"));
            printer.table(sheet, &["PUBLIC DNS", "REGION", "IMAGE", "TYPE"])
        }
    })
}

fn sheet(header: &[&str], instances: &[Instance], nothing: &str) -> Sheet {
    let mut sheet = Sheet::new(header.iter().copied());
    for instance in instances {
        let or = |text: Option<&str>| Cell::from(text.unwrap_or(nothing));
        let tone = if instance.state == "running" { Tone::Good } else { Tone::Notice };
        sheet.rows.push(vec![
            instance.id.as_str().into(),
            or(instance.image_id.as_ref().map(|id| id.as_str())),
            instance.region.as_str().into(),
            Cell::toned(&instance.state, tone),
            or(instance.instance_type.as_deref()),
            or(instance.private_ip.as_deref()),
            or(instance.public_ip.as_deref()),
            or(instance.public_dns.as_deref()),
        ]);
    }
    sheet
}

//! JSON of settings and of where their values come from.

use serde::Serialize;

use super::document::VERSION;
use crate::domain::settings::{Setting, SettingSource};

#[derive(Serialize)]
pub struct SettingsJson<'a> {
    pub version: u32,
    pub settings: Vec<SettingJson<'a>>,
}

#[derive(Serialize)]
pub struct SettingJson<'a> {
    pub name: &'a str,
    pub value: Option<&'a str>,
    pub source: SettingSource,
    pub detail: Option<&'a str>,
}

impl<'a> SettingsJson<'a> {
    pub fn new(settings: &'a [Setting]) -> Self {
        Self { version: VERSION, settings: settings.iter().map(SettingJson::new).collect() }
    }
}

impl<'a> SettingJson<'a> {
    pub fn new(setting: &'a Setting) -> Self {
        let Setting { name, value, source, detail } = setting;
        Self { name, value: value.as_deref(), source: *source, detail: detail.as_deref() }
    }
}

//! JSON of aliases.

use serde::Serialize;

use super::ErrorJson;
use super::document::time;
use crate::domain::alias::NoteAction;
use crate::domain::alias_list::{AliasEntry, ListedAlias};
use crate::domain::naming::Version;

#[derive(Serialize)]
pub struct AliasesJson<'a> {
    pub version: u32,
    pub aliases: Vec<AliasJson<'a>>,
    pub errors: Vec<ErrorJson<'a>>,
}

#[derive(Serialize)]
pub struct AliasJson<'a> {
    pub account: Option<&'a str>,
    pub region: &'a str,
    pub family: &'a str,
    pub alias: &'a str,
    pub parameter: String,
    /// `null` if the value is not the id of one image.
    pub image_id: Option<&'a str>,
    pub name: Option<&'a str>,
    pub image_version: Option<Version>,
    /// EC2's word, or `gone`; `null` if unknown.
    pub image_state: Option<&'a str>,
    pub since: Option<String>,
    pub by: Option<&'a str>,
    pub reason: Option<&'a str>,
    /// The version of the parameter.
    pub version: i64,
    pub previous_image_id: Option<&'a str>,
    /// Newest first; `null` if not asked for.
    pub history: Option<Vec<AliasEntryJson<'a>>>,
}

#[derive(Serialize)]
pub struct AliasEntryJson<'a> {
    pub version: i64,
    pub image_id: Option<&'a str>,
    pub name: Option<&'a str>,
    pub image_state: Option<&'a str>,
    pub by: Option<&'a str>,
    pub at: Option<String>,
    pub reason: Option<&'a str>,
    /// `promote` or `rollback`; `null` for a value that amictl did not write.
    pub action: Option<&'static str>,
}

impl<'a> AliasJson<'a> {
    pub fn new(listed: &'a ListedAlias) -> Self {
        let current = &listed.current;
        Self {
            account: listed.account.as_ref().map(|account| account.as_str()),
            region: listed.region.as_str(),
            family: listed.alias.family().as_str(),
            alias: listed.alias.alias().as_str(),
            parameter: listed.alias.parameter(),
            image_id: current.image_id.as_ref().map(|id| id.as_str()),
            name: current.name.as_deref(),
            image_version: current.image_version,
            image_state: current.image_state.as_deref(),
            since: current.at.map(time),
            by: current.by.as_deref(),
            reason: current.reason.as_deref(),
            version: current.number,
            previous_image_id: listed.previous_image_id.as_ref().map(|id| id.as_str()),
            history: listed.history.as_ref().map(|entries| entries.iter().map(AliasEntryJson::new).collect()),
        }
    }
}

impl<'a> AliasEntryJson<'a> {
    fn new(entry: &'a AliasEntry) -> Self {
        Self {
            version: entry.number,
            image_id: entry.image_id.as_ref().map(|id| id.as_str()),
            name: entry.name.as_deref(),
            image_state: entry.image_state.as_deref(),
            by: entry.by.as_deref(),
            at: entry.at.map(time),
            reason: entry.reason.as_deref(),
            action: entry.action.map(NoteAction::as_str),
        }
    }
}

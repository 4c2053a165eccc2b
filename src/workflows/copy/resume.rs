//! Resume commands of `copy`: the command lines that do the rest of a run.

use std::collections::BTreeSet;

use anyhow::Error;

use super::job::{CopyJob, Failed, Made};
use crate::domain::command_line::amictl;
use crate::domain::failure::Failure;
use crate::domain::permissions::copy_access;
use crate::domain::region::Region;
use crate::domain::report::Outcome;
use crate::service::copy::Encryption;
use crate::workflows::run::diagnostics;

/// The number of requested copies.
pub fn asked(all: &[CopyJob]) -> usize {
    all.iter().map(|copies| copies.to.len()).sum()
}

/// The number of failed copies.
pub fn lost(all: &[CopyJob], failed: &[Failed]) -> usize {
    (0..all.len()).map(|of| regions(all, failed, of).len()).sum()
}

/// The regions of an account with failed copies.
pub fn regions(all: &[CopyJob], failed: &[Failed], of: usize) -> BTreeSet<Region> {
    let (mut regions, to) = (BTreeSet::new(), &all[of].to);
    for failed in failed.iter().filter(|failed| failed.of == of) {
        match &failed.region {
            Some(region) => drop(regions.insert(region.clone())),
            None => regions.extend(to.iter().cloned()),
        }
    }
    regions
}

/// The command lines for the rest, per account: failed copies, after removing what holds their names (existing copies
/// are adopted), and the failed steps of existing images.
pub fn again(all: &[CopyJob], made: &Made, failed: &[Failed]) -> Vec<String> {
    let mut lines = Vec::new();
    for (of, copies) in all.iter().enumerate() {
        let lost = regions(all, failed, of);
        let account = |step: &Outcome| step.account.as_ref().map(ToString::to_string);
        let own = |step: &&Outcome| copies.whose.is_none() || account(step) == copies.whose;
        let steps = made.steps.iter().filter(own).filter(|step| !lost.contains(&step.region));
        lines.extend(copies.steps.commands(&copies.target, steps));
        if !lost.is_empty() {
            let own = failed.iter().filter(|failed| failed.of == of);
            lines.extend(own.clone().filter_map(|failed| failed.error.downcast_ref::<Failure>()?.first.clone()));
            let of_those = |wanted: &dyn Fn(&Failed) -> bool| {
                let those = own.clone().filter(|failed| wanted(failed));
                those.filter_map(|failed| failed.region.clone()).collect::<BTreeSet<_>>()
            };
            let keyless = of_those(&|failed| failed.needs_key(all));
            let (renamed, others): (BTreeSet<_>, BTreeSet<_>) = {
                let taken = of_those(&Failed::needs_name);
                lost.into_iter().partition(|region| taken.contains(region))
            };
            for (regions, name) in [(others, copies.name.as_str()), (renamed, "NAME")] {
                if !regions.is_empty() {
                    lines.push(command(copies, name, &regions, &keyless));
                }
            }
        }
    }
    // An owner without a role is found by running the same command again.
    lines.dedup();
    lines
}

/// Explains the placeholders in the command lines, which keep them from failing again for the same reason.
pub fn placeholders(all: &[CopyJob], failed: &[Failed]) -> String {
    let key = failed.iter().any(|failed| failed.needs_key(all)).then_some("; KEY is another than the one that failed");
    let name = failed.iter().any(Failed::needs_name).then_some("; NAME is another than the one that is taken");
    key.into_iter().chain(name).collect()
}

/// The command line for the copies of an account in these regions; those in `keyless` need another key.
fn command(copies: &CopyJob, name: &str, regions: &BTreeSet<Region>, keyless: &BTreeSet<Region>) -> String {
    let to: Vec<_> = regions.iter().map(Region::as_str).collect();
    let name = name.replace('\'', "'\\''");
    let options = format!("--to {} --name '{name}'", to.join(","));
    let mut line = amictl("copy").word(&copies.source.id).options(options).to_string();
    match copies.owner.as_ref().map(|owner| owner.role()) {
        Some(Some(role)) => line.push_str(&format!(" --from-role-arn {role}")),
        Some(None) => return "the same command again".to_owned(),
        None => {}
    }
    let keys: Vec<_> = regions.iter().filter_map(|region| Some((region, copies.encryption.get(region)?))).collect();
    line.push_str(if keys.is_empty() { "" } else { " --encrypt" });
    for (region, encryption) in keys {
        if keyless.contains(region) {
            line.push_str(&format!(" --kms-key {region}=KEY"));
        } else if let Encryption::Key(key) = encryption {
            line.push_str(&format!(" --kms-key {region}={key}"));
        }
    }
    line.push_str(if copies.tags { "" } else { " --no-tags" });
    line.push_str(if copies.source.revoked() { " --allow-revoked" } else { "" });
    if let Some(within) = copies.within {
        line.push_str(&format!(" --within {within}"));
    }
    format!("{line}{} {}", copies.steps.options(), copies.target.options())
}

impl Failed {
    /// Whether another image, which stays, has the name of the copy.
    fn needs_name(&self) -> bool {
        ["InvalidAMIName.Duplicate", "StaleCopy"].contains(&diagnostics::diagnose(&self.error).code.as_str())
    }

    /// Whether it failed because of the requested key: with that key it would fail again.
    fn needs_key(&self, all: &[CopyJob]) -> bool {
        let asked = self.region.as_ref().map(|region| all[self.of].encryption(region));
        let last = diagnostics::diagnose(&self.error);
        !self.needs_name()
            && asked.is_some_and(|asked| asked != Encryption::AsSource)
            && (last.code == copy_access::KEY_NOT_USABLE || copy_access::is_about_keys(&last.message))
    }
}

impl CopyJob {
    /// Adds the account to an error, if there are several.
    pub fn placed(&self, region: Option<&Region>, error: Error) -> Error {
        match self.whose {
            Some(_) => error.context(self.failing(region)),
            None => error,
        }
    }
}

//! Options that name a file, found in the command line itself, and where they may lead.

use std::path::Path;

use clap::ValueHint;

use crate::domain::failure::Failure;
use crate::domain::policy_source::PolicySource;
use crate::workflows::run::roots::Roots;

/// Options that write a file.
const WRITTEN: [&str; 1] = ["plan_out"];
/// Names of values that are files, whatever type reads them.
const FILES: [&str; 3] = ["FILE", "PATH", "PLAN.json"];

/// Whether an argument takes a path. Its type or the name of its value says so.
pub fn takes_path(arg: &clap::Arg) -> bool {
    let hint = matches!(
        arg.get_value_hint(),
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath | ValueHint::ExecutablePath
    );
    let named = arg.get_value_names().unwrap_or_default();
    hint || named.iter().any(|name| FILES.contains(&name.as_str()))
}

/// Refuses a value of an option or argument that leads elsewhere, `..` and symbolic links followed.
pub fn check(roots: &Roots, arg: &clap::Arg, value: &Path) -> Result<(), Failure> {
    let id = arg.get_id().as_str();
    if stands_for_no_file(id, value) {
        return Ok(());
    }
    let option = arg.get_long().map_or_else(|| id.to_owned(), |long| format!("--{long}"));
    match WRITTEN.contains(&id) {
        true => roots.written(&option, value),
        false => roots.read(&option, value),
    }
}

/// Whether a value of an option for files is none: the journal on stderr, a policy in SSM.
fn stands_for_no_file(id: &str, value: &Path) -> bool {
    match id {
        "journal" => value == Path::new("-"),
        "policy" => matches!(PolicySource::read(value.to_owned()), Ok(PolicySource::Parameter(_))),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line;
    use crate::workflows::run::roots::TMP;

    /// Each argument that takes a path, as `command: argument`.
    fn listed(command: &clap::Command, list: &mut Vec<String>) {
        for arg in command.get_arguments().filter(|arg| takes_path(arg)) {
            list.push(format!("{}: {}", command.get_name(), arg.get_id()));
        }
        command.get_subcommands().for_each(|command| listed(command, list));
    }

    #[test]
    fn no_option_for_a_file_is_forgotten() {
        let mut list = Vec::new();
        listed(&command_line(), &mut list);
        list.sort();
        let expected = "amictl: config, apply: journal, apply: plan, audit: refs_from, create: prepare, \
                        create: uefi_data, deregister: journal, disable: journal, enable: journal, launch: user_data, \
                        orphans: journal, prune: journal, prune: plan_out, prune: policy, prune: refs_from, \
                        refs: refs_from, restore: journal, revoke: journal, show: refs_from, template: user_data, \
                        test: user_data, unrevoke: journal, unshare: journal";
        assert_eq!(list.join(", "), expected);
    }

    #[test]
    #[cfg(unix)]
    fn a_path_leads_to_the_package_or_to_tmp() {
        let arg = |id: &'static str| clap::Arg::new(id).long(id);
        let unique = format!("amictl-paths-{}", std::process::id());
        let tmp = Path::new(TMP).join(&unique);
        // Not below /tmp, where a clone may be.
        let base = std::path::PathBuf::from("/usr");
        std::fs::create_dir_all(&tmp).unwrap();
        std::os::unix::fs::symlink("/etc", tmp.join("etc")).unwrap();
        std::os::unix::fs::symlink("/nowhere/at-all", tmp.join("dangling")).unwrap();
        let roots = Roots::new(base.clone(), base.to_str());
        let in_tmp = |name: &str| tmp.join(name).to_str().unwrap().to_owned();
        for (id, path, fine) in [
            ("policy", "lib.rs".to_owned(), true),
            ("policy", "./lib/../lib.rs".to_owned(), true),
            ("policy", "../Cargo.toml".to_owned(), false),
            ("policy", "not-there/policy.toml".to_owned(), true),
            ("policy", "not-there/../../Cargo.toml".to_owned(), false),
            ("policy", "/etc/passwd".to_owned(), false),
            ("policy", "/proc/self/environ".to_owned(), false),
            ("policy", "/".to_owned(), false),
            ("policy", String::new(), true),
            ("policy", in_tmp("policy.toml"), true),
            ("policy", in_tmp("../../etc/passwd"), false),
            ("policy", in_tmp("etc/passwd"), false),
            ("policy", in_tmp("dangling"), false),
            ("policy", "ssm:/amictl/policy".to_owned(), true),
            ("policy", "-".to_owned(), true),
            ("policy", "ssm:../../x".to_owned(), false),
            ("policy", "resolve:ssm:/../../../x".to_owned(), false),
            ("refs_from", "ssm:/../../x".to_owned(), false),
            ("refs_from", "/tmpx".to_owned(), false),
            ("journal", "-".to_owned(), true),
            ("plan_out", in_tmp("plan.json"), true),
            ("plan_out", in_tmp("new/plan.json"), true),
            ("plan_out", in_tmp("dangling"), false),
            ("plan_out", "plan.json".to_owned(), false),
        ] {
            let checked = check(&roots, &arg(id), Path::new(&path));
            assert_eq!(checked.is_ok(), fine, "{id} {path}: {checked:?}");
        }
        let unknown = Roots::new(base, None);
        assert!(check(&unknown, &arg("policy"), Path::new("lib.rs")).is_err());
        std::fs::remove_dir_all(tmp).unwrap();
    }
}

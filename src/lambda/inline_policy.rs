//! The policy of an event, as a file for the run that follows it.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::workflows::run::private_file;
use crate::workflows::run::roots::TMP;

/// A policy file in a folder of its own; both go with this value.
pub struct InlinePolicy {
    folder: PathBuf,
    file: String,
}

impl InlinePolicy {
    /// Writes the policy where only this function can read it.
    pub fn write(text: &str) -> io::Result<Self> {
        let folder = PathBuf::from(format!("{TMP}/amictl-{:032x}", fastrand::u128(..)));
        private_file::new_folder(&folder)?;
        let file = format!("{}/policy.toml", folder.display());
        // From here on the folder is removed, whatever happens.
        let policy = Self { folder, file };
        private_file::new_file(policy.file.as_ref())?.write_all(text.as_bytes())?;
        Ok(policy)
    }

    /// The arguments with `--policy`.
    pub fn in_args(&self, args: &[String]) -> Vec<String> {
        let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
        let option = format!("--policy={}", self.file);
        [&args[..end], &[option], &args[end..]].concat()
    }

    /// What makes of a text about the file one about the policy in the event.
    pub fn names(&self) -> impl Fn(&str) -> String + Send + use<> {
        let file = self.file.clone();
        move |text| {
            let named = text.replace(&format!("policy={file}"), "policy in the event");
            let named = named.replace(&format!("policy {file}"), "policy in the event");
            named.replace(&file, "the policy in the event")
        }
    }
}

impl Drop for InlinePolicy {
    fn drop(&mut self) {
        // What stays is private, and goes with the function's /tmp.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_is_private_and_goes() {
        let policy = InlinePolicy::write("keep = 3\n").unwrap();
        let (file, folder) = (policy.file.clone(), policy.folder.clone());
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(file.as_ref())), (0o700, 0o600));
        assert_eq!(fs::read_to_string(&file).unwrap(), "keep = 3\n");
        let text = format!("error: policy {file}: no; hint: --policy={file} and --policy {file}; at {file}");
        let named = "error: policy in the event: no; hint: --policy in the event and --policy in the event; \
                     at the policy in the event";
        assert_eq!(policy.names()(&text), named);
        drop(policy);
        assert!(!folder.exists());
    }

    #[test]
    fn the_option_stands_before_what_is_no_option() {
        let policy = InlinePolicy::write("").unwrap();
        let option = format!("--policy={}", policy.file);
        let with = |args: &[&str]| policy.in_args(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>());
        assert_eq!(with(&["prune", "web"]), ["prune", "web", &option]);
        assert_eq!(with(&["prune", "--", "web"]), ["prune", &option, "--", "web"]);
    }
}

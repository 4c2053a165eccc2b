//! The files that `.gitignore` excludes from a search for image ids.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use ignore::DirEntry;

use crate::domain::count::counted;
use crate::domain::problem::Problem;

/// The entries of each folder that was searched.
#[derive(Debug, Default)]
pub(super) struct Searched(HashMap<PathBuf, HashSet<OsString>>);

impl Searched {
    /// Adds an entry that the walk has met.
    pub(super) fn add(&mut self, entry: &DirEntry) {
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            self.0.entry(entry.path().to_owned()).or_default();
        }
        if let (Some(folder), true) = (entry.path().parent(), entry.depth() > 0) {
            self.0.entry(folder.to_owned()).or_default().insert(entry.file_name().to_owned());
        }
    }

    /// The warning about what the walk did not meet in these folders, below `path`, and what no other path of the user
    /// names. An excluded folder counts as one: it is not searched, as it may be very large.
    pub(super) fn left_out(&self, path: &Path, named: &[PathBuf]) -> Option<Problem> {
        let named: HashSet<_> = named.iter().filter_map(|path| path.canonicalize().ok()).collect();
        let is_named = |path: &Path| path.canonicalize().is_ok_and(|path| named.contains(&path));
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for (folder, met) in &self.0 {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name();
                match entry.file_type() {
                    Ok(_) if met.contains(&name) || name == ".git" || is_named(&entry.path()) => {}
                    Ok(kind) if kind.is_file() => files.push(entry.path()),
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    // The walk itself tells of links that lead nowhere.
                    _ => {}
                }
            }
        }
        let first = files.iter().min().or_else(|| folders.iter().min())?;
        let what = [counted(files.len(), "file"), counted(folders.len(), "folder")];
        let what = what.into_iter().flatten().collect::<Vec<_>>().join(" and ");
        let message = format!(
            "{}: .gitignore excludes {what}, such as {}; name one to have it read",
            path.display(),
            first.strip_prefix(path).unwrap_or(first).display()
        );
        Some(Problem { code: "ExcludedFile".to_owned(), message })
    }
}

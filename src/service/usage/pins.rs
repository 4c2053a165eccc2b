//! Ids of images in files, each with its place: pins in code.

use std::collections::{BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};

use super::files;
use crate::domain::audit::{PinPlace, PinnedId};
use crate::domain::ids::ImageId;
use crate::domain::problem::Problem;
use crate::domain::text::TextPosition;

/// The largest file in a folder that is read: code is not larger, logs and dumps are.
const LARGEST: u64 = 100 * 1024 * 1024;

/// The pins in files, and what was passed over.
#[derive(Debug, Default)]
pub struct Pins {
    /// In the order of the files.
    pub pins: Vec<PinnedId>,
    /// Files without readable ids.
    pub warnings: Vec<Problem>,
    /// Files that should have been readable.
    pub failures: Vec<Problem>,
}

/// Searches every file under the paths.
pub async fn read(paths: Vec<PathBuf>) -> Pins {
    if paths.is_empty() {
        return Pins::default();
    }
    // A large folder must not block AWS's answers.
    let found = tokio::task::spawn_blocking(move || search(&paths)).await;
    found.unwrap_or_else(|error| {
        let failure = Problem { code: "UnreadableFile".to_owned(), message: error.to_string() };
        Pins { failures: vec![failure], ..Pins::default() }
    })
}

fn search(paths: &[PathBuf]) -> Pins {
    let found = files::read(paths, Some(LARGEST));
    let here = std::env::current_dir().unwrap_or_default();
    let root = root(paths, &here);
    let distinct: BTreeSet<&Path> = found.ids.iter().map(|(path, ..)| path.as_path()).collect();
    let named = |(path, original)| (path, named(original, &here, root.as_deref()));
    let files: HashMap<&Path, PinPlace> = originals(distinct, &here).into_iter().map(named).collect();
    let pin = |(path, at, image): &(PathBuf, TextPosition, ImageId)| {
        let file = files.get(path.as_path())?.clone();
        Some(PinnedId { place: PinPlace { line: at.line, column: at.column, ..file }, image: image.clone() })
    };
    let mut pins: Vec<PinnedId> = found.ids.iter().filter_map(pin).collect();
    // A file that two paths lead to is one file.
    pins.sort_by(|a, b| (&a.place, &a.image).cmp(&(&b.place, &b.image)));
    pins.dedup();
    Pins { pins, warnings: found.warnings, failures: found.failures }
}

/// Each path with the one by which its file is named: without links, if it was found so, else the first.
fn originals<'p>(paths: BTreeSet<&'p Path>, here: &Path) -> Vec<(&'p Path, &'p Path)> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| normal(&here.join(path)));
    let paths: Vec<(&Path, PathBuf)> = paths.into_iter().map(|path| (path, real(path))).collect();
    let mut names: HashMap<&Path, &Path> = HashMap::new();
    for (path, real) in &paths {
        let name = names.entry(real.as_path()).or_insert(*path);
        if normal(&here.join(path)) == *real {
            *name = *path;
        }
    }
    paths.iter().map(|(path, real)| (*path, names.get(real.as_path()).copied().unwrap_or(*path))).collect()
}

/// The beginning of a file, named from the current folder and from the root.
fn named(path: &Path, here: &Path, root: Option<&Path>) -> PinPlace {
    let whole = normal(&here.join(path));
    let within = |folder: &Path| whole.strip_prefix(folder).ok().map(slashed);
    let file = within(here).unwrap_or_else(|| slashed(path));
    PinPlace { file, in_repository: root.and_then(within), whole: slashed(&whole), line: 1, column: 1 }
}

/// The repository that files are named from: the one of the current folder, if the first path is in it, else the one of
/// that path.
fn root(paths: &[PathBuf], here: &Path) -> Option<PathBuf> {
    let first = normal(&here.join(paths.first()?));
    repository(here).filter(|root| first.starts_with(root)).or_else(|| repository(&first))
}

/// The nearest folder with `.git`; of a submodule, the one that it is a part of.
fn repository(path: &Path) -> Option<PathBuf> {
    let root = path.ancestors().find(|folder| folder.join(".git").exists())?;
    // In a submodule, as in a worktree, this is a file that says where the folder is.
    let link = std::fs::read_to_string(root.join(".git")).unwrap_or_default();
    let within = link.strip_prefix("gitdir:").and_then(|link| link.rsplit_once("/.git/"));
    let part = within.is_some_and(|(_, within)| format!("/{within}").contains("/modules/"));
    let whole = root.parent().filter(|_| part).and_then(repository);
    Some(whole.unwrap_or_else(|| root.to_owned()))
}

/// The path without `.` and `..`, as far as that is clear from the text.
fn normal(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop();
            }
            Component::Normal(_) | Component::RootDir | Component::Prefix(_) => parts.push(part),
        }
    }
    parts
}

fn slashed(path: &Path) -> String {
    path.display().to_string().replace(std::path::MAIN_SEPARATOR, "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_current_folder_and_from_the_root() {
        let (here, root) = (Path::new("/home/me/repo/infra"), Path::new("/home/me/repo"));
        for (path, file, in_repository, whole) in [
            ("a/main.tf", "a/main.tf", Some("infra/a/main.tf"), "/home/me/repo/infra/a/main.tf"),
            ("./main.tf", "main.tf", Some("infra/main.tf"), "/home/me/repo/infra/main.tf"),
            ("../main.tf", "../main.tf", Some("main.tf"), "/home/me/repo/main.tf"),
            ("/home/me/repo/infra/a.tf", "a.tf", Some("infra/a.tf"), "/home/me/repo/infra/a.tf"),
            ("/elsewhere/main.tf", "/elsewhere/main.tf", None, "/elsewhere/main.tf"),
        ] {
            let place = named(Path::new(path), here, Some(root));
            let names = (place.file.as_str(), place.in_repository.as_deref(), place.whole.as_str());
            assert_eq!(names, (file, in_repository, whole), "{path}");
        }
        assert_eq!(named(Path::new("main.tf"), here, None).in_repository, None);
    }
}

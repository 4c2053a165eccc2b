//! Ids of images in files, each with its place: pins in code.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use super::files;
use crate::domain::audit::{PinPlace, PinnedId};
use crate::domain::problem::Problem;

/// The pins in files, and what was passed over.
#[derive(Debug, Default)]
pub struct Pins {
    /// In the order of the files.
    pub pins: Vec<PinnedId>,
    /// Files without readable ids.
    pub warnings: Vec<Problem>,
}

/// Searches every file under the paths; a file that should have been readable is a problem.
pub async fn read(paths: Vec<PathBuf>) -> Result<Pins, Problem> {
    if paths.is_empty() {
        return Ok(Pins::default());
    }
    // A large folder must not block AWS's answers.
    let found = tokio::task::spawn_blocking(move || search(&paths)).await;
    found.map_err(|error| Problem { code: "UnreadableFile".to_owned(), message: error.to_string() })?
}

fn search(paths: &[PathBuf]) -> Result<Pins, Problem> {
    let found = files::read(paths)?;
    let here = std::env::current_dir().unwrap_or_default();
    let (mut names, mut roots) = (HashMap::new(), HashMap::new());
    let mut pins = Vec::new();
    for (path, at, image) in found.ids {
        let (file, in_repository) = names.entry(path).or_insert_with_key(|path| named(path, &here, &mut roots)).clone();
        let place = PinPlace { file, in_repository, line: at.line, column: at.column };
        pins.push(PinnedId { image, place });
    }
    // A file that two paths lead to is one file.
    pins.sort_by(|a, b| (&a.place, &a.image).cmp(&(&b.place, &b.image)));
    pins.dedup();
    Ok(Pins { pins, warnings: found.warnings })
}

/// The name of a file relative to the current folder, and relative to its repository.
fn named(path: &Path, here: &Path, roots: &mut HashMap<PathBuf, Option<PathBuf>>) -> (String, String) {
    let whole = normal(&here.join(path));
    let folder = whole.parent().unwrap_or(&whole).to_owned();
    let root = roots.entry(folder).or_insert_with_key(|folder| repository(folder));
    let within = |root: Option<&Path>| root.and_then(|root| whole.strip_prefix(root).ok()).map(slashed);
    let file = within(Some(here)).unwrap_or_else(|| slashed(path));
    let in_repository = within(root.as_deref()).unwrap_or_else(|| file.clone());
    (file, in_repository)
}

/// The nearest folder with `.git`, which is a file in a worktree.
fn repository(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned)
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
    fn files_are_named_from_the_current_folder_and_from_the_repository() {
        let here = Path::new("/home/me/repo/infra");
        let mut roots = HashMap::new();
        for folder in ["/home/me/repo/infra", "/home/me/repo/infra/a", "/home/me/repo"] {
            roots.insert(PathBuf::from(folder), Some(PathBuf::from("/home/me/repo")));
        }
        roots.insert(PathBuf::from("/elsewhere"), None);
        for (path, file, in_repository) in [
            ("a/main.tf", "a/main.tf", "infra/a/main.tf"),
            ("./main.tf", "main.tf", "infra/main.tf"),
            ("../main.tf", "../main.tf", "main.tf"),
            ("/home/me/repo/infra/a/main.tf", "a/main.tf", "infra/a/main.tf"),
            ("/elsewhere/main.tf", "/elsewhere/main.tf", "/elsewhere/main.tf"),
        ] {
            let named = named(Path::new(path), here, &mut roots);
            assert_eq!(named, (file.to_owned(), in_repository.to_owned()), "{path}");
        }
    }
}

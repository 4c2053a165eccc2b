//! Files with image ids, e.g. of Terraform or YAML, except those in `.gitignore`.
//!
//! A file named by a PATH itself must be read, or the source has failed. Folders contain much that is not meant: files
//! without readable ids are skipped with a warning, and only files that should have been readable fail.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use ignore::DirEntry;
use tokio::sync::OnceCell;

use super::found::Found;
use super::left_out::Searched;
use crate::domain::ids::ImageId;
use crate::domain::problem::Problem;
use crate::domain::text::{self, Pieces, TextPosition};
use crate::domain::usage::source::Source;

/// The number of bytes of a file in memory at a time.
const PIECE: u64 = 256 * 1024;
/// The error numbers for a loop of links: Linux, then the BSDs and macOS, then Windows.
const LINKS_IN_A_CIRCLE: [i32; 3] = [40, 62, 1921];

/// Files and folders of the user, read once for all places of a run.
#[derive(Debug, Default)]
pub struct Files {
    paths: Vec<PathBuf>,
    found: OnceCell<Result<Found, Problem>>,
    told: AtomicBool,
}

impl Files {
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Their ids. Files belong to no place, so the first caller gets their warnings.
    pub(super) async fn read(&self) -> Result<Found, Problem> {
        let paths = self.paths.clone();
        let reading = || async {
            // A large folder must not block AWS's answers.
            let found = tokio::task::spawn_blocking(move || read(&paths, None)).await;
            found.map_err(|error| problem("UnreadableFile", error.to_string()))?.found()
        };
        let mut found = self.found.get_or_init(reading).await.clone()?;
        if self.told.swap(true, Ordering::Relaxed) {
            found.warnings.clear();
        }
        Ok(found)
    }
}

/// The ids in the files under some paths.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// The number of files read.
    read: usize,
    pub(super) ids: Vec<(PathBuf, TextPosition, ImageId)>,
    /// Files that were passed over.
    pub(super) warnings: Vec<Problem>,
    /// Files that should have been readable: nothing follows from what they do not name.
    pub(super) failures: Vec<Problem>,
}

impl Mentions {
    /// As a source of use, which has failed with the first of its files.
    fn found(mut self) -> Result<Found, Problem> {
        if !self.failures.is_empty() {
            return Err(self.failures.swap_remove(0));
        }
        let mut found = Found { read: self.read, warnings: self.warnings, ..Found::default() };
        for (path, at, id) in self.ids {
            let place = format!("{}:{}", path.display(), at.line);
            found.mention(Source::Files, id, "file", &place, place.clone());
        }
        Ok(found)
    }
}

/// Searches every file under the paths for image ids; an unreadable file is a failure, not an empty answer. In a folder,
/// files of more than `most` bytes are passed over. Without such a limit everything counts, so there is a warning about
/// files that `.gitignore` excludes.
pub(super) fn read(paths: &[PathBuf], most: Option<u64>) -> Mentions {
    let (mut found, mut excluded) = (Mentions::default(), Vec::new());
    for path in paths {
        // The walker would treat this name as its standard input.
        let path = if path == Path::new("-") { Path::new("./-") } else { path };
        let met = |found: &Mentions| (found.read, found.warnings.len(), found.failures.len());
        let before = met(&found);
        let mut searched = Searched::default();
        for entry in walk(path) {
            let read = match entry {
                Ok(entry) => {
                    if most.is_none() {
                        searched.add(&entry);
                    }
                    visit(&entry, most, &mut found)
                }
                Err(error) => passed_over(path, &error).map(|warning| found.warnings.extend(warning)),
            };
            if let Err(failure) = read {
                found.failures.push(failure);
            }
        }
        if before == met(&found) {
            let why = "no file was read: it is empty, or .gitignore excludes what it has; name a file to have it read";
            found.failures.push(problem("NothingRead", format!("{}: {why}", path.display())));
        }
        excluded.extend(searched.left_out(path, paths));
    }
    found.warnings.extend(excluded);
    for problems in [&mut found.warnings, &mut found.failures] {
        let mut seen = HashSet::new();
        problems.retain(|problem| seen.insert(problem.message.clone()));
    }
    found
}

/// Only `.gitignore` excludes files: ignore lists of other tools or of one user must not hide ids.
fn walk(path: &Path) -> ignore::Walk {
    let mut walk = ignore::WalkBuilder::new(path);
    walk.hidden(false).require_git(false).follow_links(true);
    walk.filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git");
    walk.ignore(false).git_global(false).git_exclude(false).build()
}

fn problem(code: &str, message: impl Into<String>) -> Problem {
    Problem { code: code.to_owned(), message: message.into() }
}

fn unread(path: &Path, error: &io::Error) -> Problem {
    problem("UnreadableFile", format!("{}: {error}", path.display()))
}

/// The walker's errors below a path: a loop of links is harmless, a dangling link is a warning, and everything else is
/// a failure.
fn passed_over(path: &Path, error: &ignore::Error) -> Result<Option<Problem>, Problem> {
    match without_place(error) {
        ignore::Error::Loop { .. } => Ok(None),
        _ => match place(error).filter(|link| *link != path && leads_nowhere(link)) {
            Some(link) => Ok(Some(problem("DanglingLink", format!("{}: broken link, skipped", link.display())))),
            None => Err(problem("UnreadableFile", reason(path, error))),
        },
    }
}

/// The place of an error of the walker and what the system says of it.
fn reason(path: &Path, error: &ignore::Error) -> String {
    let cause = error.io_error().and_then(|error| error.get_ref()).and_then(|error| error.source());
    let why = cause.map_or_else(|| without_place(error).to_string(), ToString::to_string);
    format!("{}: {why}", place(error).unwrap_or(path).display())
}

fn without_place(error: &ignore::Error) -> &ignore::Error {
    match error {
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithDepth { err, .. }
        | ignore::Error::WithLineNumber { err, .. } => without_place(err),
        other => other,
    }
}

fn place(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => place(err),
        _ => None,
    }
}

fn leads_nowhere(path: &Path) -> bool {
    let circle = |error: &io::Error| error.raw_os_error().is_some_and(|code| LINKS_IN_A_CIRCLE.contains(&code));
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
        && fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound || circle(&error))
}

fn visit(entry: &DirEntry, most: Option<u64>, found: &mut Mentions) -> Result<(), Problem> {
    let (path, named) = (entry.path(), entry.depth() == 0);
    let size = || fs::metadata(path).map_or(0, |file| file.len());
    let beside = match entry.file_type() {
        Some(kind) if kind.is_dir() => return Ok(()),
        Some(kind) if kind.is_file() && !named && most.is_some_and(|most| size() > most) => {
            let size = size() / (1024 * 1024);
            problem("LargeFile", format!("{}: {size} MiB, skipped; name it to have it read", path.display()))
        }
        Some(kind) if kind.is_file() => match file(path, found).map_err(|error| unread(path, &error))? {
            None => return Ok(()),
            Some(packed) => {
                problem("CompressedFile", format!("{}: {packed}; unpack it to have it read", path.display()))
            }
        },
        // A pipe would block, and be empty on the second read.
        _ => problem("NotAFile", format!("{}: a pipe, socket or device, which cannot be read twice", path.display())),
    };
    if named {
        return Err(beside);
    }
    found.warnings.push(beside);
    Ok(())
}

/// Records the ids in a file. Returns its compression, if any: then it may contain more ids.
fn file(path: &Path, found: &mut Mentions) -> io::Result<Option<&'static str>> {
    let mut file = File::open(path)?;
    let (mut pieces, mut piece, mut packed) = (Pieces::default(), Vec::new(), None);
    for number in 0.. {
        piece.clear();
        let length = file.by_ref().take(PIECE).read_to_end(&mut piece)?;
        if number == 0 {
            packed = text::compressed(&piece);
        }
        found.ids.extend(pieces.add(&piece).into_iter().map(|(at, id)| (path.to_owned(), at, id)));
        if length == 0 {
            break;
        }
    }
    found.read += usize::from(packed.is_none());
    Ok(packed)
}

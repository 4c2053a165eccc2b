//! Files: image ids pinned in Terraform, YAML and the like. What `.gitignore` leaves out is not read.
//!
//! A file that PATH names itself must be read, or the source has failed. Below a folder lies much that nobody meant:
//! what cannot have ids to be read there is passed over with a warning, and only what should have been read fails.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use ignore::DirEntry;
use tokio::sync::OnceCell;

use super::{Found, Source};
use crate::domain::problem::Problem;
use crate::domain::text::{self, Pieces};

/// How much of a file is in memory at a time.
const PIECE: u64 = 256 * 1024;
/// What systems call it when links lead to each other: Linux, then the BSDs and macOS, then Windows.
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

    /// What they name. Files are of no place: warnings about them are given to the first that asks.
    pub(super) async fn read(&self) -> Result<Found, Problem> {
        let paths = self.paths.clone();
        let reading = || async {
            // A large folder must not hold up the answers of AWS.
            let found = tokio::task::spawn_blocking(move || read(&paths)).await;
            found.map_err(|error| problem("UnreadableFile", error.to_string()))?
        };
        let mut found = self.found.get_or_init(reading).await.clone()?;
        if self.told.swap(true, Ordering::Relaxed) {
            found.warnings.clear();
        }
        Ok(found)
    }
}

/// Looks for image ids in every file under the paths; what cannot be read is a problem, not an empty answer.
fn read(paths: &[PathBuf]) -> Result<Found, Problem> {
    let mut found = Found::default();
    for path in paths {
        // The walker would take this name for its standard input.
        let path = if path == Path::new("-") { Path::new("./-") } else { path };
        for entry in walk(path) {
            match entry {
                Ok(entry) => visit(&entry, &mut found)?,
                Err(error) => found.warnings.extend(passed_over(path, &error)?),
            }
        }
    }
    Ok(found)
}

/// Only `.gitignore` leaves something out: lists for other tools and of one user must not hide what is pinned.
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

/// What the walker could not follow below a path: a loop of links is seen anyway, a link that leads nowhere is warned
/// of. Everything else has failed.
fn passed_over(path: &Path, error: &ignore::Error) -> Result<Option<Problem>, Problem> {
    match without_place(error) {
        ignore::Error::Loop { .. } => Ok(None),
        _ => match place(error).filter(|link| *link != path && leads_nowhere(link)) {
            Some(link) => Ok(Some(problem("DanglingLink", format!("{}: broken link, skipped", link.display())))),
            None => Err(problem("UnreadableFile", error.to_string())),
        },
    }
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

fn visit(entry: &DirEntry, found: &mut Found) -> Result<(), Problem> {
    let (path, named) = (entry.path(), entry.depth() == 0);
    let beside = match entry.file_type() {
        Some(kind) if kind.is_dir() => return Ok(()),
        Some(kind) if kind.is_file() => match file(path, found).map_err(|error| unread(path, &error))? {
            None => return Ok(()),
            Some(packed) => {
                problem("CompressedFile", format!("{}: {packed}; unpack it to have it read", path.display()))
            }
        },
        // A pipe would block, and say what it says only once: the second look would find nothing.
        _ => problem("NotAFile", format!("{}: a pipe, socket or device, which cannot be read twice", path.display())),
    };
    if named {
        return Err(beside);
    }
    found.warnings.push(beside);
    Ok(())
}

/// Notes the ids in a file. Gives how it is compressed, if it is: then there may be more than what was found.
fn file(path: &Path, found: &mut Found) -> io::Result<Option<&'static str>> {
    let mut file = File::open(path)?;
    let (mut pieces, mut piece, mut packed) = (Pieces::default(), Vec::new(), None);
    for number in 0.. {
        piece.clear();
        let length = file.by_ref().take(PIECE).read_to_end(&mut piece)?;
        if number == 0 {
            packed = text::compressed(&piece);
        }
        for (line, id) in pieces.add(&piece) {
            let place = format!("{}:{line}", path.display());
            found.mention(Source::Files, id, "file", &place, place.clone());
        }
        if length == 0 {
            break;
        }
    }
    found.read += usize::from(packed.is_none());
    Ok(packed)
}

//! Files: image ids pinned in Terraform, YAML and the like. What `.gitignore` leaves out is not read.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::{Found, Source};
use crate::domain::report::Problem;

/// Looks for image ids in every text file under the paths; what cannot be read is a problem, not an empty answer.
pub(super) fn read(paths: &[PathBuf]) -> Result<Found, Problem> {
    let mut found = Found::default();
    for path in paths {
        for entry in walk(path) {
            let entry = entry.map_err(|error| problem(&error))?;
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            if !is_file || entry.path().components().any(|part| part.as_os_str() == ".git") {
                continue;
            }
            file(entry.path(), &mut found)?;
        }
    }
    Ok(found)
}

/// Only `.gitignore` leaves something out: lists for other tools and of one user must not hide what is pinned.
fn walk(path: &Path) -> ignore::Walk {
    let mut walk = ignore::WalkBuilder::new(path);
    walk.hidden(false).require_git(false).follow_links(true);
    walk.ignore(false).git_global(false).git_exclude(false).build()
}

fn problem(error: &dyn std::error::Error) -> Problem {
    Problem { code: "UnreadableFile".to_owned(), message: error.to_string() }
}

fn file(path: &Path, found: &mut Found) -> Result<(), Problem> {
    let shown = path.display();
    let unread = |error: io::Error| Problem { code: "UnreadableFile".to_owned(), message: format!("{shown}: {error}") };
    found.read += 1;
    for (number, line) in (1..).zip(BufReader::new(File::open(path).map_err(unread)?).split(b'\n')) {
        let line = line.map_err(unread)?;
        for id in image_ids(&String::from_utf8_lossy(&line)) {
            let place = format!("{shown}:{number}");
            found.mention(Source::Files, id, "file", &place, place.clone());
        }
    }
    Ok(())
}

/// The image ids in a line of text: `ami-` and 8 or 17 hexadecimal digits that stand for themselves.
fn image_ids(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("ami-").filter_map(move |(start, _)| {
        let own = line[..start].chars().next_back().is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-');
        let digits = line[start + 4..].bytes().take_while(u8::is_ascii_alphanumeric).count();
        (own && matches!(digits, 8 | 17)).then(|| &line[start..start + 4 + digits])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_whole_or_not_at_all() {
        let line = r#"a = "ami-01234567", b: ami-0123456789abcdef0,xami-01234567 ami-0123456 ami-012345678 ami-é"#;
        assert_eq!(image_ids(line).collect::<Vec<_>>(), ["ami-01234567", "ami-0123456789abcdef0"]);
    }
}

//! The places that lines of the journal go to: a file, or whatever writes elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Writes a line with its phase, whole and at once.
pub type Sink = Arc<dyn Fn(&[u8], &'static str) -> io::Result<()> + Send + Sync>;

/// A file that lines are appended to; it and its folder are created if missing.
pub fn file(path: &Path) -> io::Result<Sink> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    end_line(&mut file)?;
    let file = Mutex::new(file);
    Ok(Arc::new(move |line, phase| {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // One write per line, so that the lines of runs that share a journal do not mix.
        file.write_all(line)?;
        // A `begin` must survive a crash of the machine; an outcome can be seen in AWS.
        if phase == "begin" { file.sync_data() } else { Ok(()) }
    }))
}

/// Ends the last line, which an exported log may leave open.
fn end_line(file: &mut File) -> io::Result<()> {
    let mut last = [b'\n'];
    // A pipe cannot be read backwards.
    if file.seek(SeekFrom::End(-1)).is_ok() && file.read(&mut last)? == 1 && last != [b'\n'] {
        file.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_an_end_is_ended_before_the_next() {
        let path = std::env::temp_dir().join(format!("amictl-sink-{:032x}", fastrand::u128(..)));
        for (before, after) in [("", "b\n"), ("a\n", "a\nb\n"), ("a", "a\nb\n")] {
            std::fs::write(&path, before).unwrap();
            file(&path).unwrap()(b"b\n", "end").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
        }
        std::fs::remove_file(path).unwrap();
    }
}

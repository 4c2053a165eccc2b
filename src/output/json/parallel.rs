//! Parallel serializer of long JSON lists, which keeps their order.

use std::io::Write;
use std::num::NonZero;
use std::sync::mpsc::sync_channel;
use std::thread;

use serde::Serialize;

use super::document;

/// Entries per part: enough to outweigh a message between threads, few enough to stay in the cache.
const PART: usize = 64;
/// The number of parts a thread may be ahead of the writer.
const AHEAD: usize = 4;

/// An object with the members of `before`, a list `name`, and the members of `after`.
pub fn document<T: Sync, J: Serialize>(
    out: &mut impl Write,
    (before, name, after): (&impl Serialize, &str, &impl Serialize),
    items: &[T],
    entry: impl Fn(&T) -> J + Sync,
) -> anyhow::Result<()> {
    let (before, after) = (document::line(before)?, document::line(after)?);
    write!(out, "{},\"{name}\":[", before.strip_suffix('}').unwrap_or_default())?;
    list(out, items, b",", entry)?;
    writeln!(out, "],{}", after.strip_prefix('{').unwrap_or_default())?;
    Ok(())
}

/// One entry per line.
pub fn lines<T: Sync, J: Serialize>(
    out: &mut impl Write,
    items: &[T],
    entry: impl Fn(&T) -> J + Sync,
) -> anyhow::Result<()> {
    list(out, items, b"\n", entry)?;
    out.write_all(if items.is_empty() { b"" } else { b"\n" })?;
    Ok(())
}

fn list<T: Sync, J: Serialize>(
    out: &mut impl Write,
    items: &[T],
    between: &[u8],
    entry: impl Fn(&T) -> J + Sync,
) -> anyhow::Result<()> {
    let text = |(part, items): (usize, &[T])| -> serde_json::Result<Vec<u8>> {
        let mut text = Vec::new();
        for (beside, item) in items.iter().enumerate() {
            if part + beside > 0 {
                text.extend_from_slice(between);
            }
            document::write(&mut text, &entry(item))?;
        }
        Ok(text)
    };
    let parts = items.chunks(PART).enumerate();
    if parts.len() <= 1 {
        parts.map(text).try_for_each(|text| Ok(out.write_all(&text?)?))
    } else {
        let cores = thread::available_parallelism().map_or(1, NonZero::get).min(parts.len());
        thread::scope(|scope| {
            let begin = |core| {
                let (sender, receiver) = sync_channel(AHEAD);
                let mut work = parts.clone().skip(core).step_by(cores).map(&text);
                // Sending fails if writing has failed.
                let work = move || work.all(|text| sender.send(text).is_ok());
                thread::Builder::new().spawn_scoped(scope, work).map(|_| receiver)
            };
            match (0..cores).map(begin).collect::<Result<Vec<_>, _>>() {
                Ok(made) => {
                    made.iter().cycle().take(parts.len()).try_for_each(|part| Ok(out.write_all(&part.recv()??)?))
                }
                // The system allows no more threads.
                Err(_) => parts.clone().map(&text).try_for_each(|text| Ok(out.write_all(&text?)?)),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn long_and_short_lists_keep_their_order() {
        for length in [0, 1, 2, PART, PART + 1, 10 * PART + 7] {
            let (items, mut out) = ((0..length).collect::<Vec<_>>(), Vec::new());
            let (before, after) = (serde_json::json!({"version": 1}), serde_json::json!({"errors": []}));
            document(&mut out, (&before, "items", &after), &items, |item| *item).unwrap();
            let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(read, serde_json::json!({"version": 1, "items": items, "errors": []}));
            assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1);
            let mut out = Vec::new();
            lines(&mut out, &items, |item| *item).unwrap();
            let read: Vec<usize> = str::from_utf8(&out).unwrap().lines().map(|line| line.parse().unwrap()).collect();
            assert_eq!(read, items);
            assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), items.len());
        }
    }

    #[test]
    fn a_reader_that_leaves_ends_the_writing() {
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, text: &[u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(text.len()).ok_or(io::ErrorKind::BrokenPipe)?;
                Ok(text.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let items: Vec<_> = (0..100 * PART).collect();
        let error = lines(&mut Full(1000), &items, |item| *item).unwrap_err();
        assert_eq!(error.downcast_ref::<io::Error>().map(io::Error::kind), Some(io::ErrorKind::BrokenPipe));
    }
}

//! Counts in words: `1 tag`, `2 tags`.

/// The number of items named before the others are left out.
pub const NAMED: usize = 5;

/// The number of items and the first of them.
pub fn listed(what: &str, those: &[String]) -> Option<String> {
    let named = those[..those.len().min(NAMED)].join(", ");
    let others = if those.len() > NAMED { ", …" } else { "" };
    counted(those.len(), what).map(|count| format!("{count} ({named}{others})"))
}

/// `1 tag`, `2 tags`; `None` for zero.
pub fn counted(number: usize, what: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    }
}

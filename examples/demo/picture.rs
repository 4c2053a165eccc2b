//! The session of the README: the same bytes in every run, as a picture and as text.

use std::time::Duration;

use anstyle_svg::Term;

use crate::fake::Fake;
use crate::fleet;
use crate::shell::{Home, Shell, stopped_at};

/// The session as SVG.
pub fn svg() -> String {
    let mut svg = Term::new().render_svg(&session());
    if !svg.ends_with('\n') {
        svg.push('\n');
    }
    svg
}

/// The session without colours.
pub fn text() -> String {
    plain(&session())
}

/// What a terminal shows, with its colours.
fn session() -> String {
    let fake = Fake::start();
    let home = Home::new();
    let builder = {
        let mut world = fake.world();
        world.stop_clock(stopped_at());
        let builder = fleet::seed(&mut world);
        // No waiting, so that no line depends on how long it took.
        world.pending_for = Duration::ZERO;
        builder
    };
    let shell = Shell::new(&fake, &home);
    let lines = [
        format!("amictl create web --instance {builder} --environment prod"),
        "amictl list --family web --limit 3".to_owned(),
        "amictl deregister web:v2 --yes".to_owned(),
        "amictl prune web --keep 2".to_owned(),
        "amictl prune web --keep 2 --apply --yes --max-delete 5".to_owned(),
    ];
    let runs: Vec<String> = lines.iter().map(|line| shell.record(line)).collect();
    runs.join("\n")
}

/// The text without what colours it.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = after.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

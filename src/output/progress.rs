//! Progress bars, shown on a terminal only and removed when the work ends.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::escape::escaped;

/// All bars of a run.
pub struct Bars {
    all: MultiProgress,
    shown: bool,
}

/// One bar, removed when dropped.
pub struct Bar(ProgressBar);

impl Bars {
    /// Bars that are drawn on stderr, or not at all.
    pub fn new(shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { all: MultiProgress::with_draw_target(target), shown }
    }

    /// Whether they are shown: data needed only for a bar need not be read otherwise.
    pub fn shown(&self) -> bool {
        self.shown
    }

    /// A bar for work of unknown length: a spinner with the elapsed time.
    pub fn spinner(&self, what: impl Into<String>) -> Bar {
        self.bar(ProgressBar::new_spinner(), "{spinner} {prefix} {msg} {elapsed:>.dim}", what)
    }

    /// A bar from 0 to `length`.
    pub fn count(&self, length: u64, what: impl Into<String>) -> Bar {
        self.bar(ProgressBar::new(length), "{spinner} {prefix} {bar:24} {pos}/{len} {msg} {elapsed:>.dim}", what)
    }

    /// A bar from 0 to 100 percent.
    pub fn percent(&self, what: impl Into<String>) -> Bar {
        self.bar(ProgressBar::new(100), "{spinner} {prefix} {bar:24} {pos:>3}% {msg} {elapsed:>.dim}", what)
    }

    fn bar(&self, bar: ProgressBar, template: &str, what: impl Into<String>) -> Bar {
        let bar = self.all.add(bar);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(escaped(&what.into()).into_owned());
        if self.shown {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Bar(bar)
    }

    /// Writes to stderr without breaking the bars.
    pub fn around<T>(&self, write: impl FnOnce() -> T) -> T {
        self.all.suspend(write)
    }
}

impl Bar {
    /// Moves it to `position` and shows the current work.
    pub fn set(&self, position: u64, doing: impl Into<String>) {
        self.0.set_position(position);
        self.0.set_message(escaped(&doing.into()).into_owned());
    }

    /// Moves it on by one.
    pub fn step(&self) {
        self.0.inc(1);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

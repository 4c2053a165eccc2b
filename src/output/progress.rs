//! Progress bars: on a terminal only, and gone when the work is.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::escape::escaped;

/// All bars of a run.
pub struct Bars {
    all: MultiProgress,
    shown: bool,
}

/// One bar. It goes away when it is dropped.
pub struct Bar(ProgressBar);

impl Bars {
    /// Bars that are drawn on stderr, or not at all.
    pub fn new(shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { all: MultiProgress::with_draw_target(target), shown }
    }

    /// Whether anybody sees them: what only a bar needs need not be asked for otherwise.
    pub fn shown(&self) -> bool {
        self.shown
    }

    /// A bar for work whose length is not known: a spinner with the time it has taken.
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

    /// Writes to stderr without tearing the bars.
    pub fn around<T>(&self, write: impl FnOnce() -> T) -> T {
        self.all.suspend(write)
    }
}

impl Bar {
    /// Moves it to `position` and says what is being done.
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

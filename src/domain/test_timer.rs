//! The timer of a test instance: user data that ends the instance if nobody else does.

use std::time::Duration;

/// The time after which a test instance ends itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestTimer {
    minutes: u64,
}

/// What the end of a test may take: probes, and the termination.
const MORE: Duration = Duration::from_secs(10 * 60);
/// What the termination may take.
const ENDING: Duration = Duration::from_secs(2 * 60);

impl TestTimer {
    /// The timer of a test that waits so long for the status checks, and then so long for its probes: ten minutes more
    /// than the wait, or what long probes need.
    pub fn new(wait: Duration, probes: Duration) -> Self {
        let whole = wait.saturating_add(MORE.max(probes.saturating_add(ENDING)));
        Self { minutes: whole.as_secs().div_ceil(60) }
    }

    /// How long it is.
    pub fn length(self) -> Duration {
        Duration::from_secs(self.minutes.saturating_mul(60))
    }

    /// The user data for an image of this platform: a shell script for cloud-init, or PowerShell for EC2Launch.
    ///
    /// The instance terminates when it shuts down. A system without a scheduled shutdown sleeps and powers off.
    pub fn user_data(self, platform: Option<&str>) -> String {
        let (minutes, seconds) = (self.minutes, self.length().as_secs());
        match is_windows(platform) {
            true => format!("<powershell>\nshutdown.exe /s /f /t {seconds} /c \"amictl test\"\n</powershell>\n"),
            false => format!(
                "#!/bin/sh\n\
                 # amictl test: ends this instance if nobody else does.\n\
                 shutdown -h +{minutes} || nohup sh -c 'sleep {seconds}; poweroff' >/dev/null 2>&1 &\n"
            ),
        }
    }
}

/// Whether an image is one of Windows, by EC2's details of the platform.
fn is_windows(platform: Option<&str>) -> bool {
    platform.is_some_and(|platform| platform.to_lowercase().contains("windows"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(number: u64) -> Duration {
        Duration::from_secs(60 * number)
    }

    #[test]
    fn it_is_ten_minutes_longer_than_the_wait_or_as_long_as_the_probes_need() {
        for (wait, probes, length) in [(15, 5, 25), (1, 8, 11), (15, 30, 47), (120, 0, 130)] {
            assert_eq!(TestTimer::new(minutes(wait), minutes(probes)).length(), minutes(length));
        }
        let odd = TestTimer::new(Duration::from_secs(1), Duration::ZERO);
        assert_eq!(odd.length(), minutes(11), "a part of a minute counts as a whole one");
        assert!(TestTimer::new(Duration::MAX, Duration::MAX).length() > minutes(1));
    }

    #[test]
    fn each_platform_gets_a_script_of_its_own() {
        let timer = TestTimer::new(minutes(15), minutes(5));
        for linux in [None, Some("Linux/UNIX"), Some("Red Hat Enterprise Linux"), Some("SQL Server on Linux")] {
            let script = timer.user_data(linux);
            assert!(script.starts_with("#!/bin/sh\n") && script.contains("shutdown -h +25 "), "{linux:?}: {script}");
            assert!(script.contains("sleep 1500; poweroff"), "{script}");
        }
        for windows in ["Windows", "windows", "Windows with SQL Server Web"] {
            let script = timer.user_data(Some(windows));
            assert!(script.starts_with("<powershell>") && script.contains("/t 1500 "), "{windows}: {script}");
        }
    }
}

//! Command lines of the demo, run in processes of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use chrono::{DateTime, Utc};

use crate::fake::Fake;

/// The region of the demo.
pub const HERE: &str = "us-east-1";

/// Set for the processes that are to be amictl.
pub const BE_AMICTL: &str = "AMICTL_DEMO_COMMAND";
/// Set where time stands still, as in the picture.
const STOP_CLOCK: &str = "AMICTL_DEMO_STOP_CLOCK";

/// Runs a program, and the name it goes by with its arguments, on a terminal of its own; prints all that it writes.
const TERMINAL: &str = r"
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 96, 0, 0))
    os.execv(sys.argv[1], sys.argv[2:])
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
os.waitpid(pid, 0)
";

/// The time of the picture.
pub fn stopped_at() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// Whether this process is to be amictl.
pub fn is_amictl() -> bool {
    std::env::var_os(BE_AMICTL).is_some()
}

/// What the binary does.
pub fn amictl() -> ExitCode {
    let clock = if std::env::var_os(STOP_CLOCK).is_some() { stopped_at } else { Utc::now };
    let process = amictl::Process { clock, env: std::env::vars().collect() };
    ExitCode::from(amictl::run(std::env::args_os().collect(), process))
}

/// The arguments of a command line, as a shell splits it.
fn words(line: &str) -> Vec<String> {
    shell_words::split(line).unwrap()
}

/// Runs command lines with a home of their own and dummy keys.
pub struct Shell<'a> {
    url: String,
    home: &'a Home,
}

impl<'a> Shell<'a> {
    /// A shell whose commands ask `fake` instead of AWS.
    pub fn new(fake: &Fake, home: &'a Home) -> Self {
        Self { url: fake.url(), home }
    }

    /// Shows the command line, then lets it write to this terminal.
    pub fn run(&self, line: &str) {
        println!("{}", prompt(line));
        let mut command = self.command(line);
        for kept in ["TERM", "NO_COLOR", "COLUMNS", "PATH"] {
            command.envs(std::env::var_os(kept).map(|value| (kept, value)));
        }
        match command.status().unwrap().code() {
            Some(0) => println!(),
            code => println!("\x1b[2m(exit code {})\x1b[0m\n", code.unwrap_or_default()),
        }
    }

    /// The command line and what it writes to a terminal of 96 columns, while the clock stands still.
    pub fn record(&self, line: &str) -> String {
        let command = self.command(line);
        let mut python = Command::new("python3");
        python.args(["-c", TERMINAL]).arg(command.get_program()).args(words(line)).env_clear();
        python.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        python.envs(std::env::var_os("PATH").map(|value| ("PATH", value)));
        python.env(STOP_CLOCK, "1").env("TERM", "xterm-256color").env("AMICTL_NO_PROGRESS", "1");
        let output = python.stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "python3 gives the terminal");
        let written = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
        format!("{}\n{written}", prompt(line))
    }

    fn command(&self, line: &str) -> Command {
        let mut words = words(line).into_iter();
        let name = words.next().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        set_name(&mut command, &name);
        command
            .args(words)
            .current_dir(self.home.path())
            .env_clear()
            .env(BE_AMICTL, "1")
            .env("HOME", self.home.path())
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_ACCESS_KEY_ID", "AKIAPROD")
            .env("AWS_SECRET_ACCESS_KEY", "demo")
            .env("AWS_REGION", HERE)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }
}

fn prompt(line: &str) -> String {
    format!("\x1b[1m$ {line}\x1b[0m")
}

/// Usage errors then name the command as the user typed it.
fn set_name(command: &mut Command, name: &str) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(command, name);
    #[cfg(not(unix))]
    let _ = (command, name);
}

/// A home directory that goes away with the demo.
pub struct Home(PathBuf);

impl Home {
    /// An empty one.
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("amictl-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

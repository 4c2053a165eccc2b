//! moto, an EC2 emulator that this project did not write.
//!
//! Installed into a virtual environment under `target/`, started on a free loopback port, stopped when the test is over.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The packages, pinned.
const PACKAGES: [&str; 1] = ["moto[ec2,ssm,autoscaling,server]==5.2.5"];
/// Told to skip, this prints that it did.
const SKIP: &str = "AMICTL_SKIP_MOTO";

/// One installation at a time; the others then find it done.
static INSTALL: Mutex<()> = Mutex::new(());

/// A running moto.
pub struct Moto {
    server: Child,
    port: u16,
}

impl Moto {
    /// Starts it; `None` when the user chose to skip.
    pub fn start() -> Option<Self> {
        if std::env::var_os(SKIP).is_some_and(|value| value == "1") {
            eprintln!("skipped: {SKIP}=1 leaves the tests against moto out");
            return None;
        }
        let program = install();
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let server = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
            .env("MOTO_ENABLE_AMI_VALIDATION", "1")
            .env("MOTO_ENABLE_KEYPAIR_VALIDATION", "1")
            .env("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto_server starts");
        let moto = Self { server, port };
        let patience = Instant::now() + Duration::from_secs(120);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < patience, "moto_server does not listen on port {port}");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(moto)
    }

    /// Its endpoint.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The path of `moto_server`.
fn install() -> PathBuf {
    let _alone = INSTALL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moto");
    let program = home.join("bin").join("moto_server");
    let stamp = home.join("installed");
    let wanted = PACKAGES.join(" ");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return program;
    }
    let _ = std::fs::remove_dir_all(&home);
    run(Command::new("python3").args(["-m", "venv"]).arg(&home));
    run(Command::new(home.join("bin").join("python")).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES));
    std::fs::write(stamp, wanted).expect("the stamp is written");
    program
}

fn run(command: &mut Command) {
    let told = format!(
        "the tests against moto need python3 with its venv module (Debian: python3 and python3-venv) and pip's \
         package index; {SKIP}=1 leaves them out"
    );
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{told}\n{command:?}: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("{told}\n{command:?}: {error}"),
    }
}

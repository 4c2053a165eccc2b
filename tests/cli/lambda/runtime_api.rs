//! A loopback runtime API, as strict as Lambda's, and a function that it serves.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::loopback::{Asked, Loopback, response};
use crate::setup::Setup;

const PATH: &str = "/2018-06-01/runtime";
/// The bytes of an answer that Lambda takes.
const LARGEST: usize = 6 * 1024 * 1024;
/// The time for anything that a test waits for.
const PATIENCE: Duration = Duration::from_secs(120);

/// How an invocation ended.
#[derive(Clone, Debug)]
pub struct Invoked {
    /// What the platform calls the error; `None` for an answer.
    pub error_type: Option<String>,
    pub body: Value,
    /// The bytes of the body.
    pub size: usize,
}

struct Queued {
    id: String,
    deadline: i64,
    event: String,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Queued>,
    /// The event that the function works on.
    current: Option<String>,
    ended: BTreeMap<String, Invoked>,
    start_failed: Option<Invoked>,
    /// What Lambda would not have let pass.
    breaches: Vec<String>,
}

type Shared = Arc<(Mutex<State>, Condvar)>;

/// The binary under the name `bootstrap`, served with events.
pub struct Function {
    state: Shared,
    pub process: Child,
    out: Option<JoinHandle<String>>,
    err: Option<JoinHandle<String>>,
    next_id: u32,
}

/// What a function wrote in its life.
pub struct Log {
    pub stdout: String,
    pub stderr: String,
}

impl Function {
    /// Starts a function with these variables beside those of a run; its package is the folder `package` of the home.
    pub fn start(setup: &Setup, env: &[(&str, &str)]) -> Self {
        Self::start_from(&setup.process(""), setup.home.path().to_owned(), env)
    }

    fn start_from(like: &Command, home: PathBuf, env: &[(&str, &str)]) -> Self {
        let state = Shared::default();
        let served = Arc::clone(&state);
        let api = Loopback::answering(move |asked| answer(&served, asked));
        let package = home.join("package");
        std::fs::create_dir_all(&package).unwrap();
        let bootstrap = home.join("bootstrap");
        if !bootstrap.exists() {
            std::fs::hard_link(env!("CARGO_BIN_EXE_amictl"), &bootstrap).unwrap();
        }
        let mut command = Command::new(bootstrap);
        command.env_clear();
        // The platform sets neither a home nor files of credentials.
        let inherited = like.get_envs().filter(|(name, _)| *name != "HOME");
        command.envs(inherited.filter_map(|(name, value)| Some((name, value?))));
        command
            .env("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{}", api.port))
            .env("LAMBDA_TASK_ROOT", &package)
            .envs(env.iter().copied())
            .current_dir(&package)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let read = |mut pipe: Box<dyn std::io::Read + Send>| {
            std::thread::spawn(move || {
                let mut read = Vec::new();
                let _ = pipe.read_to_end(&mut read);
                String::from_utf8(read).unwrap()
            })
        };
        let out = Some(read(Box::new(process.stdout.take().unwrap())));
        let err = Some(read(Box::new(process.stderr.take().unwrap())));
        Self { state, process, out, err, next_id: 0 }
    }

    /// Queues an event with fifteen minutes; gives its request id.
    pub fn send(&mut self, event: &Value) -> String {
        self.send_within(Duration::from_secs(900), event)
    }

    /// Queues an event with a deadline; gives its request id.
    pub fn send_within(&mut self, time: Duration, event: &Value) -> String {
        self.next_id += 1;
        let id = format!("8a4f1c0e-0b7d-4c1e-9d3a-{:012x}", self.next_id);
        self.send_as(&id, time, &event.to_string());
        id
    }

    /// Queues the text of an event under a request id.
    pub fn send_as(&self, id: &str, time: Duration, event: &str) {
        let deadline = chrono::Utc::now() + time;
        let queued = Queued { id: id.to_owned(), deadline: deadline.timestamp_millis(), event: event.to_owned() };
        let mut state = self.state.0.lock().unwrap();
        state.ended.remove(id);
        state.queue.push_back(queued);
        self.state.1.notify_all();
    }

    /// Waits for the end of an invocation.
    #[track_caller]
    pub fn end_of(&self, id: &str) -> Invoked {
        self.until(id, |state| state.ended.get(id).cloned())
    }

    /// Sends an event and waits for its end.
    #[track_caller]
    pub fn invoke(&mut self, event: &Value) -> Invoked {
        let id = self.send(event);
        self.end_of(&id)
    }

    /// The answer to an event.
    #[track_caller]
    pub fn answer(&mut self, event: &Value) -> Value {
        let invoked = self.invoke(event);
        assert_eq!(invoked.error_type, None, "{}", invoked.body);
        invoked.body
    }

    /// The message of an event's failure, after checking its type.
    #[track_caller]
    pub fn failure(&mut self, error_type: &str, event: &Value) -> String {
        let invoked = self.invoke(event);
        assert_eq!(invoked.error_type.as_deref(), Some(error_type), "{event}: {}", invoked.body);
        invoked.body["errorMessage"].as_str().unwrap().to_owned()
    }

    /// Waits for a function that cannot start; gives its exit code and what the platform heard.
    #[track_caller]
    pub fn not_started(&mut self) -> (ExitStatus, Invoked) {
        let heard = self.until("a failed start", |state| state.start_failed.clone());
        (self.process.wait().unwrap(), heard)
    }

    #[track_caller]
    fn until<T>(&self, what: &str, found: impl Fn(&State) -> Option<T>) -> T {
        let begun = Instant::now();
        let mut state = self.state.0.lock().unwrap();
        loop {
            if let Some(found) = found(&state) {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "{what} does not come: {:?}", state.breaches);
            state = self.state.1.wait_timeout(state, Duration::from_millis(100)).unwrap().0;
        }
    }

    /// The processes that the function has started.
    pub fn children(&self) -> Vec<u32> {
        let tasks = format!("/proc/{}/task", self.process.id());
        let lists = std::fs::read_dir(tasks).into_iter().flatten().flatten();
        let lists = lists.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        lists.flat_map(|list| list.split_whitespace().map(|id| id.parse().unwrap()).collect::<Vec<_>>()).collect()
    }

    /// Kills the function and its run at once, as the platform does at the deadline; gives what it wrote.
    pub fn kill(mut self) -> Log {
        self.end()
    }

    fn end(&mut self) -> Log {
        let children = if self.out.is_some() { self.children() } else { Vec::new() };
        let _ = self.process.kill();
        for child in children {
            let _ = Command::new("kill").args(["-9", &child.to_string()]).stderr(Stdio::null()).status();
        }
        let _ = self.process.wait();
        let read = |reader: &mut Option<JoinHandle<String>>| {
            reader.take().map(|reader| reader.join().unwrap()).unwrap_or_default()
        };
        Log { stdout: read(&mut self.out), stderr: read(&mut self.err) }
    }

    /// Ends a function that waits for its next event; checks that Lambda would have let all of it pass.
    #[track_caller]
    pub fn log(mut self) -> Log {
        let log = self.end();
        assert_eq!(self.state.0.lock().unwrap().breaches, [""; 0], "\n--- stderr\n{}", log.stderr);
        log
    }
}

impl Log {
    /// The rows of one list.
    pub fn rows(&self, list: &str) -> Vec<Value> {
        let lines = self.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["list"] == list).collect()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        if self.out.is_some() {
            self.end();
        }
    }
}

fn answer(shared: &Shared, asked: &Asked) -> String {
    let mut words = asked.line.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let path = path.strip_prefix(PATH).unwrap_or_default();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match (method, &parts[..]) {
        ("GET", ["invocation", "next"]) => next(shared),
        ("POST", ["invocation", id, what @ ("response" | "error")]) => end(shared, id, *what == "error", asked),
        ("POST", ["init", "error"]) => {
            let failed = invoked(shared, true, asked);
            shared.0.lock().unwrap().start_failed = Some(failed);
            shared.1.notify_all();
            accepted()
        }
        _ => refuse(shared, "404 Not Found", "NoSuchPath", &asked.line),
    }
}

/// Gives the next event when there is one.
fn next(shared: &Shared) -> String {
    let mut state = shared.0.lock().unwrap();
    if let Some(id) = state.current.take() {
        state.breaches.push(format!("asked for the next event before it answered {id}"));
    }
    loop {
        if let Some(Queued { id, deadline, event }) = state.queue.pop_front() {
            state.current = Some(id.clone());
            let headers = format!(
                "content-type: application/json\nLambda-Runtime-Aws-Request-Id: {id}\nLambda-Runtime-Deadline-Ms: {deadline}\n\
                 Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:111111111111:function:amictl\n\
                 Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"
            );
            return response("200 OK", &headers, &event);
        }
        state = shared.1.wait(state).unwrap();
    }
}

/// Takes an answer for the event that the function works on.
fn end(shared: &Shared, id: &str, is_error: bool, asked: &Asked) -> String {
    if asked.body().len() > LARGEST {
        return refuse(shared, "413 Payload Too Large", "RequestTooLarge", &asked.body().len().to_string());
    }
    if shared.0.lock().unwrap().current.as_deref() != Some(id) {
        return refuse(shared, "400 Bad Request", "InvalidRequestID", id);
    }
    let ended = invoked(shared, is_error, asked);
    let mut state = shared.0.lock().unwrap();
    state.current = None;
    state.ended.insert(id.to_owned(), ended);
    shared.1.notify_all();
    accepted()
}

fn invoked(shared: &Shared, is_error: bool, asked: &Asked) -> Invoked {
    let breach = |what: String| shared.0.lock().unwrap().breaches.push(what);
    let body: Value = serde_json::from_slice(asked.body()).unwrap_or_else(|error| {
        breach(format!("a body is no JSON: {error}"));
        Value::Null
    });
    let error_type = asked.header("lambda-runtime-function-error-type").map(str::to_owned);
    if is_error && (error_type.is_none() || error_type.as_deref() != body["errorType"].as_str()) {
        breach(format!("an error is called {error_type:?} and {}", body["errorType"]));
    }
    if is_error && !body["errorMessage"].is_string() {
        breach(format!("an error has no message: {body}"));
    }
    Invoked { error_type: error_type.filter(|_| is_error), body, size: asked.body().len() }
}

fn accepted() -> String {
    response("202 Accepted", "content-type: application/json", r#"{"status":"OK"}"#)
}

fn refuse(shared: &Shared, status: &str, code: &str, what: &str) -> String {
    shared.0.lock().unwrap().breaches.push(format!("{code}: {what}"));
    let body = format!(r#"{{"errorType":"{code}","errorMessage":"refused"}}"#);
    response(status, "content-type: application/json", &body)
}

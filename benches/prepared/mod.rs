//! Prepared answers: an endpoint that asks another one once, then repeats its answers.
//!
//! Writing a thousand images as XML takes the processor, in one thread and on the cores that the client needs. EC2
//! does that elsewhere, for each region on its own, so what is measured with this is the client.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Key, region and body of a request, and the answer.
type Answers = Mutex<HashMap<((String, String), Vec<u8>), Arc<[u8]>>>;

/// Serves until the process ends; gives the address. `behind` is the endpoint that is asked once.
pub fn serve(behind: &str, latency: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (behind, answers) = (behind.trim_start_matches("http://").to_owned(), Arc::new(Answers::default()));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (behind, answers) = (behind.clone(), Arc::clone(&answers));
            std::thread::spawn(move || connection(stream, &behind, &answers, latency));
        }
    });
    url
}

fn connection(mut stream: TcpStream, behind: &str, answers: &Answers, latency: Duration) {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some((head, body)) = message(&mut reader) {
        let key = (scope(&head), body);
        let known = answers.lock().unwrap().get(&key).cloned();
        let answer = known.unwrap_or_else(|| {
            let answer: Arc<[u8]> = ask(behind, &head, &key.1).into();
            answers.lock().unwrap().insert(key, Arc::clone(&answer));
            answer
        });
        std::thread::sleep(latency);
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
}

/// The head and the body of a request or an answer; none at the end of the connection.
fn message(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// The key and the region that a request was signed for: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn scope(head: &str) -> (String, String) {
    let scope = head.split_once("Credential=").map(|(_, scope)| scope).unwrap_or_default();
    let part = |n| scope.split('/').nth(n).unwrap_or_default().to_owned();
    (part(0), part(2))
}

fn ask(behind: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(behind).unwrap();
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let (head, body) = message(&mut BufReader::new(stream)).unwrap();
    [head.as_bytes(), &body].concat()
}

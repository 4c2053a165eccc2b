//! Small servers on the loopback interface: canned answers, a proxy, TLS before an endpoint.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A root that nobody trusts, and the certificate of a server that it has signed.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/tls/root.pem");
const SERVER: &[u8] = include_bytes!("../support/tls/server.pem");
const KEY: &[u8] = include_bytes!("../support/tls/server.key");

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its first line.
    pub line: String,
    /// Its headers, names in small letters.
    pub headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether it asks for an operation, as EC2 and STS have it.
    pub fn is_for(&self, action: &str) -> bool {
        String::from_utf8_lossy(&self.body).contains(&format!("Action={action}&"))
    }

    fn read(stream: &mut impl BufRead) -> Option<Self> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let split = |line: &String| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        let mut asked = Self {
            line: lines.first()?.clone(),
            headers: lines[1..].iter().filter_map(split).collect(),
            body: Vec::new(),
        };
        let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
        asked.body = vec![0; length];
        stream.read_exact(&mut asked.body).ok()?;
        Some(asked)
    }

    /// What a server answers to the same request, the path without its host.
    fn forwarded(&self, to: &str) -> Vec<u8> {
        let mut parts = self.line.split(' ');
        let (method, url) = (parts.next().unwrap(), parts.next().unwrap());
        let path = url.strip_prefix("http://").map_or(url, |rest| &rest[rest.find('/').unwrap()..]);
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "connection") {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut server = TcpStream::connect(to).unwrap();
        server.write_all(&[request.as_bytes(), b"\r\n", &self.body].concat()).unwrap();
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).unwrap();
        answer
    }
}

/// A server. It runs until the tests end.
pub struct Loopback {
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Loopback {
    fn start(serve: impl Fn(TcpStream, &Mutex<Vec<Asked>>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, asked) = (listener.local_addr().unwrap().port(), Arc::<Mutex<_>>::default());
        let (seen, serve) = (Arc::clone(&asked), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, serve) = (Arc::clone(&seen), Arc::clone(&serve));
                thread::spawn(move || serve(stream, &seen));
            }
        });
        Self { port, asked }
    }

    /// Answers each request with what is made of it: status line, headers, an empty line, body.
    pub fn answering(answer: impl Fn(&Asked) -> String + Send + Sync + 'static) -> Self {
        Self::start(move |mut stream, seen| {
            let Some(asked) = Asked::read(&mut BufReader::new(stream.try_clone().unwrap())) else { return };
            seen.lock().unwrap().push(asked.clone());
            let _ = stream.write_all(answer(&asked).as_bytes());
        })
    }

    /// A proxy that asks for these credentials, if any: it passes requests on, and connects for tunnels.
    pub fn proxy(credentials: Option<&'static str>) -> Self {
        Self::start(move |mut stream, seen| {
            let Some(asked) = Asked::read(&mut BufReader::new(stream.try_clone().unwrap())) else { return };
            seen.lock().unwrap().push(asked.clone());
            if credentials.is_some_and(|wanted| asked.header("proxy-authorization") != Some(wanted)) {
                let page =
                    response("407 Proxy Authentication Required", "content-type: text/html", "<html>who?</html>");
                let _ = stream.write_all(page.as_bytes());
                return;
            }
            match asked.line.strip_prefix("CONNECT ") {
                Some(rest) => tunnel(stream, rest.split(' ').next().unwrap()),
                None => {
                    let host = asked.header("host").unwrap().to_owned();
                    let _ = stream.write_all(&asked.forwarded(&host));
                }
            }
        })
    }

    /// TLS with the certificate of the test root, before the server at `to`.
    pub fn tls(to: &str) -> Self {
        let chain = CertificateDer::pem_slice_iter(SERVER).collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
        let to = to.to_owned();
        Self::start(move |stream, seen| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(connection, stream));
            let Some(asked) = Asked::read(&mut stream) else { return };
            seen.lock().unwrap().push(asked.clone());
            let _ = stream.get_mut().write_all(&asked.forwarded(&to));
            let _ = stream.get_mut().flush();
            stream.get_mut().conn.send_close_notify();
            let _ = stream.get_mut().flush();
        })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// A whole answer; `headers` as lines.
pub fn response(status: &str, headers: &str, body: &str) -> String {
    let headers = headers.lines().fold(String::new(), |all, line| all + line + "\r\n");
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn tunnel(mut client: TcpStream, to: &str) {
    let Ok(mut server) = TcpStream::connect(to) else { return };
    let _ = client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(std::net::Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(std::net::Shutdown::Write);
}

//! A large file goes through a real process, and its memory stays as it was.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const FILE: usize = 200 * 1024 * 1024;
/// How much the memory of the process may rise.
const RISE: usize = 20 * 1024 * 1024;

struct Server {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    fn start(environment: &[(String, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(program())
            .current_dir(folder.path())
            .env_remove("CARGO_MANIFEST_DIR")
            .env("PORT", port.to_string())
            .envs(environment.iter().cloned())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { process, port, folder };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "it does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// A value of the process's status, in bytes.
    fn memory(&self, name: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }

    /// Sends a video of so many bytes and gives the link to it.
    fn upload(&self, size: usize) -> String {
        let start = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n\
                     Content-Type: video/mp4\r\n\r\n";
        let end = "\r\n--x--\r\n";
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        write!(
            socket,
            "POST /videos HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary=x\r\n\
             content-length: {}\r\n\r\n{start}",
            start.len() + size + end.len()
        )
        .unwrap();
        for piece in video(size) {
            socket.write_all(&piece).unwrap();
        }
        socket.write_all(end.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let url = answer.split("\"url\":\"").nth(1).unwrap().split('"').next().unwrap();
        url.to_owned()
    }

    /// Reads a link and compares it with the video, piece by piece.
    fn compare(&self, url: &str, size: usize) {
        let rest = url.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let mut socket = TcpStream::connect(host).unwrap();
        write!(socket, "GET /{path} HTTP/1.0\r\nhost: {host}\r\n\r\n").unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            socket.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(
            head.starts_with(b"HTTP/1.1 200") || head.starts_with(b"HTTP/1.0 200"),
            "{}",
            String::from_utf8_lossy(&head)
        );
        for piece in video(size) {
            let mut read = vec![0; piece.len()];
            socket.read_exact(&mut read).unwrap();
            assert!(read == piece, "it is not what was sent");
        }
        assert_eq!(socket.read(&mut byte).unwrap(), 0);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Built beside the tests.
fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let target = here.ancestors().find(|folder| folder.join("examples").is_dir()).unwrap();
    let program = target.join("examples/uploads");
    assert!(
        program.exists(),
        "{} is missing: `cargo build -p queqiao --example uploads` makes it",
        program.display()
    );
    program
}

/// The pieces of a video: its head, and bytes that look like no others.
fn video(size: usize) -> impl Iterator<Item = Vec<u8>> {
    const PIECE: usize = 64 * 1024;
    (0..size.div_ceil(PIECE)).map(move |n| {
        let length = PIECE.min(size - n * PIECE);
        let mut piece: Vec<u8> =
            (0..length).map(|at| (at as u8).wrapping_mul(31) ^ (n as u8) ^ (n >> 8) as u8).collect();
        if n == 0 {
            piece[..16].copy_from_slice(b"\0\0\0\x10ftypisom\0\0\0\0");
        }
        piece
    })
}

fn stays_flat(environment: &[(String, String)]) -> Server {
    let server = Server::start(environment);
    // What every process loads once is no rise.
    server.upload(1024 * 1024);
    let before = server.memory("VmRSS");
    let started = Instant::now();
    let url = server.upload(FILE);
    let seconds = started.elapsed().as_secs_f32();
    server.compare(&url, FILE);
    let most = server.memory("VmHWM");
    let rise = most.saturating_sub(before);
    eprintln!(
        "200 MiB in {seconds:.1} s: {} KiB before, {} KiB at most, a rise of {} KiB",
        before / 1024,
        most / 1024,
        rise / 1024
    );
    assert!(rise <= RISE, "memory rose by {rise} bytes, from {before} to {most}");
    server
}

/// All files of a folder, with their sizes.
fn files(folder: &Path) -> Vec<u64> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .flat_map(|entry| match entry.metadata().unwrap() {
            meta if meta.is_dir() => files(&entry.path()),
            meta => vec![meta.len()],
        })
        .collect()
}

#[test]
fn a_file_of_200_mib_needs_no_20_mib_of_memory() {
    let server = stays_flat(&[]);
    let mut stored = files(&server.folder.path().join(".queqiao/objects"));
    stored.sort_unstable();
    assert_eq!(stored, [1024 * 1024, FILE as u64]);
}

#[cfg(feature = "s3")]
#[test]
fn nor_on_its_way_into_a_bucket() {
    let server = std::env::var("QUEQIAO_TEST_S3")
        .unwrap_or_else(|_| "http://queqiao_test:queqiao_test_secret@127.0.0.1:9014".into());
    let (scheme, rest) = server.split_once("://").unwrap();
    let (key, host) = rest.split_once('@').unwrap();
    let (id, secret) = key.split_once(':').unwrap();
    let settings = [
        ("STORE", "s3"),
        ("BUCKET", "queqiao-test"),
        ("ENDPOINT", &format!("{scheme}://{host}")),
        ("REGION", "us-east-1"),
        ("ACCESS_KEY_ID", id),
        ("ACCESS_KEY_SECRET", secret),
        ("PATH_STYLE", "true"),
    ];
    let settings = settings.map(|(name, value)| (format!("QUEQIAO__OBJECTS__{name}"), value.to_owned()));
    stays_flat(&settings);
}

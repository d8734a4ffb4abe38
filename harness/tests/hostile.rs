//! Implementations that are hostile, and a run that is killed: the command ends by itself, in time, with a verdict
//! that is true and a journal that can be judged again.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

/// How long a run may take at the most. Only a run that hangs needs so long.
const ENDS_WITHIN: Duration = Duration::from_secs(90);
/// The most memory that a run may take, in KiB.
#[cfg(target_os = "linux")]
const MEMORY_KIB_MAX: u64 = 400 * 1024;

const READY: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 18\r\nconnection: close\r\n\r\n{\"status\":\"ready\"}";

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterproof"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).args(args);
    command
}

/// First of ten consecutive ports that were free a moment ago; each test of this file gets others.
fn free_block() -> u16 {
    static TAKEN: OnceLock<std::sync::Mutex<Vec<u16>>> = OnceLock::new();
    let mut taken = TAKEN.get_or_init(std::sync::Mutex::default).lock().unwrap();
    let found = (0..1000).find_map(|_| {
        let first = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let free = taken.iter().all(|other| other.abs_diff(first) >= 10);
        let all = (first..first.checked_add(10)?).map(|port| TcpListener::bind(("127.0.0.1", port)));
        (free && all.collect::<Result<Vec<_>, _>>().is_ok()).then_some(first)
    });
    taken.push(found.unwrap());
    found.unwrap()
}

/// What a hostile implementation does with a connection whose request it has begun to read.
type Deed = Arc<dyn Fn(TcpStream) + Send + Sync>;

/// An implementation that says that it is ready, and is hostile to everything else. It gives its address.
fn hostile(deed: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let deed: Deed = Arc::new(deed);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let deed = Arc::clone(&deed);
            std::thread::spawn(move || meet(stream, &deed));
        }
    });
    url
}

fn meet(mut stream: TcpStream, deed: &Deed) {
    let mut head = [0; 16_000];
    let count = stream.read(&mut head).unwrap_or(0);
    if head[..count].starts_with(b"GET /healthz") {
        let _ = stream.write_all(READY.as_bytes());
    } else if count > 0 {
        deed(stream);
    }
}

/// Says something and waits until the caller has gone.
fn say(bytes: &'static [u8]) -> impl Fn(TcpStream) + Send + Sync {
    move |mut stream| {
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        drop(std::io::copy(&mut stream, &mut std::io::sink()));
    }
}

/// A run that has ended.
struct Run {
    output: Output,
    folder: TempDir,
}

impl Run {
    /// Plays three plain orders against an implementation with little patience, and waits for the end.
    fn against(url: &str, ports: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let policy = folder.path().join("policy.json");
        let pace = r#"{ "retry": { "initial_ms": 20, "max_ms": 50, "timeout_ms": 300 } }"#;
        std::fs::write(&policy, pace).unwrap();
        let (out, ports) = (folder.path().join("run"), ports.to_string());
        let child =
            command(&["run", "scenarios/orders/plain_order.feature", "--target", url, "--timeout", "1"])
                .args(["--ports", &ports, "--policy"])
                .arg(&policy)
                .arg("--out")
                .arg(&out)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
        Self { output: end(child), folder }
    }

    fn told(&self) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        text(&self.output.stdout) + &text(&self.output.stderr)
    }

    fn journal(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("run/run.ndjson")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The implementation is found to be wrong, each order is named, and the journal is whole.
    #[track_caller]
    fn fails(&self) {
        let told = self.told();
        assert_eq!(self.output.status.code(), Some(1), "{told}");
        assert!(told.contains("3 failed") && told.contains("expected order"), "{told}");
        assert_eq!(self.journal().last().unwrap()["kind"], "run_finished");
        let folder = self.folder.path().join("run");
        let check = command(&["check", folder.to_str().unwrap()]).output().unwrap();
        assert_eq!(check.status.code(), Some(1), "{}", String::from_utf8_lossy(&check.stdout));
    }
}

/// Waits for the end of a run that is watched: it must come in time, and memory must stay bounded.
fn end(child: Child) -> Output {
    let id = child.id();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || drop(tell.send(child.wait_with_output().unwrap())));
    let mut waited = Duration::ZERO;
    let pause = Duration::from_millis(50);
    loop {
        if let Ok(output) = told.recv_timeout(pause) {
            return output;
        }
        waited += pause;
        assert!(waited < ENDS_WITHIN, "the run does not end; its process is {id}");
        #[cfg(target_os = "linux")]
        assert!(peak_kib(id) < MEMORY_KIB_MAX, "the run takes {} KiB", peak_kib(id));
    }
}

/// The most memory that a process has taken so far.
#[cfg(target_os = "linux")]
fn peak_kib(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0)
}

#[test]
fn one_that_never_answers_fails() {
    let url = hostile(|mut stream| drop(std::io::copy(&mut stream, &mut std::io::sink())));
    Run::against(&url, free_block()).fails();
}

#[test]
fn one_that_closes_early_fails() {
    Run::against(&hostile(drop), free_block()).fails();
}

#[test]
fn one_that_answers_garbage_fails() {
    let garbage: [&'static [u8]; 5] = [
        b"\x00\xff\x16\x03\x01 this is no HTTP\r\n\r\n",
        b"HTTP/1.1 202 Accepted\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>fine</html>",
        b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{\"half\":",
        b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}, and more",
        b"HTTP/1.1 999 Whatever\r\ncontent-length: -1\r\n\r\n",
    ];
    let count = AtomicUsize::new(0);
    let url = hostile(move |stream| {
        say(garbage[count.fetch_add(1, Ordering::Relaxed) % garbage.len()])(stream);
    });
    Run::against(&url, free_block()).fails();
}

#[test]
fn one_that_answers_deep_and_large_documents_fails() {
    let count = AtomicUsize::new(0);
    let url = hostile(move |mut stream| {
        let deep = count.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        let body = if deep { vec![b'['; 100_000] } else { vec![b' '; 10 * 1024 * 1024] };
        let head = "HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\n";
        let _ = stream.write_all(format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes());
        let _ = stream.write_all(&body);
        drop(std::io::copy(&mut stream, &mut std::io::sink()));
    });
    Run::against(&url, free_block()).fails();
}

#[test]
fn one_whose_answer_has_no_end_fails() {
    let url = hostile(|mut stream| {
        let head =
            "HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        let mut written = stream.write_all(head.as_bytes());
        while written.is_ok() {
            written = stream.write_all(chunk.as_bytes());
        }
    });
    Run::against(&url, free_block()).fails();
}

#[test]
fn one_that_says_it_is_ready_and_dies_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(listener);
        let mut head = [0; 4096];
        assert!(stream.read(&mut head).unwrap() > 0);
        stream.write_all(READY.as_bytes()).unwrap();
    });
    Run::against(&url, free_block()).fails();
}

#[test]
fn of_one_that_takes_the_connection_and_says_nothing_the_rig_cannot_tell() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().map_while(Result::ok).collect::<Vec<_>>());
    let run = Run::against(&url, free_block());
    assert_eq!(run.output.status.code(), Some(5), "{}", run.told());
    assert!(run.told().contains("the target does not answer"), "{}", run.told());
}

/// Calls, large bodies, heads and bodies without end, and connections that say nothing, at every system.
fn flood(ports: u16) {
    for port in ports..ports + 10 {
        std::thread::spawn(move || {
            let idle: Vec<_> = (0..100).map(|_| TcpStream::connect(("127.0.0.1", port))).collect();
            for number in 0..300 {
                let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return };
                let length = if number % 10 == 0 { 8 * 1024 * 1024 } else { 2 };
                let head = format!(
                    "POST /v1/refunds HTTP/1.1\r\nhost: x\r\nidempotency-key: k-{number}\r\nconnection: close\r\n"
                );
                let _ = match number % 3 {
                    0 => stream.write_all(head.repeat(20).as_bytes()),
                    _ => stream.write_all(format!("{head}content-length: {length}\r\n\r\n").as_bytes()),
                };
                let body = vec![b'x'; if number % 7 == 0 { length / 2 } else { length }];
                let _ = stream.write_all(&body);
            }
            drop(idle);
        });
    }
}

#[test]
fn one_that_floods_the_systems_fails_and_is_recorded_in_bounds() {
    let ports = free_block();
    let begun = OnceLock::new();
    let url = hostile(move |mut stream| {
        begun.get_or_init(|| flood(ports));
        drop(std::io::copy(&mut stream, &mut std::io::sink()));
    });
    let run = Run::against(&url, ports);
    run.fails();
    let strangers = |record: &&Value| record["kind"] == "exchange" && record.get("scenario").is_none();
    let journal = run.journal();
    let strange = journal.iter().filter(strangers).count();
    assert!((1..=1_000).contains(&strange), "{strange} calls of the flood are recorded");
}

/// An order that waits for goods that nobody ships: the scenario is under way for as long as the run may take.
const WAITING: &str = r#"Feature: Waiting
  Scenario: Nobody ships
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is delivered
"#;

#[test]
fn a_run_that_is_killed_leaves_a_journal_that_is_judged_and_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let (out, waiting) = (folder.path().join("run"), folder.path().join("waiting.feature"));
    std::fs::write(&waiting, WAITING).unwrap();
    let mut child = command(&["run", "scenarios/orders/plain_order.feature", "--timeout", "3600"])
        .arg(&waiting)
        .arg("--out")
        .arg(&out)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The command tells of scenarios that have ended; then the only one that is left is in the middle.
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("PASS") {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "the run ended without a scenario");
    }
    let journal = out.join("run.ndjson");
    let recorded = |text: &str, kind: &str| text.matches(&format!("\"kind\":\"{kind}\"")).count();
    let in_the_middle =
        |text: String| (recorded(&text, "scenario_started"), recorded(&text, "scenario_finished")) == (4, 3);
    let (mut waited, pause) = (Duration::ZERO, Duration::from_millis(20));
    while !in_the_middle(std::fs::read_to_string(&journal).unwrap()) {
        assert!(waited < ENDS_WITHIN, "three scenarios do not end, or the fourth does not begin");
        std::thread::park_timeout(pause);
        waited += pause;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let text = std::fs::read_to_string(&journal).unwrap();
    let count = |kind: &str| recorded(&text, kind);
    assert!(count("effect") > 10, "{}", text.len());
    assert_eq!(count("scenario_started"), count("scenario_finished") + 1, "one is under way");
    assert_eq!(count("run_finished"), 0);
    let check = command(&["check", out.to_str().unwrap()]).output().unwrap();
    let told = String::from_utf8_lossy(&check.stdout);
    assert_eq!(check.status.code(), Some(5), "{told}");
    assert!(told.contains("before its time") || told.contains("breaks off"), "{told}");
    reference_is_gone(&out);
}

/// The reference ends with the run that started it: after a moment its store can be opened by somebody else.
fn reference_is_gone(out: &Path) {
    let try_to_open = || {
        let mut child = command(&["middleware", "--listen", "127.0.0.1:0", "--stop-with-stdin", "--store"])
            .arg(out.join("store"))
            .env("COUNTERPROOF_WEBHOOK_SECRET", "whsec_Y291bnRlcnByb29mLWRldmVsb3BtZW50")
            .envs(partners())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdin.take());
        child.wait_with_output().unwrap()
    };
    let opened = (0..200).any(|_| try_to_open().status.code() == Some(0));
    assert!(opened, "{}", String::from_utf8_lossy(&try_to_open().stderr));
}

fn partners() -> impl Iterator<Item = (String, &'static str)> {
    let names = ["ERP", "WMS", "PSP", "CARRIER", "TAX", "STOREFRONT", "MARKETPLACE", "POS"];
    let names = names.into_iter().chain(["CUSTOMER_SERVICE", "STORED_VALUE"]);
    let urls = names.map(|name| (format!("COUNTERPROOF_{name}_URL"), "http://127.0.0.1:9"));
    let callers = ["STOREFRONT", "MARKETPLACE", "POS", "CUSTOMER_SERVICE"];
    urls.chain(callers.map(|name| (format!("COUNTERPROOF_{name}_TOKEN"), "a-token-for-a-test")))
}

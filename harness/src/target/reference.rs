//! The reference implementation as a process of its own: this very program, started under another name.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use counterproof_contracts::policy::Policy;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, ChildStdout, Command},
};

use crate::exit::{Exit, Fatal};

/// Name of the hidden subcommand.
pub(crate) const SUBCOMMAND: &str = "middleware";
const READY_WITHIN: Duration = Duration::from_secs(20);
const LINE_BYTES_MAX: u64 = 4096;

/// What the reference needs to start.
#[derive(Debug, Clone)]
pub struct ReferenceConfig {
    /// The run's folder: the store, the policy and the log go below it.
    pub folder: PathBuf,
    /// Where it is told to listen; port 0 at first.
    pub listen: SocketAddr,
    /// Environment variables with the partners' addresses and the callers' tokens.
    pub partners: Vec<(String, String)>,
    /// The secret that events are signed with.
    pub webhook_secret: String,
    /// What the retailer declares.
    pub policy: Policy,
}

/// The running reference.
#[derive(Debug)]
pub struct Reference {
    config: ReferenceConfig,
    child: Child,
    address: SocketAddr,
}

impl Reference {
    /// Starts it and waits until it is ready.
    pub async fn start(config: ReferenceConfig) -> Result<Self, Fatal> {
        let policy = serde_json::to_vec_pretty(&config.policy)
            .map_err(|error| Fatal::new(Exit::Bug, format!("failed to write the policy: {error}")))?;
        let path = policy_path(&config.folder);
        std::fs::write(&path, policy).map_err(|error| {
            Fatal::new(Exit::Inconclusive, format!("failed to write {}: {error}", path.display()))
        })?;
        let (child, address) = spawn(&config).await?;
        Ok(Self { config, child, address })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills it without warning and starts it again at the same address with the same store.
    pub async fn kill_and_restart(&mut self) -> Result<(), Fatal> {
        self.child.kill().await.map_err(|error| {
            Fatal::new(Exit::Inconclusive, format!("failed to kill the reference: {error}"))
        })?;
        self.config.listen = self.address;
        (self.child, self.address) = spawn(&self.config).await?;
        Ok(())
    }

    /// Ends it.
    pub async fn stop(mut self) {
        let _ = self.child.kill().await;
    }
}

fn policy_path(folder: &Path) -> PathBuf {
    folder.join("policy.json")
}

async fn spawn(config: &ReferenceConfig) -> Result<(Child, SocketAddr), Fatal> {
    let fail = |what: &str, error: &std::io::Error| {
        Fatal::new(Exit::Inconclusive, format!("failed to {what} the reference implementation: {error}"))
    };
    let program = std::env::current_exe().map_err(|error| fail("find", &error))?;
    let log_path = config.folder.join("middleware.log");
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&log_path)
        .map_err(|error| fail("open the log of", &error))?;
    let mut child = Command::new(program)
        .arg(SUBCOMMAND)
        .arg("--listen")
        .arg(config.listen.to_string())
        .arg("--store")
        .arg(config.folder.join("store"))
        .arg("--policy")
        .arg(policy_path(&config.folder))
        .envs(config.partners.iter().cloned())
        .env("COUNTERPROOF_WEBHOOK_SECRET", &config.webhook_secret)
        // The pipe ends with this process, however it ends, and the reference with the pipe.
        .arg("--stop-with-stdin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| fail("start", &error))?;
    let stdout = child.stdout.take();
    let ready = async {
        match stdout {
            Some(stdout) => ready_address(stdout).await,
            None => None,
        }
    };
    match tokio::time::timeout(READY_WITHIN, ready).await {
        Ok(Some(address)) => Ok((child, address)),
        _ => Err(Fatal::new(
            Exit::Inconclusive,
            format!(
                "the reference implementation did not become ready within {} s; its log is {}\n{}",
                READY_WITHIN.as_secs(),
                log_path.display(),
                tail(&log_path)
            ),
        )),
    }
}

/// Reads the address from the line that the process prints when it is ready, and keeps its pipe drained.
async fn ready_address(stdout: ChildStdout) -> Option<SocketAddr> {
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    (&mut reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await.ok()?;
    #[expect(clippy::disallowed_methods, reason = "ends with the process whose output it takes")]
    tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
    let line = String::from_utf8_lossy(&line).into_owned();
    line.trim_end().rsplit_once("http://")?.1.parse().ok()
}

fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines
        .iter()
        .skip(lines.len().saturating_sub(5))
        .fold(String::new(), |shown, line| shown + "  | " + line + "\n")
}

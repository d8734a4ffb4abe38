//! The process: reads its configuration, opens its doors, serves until it is told to stop.

use std::{ffi::OsString, io::Write as _, net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use clap::Parser as _;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::{
    config::{Cli, Config, ConfigError, of_environment},
    defects::Defects,
    door::{
        chance::Chance,
        clock::Clock,
        network::{self, CallError},
        store::{FileStore, StoreError},
    },
    durable::{App, AppError, Parts},
};

/// Exit code for a wrong command line.
const EXIT_USAGE: u8 = 2;
/// Exit code for a wrong configured value.
const EXIT_CONFIG: u8 = 3;
/// Exit code for a port or store that cannot be used.
const EXIT_RESOURCE: u8 = 5;

/// Why the middleware could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Another process has the store open.
    #[error(
        "store {path} is in use by another process: end that process, or name another directory with --store"
    )]
    StoreInUse {
        /// The directory.
        path: String,
    },
    /// The store cannot be opened.
    #[error(
        "failed to open store {path}: {reason}; check that the directory can be written, or name another one with --store"
    )]
    Store {
        /// The directory.
        path: String,
        /// Why.
        reason: String,
    },
    /// The port cannot be used.
    #[error(
        "failed to listen on {address}: {reason}; choose another port with --listen (port 0 takes a free one)"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: std::io::Error,
    },
    /// The network of the machine cannot be used.
    #[error("failed to open the network: {0}")]
    Network(#[from] CallError),
    /// Serving broke off.
    #[error("failed to go on serving: {0}")]
    Serve(std::io::Error),
}

/// Runs the command: parses `args` (with the program's name first), serves, and says how it ended.
pub fn cli_main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    log_to_stderr();
    let served = cli.check(&of_environment).map_err(ServeError::from).and_then(run);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            let code = if matches!(error, ServeError::Config(_)) { EXIT_CONFIG } else { EXIT_RESOURCE };
            ExitCode::from(code)
        }
    }
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    // Another subscriber may be in place where this runs inside another program.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

fn run(config: Config) -> Result<(), ServeError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(ServeError::Serve)?
        .block_on(serve(config))
}

/// Serves until SIGTERM or ctrl-c. Once it is ready it prints one line with its address on stdout.
pub async fn serve(config: Config) -> Result<(), ServeError> {
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|reason| ServeError::Listen { address: config.listen, reason })?;
    let address = listener.local_addr().map_err(ServeError::Serve)?;
    let stop_with_stdin = config.stop_with_stdin;
    let app = open(config)?;
    app.start();
    announce(address).map_err(ServeError::Serve)?;
    let closing = app.clone();
    let told = async move {
        told_to_stop(stop_with_stdin).await;
        closing.close();
    };
    let served = axum::serve(listener, app.router()).with_graceful_shutdown(told).await;
    app.shutdown().await;
    served.map_err(ServeError::Serve)
}

fn open(config: Config) -> Result<App, ServeError> {
    let path = config.store.display().to_string();
    let failed = |error: StoreError| match error {
        StoreError::InUse => ServeError::StoreInUse { path: path.clone() },
        StoreError::Medium(reason) => ServeError::Store { path: path.clone(), reason },
    };
    let store = FileStore::open(&config.store).map_err(failed)?;
    let parts = Parts {
        store: Arc::new(store),
        network: network::sockets(Duration::from_millis(config.policy.retry.timeout_ms))?,
        clock: Clock::system(),
        chance: Chance::seeded(config.seed),
        policy: config.policy,
        secret: config.secret,
        tokens: config.tokens,
        partners: config.partners,
        give_up_after: config.give_up_after,
        calls_per_partner_max: config.calls_per_partner_max,
        defects: Defects::default(),
    };
    App::open(parts).map_err(|error| match error {
        AppError::Store(error) => failed(error),
        unreadable @ AppError::Unreadable { .. } => {
            ServeError::Store { path: path.clone(), reason: unreadable.to_string() }
        }
    })
}

fn announce(address: SocketAddr) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "counterproof-middleware {} listening on http://{address}", env!("CARGO_PKG_VERSION"))?;
    stdout.flush()
}

async fn told_to_stop(stop_with_stdin: bool) {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        () = terminated() => {}
        () = interrupted => {}
        () = input_ended(), if stop_with_stdin => {}
    }
}

/// Ends when standard input does. The thread is nobody's: a process must not wait for it to end.
async fn input_ended() {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = tell.send(());
    });
    let _ = told.await;
}

#[cfg(unix)]
async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

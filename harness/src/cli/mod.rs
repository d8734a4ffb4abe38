//! The command line: what it takes, and which code it ends with.

mod check;
mod explain;
mod explore;
mod gate;
mod lint;
mod prove;
mod replay;
mod requirements;
mod run;
mod serve;
mod steps;
mod systems;

use std::{ffi::OsString, num::NonZeroU32, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use counterproof_contracts::model::System;

use crate::{
    exit::{Exit, Fatal},
    target::Target,
};

/// Proves that the integration of omnichannel orders and returns keeps every system in agreement.
#[derive(Debug, Parser)]
#[command(name = "counterproof", version, about, after_long_help = Exit::HELP, after_help = Exit::HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios against an implementation and judge what happened
    Run(RunArgs),
    /// Play a recorded run again: same seed, policy, faults and clock
    Replay(ReplayArgs),
    /// Show that the suite can fail: play it against known defects and say which law sees which
    Prove(ProveArgs),
    /// Play generated histories and write what breaks a law as the smallest scenario that does
    Explore(ExploreArgs),
    /// Check feature files without running them
    Lint(LintArgs),
    /// Judge a recorded journal again
    Check(CheckArgs),
    /// Keep simulators up, for work by hand
    Serve(ServeArgs),
    /// The vocabulary of scenarios
    #[command(subcommand)]
    Steps(StepsCommand),
    /// What the whole domain requires, and what covers it
    #[command(subcommand)]
    Requirements(RequirementsCommand),
    /// The systems that are played around an implementation
    #[command(subcommand)]
    Systems(SystemsCommand),
    /// The reference implementation (started by `run` as a process of its own)
    #[command(name = crate::target::SUBCOMMAND, hide = true, disable_help_flag = true)]
    Middleware {
        /// Handed to the reference as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

/// What `run` takes.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Feature files or folders, with `:LINE` behind a file for one scenario; the built-in pack if none is named
    paths: Vec<String>,
    /// Only scenarios whose tags fit, for example "@returns and not @restart"
    #[arg(short, long, value_name = "EXPR", env = "COUNTERPROOF_TAGS")]
    tags: Option<String>,
    /// The implementation: `reference`, or the base URL of one that runs already
    #[arg(long, default_value = "reference", value_name = "reference|URL", env = "COUNTERPROOF_TARGET")]
    target: Target,
    /// Makes business identities repeatable; random and printed if not given
    #[arg(long, value_name = "N", env = "COUNTERPROOF_SEED")]
    seed: Option<u64>,
    /// In virtual time: the reference in this process, hours in milliseconds, the same journal for the same seed
    #[arg(long = "virtual", env = "COUNTERPROOF_VIRTUAL")]
    virtual_time: bool,
    /// The instant at which scenarios begin in virtual time [default: 2026-11-27T08:00:00Z]
    #[arg(long, value_name = "TIMESTAMP", env = "COUNTERPROOF_STARTS_AT", requires = "virtual_time")]
    starts_at: Option<jiff::Timestamp>,
    /// How many scenarios run at once [default: 16 for each processor, at most 64; in virtual time one for each]
    #[arg(short, long, value_name = "N", env = "COUNTERPROOF_JOBS", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Folder for run.ndjson and junit.xml [default: target/counterproof/<time>]
    #[arg(long, value_name = "DIR", env = "COUNTERPROOF_OUT")]
    out: Option<PathBuf>,
    /// Seconds that a step waits for what it expects
    #[arg(long, default_value_t = 10, value_name = "SECONDS", env = "COUNTERPROOF_TIMEOUT", value_parser = clap::value_parser!(u16).range(1..=3600))]
    timeout: u16,
    /// A fault plan (JSON) that is laid over every scenario; each of its faults must happen
    #[arg(long, value_name = "PLAN", env = "COUNTERPROOF_FAULTS")]
    faults: Option<PathBuf>,
    /// Let small misfortunes happen to any message, drawn from the seed: 1 duplicates and delays, 2 also losses, 3 also disorder
    #[arg(long, value_name = "LEVEL", env = "COUNTERPROOF_CHAOS", value_parser = clap::value_parser!(u8).range(1..=3))]
    chaos: Option<u8>,
    /// Play every scenario so often, each time with the next seed
    #[arg(long, value_name = "TIMES", env = "COUNTERPROOF_REPEAT", requires = "virtual_time", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    repeat: Option<u32>,
    /// Play every scenario once more for each point at which the implementation may die
    #[arg(long, env = "COUNTERPROOF_CRASH_EVERYWHERE", requires = "virtual_time", conflicts_with_all = ["chaos", "repeat"])]
    crash_everywhere: bool,
    /// Play every scenario N times more while partners' events come twice, late and out of order, and compare the ends
    #[arg(long, value_name = "N", env = "COUNTERPROOF_PERTURB", num_args = 0..=1, default_missing_value = "3", conflicts_with_all = ["chaos", "repeat", "crash_everywhere"], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    perturb: Option<u32>,
    /// Play a scenario of which nothing could be told (INCONCLUSIVE) up to N times more, with other identities; a FAIL stays one
    #[arg(long, value_name = "N", env = "COUNTERPROOF_RETRIES", conflicts_with = "virtual_time", value_parser = clap::value_parser!(u8).range(1..=10))]
    retries: Option<u8>,
    /// What the retailer declares (JSON); the default policy if not given
    #[arg(long, value_name = "FILE", env = "COUNTERPROOF_POLICY")]
    policy: Option<PathBuf>,
    /// No line for a scenario that passes
    #[arg(short, long, env = "COUNTERPROOF_QUIET")]
    quiet: bool,
    #[command(flatten)]
    ports: PortArgs,
}

/// Where simulators listen.
#[derive(Debug, Args)]
pub(crate) struct PortArgs {
    /// First of ten consecutive ports for the simulators [default: 7301 where somebody must know them, else any free ones]
    #[arg(long, value_name = "PORT", env = "COUNTERPROOF_PORTS", value_parser = clap::value_parser!(u16).range(1..=65525))]
    ports: Option<u16>,
}

/// First port of the simulators where an implementation must know them beforehand.
pub(crate) const FIRST_PORT: u16 = 7301;

/// What `replay` takes.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// A run's folder or journal, with `:SCENARIO` behind it for one of its scenarios (its identifier, as failures print it)
    run: String,
    /// Another implementation than the one that was recorded
    #[arg(long, value_name = "reference|URL", env = "COUNTERPROOF_TARGET")]
    target: Option<Target>,
    /// How many scenarios run at once
    #[arg(short, long, value_name = "N", env = "COUNTERPROOF_JOBS", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Folder for run.ndjson and junit.xml [default: target/counterproof/<time>]
    #[arg(long, value_name = "DIR", env = "COUNTERPROOF_OUT")]
    out: Option<PathBuf>,
    /// Seconds that a step waits for what it expects
    #[arg(long, default_value_t = 10, value_name = "SECONDS", env = "COUNTERPROOF_TIMEOUT", value_parser = clap::value_parser!(u16).range(1..=3600))]
    timeout: u16,
    #[command(flatten)]
    ports: PortArgs,
}

/// What `lint` takes.
#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// Feature files or folders; the built-in pack if none is named
    paths: Vec<String>,
}

/// What `check` takes.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// A journal (run.ndjson), or the folder that holds it
    journal: PathBuf,
}

/// What `serve` takes.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Which systems; all if none is named
    systems: Vec<String>,
    /// Base URL of the implementation that events are delivered to
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL", env = "COUNTERPROOF_TARGET")]
    target: Target,
    /// Folder for the journal [default: target/counterproof/serve]
    #[arg(long, value_name = "DIR", env = "COUNTERPROOF_OUT")]
    out: Option<PathBuf>,
    #[command(flatten)]
    ports: PortArgs,
}

/// What `explore` takes.
#[derive(Debug, Args)]
struct ExploreArgs {
    /// The implementation: `reference` (in virtual time), or the base URL of one that runs already
    #[arg(long, default_value = "reference", value_name = "reference|URL", env = "COUNTERPROOF_TARGET")]
    target: Target,
    /// How many histories [default: 2000, unless a time is given]
    #[arg(long, value_name = "N", env = "COUNTERPROOF_CASES", value_parser = clap::value_parser!(u64).range(1..))]
    cases: Option<u64>,
    /// How long, in seconds
    #[arg(long = "time", value_name = "SECONDS", env = "COUNTERPROOF_EXPLORE_TIME", value_parser = clap::value_parser!(u64).range(1..=604_800))]
    seconds: Option<u64>,
    /// All histories follow from it; random and printed if not given
    #[arg(long, value_name = "N", env = "COUNTERPROOF_SEED")]
    seed: Option<u64>,
    /// What the retailer declares (JSON); the default policy if not given
    #[arg(long, value_name = "FILE", env = "COUNTERPROOF_POLICY")]
    policy: Option<PathBuf>,
    /// The reference as a process of its own, over sockets and in real time; always so with a URL
    #[arg(long, env = "COUNTERPROOF_LIVE")]
    live: bool,
    /// A defect of contracts/wire-defects.toml that a proxy gives the implementation, to see whether exploring finds it
    #[arg(long, value_name = "ID")]
    wire_defect: Option<String>,
    /// The defect shows in each N-th message that it concerns, as a race would
    #[arg(long, value_name = "N", requires = "wire_defect", default_value = "1")]
    every: NonZeroU32,
    #[command(flatten)]
    ports: PortArgs,
    /// Folder for what is found; what was found there before is played first [default: target/counterproof/explored]
    #[arg(long, value_name = "DIR", env = "COUNTERPROOF_OUT")]
    out: Option<PathBuf>,
}

/// What `prove` takes.
#[derive(Debug, Args)]
struct ProveArgs {
    /// Feature files or folders; the built-in pack if none is named
    paths: Vec<String>,
    /// Only this defect of contracts/defects.toml, or with --target of contracts/wire-defects.toml; may be repeated
    #[arg(short, long = "defect", value_name = "ID", env = "COUNTERPROOF_DEFECTS", value_delimiter = ',')]
    defects: Vec<String>,
    /// Only scenarios whose tags fit
    #[arg(short, long, value_name = "EXPR", env = "COUNTERPROOF_TAGS")]
    tags: Option<String>,
    /// Makes business identities repeatable
    #[arg(long, default_value_t = 1, value_name = "N", env = "COUNTERPROOF_SEED")]
    seed: u64,
    /// Show instead that the gate of an implementation, `reference` or the base URL of one that runs already, would catch the
    /// defects of contracts/wire-defects.toml, which a proxy between it and the simulators gives it
    #[arg(long, value_name = "reference|URL", env = "COUNTERPROOF_TARGET")]
    target: Option<Target>,
    /// The proxy and the reference in virtual time, in this process
    #[arg(long = "virtual", env = "COUNTERPROOF_VIRTUAL", requires = "target")]
    virtual_time: bool,
    /// What the retailer declares (JSON), for --target; the default policy if not given
    #[arg(long, value_name = "FILE", env = "COUNTERPROOF_POLICY", requires = "target")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    ports: PortArgs,
    /// Look for each defect with so many generated histories instead of the scenarios
    #[arg(long, value_name = "CASES", conflicts_with_all = ["paths", "tags", "out", "target"], value_parser = clap::value_parser!(u64).range(1..))]
    by_exploring: Option<u64>,
    /// How many plays run at once [default: as many as there are processors]
    #[arg(short, long, value_name = "N", env = "COUNTERPROOF_JOBS", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Folder for matrix.json, matrix.md and matrix.html
    #[arg(long, value_name = "DIR", env = "COUNTERPROOF_OUT")]
    out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum StepsCommand {
    /// Every step that scenarios can use, with its parameters
    List,
}

#[derive(Debug, Subcommand)]
enum RequirementsCommand {
    /// Every requirement, with the scenarios of the pack and the laws that cover it
    List,
}

#[derive(Debug, Subcommand)]
enum SystemsCommand {
    /// Every system, its operations, its port and the variable that names its address
    List,
    /// Who calls whom with what, how soon and how often, who owns it, and which problems it may answer with
    Explain {
        /// One system; all if none is named
        system: Option<System>,
    },
    /// The variables that tell an implementation where simulators listen, for `eval`
    Env(PortArgs),
}

/// Runs the command.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Passed };
            return exit.into();
        }
    };
    let outcome = match cli.command {
        Command::Middleware { args } => {
            let name = OsString::from("counterproof-middleware");
            return counterproof_middleware::cli_main(std::iter::once(name).chain(args));
        }
        Command::Run(args) => run::run(args),
        Command::Replay(args) => replay::replay(args),
        Command::Explore(args) => explore::explore(&args),
        Command::Prove(args) => prove::prove(&args),
        Command::Lint(args) => lint::lint(&args),
        Command::Check(args) => check::check(&args),
        Command::Serve(args) => serve::serve(args),
        Command::Steps(StepsCommand::List) => steps::list(),
        Command::Requirements(RequirementsCommand::List) => requirements::list(),
        Command::Systems(SystemsCommand::List) => systems::list(),
        Command::Systems(SystemsCommand::Explain { system }) => explain::explain(system),
        Command::Systems(SystemsCommand::Env(args)) => systems::env(&args),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(fatal) => {
            anstream::eprintln!("error: {fatal}");
            fatal.exit.into()
        }
    }
}

/// Prints to standard output; a reader who went away is no error.
fn print(text: &str) -> Result<(), Fatal> {
    use std::io::Write as _;
    match anstream::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Fatal::new(Exit::Inconclusive, format!("failed to write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// A runtime for commands that talk to somebody.
fn runtime() -> Result<tokio::runtime::Runtime, Fatal> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Fatal::new(Exit::Inconclusive, format!("failed to start the runtime: {error}")))
}

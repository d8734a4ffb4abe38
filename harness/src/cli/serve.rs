//! `counterproof serve`: simulators stay up, for work by hand and for watching an implementation.

use std::{fmt::Write as _, time::Duration};

use counterproof_contracts::{
    journal::{Entry, FORMAT, RunFinished, RunInput, RunStarted, Verdict},
    model::System,
    policy::Policy,
    protocol::signature::Secret,
};
use counterproof_simulators::{
    kernel::{self, DeliveryPolicy, Kernel, KernelParts, Recorder},
    landscape::Landscape,
    world::World,
};

use super::{FIRST_PORT, ServeArgs};
use crate::{
    clock::Clock,
    exit::{Exit, Fatal},
    recording::Recording,
    target::{Target, partner_variables, token_variables},
};

/// Serves until interrupted; the journal is kept.
pub(super) fn serve(args: ServeArgs) -> Result<Exit, Fatal> {
    let systems = args.systems.iter().map(|name| system(name)).collect::<Result<Vec<_>, _>>()?;
    let systems = if systems.is_empty() { System::PARTNERS.to_vec() } else { systems };
    let folder = args.out.unwrap_or_else(|| "target/counterproof/serve".into());
    std::fs::create_dir_all(&folder).map_err(|error| {
        Fatal::new(Exit::Inconclusive, format!("failed to create {}: {error}", folder.display()))
    })?;
    let journal = folder.join("run.ndjson");
    let recording = Recording::create(&journal, Policy::default(), &[&super::run::secret()])?;
    let first_port = args.ports.ports.unwrap_or(FIRST_PORT);
    super::runtime()?.block_on(stay(&systems, &args.target, first_port, &recording))?;
    super::print(&format!("journal {}\n", journal.display()))?;
    Ok(Exit::Passed)
}

/// The system with this name, or what it may have been meant to be.
fn system(name: &str) -> Result<System, Fatal> {
    name.parse().ok().filter(|system| System::PARTNERS.contains(system)).ok_or_else(|| {
        let names = System::PARTNERS.map(System::name);
        let nearest = names.iter().max_by(|left, right| {
            strsim::jaro_winkler(left, name).total_cmp(&strsim::jaro_winkler(right, name))
        });
        Fatal::new(
            Exit::Usage,
            format!(
                "unknown system {name:?}; did you mean {:?}?\n  = there are: {}",
                nearest.copied().unwrap_or_default(),
                names.join(", ")
            ),
        )
    })
}

async fn stay(
    systems: &[System],
    target: &Target,
    first_port: u16,
    recording: &Recording,
) -> Result<(), Fatal> {
    let base_url = match target {
        Target::Url(url) => url.clone(),
        Target::Reference => {
            return Err(Fatal::new(
                Exit::Usage,
                "serve delivers to a URL; start the reference by itself with counterproof-middleware",
            ));
        }
    };
    let world = World::embedded().map_err(|error| Fatal::new(Exit::Bug, error.to_string()))?;
    let secret =
        Secret::parse(&super::run::secret()).map_err(|error| Fatal::new(Exit::Invalid, error.to_string()))?;
    let network =
        kernel::live(Duration::from_secs(5)).map_err(|error| Fatal::new(Exit::Bug, error.to_string()))?;
    let clock = kernel::Clock::starting_at(Clock::system().base());
    let recorder = Recorder::new(clock, Box::new(recording.clone()));
    let tokens = super::run::tokens(&super::run::secret())?;
    let policy = DeliveryPolicy::default();
    let kernel =
        Kernel::new(KernelParts { clock, network, recorder, secret, tokens: tokens.clone(), policy });
    kernel.set_middleware(&base_url);
    kernel.recorder().record(
        None,
        Entry::RunStarted(Box::new(RunStarted {
            format: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: 0,
            target: base_url.clone(),
            policy: Policy::default(),
            input: RunInput::default(),
        })),
    );
    let landscape = Landscape::new(&kernel, &world);
    let served = landscape
        .listen_only(systems, None, Some(first_port))
        .await
        .map_err(|error| Fatal::new(Exit::Inconclusive, error.to_string()))?;
    let addresses = served.addresses();
    let mut shown = String::new();
    for (system, address) in &addresses {
        let _ = writeln!(shown, "{:<17} http://{address}", system.name());
    }
    for (name, value) in partner_variables(&addresses).into_iter().chain(token_variables(&tokens)) {
        let _ = writeln!(shown, "export {name}={value}");
    }
    let _ = writeln!(shown, "events go to {base_url}; Ctrl-C ends");
    super::print(&shown)?;
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| Fatal::new(Exit::Bug, format!("failed to wait for the end: {error}")))?;
    kernel.shutdown().await;
    served.shutdown().await;
    kernel
        .recorder()
        .record(None, Entry::RunFinished(RunFinished { verdict: Verdict::Inconclusive, interrupted: true }));
    recording.flush()
}

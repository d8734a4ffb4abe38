//! Asking something that runs already whether it can take traffic.

use std::time::Duration;

use counterproof_contracts::protocol::middleware;

use crate::{
    clock::Clock,
    exit::{Exit, Fatal},
};

const WITHIN: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(200);

/// Waits until the implementation at a base URL says that it is ready.
/// Errors name what was tried and what came back.
pub async fn probe(base_url: &str, clock: &Clock) -> Result<(), Fatal> {
    let url = format!("{base_url}{}", middleware::READ_HEALTH.path);
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(2))
        .build()
        .map_err(|error| Fatal::new(Exit::Bug, format!("failed to make an HTTP client: {error}")))?;
    let mut tries = 0_u32;
    let mut last = String::new();
    let deadline = clock.elapsed() + WITHIN;
    while clock.elapsed() < deadline {
        tries += 1;
        match client.get(&url).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => last = format!("it answered {}", answer.status()),
            Err(error) => last = reason(&error),
        }
        clock.sleep(PAUSE).await;
    }
    Err(Fatal::new(
        Exit::Inconclusive,
        format!(
            "the target does not answer: tried GET {url} {tries} times in {} s; {last}\n  \
             = start the implementation, or name another with --target; nothing was judged",
            WITHIN.as_secs()
        ),
    ))
}

/// The innermost cause of a failed call, which is the one that helps.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

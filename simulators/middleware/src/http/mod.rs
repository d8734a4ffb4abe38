//! The HTTP interface: one route for each operation of the middleware in the contract's table.
//!
//! It reads, checks shapes and renders; what a message means is decided elsewhere.

mod access;
mod batches;
mod commands;
mod events;
mod feeds;
mod gift_cards;
mod letters;
mod reads;
mod reply;
#[cfg(test)]
pub(crate) mod tests;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::Response,
    routing::{MethodFilter, on},
};
use bytes::Bytes;
use counterproof_contracts::{
    model::System,
    protocol::{
        API_VERSION, BODY_BYTES_MAX, Method, OPERATIONS, Operation, Problem, ProblemKind, middleware,
    },
};
pub(crate) use feeds::{Listed, take_listed};
use http::HeaderMap;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use reply::Reply;

use crate::durable::Inner;

/// How long a request may take from its first byte to its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A request with its body read.
pub(crate) struct Call {
    /// Which operation.
    operation: Operation,
    /// Who calls, where that must be proven.
    caller: Option<System>,
    /// Path parameters by name, decoded.
    parameters: BTreeMap<String, String>,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Builds the interface.
pub(crate) fn router(app: &Arc<Inner>) -> Router {
    let operations = OPERATIONS.iter().copied().filter(|operation| operation.system == System::Middleware);
    operations
        .fold(Router::new(), |router, operation| {
            let app = Arc::clone(app);
            router.route(
                operation.path,
                on(filter(operation.method), move |request| serve(Arc::clone(&app), operation, request)),
            )
        })
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
}

const fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
    }
}

/// The major version that a path asks for, where it is not the one that is served.
fn other_version(path: &str) -> Option<u32> {
    let segment = path.strip_prefix("/v")?.split('/').next()?;
    let major: u32 = segment.parse().ok()?;
    let served = API_VERSION.split('.').next().and_then(|served| served.parse().ok());
    (Some(major) != served).then_some(major)
}

async fn unknown(request: Request) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    let detail = match other_version(path) {
        Some(major) => format!("version {major} of the interface is not served; it is version {API_VERSION}"),
        None => format!("{method} {path}"),
    };
    Reply::problem(&Problem::new(ProblemKind::UnknownOperation, detail)).render()
}

/// Serves a request in a task of its own: a caller that goes away does not tear a decision apart, and a
/// panic is answered. A middleware that was killed answers nothing.
async fn serve(app: Arc<Inner>, operation: Operation, request: Request) -> Response {
    let owner = Arc::clone(&app);
    let work = owner.tasks.spawn(async move {
        let call = match read(&app, operation, request).await {
            Ok(call) => call,
            Err(problem) => return Reply::problem(&problem),
        };
        dispatch(&app, call).await
    });
    let reply = match tokio::time::timeout(REQUEST_TIMEOUT, work).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(_)) if owner.tasks.killed() => return reply::broken_off(),
        Ok(Err(error)) => {
            tracing::error!(%operation, %error, "request failed");
            Reply::problem(&Problem::new(ProblemKind::InternalError, "the request could not be carried out"))
        }
        Err(_) => Reply::problem(&Problem::new(ProblemKind::Unavailable, "the request took too long")),
    };
    reply.render()
}

async fn read(app: &Inner, operation: Operation, request: Request) -> Result<Call, Problem> {
    let (parts, body) = request.into_parts();
    let parameters = operation
        .match_path(parts.uri.path())
        .ok_or_else(|| Problem::new(ProblemKind::UnknownOperation, parts.uri.path()))?;
    let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let caller = access::admit(app, operation, &parts.headers)?;
    let body = read_body(body).await?;
    Ok(Call { operation, caller, parameters, headers: parts.headers, body })
}

async fn read_body(body: Body) -> Result<Bytes, Problem> {
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::new(
            ProblemKind::BodyTooLarge,
            format!("the body has more than {BODY_BYTES_MAX} bytes"),
        )),
        Err(error) => Err(Problem::new(ProblemKind::MalformedBody, format!("the body broke off: {error}"))),
    }
}

async fn dispatch(app: &Arc<Inner>, call: Call) -> Reply {
    if call.operation.keyed {
        return commands::handle(app, &call).await;
    }
    match call.operation {
        middleware::RECEIVE_EVENT => events::receive(app, &call).await,
        middleware::REPLAY_DEAD_LETTER => letters::replay(app, &call).await,
        middleware::LIST_DEAD_LETTERS => letters::list(app),
        _ => reads::handle(app, &call).await,
    }
}

//! Crashes: the implementation dies at a point that a fault names, and comes up again.
//!
//! How it is killed and started is the harness's business; here it is asked for, and waited for.

use std::sync::{Arc, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::oneshot;

use super::{Kernel, Place, Strike};

/// Kills the implementation without warning and starts it again with the same store; ends when it is ready.
pub type CrashHandler = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

impl Kernel {
    /// Says how the implementation is killed and started again. Without this no crash happens.
    pub fn set_crash(&self, handler: CrashHandler) {
        *self.0.crash.write().unwrap_or_else(PoisonError::into_inner) = Some(handler);
        self.faults().allow_crashes();
    }

    /// Lets a crash happen, if it has not yet, and waits until the implementation is back. Whether it did.
    ///
    /// The work is done by a task of its own: who waits here may be cut off by the crash itself.
    pub(super) async fn crash(&self, strike: &Strike, place: &Place) -> bool {
        let handler = self.0.crash.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(handler) = handler else { return false };
        if !self.happens(strike, place) {
            return false;
        }
        let text = format!("the middleware starts again after fault {:?}", strike.name);
        let work = self.0.work.open(place.scenario.clone(), text);
        let (tell, told) = oneshot::channel();
        self.0.tasks.spawn(async move {
            handler().await;
            drop(work);
            let _ = tell.send(());
        });
        drop(told.await);
        true
    }
}

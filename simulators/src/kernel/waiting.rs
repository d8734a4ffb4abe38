//! Waiting as a fault says: for a while, for a release, for others. Whoever waits goes on at the latest when the fault
//! is lifted.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use counterproof_contracts::{
    faults::{Ending, Misfortune},
    model::OrderNumber,
};
use tokio::sync::oneshot;

use super::{Kernel, Place, RuleId, Strike, faults::Waiting};

/// For how long a silent connection is kept open, if its caller never gives up.
const SILENCE_MAX: Duration = Duration::from_hours(1);

/// Messages that wait until another message of their order was delivered.
#[derive(Default)]
pub(super) struct Overtaken(Mutex<Vec<(OrderNumber, oneshot::Sender<()>)>>);

impl Overtaken {
    fn wait(&self, order: &OrderNumber) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|(_, tell)| !tell.is_closed());
        waiting.push((order.clone(), tell));
        told
    }

    /// A message of an order was delivered.
    pub(super) fn tell(&self, order: &OrderNumber) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, tell) in waiting.extract_if(.., |(of, _)| of == order) {
            let _ = tell.send(());
        }
    }
}

impl Kernel {
    /// Waits as a fault says. What it waits for in vain did not happen.
    pub(super) async fn wait_out(&self, strike: &Strike, place: &Place) {
        match &strike.misfortune {
            Misfortune::Delay { ms } => {
                self.happens(strike, place);
                self.pause(strike.rule, Duration::from_millis(*ms)).await;
            }
            Misfortune::Hold { .. } => {
                self.happens(strike, place);
                match self.faults().closes_in(strike.rule, self.clock().elapsed()) {
                    Some(rest) => self.pause(strike.rule, rest).await,
                    None => self.faults().until_over(strike.rule).await,
                }
            }
            Misfortune::Overtaken { within_ms } => {
                let told = self.0.overtaken.wait(&place.order);
                if self.told_within(strike.rule, told, *within_ms).await {
                    self.happens(strike, place);
                }
            }
            Misfortune::Barrier { barrier, within_ms } => {
                self.wait_at_barrier(strike, place, barrier, *within_ms).await;
            }
            _ => {}
        }
    }

    async fn wait_at_barrier(&self, strike: &Strike, place: &Place, barrier: &str, within_ms: u64) {
        let Some(rule) = self.faults().rule(strike.rule) else { return };
        let expected = self.faults().at_barrier(&rule.scenario, barrier);
        let name = (rule.scenario, barrier.to_owned());
        let Waiting { told, all } = self.faults().barriers.wait(&name, strike.rule, expected, rule.seed);
        // In a task of its own, so that the last to come does not go on before it has told the others.
        self.0.tasks.spawn(async move {
            for tell in all {
                let _ = tell.send(());
            }
        });
        if self.told_within(strike.rule, told, within_ms).await {
            self.happens(strike, place);
        } else {
            self.faults().barriers.leave(&name, strike.rule);
        }
    }

    /// Whether something is told before the time is over and the rule is lifted.
    async fn told_within(&self, rule: RuleId, told: oneshot::Receiver<()>, within_ms: u64) -> bool {
        tokio::select! {
            biased;
            told = told => told.is_ok(),
            () = self.pause(rule, Duration::from_millis(within_ms)) => false,
        }
    }

    /// Waits for a while, or until a rule is lifted.
    pub(super) async fn pause(&self, rule: RuleId, duration: Duration) {
        self.unless_over(rule, self.clock().sleep(duration)).await;
    }

    async fn unless_over(&self, rule: RuleId, waits: impl Future<Output = ()>) {
        tokio::select! {
            biased;
            () = self.faults().until_over(rule) => {}
            () = waits => {}
        }
    }

    /// What a caller notices of a loss: the end of the connection at once, or nothing for a long time.
    pub(super) async fn end(&self, rule: RuleId, ending: Ending) {
        if ending == Ending::Silence {
            self.pause(rule, SILENCE_MAX).await;
        }
    }
}

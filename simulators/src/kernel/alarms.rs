//! Alarms: a core is reminded after a while, in live and in virtual time.
//!
//! An alarm that is set is open work: who waits for rest waits for it, too.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use super::{Alarm, Core, Simulator, simulator::Origin};

/// The alarms of a simulator that are set.
#[derive(Default)]
pub(super) struct Alarms(Mutex<Clockwork>);

#[derive(Default)]
struct Clockwork {
    last: u64,
    /// Number of each alarm; dropping the other half stops it.
    set: BTreeMap<String, (u64, oneshot::Sender<()>)>,
}

impl Alarms {
    fn set(&self, name: &str) -> (u64, oneshot::Receiver<()>) {
        let (stop, stopped) = oneshot::channel();
        let mut clockwork = self.clockwork();
        clockwork.last += 1;
        let number = clockwork.last;
        clockwork.set.insert(name.to_owned(), (number, stop));
        (number, stopped)
    }

    fn stop(&self, name: &str) {
        self.clockwork().set.remove(name);
    }

    /// Whether an alarm is still to ring; it rings once.
    fn take(&self, name: &str, number: u64) -> bool {
        let mut clockwork = self.clockwork();
        let present = clockwork.set.get(name).is_some_and(|(present, _)| *present == number);
        present && clockwork.set.remove(name).is_some()
    }

    fn clockwork(&self) -> MutexGuard<'_, Clockwork> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Core> Simulator<C> {
    /// Sets and stops alarms, in their order.
    pub(super) fn wind(&self, alarms: Vec<Alarm>) {
        for alarm in alarms {
            match alarm {
                Alarm::Stopped { name } => self.alarms().stop(&name),
                Alarm::Set { name, after, order, correlation } => {
                    let origin = Origin {
                        scenario: self.kernel().registry().scenario_of_order(&order),
                        order: Some(order),
                        key: None,
                        correlation: Some(correlation),
                        asked: None,
                        spontaneous: true,
                    };
                    self.set(name, after, origin);
                }
            }
        }
    }

    fn set(&self, name: String, after: Duration, origin: Origin) {
        let (number, stopped) = self.alarms().set(&name);
        let text = format!("{}: {name}", self.system().title());
        let work = self.kernel().0.work.open(origin.scenario.clone(), text);
        let simulator = self.clone();
        self.kernel().0.tasks.spawn(async move {
            tokio::select! {
                biased;
                _ = stopped => {}
                () = simulator.kernel().clock().sleep(after) => {
                    if simulator.alarms().take(&name, number) {
                        simulator.perform(&origin, |core, scene| (core.rings(&name, scene), true));
                    }
                }
            }
            drop(work);
        });
    }
}

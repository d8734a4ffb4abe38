//! The gate to a partner: a bounded number of calls at a time, no faster than was agreed, and of those that wait the most
//! urgent first.
//!
//! It spares the partner and keeps the order of importance. It deliberately does not guess whether the partner is
//! well: it is closed only while the partner itself asks for patience. Who waits to try again stands outside and
//! holds nobody up.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use counterproof_contracts::{
    model::Timestamp,
    policy::Rate,
    protocol::{Criticality, Operation},
};
use tokio::sync::{Notify, oneshot};

use super::bucket::Bucket;
use crate::{door::clock::Clock, process::Task};

/// Who goes first: class, then age, then the order in which an order asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    class: Criticality,
    asked_at: Timestamp,
    number: u32,
    key: String,
}

impl Rank {
    /// The rank of a task.
    pub(super) fn of(task: &Task) -> Self {
        let operation = Operation::find(task.partner, &task.operation);
        Self {
            class: operation.map_or(Criticality::Low, Operation::criticality),
            asked_at: task.asked_at,
            number: task.number,
            key: task.key.clone(),
        }
    }

    /// The rank of a call that can wait for all others of its partner.
    pub(super) fn last(task: &Task) -> Self {
        Self { class: Criticality::Low, asked_at: Timestamp::MAX, ..Self::of(task) }
    }
}

/// A gate.
#[derive(Debug)]
pub(super) struct Gate {
    inside: Mutex<Inside>,
    clock: Clock,
    /// Told when somebody waits for time to pass.
    paced: Notify,
}

#[derive(Debug)]
struct Inside {
    free: usize,
    /// How fast they go; nothing: as they come.
    bucket: Option<Bucket>,
    /// Empty as long as anybody may go.
    waiting: BTreeMap<(Rank, u64), oneshot::Sender<()>>,
    /// How many ever waited: tells those of the same rank apart.
    came: u64,
    /// Until when the partner wants to be left alone.
    closed_until: Option<Timestamp>,
}

impl Inside {
    /// Lets those go whose turn it is; if the next one must wait for time to pass, until when. Whoever waits for a partner that
    /// asks for patience stands in the same line, so that the most urgent goes first again.
    fn admit(&mut self, now: Timestamp) -> Option<Timestamp> {
        while self.free > 0 && !self.waiting.is_empty() {
            if let Some(opens_at) = self.closed_until.filter(|until| *until > now) {
                return Some(opens_at);
            }
            if let Some(Err(at)) = self.bucket.as_mut().map(|bucket| bucket.take(now)) {
                return Some(at);
            }
            while let Some((_, next)) = self.waiting.pop_first() {
                if next.send(()).is_ok() {
                    self.free -= 1;
                    break;
                }
            }
        }
        None
    }
}

impl Gate {
    /// A gate through which so many go at a time, at least one, and no faster than this.
    pub(super) fn new(most: usize, rate: Option<Rate>, clock: Clock) -> Arc<Self> {
        let inside = Inside {
            free: most.max(1),
            bucket: rate.map(Bucket::new),
            waiting: BTreeMap::new(),
            came: 0,
            closed_until: None,
        };
        Arc::new(Self { inside: Mutex::new(inside), clock, paced: Notify::new() })
    }

    /// Waits for its turn. The place is free again once the permit is dropped.
    pub(super) async fn pass(self: &Arc<Self>, rank: Rank) -> Permit {
        let (call, called) = oneshot::channel();
        let place = {
            let mut inside = self.inside();
            inside.came += 1;
            let place = (rank, inside.came);
            inside.waiting.insert(place.clone(), call);
            place
        };
        self.admit();
        let mut turn = Turn { gate: Arc::clone(self), place, called, over: false };
        // The sender is dropped only when it is taken out, which whoever waits here does itself.
        let _ = (&mut turn.called).await;
        turn.over = true;
        Permit(Arc::clone(self))
    }

    /// Lets those go whose turn comes with time, for ever.
    pub(super) async fn keep_pace(self: Arc<Self>) {
        loop {
            self.paced.notified().await;
            loop {
                let next = self.inside().admit(self.clock.now());
                let Some(at) = next else { break };
                self.clock.sleep_until(at).await;
            }
        }
    }

    fn admit(&self) {
        if self.inside().admit(self.clock.now()).is_some() {
            self.paced.notify_one();
        }
    }

    /// The partner wants to be left alone until an instant: by everybody, whoever was told so.
    pub(super) fn close_until(&self, instant: Timestamp) {
        let mut inside = self.inside();
        inside.closed_until = inside.closed_until.max(Some(instant));
    }

    /// When the gate opens, if it is closed.
    pub(super) fn opens_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.inside().closed_until.filter(|until| *until > now)
    }

    /// Sets a place free, for the next one.
    fn leave(&self) {
        self.inside().free += 1;
        self.admit();
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place inside.
#[derive(Debug)]
pub(super) struct Permit(Arc<Gate>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// A place in the line.
struct Turn {
    gate: Arc<Gate>,
    place: (Rank, u64),
    called: oneshot::Receiver<()>,
    over: bool,
}

impl Drop for Turn {
    /// Whoever goes away leaves the line, and gives on a place that it was given meanwhile.
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let waited = self.gate.inside().waiting.remove(&self.place).is_some();
        if !waited {
            self.gate.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use futures::FutureExt as _;
    use proptest::prelude::*;

    use super::*;

    fn rank(class: Criticality, second: i64, key: &str) -> Rank {
        Rank { class, asked_at: Timestamp::from_second(second).unwrap(), number: 1, key: key.to_owned() }
    }

    fn clock() -> Clock {
        Clock::starting_at(Timestamp::from_second(1_800_000_000).unwrap())
    }

    /// Who waits for a token goes by class, then by age, whoever came first; and no faster than was agreed.
    #[tokio::test(start_paused = true)]
    async fn what_is_critical_is_called_first_when_the_pace_is_bounded() {
        let clock = clock();
        let gate = Gate::new(64, Some(Rate { per_second: 10, burst: 2 }), clock);
        let classes = [
            Criticality::Low,
            Criticality::Low,
            Criticality::Low,
            Criticality::Normal,
            Criticality::Critical,
        ];
        let came = classes.iter().cycle().take(15).zip(0_i64..).map(|(class, second)| {
            let (gate, began) = (Arc::clone(&gate), clock.now());
            let rank = rank(*class, second, &second.to_string());
            async move {
                // Those that come later are more urgent than some that wait.
                clock.sleep(std::time::Duration::from_millis(second.unsigned_abs() * 10)).await;
                drop(gate.pass(rank.clone()).await);
                (clock.now().duration_since(began).as_millis(), rank.class)
            }
        });
        let mut went = tokio::select! {
            went = futures::future::join_all(came) => went,
            () = Arc::clone(&gate).keep_pace() => Vec::new(),
        };
        went.sort_unstable();
        let urgent =
            |class| went.iter().filter(|(_, of)| *of == class).map(|(at, _)| *at).collect::<Vec<_>>();
        assert_eq!(urgent(Criticality::Critical), [100, 200, 300]);
        assert_eq!(urgent(Criticality::Normal), [400, 500, 600]);
        assert_eq!(urgent(Criticality::Low), [0, 10, 700, 800, 900, 1_000, 1_100, 1_200, 1_300]);
    }

    /// Whoever waits for a partner that asks for patience goes when it opens, the most urgent first.
    #[tokio::test(start_paused = true)]
    async fn who_waits_for_patience_goes_by_rank_when_it_ends() {
        let clock = clock();
        let gate = Gate::new(1, None, clock);
        let opens_at = clock.now().saturating_add(std::time::Duration::from_secs(3)).unwrap();
        gate.close_until(opens_at);
        let went = Mutex::new(Vec::new());
        let came = [Criticality::Low, Criticality::Normal, Criticality::Critical].map(|class| {
            let (gate, went) = (Arc::clone(&gate), &went);
            async move {
                let _permit = gate.pass(rank(class, 0, "it")).await;
                went.lock().unwrap().push((clock.now() >= opens_at, class));
            }
        });
        tokio::select! {
            _ = futures::future::join_all(came) => {}
            () = Arc::clone(&gate).keep_pace() => {}
        }
        let all = [Criticality::Critical, Criticality::Normal, Criticality::Low].map(|class| (true, class));
        assert_eq!(*went.lock().unwrap(), all);
    }

    #[test]
    fn the_most_urgent_goes_first_then_the_oldest() {
        let gate = Gate::new(1, None, clock());
        let inside = gate.pass(rank(Criticality::Low, 0, "first")).now_or_never().unwrap();
        let ranks = [
            rank(Criticality::Low, 1, "a"),
            rank(Criticality::Critical, 9, "b"),
            rank(Criticality::Critical, 3, "c"),
            rank(Criticality::Normal, 2, "d"),
        ];
        let mut waiting: Vec<_> =
            ranks.iter().map(|rank| (&rank.key, Box::pin(gate.pass(rank.clone())))).collect();
        assert!(waiting.iter_mut().all(|(_, turn)| turn.now_or_never().is_none()));
        drop(inside);
        let mut order = Vec::new();
        while let Some(next) = waiting.iter_mut().position(|(_, turn)| turn.now_or_never().is_some()) {
            order.push(waiting.remove(next).0.as_str());
        }
        assert_eq!(order, ["c", "b", "d", "a"]);
    }

    proptest! {
        /// Whoever comes, goes inside, or goes away at whatever moment: never too many inside, no place lost.
        #[test]
        fn no_place_is_lost(most in 1_usize..4, steps in proptest::collection::vec((0_u8..4, 0_usize..8), 0..60)) {
            let gate = Gate::new(most, None, clock());
            let (mut turns, mut inside) = (Vec::new(), Vec::new());
            for (number, (step, which)) in steps.into_iter().enumerate() {
                match step {
                    0 | 1 => turns.push(Box::pin({
                        let gate = Arc::clone(&gate);
                        async move { gate.pass(rank(Criticality::Normal, 0, &number.to_string())).await }
                    })),
                    2 if which < turns.len() => drop(turns.remove(which)),
                    3 if which < inside.len() => drop(inside.remove(which)),
                    _ => {}
                }
                // Only every other turn looks whether it was called.
                let mut index = 0;
                turns.retain_mut(|turn| {
                    index += 1;
                    if (index + number) % 2 == 0 {
                        return true;
                    }
                    let permit = turn.now_or_never();
                    let waits = permit.is_none();
                    inside.extend(permit);
                    waits
                });
                prop_assert!(inside.len() <= most);
            }
            drop(turns);
            drop(inside);
            prop_assert_eq!(gate.inside().free, most);
        }
    }
}

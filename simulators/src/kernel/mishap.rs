//! What faults do to a call of a system: turn it away, answer it wrongly, lose its answer.

use counterproof_contracts::{
    faults::{Ending, ErrorBody, Misfortune, Moment},
    protocol::{Method, Operation, Problem, ProblemKind},
    shape,
};
use http::Response;
use serde_json::{Value, json};

use super::{
    Call, Core, Payload, Place, Simulator, Strike, faults,
    reply::Answer,
    serve::Served,
    visit::Visit,
    wire::{Broken, OnEnd},
};

/// What became of an answer.
pub(super) enum Spoilt {
    /// It is given, as it was or another.
    Answer(Answer),
    /// It is given, and breaks on its way.
    Broken(Answer, Broken),
    /// It is lost.
    Lost,
}

impl<C: Core> Simulator<C> {
    /// A call goes no further than its arrival: it has no effect.
    pub(super) async fn turn_away(&self, mut visit: Visit, strike: &Strike, place: &Place) -> Served {
        if matches!(strike.misfortune, Misfortune::Crash { .. }) {
            return self.lose(visit, strike, place).await;
        }
        self.kernel().happens(strike, place);
        let Some(answer) = self.answer_at_arrival(&strike.misfortune) else {
            return self.lose(visit, strike, place).await;
        };
        visit.note(&format!("fault {:?}", strike.name));
        let response = answer.response();
        self.record(visit, Some(answer));
        Ok(response)
    }

    fn answer_at_arrival(&self, misfortune: &Misfortune) -> Option<Answer> {
        Some(match misfortune {
            Misfortune::ErrorAnswer { status, retry_after_s, body, .. } => {
                self.error_answer(*status, *retry_after_s, *body)
            }
            Misfortune::CredentialsExpired => {
                let detail = format!("the {} wants new credentials", self.system().title());
                Answer::problem(&Problem::new(ProblemKind::CredentialsExpired, detail))
            }
            Misfortune::FalseSuccess => {
                let detail = format!("the {} could not do it", self.system().title());
                let problem = Problem::new(ProblemKind::InternalError, detail);
                Answer { status: 200, doubtful: true, ..Answer::problem(&problem) }
            }
            Misfortune::AcceptAndNever => Answer { doubtful: true, ..Answer::success(202, json!({})) },
            _ => return None,
        })
    }

    fn error_answer(&self, status: u16, retry_after_s: Option<u32>, form: ErrorBody) -> Answer {
        let kind = match status {
            429 => ProblemKind::TooManyRequests,
            500 => ProblemKind::InternalError,
            _ => ProblemKind::Unavailable,
        };
        let detail = format!("the {} does not work at present", self.system().title());
        let problem = Problem { status, ..Problem::new(kind, detail) };
        let mut answer = Answer { retry_after_s, form, ..Answer::problem(&problem) };
        if form != ErrorBody::Problem {
            answer.body = Value::Null;
        }
        answer
    }

    /// A repetition is told that the first call is still being worked on.
    pub(super) fn contest(&self, mut visit: Visit, strike: &Strike) -> Answer {
        let key = visit.exchange.key.clone().unwrap_or_default();
        let detail = format!("key {key:?} is being worked on");
        let answer = Answer::problem(&Problem::new(ProblemKind::ConcurrentRequest, detail));
        visit.note(&format!("fault {:?}", strike.name));
        self.record(visit, Some(answer.clone()));
        answer
    }

    /// Answers a reading from an earlier state, if a fault says so and there is one.
    pub(super) fn stale(
        &self,
        call: &Call,
        visit: &mut Visit,
        place: Option<&Place>,
    ) -> Option<Result<Value, Problem>> {
        let strike = self.kernel().look(place, Moment::Content)?;
        let Misfortune::StaleRead { behind_ms } = strike.misfortune else { return None };
        if call.operation.method != Method::Get {
            return None;
        }
        let answer = self.read_past(call, &place?.order, behind_ms)?;
        self.kernel().happens(&strike, place?);
        visit.note(&format!("fault {:?}", strike.name));
        Some(answer)
    }

    /// The answer as another version of its schema would have it, if a fault says so and a place fits.
    pub(super) fn drift(&self, answer: Answer, visit: &mut Visit, place: Option<&Place>) -> Answer {
        self.drifted(&answer, visit, place).unwrap_or(answer)
    }

    fn drifted(&self, answer: &Answer, visit: &mut Visit, place: Option<&Place>) -> Option<Answer> {
        let place = place?;
        let strike = self.kernel().look(Some(place), Moment::Content)?;
        let Misfortune::Drift { change, at } = &strike.misfortune else { return None };
        let operation = Operation::find(self.system(), &place.operation)?;
        let errors = |body: &Value| shape::response_errors(operation, answer.status, body);
        let body = faults::drifted(&answer.body, *change, at.as_deref(), "", &errors)?;
        self.kernel().happens(&strike, place);
        visit.note(&format!("fault {:?}", strike.name));
        Some(Answer { body, ..answer.clone() })
    }

    /// What a fault makes of an answer. The effect is done.
    pub(super) async fn spoil(
        &self,
        answer: Answer,
        visit: &mut Visit,
        strike: &Strike,
        place: &Place,
    ) -> Spoilt {
        match &strike.misfortune {
            Misfortune::Crash { .. } => Spoilt::Lost,
            Misfortune::ErrorAnswer { status, retry_after_s, body, .. } => {
                self.kernel().happens(strike, place);
                visit.note(&format!("fault {:?}", strike.name));
                let answer = self.error_answer(*status, *retry_after_s, *body);
                Spoilt::Answer(Answer { doubtful: true, ..answer })
            }
            Misfortune::LateAnswer { ms } => {
                self.kernel().happens(strike, place);
                self.kernel().pause(strike.rule, std::time::Duration::from_millis(*ms)).await;
                Spoilt::Answer(answer)
            }
            Misfortune::BrokenAnswer { how, ms } => {
                self.kernel().happens(strike, place);
                visit.note(&format!("fault {:?}", strike.name));
                Spoilt::Broken(answer, self.kernel().broken(*how, *ms))
            }
            _ => {
                self.kernel().happens(strike, place);
                Spoilt::Lost
            }
        }
    }

    /// The answer goes out and breaks on its way. It is recorded when that is over: with an answer if all of it went.
    pub(super) fn break_answer(&self, answer: &Answer, visit: Visit, broken: Broken) -> Response<Payload> {
        let scenario = self.kernel().registry().scenario_of(&visit.subject);
        let text = format!("{}: the answer to {} is on its way", self.system().title(), visit.exchange.call);
        let work = self.kernel().0.work.open(scenario, text);
        let (simulator, told) = (self.clone(), answer.clone());
        let end = OnEnd::new(move |complete| {
            if complete {
                simulator.record(visit, Some(told));
            } else {
                drop(simulator.break_off(visit, "the answer broke off".to_owned()));
            }
            drop(work);
        });
        answer.broken_response(broken, end)
    }

    /// The call ends without an answer; in silence, or because the caller dies.
    pub(super) async fn lose(&self, visit: Visit, strike: &Strike, place: &Place) -> Served {
        let lost = self.break_off(visit, format!("fault {:?}", strike.name));
        match strike.misfortune {
            Misfortune::Crash { .. } => {
                self.kernel().crash(strike, place).await;
            }
            Misfortune::LoseRequest { ending } | Misfortune::LoseAnswer { ending } => {
                self.kernel().end(strike.rule, ending).await;
            }
            _ => self.kernel().end(strike.rule, Ending::Reset).await,
        }
        Err(lost)
    }
}

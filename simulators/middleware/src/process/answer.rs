//! What partners answer, typed by intent. An answer that cannot be read says nothing of the outcome.

use counterproof_contracts::{
    model::{
        Authorization, Capture, Date, ErpDocument, FeedPage, FulfillmentCancellationResult, GiftCard, Label,
        PostingStatus, Refund, Reservation, SalesOrder, TaxQuote,
    },
    protocol::{Problem, ProblemKind},
};
use serde::Deserialize;
use serde_json::Value;

use super::task::Intent;

/// Most characters of a partner's explanation that are kept.
const DETAIL_CHARS_MAX: usize = 500;

/// A partner's answer that the process reads.
#[derive(Debug, Clone, PartialEq)]
pub enum PartnerAnswer {
    /// To [`Intent::QuoteTax`].
    Quoted(TaxQuote),
    /// To [`Intent::Authorize`].
    Authorized(Authorization),
    /// To [`Intent::Capture`].
    Captured(Capture),
    /// To [`Intent::Reserve`].
    Reserved(Reservation),
    /// To [`Intent::Book`].
    Booked(SalesOrder),
    /// To [`Intent::Label`], [`Intent::ReturnLabel`] and [`Intent::LabelRejected`].
    Labeled(Label),
    /// To [`Intent::Stop`].
    Stopped(FulfillmentCancellationResult),
    /// To [`Intent::Invoice`] and [`Intent::CreditMemo`].
    Taken(DocumentTaken),
    /// To [`Intent::ActivateCard`].
    Activated(GiftCard),
    /// To [`Intent::Refund`] at the payment provider.
    Refunding(Refund),
    /// To [`Intent::ReadFeed`].
    Listed(FeedPage),
    /// To everything else: that it is done.
    Done,
}

impl PartnerAnswer {
    /// Reads the answer to an intent.
    pub fn read(intent: &Intent, is_card_refund: bool, answer: Value) -> Result<Self, serde_json::Error> {
        Ok(match intent {
            Intent::QuoteTax | Intent::QuoteChange { .. } => Self::Quoted(serde_json::from_value(answer)?),
            Intent::Authorize { .. } => Self::Authorized(serde_json::from_value(answer)?),
            Intent::Capture { .. } => Self::Captured(serde_json::from_value(answer)?),
            Intent::Reserve | Intent::ReserveAgain { .. } => Self::Reserved(serde_json::from_value(answer)?),
            Intent::Book => Self::Booked(serde_json::from_value(answer)?),
            Intent::Label { .. } | Intent::ReturnLabel { .. } | Intent::LabelRejected { .. } => {
                Self::Labeled(serde_json::from_value(answer)?)
            }
            Intent::Invoice { .. } | Intent::CreditMemo { .. } => {
                Self::Taken(serde_json::from_value(answer)?)
            }
            Intent::ReadFeed { .. } => Self::Listed(serde_json::from_value(answer)?),
            Intent::ActivateCard { .. } => Self::Activated(serde_json::from_value(answer)?),
            Intent::Stop { .. } => Self::Stopped(serde_json::from_value(answer)?),
            Intent::Refund { .. } if is_card_refund => Self::Refunding(serde_json::from_value(answer)?),
            _ => Self::Done,
        })
    }
}

/// That the ERP took an invoice or credit memo.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DocumentTaken {
    /// The number that it has.
    pub erp_document: ErpDocument,
    /// Where it stands; posted where nothing is said.
    #[serde(default)]
    pub posting: Option<PostingStatus>,
}

/// That a partner definitely refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The kind of problem, where the contract knows it.
    pub kind: Option<ProblemKind>,
    /// What the partner says.
    pub detail: String,
    /// Where the period is closed: the first day that documents may be dated.
    pub open_from: Option<Date>,
    /// The first place of the document that it names.
    pub pointer: Option<String>,
}

impl Refusal {
    /// A refusal with problem details.
    pub fn of(problem: &Problem) -> Self {
        let detail = problem.detail.chars().take(DETAIL_CHARS_MAX).collect();
        let open_from = problem.open_from;
        let pointer = problem.errors.first().map(|error| error.pointer.clone());
        Self { status: problem.status, kind: problem.problem_kind(), detail, open_from, pointer }
    }

    /// A refusal that says no more than this.
    pub const fn without_problem(status: u16, detail: String) -> Self {
        Self { status, kind: None, detail, open_from: None, pointer: None }
    }

    /// As a reason in a sentence.
    pub fn reason(&self) -> String {
        let title = self.kind.map_or("refused", ProblemKind::title);
        format!("{} {title}: {}", self.status, self.detail)
    }
}

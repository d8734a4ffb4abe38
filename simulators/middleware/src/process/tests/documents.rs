//! Invoices and credit memos that the ERP posts later, or not in a closed period.

use super::*;

fn number(attempt: usize) -> ErpDocument {
    format!("DOC-postInvoice-{attempt}").into()
}

fn result(attempt: usize, posting: PostingStatus) -> PostingResult {
    PostingResult {
        erp_document: number(attempt),
        order_number: "W-1".into(),
        kind: PostingKind::Invoice,
        cause: "S1".to_owned(),
        posting,
        reason: None,
    }
}

fn told(stage: &mut Stage, attempt: usize, posted: bool) {
    stage.event(if posted {
        EventData::DocumentPosted(result(attempt, PostingStatus::Posted))
    } else {
        EventData::DocumentNotPosted(result(attempt, PostingStatus::Failed))
    });
    stage.run();
}

fn invoices(stage: &Stage) -> usize {
    stage.calls("postInvoice").len()
}

fn taken() -> Stage {
    let mut stage = Stage::released(plain());
    stage.postings = "pending";
    stage.ship("S1", &[("B", 1)]);
    stage
}

#[test]
fn what_is_posted_later_is_handed_over_once_and_credited_after_it() {
    let mut stage = taken();
    stage
        .store_return(receipt("R1", vec![returned("B", 1)], vec![graded("B", 1, ConditionGrade::A)]))
        .unwrap();
    assert_eq!((invoices(&stage), stage.calls("postCreditMemo").len()), (1, 0));
    told(&mut stage, 1, true);
    told(&mut stage, 1, true);
    assert_eq!((invoices(&stage), stage.calls("postCreditMemo").len()), (1, 1));
}

#[test]
fn what_was_not_posted_is_handed_over_again_and_late_word_of_it_changes_nothing() {
    let mut stage = taken();
    told(&mut stage, 1, false);
    told(&mut stage, 1, false);
    assert_eq!(invoices(&stage), 2);
    let keys: Vec<&str> = stage
        .done
        .iter()
        .filter(|task| task.operation == "postInvoice")
        .map(|task| task.key.as_str())
        .collect();
    assert_eq!(keys, ["W-1.invoice.S1", "W-1.invoice.S1.2"]);
    assert_eq!(stage.calls("postInvoice")[0], stage.calls("postInvoice")[1]);
    told(&mut stage, 2, true);
    told(&mut stage, 1, false);
    assert_eq!(invoices(&stage), 2);
    assert!(stage.letters.is_empty());
}

#[test]
fn word_that_comes_before_the_answer_counts() {
    for (posted, calls) in [(true, 1), (false, 2)] {
        let mut stage = Stage::released(plain());
        stage.postings = "pending";
        stage.silent.push("postInvoice");
        stage.ship("S1", &[("B", 1)]);
        told(&mut stage, 1, posted);
        stage.silent.clear();
        stage.run();
        assert_eq!(invoices(&stage), calls);
    }
}

#[test]
fn what_is_never_posted_goes_to_a_person() {
    let mut stage = taken();
    for attempt in 1..=9 {
        told(&mut stage, attempt, false);
    }
    assert_eq!((invoices(&stage), stage.letters.len()), (5, 1));
}

#[test]
fn a_closed_period_moves_the_day_of_posting_alone() {
    let mut stage = Stage::released(plain());
    stage.silent.push("postInvoice");
    stage.ship("S1", &[("B", 1)]);
    let refuse = |stage: &mut Stage| {
        let index = stage.open.iter().position(|task| task.operation == "postInvoice").unwrap();
        let task = stage.open.remove(index).unwrap();
        let problem = Problem {
            open_from: Some("2026-12-01".parse().unwrap()),
            ..Problem::new(ProblemKind::PeriodClosed, "…")
        };
        let input = Input::Refused { task: Box::new(task), refusal: Refusal::of(&problem) };
        stage.input(input, "refused").unwrap();
    };
    refuse(&mut stage);
    let again = stage.open.iter().find(|task| task.operation == "postInvoice").unwrap();
    assert_eq!(
        (&again.body["business_date"], &again.body["posting_date"]),
        (&json!("2026-11-27"), &json!("2026-12-01"))
    );
    refuse(&mut stage);
    assert!(stage.open.iter().all(|task| task.operation != "postInvoice"), "the same day is not tried again");
    assert_eq!(stage.letters.len(), 1);
}

//! What a matrix tells, in every format.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

fn scenario(name: &str, covers_alone: &[&str]) -> ProvenScenario {
    ProvenScenario {
        path: "returns/a.feature".to_owned(),
        line: 7,
        name: name.to_owned(),
        covers_alone: covers_alone.iter().map(ToString::to_string).collect(),
    }
}

fn row(id: &str, laws: &[&str], kills: Vec<Kill>) -> Row {
    let defect = CataloguedDefect {
        id: id.to_owned(),
        text: "Refunds are <too> high.".to_owned(),
        domain: counterproof_contracts::defects::Domain::ReturnsProcessing,
        failure: "net and gross are confused".to_owned(),
        impact: "money is lost".to_owned(),
        reports: vec!["shop/shop#1".to_owned()],
        laws: laws.iter().map(ToString::to_string).collect(),
    };
    Row { defect, reached: 2, kills, complete: true }
}

fn kill(scenario: usize, laws: &[&str]) -> Kill {
    let reason = "Order W-1: 1.00 EUR too much.".to_owned();
    Kill { scenario, laws: laws.iter().map(ToString::to_string).collect(), reason }
}

fn matrix() -> Matrix {
    Matrix {
        seed: 1,
        whole: true,
        wire: false,
        live: false,
        scenarios: vec![scenario("A | b", &[]), scenario("Idle", &[]), scenario("Alone", &["RET-001"])],
        laws: vec!["M4".to_owned(), "M6".to_owned()],
        rows: vec![
            row("gross", &["M6"], vec![kill(0, &["M6"])]),
            row("other", &["M4"], vec![kill(0, &["M6"])]),
            row("quiet", &["M4", "M6"], Vec::new()),
        ],
        broken: Vec::new(),
        interrupted: false,
    }
}

#[test]
fn how_it_was_played_is_told() {
    let rehearsed = matrix().markdown();
    assert!(rehearsed.contains("was played with it, in virtual time, seed 1."), "{rehearsed}");
    let live = Matrix { wire: true, live: true, ..matrix() }.markdown();
    let told = "was played live, around the implementation, first without it and then with it until a law named it, seed 1.";
    assert!(live.contains(told) && !live.contains("virtual"), "{live}");
}

#[test]
fn what_a_suite_misses_is_told() {
    let matrix = matrix();
    assert_eq!(
        matrix.findings(),
        [
            "other is not named: 1 scenario failed, but M4 did not see it",
            "quiet survives: 2 scenarios played with it, M4 or M6 should have seen it",
            "law M4 sees no defect of the catalogue",
            "returns/a.feature:7 sees no defect and covers nothing alone: Idle",
        ]
    );
    let part = Matrix { whole: false, ..matrix };
    assert_eq!(part.findings().len(), 2, "of a part nobody can say what is left out");
}

#[test]
fn a_part_of_a_suite_need_not_reach_every_defect_but_one() {
    let mut part = Matrix { whole: false, ..matrix() };
    part.rows[2].reached = 0;
    assert_eq!(part.findings().len(), 1);
    part.rows.drain(..2);
    assert_eq!(part.findings().len(), 1, "what is asked for and reached by nothing is told");
}

#[test]
fn what_was_not_played_to_the_end_is_unknown() {
    let mut matrix = matrix();
    matrix.interrupted = true;
    matrix.rows[2].complete = false;
    assert_eq!(matrix.rows[2].fate(), Fate::Unknown);
    assert_eq!(matrix.findings(), ["other is not named: 1 scenario failed, but M4 did not see it"]);
}

#[test]
fn a_matrix_without_anything_missed_says_so() {
    let mut matrix = matrix();
    matrix.rows.truncate(1);
    matrix.rows[0].kills.push(kill(1, &["M4"]));
    assert_eq!(matrix.findings(), [""; 0]);
    assert!(matrix.markdown().contains("Nothing: every defect is named"));
}

#[test]
fn a_matrix_survives_its_file() {
    let matrix = matrix();
    let text = serde_json::to_string(&matrix).unwrap();
    assert_eq!(serde_json::from_str::<Matrix>(&text).unwrap(), matrix);
}

#[test]
fn the_formats_show_the_same_matrix() {
    let matrix = matrix();
    insta::assert_snapshot!("markdown", matrix.markdown());
    insta::assert_snapshot!("terminal", anstripped(&matrix.terminal()));
    let html = matrix.html();
    assert!(html.contains("Refunds are &lt;too&gt; high.") && !html.contains("<too>"), "{html}");
}

/// Without colors.
fn anstripped(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.by_ref().find(|letter| *letter == 'm');
        } else {
            plain.push(letter);
        }
    }
    plain
}

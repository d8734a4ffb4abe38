//! From the bytes of a body to JSON, with limits: bytes are untrusted.

use serde_json::{Number, Value};

use crate::protocol::{BODY_BYTES_MAX, JSON_DEPTH_MAX, Problem, ProblemKind};

/// Integers up to here are the same in every JSON implementation (RFC 8259, section 6).
const SAFE_INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

/// Reads a body: size, UTF-8, nesting, JSON. No bytes, or only white space, are null: there is no body.
/// A number without fraction is an integer however it is written (`2.0`, `2e0`), as in JSON Schema.
///
/// Errors: `body-too-large` above [`BODY_BYTES_MAX`], else `malformed-body`.
///
/// ```
/// use counterproof_contracts::{protocol::ProblemKind, shape::parse_body};
/// assert_eq!(parse_body(br#"{"quantity": 2.0}"#).unwrap()["quantity"], 2);
/// assert_eq!(parse_body(b"{").unwrap_err().problem_kind(), Some(ProblemKind::MalformedBody));
/// ```
pub fn parse_body(bytes: &[u8]) -> Result<Value, Problem> {
    if bytes.len() > BODY_BYTES_MAX {
        let detail = format!("{} bytes; at most {BODY_BYTES_MAX} are taken", bytes.len());
        return Err(Problem::new(ProblemKind::BodyTooLarge, detail));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| malformed(format!("no UTF-8: {error}")))?;
    if text.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    if depth_exceeds(bytes, JSON_DEPTH_MAX) {
        return Err(malformed(format!("nested deeper than {JSON_DEPTH_MAX}")));
    }
    let mut value = serde_json::from_str(text).map_err(|error| malformed(format!("no JSON: {error}")))?;
    write_integers_plainly(&mut value);
    Ok(value)
}

fn malformed(detail: String) -> Problem {
    Problem::new(ProblemKind::MalformedBody, detail)
}

/// Whether objects and arrays nest deeper than `limit`. Looks at raw bytes, in one pass, before anything is
/// parsed; for text that is no JSON the answer means nothing.
pub fn depth_exceeds(json: &[u8], limit: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}

/// The depth was checked before: the recursion is bounded.
fn write_integers_plainly(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(integer) = integral(number) {
                *number = integer;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_integers_plainly),
        Value::Object(fields) => fields.values_mut().for_each(write_integers_plainly),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn integral(number: &Number) -> Option<Number> {
    if !number.is_f64() {
        return None;
    }
    let float = number.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "no fraction, and within 53 bits")]
    (float.fract() == 0.0 && float.abs() <= SAFE_INTEGER_MAX).then(|| Number::from(float as i64))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn kind(bytes: &[u8]) -> Option<ProblemKind> {
        parse_body(bytes).unwrap_err().problem_kind()
    }

    fn nested(depth: usize) -> String {
        format!("{}{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn no_body_is_null() {
        assert_eq!(parse_body(b"").unwrap(), Value::Null);
        assert_eq!(parse_body(b" \r\n").unwrap(), Value::Null);
    }

    #[test]
    fn a_body_at_the_limit_is_read_and_one_above_is_refused() {
        let at_limit = format!("\"{}\"", "x".repeat(BODY_BYTES_MAX - 2));
        assert!(parse_body(at_limit.as_bytes()).is_ok());
        let above = format!("\"{}\"", "x".repeat(BODY_BYTES_MAX - 1));
        assert_eq!(kind(above.as_bytes()), Some(ProblemKind::BodyTooLarge));
    }

    #[test]
    fn nesting_at_the_limit_is_read_and_one_above_is_refused() {
        assert!(parse_body(nested(JSON_DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(kind(nested(JSON_DEPTH_MAX + 1).as_bytes()), Some(ProblemKind::MalformedBody));
        assert_eq!(kind("[".repeat(BODY_BYTES_MAX).as_bytes()), Some(ProblemKind::MalformedBody));
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        let text = json!({ "text": "[{".repeat(JSON_DEPTH_MAX), "quoted": "\"[\\" }).to_string();
        assert!(parse_body(text.as_bytes()).is_ok());
        assert!(!depth_exceeds(text.as_bytes(), 1));
        assert!(depth_exceeds(text.as_bytes(), 0));
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for bytes in [&b"{"[..], b"\xff\xfe", b"{} {}", b"nul", b"{'a':1}", b"1e999", b"\"\\ud800\""] {
            assert_eq!(kind(bytes), Some(ProblemKind::MalformedBody), "{bytes:?}");
        }
    }

    #[test]
    fn a_number_without_fraction_is_an_integer() {
        let value = parse_body(b"[1.0, -2e2, -0.0, 1.5, 9007199254740993.0, 18446744073709551615]").unwrap();
        assert_eq!(value.to_string(), "[1,-200,0,1.5,9007199254740992.0,18446744073709551615]");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_body(&bytes);
        }

        #[test]
        fn any_brackets_are_read_or_refused(text in "[\\[\\]{}\":,1a\\\\ ]{0,300}") {
            let _ = parse_body(text.as_bytes());
        }

        #[test]
        fn nesting_is_counted_exactly(depth in 1_usize..100, limit in 0_usize..100) {
            prop_assert_eq!(depth_exceeds(nested(depth).as_bytes(), limit), depth > limit);
        }
    }
}

//! Text of others, made harmless: an implementation's answer must not move the cursor, color the terminal,
//! reverse the reading order, break a line or a document.

/// One line of text: control and reordering characters become a replacement mark, white space one blank.
pub(crate) fn line(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !cleaned.is_empty() {
            cleaned.push(' ');
        }
        cleaned.extend(word.chars().map(harmless));
    }
    cleaned
}

/// The lines of a text, each harmless, indentation kept.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(|line| line.replace('\t', "    ").trim_end().chars().map(harmless).collect())
}

/// At most so many characters of a text, with an ellipsis in the middle where it was cut: identifiers
/// differ at their ends.
pub(crate) fn short(text: &str, characters_max: usize) -> String {
    let text = line(text);
    if text.chars().count() <= characters_max {
        return text;
    }
    let kept = characters_max.saturating_sub(1);
    let tail = kept / 2;
    let head: String = text.chars().take(kept - tail).collect();
    let tail: String = text.chars().skip(text.chars().count() - tail).collect();
    format!("{head}…{tail}")
}

/// Milliseconds as people read them: `31 ms`, `2.5 s`, `20.0 min`, `30.0 h`, `29.9 d`.
pub(crate) fn duration(milliseconds: u64) -> String {
    const SECOND: u64 = 1000;
    const MINUTE: u64 = 60 * SECOND;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let (unit, name) = match milliseconds {
        0..SECOND => return format!("{milliseconds} ms"),
        SECOND..MINUTE => (SECOND, "s"),
        MINUTE..HOUR => (MINUTE, "min"),
        HOUR..DAY => (HOUR, "h"),
        DAY.. => (DAY, "d"),
    };
    format!("{}.{} {name}", milliseconds / unit, milliseconds % unit * 10 / unit)
}

/// `1 scenario`, `2 scenarios`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    count_u64(number as u64, noun)
}

/// As [`count`], for numbers that may be large.
pub(crate) fn count_u64(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn harmless(character: char) -> char {
    let reorders =
        matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let is_invalid_in_xml = matches!(character, '\u{FFFE}' | '\u{FFFF}');
    if character.is_control() || reorders || is_invalid_in_xml { '\u{FFFD}' } else { character }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_teeth_out_of_escapes() {
        assert_eq!(line("a\u{1b}[31m b\r\n\tc \u{202e}d"), "a\u{FFFD}[31m b c \u{FFFD}d");
        assert_eq!(line("\u{FFFE}\u{FFFF}é"), "\u{FFFD}\u{FFFD}é");
        assert_eq!(lines("x\u{7}\n\ty  ").collect::<Vec<_>>(), ["x\u{FFFD}", "    y"]);
    }

    #[test]
    fn shortens_by_characters() {
        assert_eq!(short("größer", 6), "größer");
        assert_eq!(short("größerer", 6), "grö…er");
    }

    #[test]
    fn tells_counts() {
        assert_eq!([count(1, "law"), count(2, "law")], ["1 law", "2 laws"]);
    }

    #[test]
    fn durations_are_told_in_their_largest_unit() {
        let told: Vec<String> =
            [0, 999, 1000, 59_999, 90_000, 3_600_000, 108_000_000].into_iter().map(duration).collect();
        assert_eq!(told, ["0 ms", "999 ms", "1.0 s", "59.9 s", "1.5 min", "1.0 h", "1.2 d"]);
    }
}

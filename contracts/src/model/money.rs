//! Money: integer minor units with an ISO 4217 currency. Never a fraction, never a bare number.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// A text that is not three capital letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("currency {0:?} is not three capital letters (ISO 4217)")]
pub struct InvalidCurrency(String);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");
    /// The United States dollar.
    pub const USD: Self = Self(*b"USD");

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many decimals the currency's minor unit stands for (ISO 4217, table A.1).
    pub fn exponent(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(InvalidCurrency(text.chars().take(16).collect())),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidCurrency;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount in minor units (cents for EUR, yen for JPY) and its currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative only where a difference is meant.
    pub amount: i64,
    /// The currency that the minor units belong to.
    pub currency: Currency,
}

impl Money {
    /// An amount of minor units.
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }
}

impl fmt::Display for Money {
    /// As people write it: `49.90 EUR`, `1200 JPY`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let sign = if self.amount < 0 { "-" } else { "" };
        let units = self.amount.unsigned_abs();
        if exponent == 0 {
            return write!(f, "{sign}{units} {}", self.currency);
        }
        let scale = 10_u64.pow(exponent);
        let width = exponent as usize;
        write!(f, "{sign}{}.{:0width$} {}", units / scale, units % scale, self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::prelude::*;

    use super::*;

    /// What a person would read back from the text.
    fn read(text: &str) -> Money {
        let (number, currency) = text.rsplit_once(' ').unwrap();
        let currency: Currency = currency.parse().unwrap();
        let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        assert_eq!(decimals, currency.exponent() as usize, "{text}");
        Money::new(number.replace('.', "").parse().unwrap(), currency)
    }

    #[test]
    fn money_is_written_as_people_write_it() {
        let written = |amount, currency: &str| Money::new(amount, currency.parse().unwrap()).to_string();
        assert_eq!(written(4_990, "EUR"), "49.90 EUR");
        assert_eq!(written(-5, "USD"), "-0.05 USD");
        assert_eq!(written(1_200, "JPY"), "1200 JPY");
        assert_eq!(written(1_001, "KWD"), "1.001 KWD");
        assert_eq!(written(0, "EUR"), "0.00 EUR");
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        for text in ["", "EU", "EURO", "eur", "E R", "€", "ЕUR", "12A"] {
            assert!(text.parse::<Currency>().is_err(), "{text:?}");
        }
        let error = "x".repeat(1000).parse::<Currency>().unwrap_err().to_string();
        assert!(error.len() < 100, "{error}");
    }

    proptest! {
        #[test]
        fn money_that_is_written_can_be_read(amount: i64, code in "[A-Z]{3}") {
            let money = Money::new(amount, code.parse().unwrap());
            prop_assert_eq!(read(&money.to_string()), money);
        }

        #[test]
        fn the_rarer_exponents_are_written_in_full(
            amount: i64,
            code in proptest::sample::select(vec!["JPY", "KWD", "CLF", "ISK", "TND"]),
        ) {
            let money = Money::new(amount, code.parse().unwrap());
            prop_assert_eq!(read(&money.to_string()), money);
        }

        #[test]
        fn any_text_is_a_currency_or_not(text in any::<String>()) {
            let capital = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
            prop_assert_eq!(text.parse::<Currency>().is_ok(), capital);
        }

        #[test]
        fn a_currency_is_written_as_it_was_read(code in "[A-Z]{3}") {
            prop_assert_eq!(code.parse::<Currency>().unwrap().to_string(), code);
        }
    }
}

//! Bearer tokens (RFC 6750): who calls the middleware proves it with a token of its own.
//!
//! A token says who somebody is. What its holder may call stands in the published files: `callers` and `own-orders` of
//! `x-governance`.

use std::{collections::BTreeMap, fmt};

use sha2::{Digest as _, Sha256};

use super::signature::Secret;
use crate::model::System;

/// Shortest and longest token, in characters.
const CHARS: std::ops::RangeInclusive<usize> = 16..=512;
/// What stands before the token in the `authorization` header.
const SCHEME: &str = "Bearer";

/// A token; it never shows itself in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token is 16 to 512 letters, digits and `-._~+/=`")]
pub struct MalformedToken;

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// Reads a token.
    ///
    /// # Errors
    /// [`MalformedToken`] if it is too short to be a secret, too long, or does not fit into the header.
    pub fn parse(text: &str) -> Result<Self, MalformedToken> {
        let text = text.trim();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let sound = CHARS.contains(&text.len()) && text.bytes().all(fits);
        if sound { Ok(Self(text.to_owned())) } else { Err(MalformedToken) }
    }

    /// The token itself, for whoever hands it out.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The value of the `authorization` header.
    pub fn header(&self) -> String {
        format!("{SCHEME} {}", self.0)
    }

    /// Whether this is the token; how long it takes does not tell how much of it fits.
    fn is(&self, given: &str) -> bool {
        Sha256::digest(&self.0) == Sha256::digest(given)
    }
}

/// The token of each system that calls the middleware.
#[derive(Debug, Clone, Default)]
pub struct Tokens(BTreeMap<System, Token>);

impl Tokens {
    /// Systems that call the middleware by themselves. Others tell it events, which are signed.
    pub const CALLERS: [System; 4] =
        [System::Storefront, System::Marketplace, System::Pos, System::CustomerService];

    /// Tokens that follow from a secret, where none were agreed on.
    ///
    /// ```
    /// use counterproof_contracts::{model::System, protocol::{Tokens, signature::Secret}};
    /// let tokens = Tokens::of(&Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?);
    /// let header = tokens.get(System::Pos).unwrap().header();
    /// assert_eq!(tokens.holder(&header), Some(System::Pos));
    /// assert_eq!(tokens.holder("Bearer of-somebody-else"), None);
    /// # Ok::<(), counterproof_contracts::protocol::signature::SignatureError>(())
    /// ```
    pub fn of(secret: &Secret) -> Self {
        let token = |caller: System| {
            let mac = secret.sign("token", 0, caller.name().as_bytes());
            let text: String = mac.chars().filter(char::is_ascii_alphanumeric).collect();
            Token(format!("{}-{text}", caller.name()))
        };
        Self(Self::CALLERS.into_iter().map(|caller| (caller, token(caller))).collect())
    }

    /// Gives a system another token.
    pub fn set(&mut self, caller: System, token: Token) {
        self.0.insert(caller, token);
    }

    /// The token of a system.
    pub fn get(&self, caller: System) -> Option<&Token> {
        self.0.get(&caller)
    }

    /// Every system with its token.
    pub fn iter(&self) -> impl Iterator<Item = (System, &Token)> {
        self.0.iter().map(|(caller, token)| (*caller, token))
    }

    /// Who proves itself with a value of the `authorization` header. The name of the scheme is written in any case
    /// (RFC 9110, section 11.1).
    pub fn holder(&self, header: &str) -> Option<System> {
        let (scheme, given) = header.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return None;
        }
        let given = given.trim_start();
        self.iter().find(|(_, token)| token.is(given)).map(|(caller, _)| caller)
    }

    /// The variable of the environment in which a system's token stands.
    pub fn variable(caller: System) -> String {
        format!("COUNTERPROOF_{}_TOKEN", caller.name().to_uppercase())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    fn tokens() -> Tokens {
        Tokens::of(&Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap())
    }

    #[test]
    fn a_token_belongs_to_one_system() {
        let tokens = tokens();
        assert_eq!(tokens.iter().count(), 4);
        for (caller, token) in tokens.iter() {
            assert!(Token::parse(token.reveal()).is_ok(), "{caller}");
            assert_eq!(tokens.holder(&token.header()), Some(caller));
            assert_eq!(tokens.holder(&format!("bearer  {}", token.reveal())), Some(caller));
            for wrong in
                [token.reveal().to_owned(), format!("Basic {}", token.reveal()), token.header() + "x"]
            {
                assert_eq!(tokens.holder(&wrong), None, "{wrong}");
            }
        }
        assert_eq!(tokens.holder(""), None);
    }

    #[test]
    fn another_secret_gives_other_tokens_and_a_token_can_be_replaced() {
        let other = Tokens::of(&Secret::parse("whsec_c2VjcmV0").unwrap());
        let mut tokens = tokens();
        let own = tokens.get(System::Pos).unwrap().clone();
        assert_eq!(other.holder(&own.header()), None);
        tokens.set(System::Pos, Token::parse("0123456789abcdef").unwrap());
        assert_eq!(tokens.holder(&own.header()), None);
        assert_eq!(tokens.holder("Bearer 0123456789abcdef"), Some(System::Pos));
    }

    #[test]
    fn what_is_short_or_does_not_fit_is_no_token_and_none_shows_itself() {
        for wrong in ["", "short", "0123456789 abcdef", "0123456789abcdéf", &"x".repeat(513)] {
            assert_eq!(Token::parse(wrong), Err(MalformedToken), "{wrong}");
        }
        assert_eq!(format!("{:?}", tokens().get(System::Pos)), "Some(Token(…))");
    }
}

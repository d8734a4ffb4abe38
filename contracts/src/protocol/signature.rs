//! Signatures of events: the Standard Webhooks scheme (symmetric, `v1`).
//!
//! The signed content is `{webhook-id}.{webhook-timestamp}.{body}`; the signature header holds one or
//! more space-separated `v1,<base64>` values, so that keys can be rotated.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Header with the event's id.
pub const ID: &str = "webhook-id";
/// Header with seconds since the epoch.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// Header with the signatures.
pub const SIGNATURE: &str = "webhook-signature";
/// How far the timestamp may be off, in seconds.
pub const TOLERANCE_SECONDS: i64 = 300;

/// A shared secret.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a secret or a signature was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The secret has no `whsec_` prefix or is not base64 behind it.
    #[error("webhook secret is not `whsec_` and base64")]
    MalformedSecret,
    /// The timestamp is not a number, or further off than [`TOLERANCE_SECONDS`].
    #[error("webhook timestamp is missing, not a number or too far off")]
    Timestamp,
    /// No signature fits.
    #[error("no webhook signature fits")]
    Mismatch,
}

impl Secret {
    /// Reads `whsec_<base64>`.
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        let encoded = text.trim().strip_prefix("whsec_").ok_or(SignatureError::MalformedSecret)?;
        let key = STANDARD.decode(encoded).map_err(|_| SignatureError::MalformedSecret)?;
        if key.is_empty() { Err(SignatureError::MalformedSecret) } else { Ok(Self(key)) }
    }

    fn mac(&self, id: &str, seconds: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        Some(mac)
    }

    /// The signature header's value.
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        self.mac(id, seconds, body)
            .map(|mac| format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
            .unwrap_or_default()
    }

    /// Checks the headers of a delivery, in constant time.
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<(), SignatureError> {
        let seconds: i64 = timestamp.parse().map_err(|_| SignatureError::Timestamp)?;
        if now_seconds.saturating_sub(seconds).saturating_abs() > TOLERANCE_SECONDS {
            return Err(SignatureError::Timestamp);
        }
        let fits = signatures
            .split_ascii_whitespace()
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .any(|given| self.mac(id, seconds, body).is_some_and(|mac| mac.verify_slice(&given).is_ok()));
        if fits { Ok(()) } else { Err(SignatureError::Mismatch) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    /// The example of the Standard Webhooks specification and its reference libraries.
    #[test]
    fn agrees_with_the_published_vector() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn refuses_another_body_an_old_timestamp_and_no_signature() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign("id", 1000, b"body");
        assert_eq!(secret.verify("id", "1000", &signature, b"body", 1000), Ok(()));
        let rotated = format!("v1,AAAA {signature}");
        assert_eq!(secret.verify("id", "1000", &rotated, b"body", 1299), Ok(()));
        assert_eq!(secret.verify("id", "1000", &signature, b"bodx", 1000), Err(SignatureError::Mismatch));
        assert_eq!(secret.verify("id", "1000", "", b"body", 1000), Err(SignatureError::Mismatch));
        assert_eq!(secret.verify("id", "1000", &signature, b"body", 1301), Err(SignatureError::Timestamp));
        assert_eq!(secret.verify("id", "x", &signature, b"body", 1000), Err(SignatureError::Timestamp));
    }
}

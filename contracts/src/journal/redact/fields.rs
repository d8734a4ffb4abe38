//! The one table of what is personal or secret in a document, by the names of its members.

use std::{collections::HashMap, sync::LazyLock};

use foldhash::fast::FixedState;

/// How a member is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Nobody's business but the order's.
    Public,
    /// About a person; nobody compares it.
    Personal,
    /// A person's reference; stays comparable.
    Reference,
    /// Whoever knows it can spend with it; stays comparable.
    Code,
    /// A credential; nobody compares it.
    Secret,
}

/// Before the code of an account in a path.
pub(super) const ACCOUNT_PATH: &str = "/v1/accounts/";

/// Members by name: lower case, without `-` and `_`. Of a document that is [`Field::Personal`], every member is,
/// unless it is named here as something else.
const FIELDS: &[(Field, &[&str])] = &[
    (
        Field::Personal,
        &[
            "shipto",
            "billto",
            "shippingaddress",
            "billingaddress",
            "address",
            "customer",
            "recipient",
            "street",
            "street1",
            "street2",
            "addressline",
            "addressline1",
            "addressline2",
            "line1",
            "line2",
            "postalcode",
            "postcode",
            "zip",
            "city",
            "firstname",
            "lastname",
            "fullname",
            "email",
            "emailaddress",
            "phone",
            "phonenumber",
            "telephone",
            "mobile",
            "birthdate",
            "dateofbirth",
            "giftmessage",
            // The text of a partner's file: orders with addresses.
            "content",
        ],
    ),
    (Field::Reference, &["customerref", "recipientref", "giftrecipientref", "customerid", "addressid"]),
    (Field::Code, &["paymenttoken", "accountid", "giftcardcode", "cardtoken"]),
    (
        Field::Secret,
        &[
            "cardnumber",
            "pan",
            "cvv",
            "cvc",
            "cvc2",
            "securitycode",
            "iban",
            "accountnumber",
            "password",
            "passwd",
            "secret",
            "clientsecret",
            "webhooksecret",
            "privatekey",
            "signature",
            "webhooksignature",
            "xsignature",
            "authorizationheader",
            "bearer",
            "token",
            "accesstoken",
            "refreshtoken",
            "idtoken",
            "apikey",
            "xapikey",
            "cookie",
            "setcookie",
            "credential",
            "credentials",
        ],
    ),
    (Field::Public, &["country", "countrycode"]),
];

/// The table, by name: it is asked for every member of every document.
static BY_NAME: LazyLock<HashMap<&'static str, Field, FixedState>> = LazyLock::new(|| {
    FIELDS.iter().flat_map(|(field, names)| names.iter().map(|name| (*name, *field))).collect()
});

/// Members with free text, which may repeat what other members say.
const TEXTS: &[&str] = &["detail", "text", "reason", "message", "note", "title", "description", "comment"];

/// Longest name in the table.
const NAME_BYTES_MAX: usize = 20;

/// How a member is taken that stands in a document which is taken as `within`.
pub(super) fn field_of(name: &str, within: Option<Field>) -> Option<Field> {
    let mut plain = [0_u8; NAME_BYTES_MAX];
    named(plain_name(name, &mut plain)).or(within)
}

/// Whether a member of this name is about a person, pays or is a secret.
pub(crate) fn is_personal(name: &str) -> bool {
    field_of(name, None).is_some_and(|field| field != Field::Public)
}

fn named(plain: &str) -> Option<Field> {
    // `authorization` is a document of the contract, and a header of HTTP only where it is a text.
    BY_NAME.get(plain).copied()
}

/// Whether a member holds free text.
pub(super) fn is_text(name: &str) -> bool {
    TEXTS.contains(&name)
}

/// The name in lower case, without `-` and `_`; empty if it is too long for the table.
fn plain_name<'b>(name: &str, buffer: &'b mut [u8; NAME_BYTES_MAX]) -> &'b str {
    let letters =
        name.bytes().filter(|byte| !matches!(byte, b'-' | b'_')).map(|byte| byte.to_ascii_lowercase());
    let mut length = 0;
    for letter in letters {
        let Some(place) = buffer.get_mut(length) else { return "" };
        *place = letter;
        length += 1;
    }
    buffer.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_member_once_and_as_it_is_looked_for() {
        let mut names: Vec<&str> = FIELDS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        for name in &names {
            assert_eq!(plain_name(name, &mut [0; NAME_BYTES_MAX]), *name);
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_name_is_known_however_it_is_written() {
        for name in ["email", "E-Mail", "e_mail"] {
            assert_eq!(field_of(name, None), Some(Field::Personal), "{name}");
        }
        assert_eq!(field_of("apiKey", None), Some(Field::Secret));
        assert_eq!(field_of("name", None), None, "a product has a name, too");
        assert_eq!(field_of("name", Some(Field::Personal)), Some(Field::Personal));
        assert_eq!(field_of("country", Some(Field::Personal)), Some(Field::Public));
        assert_eq!(field_of(&"x".repeat(10_000), None), None);
    }
}

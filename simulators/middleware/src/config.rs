//! The command line and the environment, checked before anything starts.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Parser};
use counterproof_contracts::{
    model::System,
    policy::Policy,
    protocol::{
        MalformedToken, Token, Tokens,
        signature::{Secret, SignatureError},
    },
};

/// Environment variable with the secret; it never stands on a command line.
const SECRET_VARIABLE: &str = "COUNTERPROOF_WEBHOOK_SECRET";

/// The reference order and return middleware of Counterproof.
#[derive(Debug, Parser)]
#[command(
    name = "counterproof-middleware",
    version,
    after_help = "\
The secret that events are signed with (whsec_…) is read from COUNTERPROOF_WEBHOOK_SECRET or from a file, the tokens of
callers from COUNTERPROOF_STOREFRONT_TOKEN, _MARKETPLACE_, _POS_ and _CUSTOMER_SERVICE_TOKEN or from a file.

Exit codes:
  0  stopped on request
  2  the command line is wrong
  3  a configured value is wrong
  5  the port or the store cannot be used"
)]
pub(crate) struct Cli {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Allow an address that other machines reach; calls bear tokens, and nothing is encrypted here.
    #[arg(long)]
    allow_remote: bool,
    /// Directory that orders and tasks are kept in.
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// JSON file with the retailer's policy and the pacing of retries.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// File with the secret that events are signed with.
    #[arg(long, value_name = "FILE")]
    webhook_secret_file: Option<PathBuf>,
    /// File with the token of each caller, a line each: `storefront=TOKEN`.
    #[arg(long, value_name = "FILE")]
    tokens_file: Option<PathBuf>,
    /// Seconds after which a call that never succeeds becomes a dead letter.
    #[arg(long, value_name = "SECONDS", default_value_t = crate::GIVE_UP_AFTER.as_secs())]
    give_up_after_seconds: u64,
    /// Most calls to one partner at the same time; of those that wait the most urgent go first.
    #[arg(long, value_name = "NUMBER", default_value_t = crate::CALLS_PER_PARTNER_MAX)]
    calls_per_partner_max: usize,
    /// End when standard input ends: whoever started this holds the other end, and dies before it closes it.
    #[arg(long)]
    stop_with_stdin: bool,
    /// Seed of the pauses between attempts.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    partners: PartnerUrls,
}

/// Base URL of each partner.
#[derive(Debug, Args)]
#[command(next_help_heading = "Partners")]
#[expect(clippy::struct_field_names, reason = "the names are those of the flags")]
struct PartnerUrls {
    /// ERP.
    #[arg(long, value_name = "URL", env = "COUNTERPROOF_ERP_URL")]
    erp_url: Option<String>,
    /// Warehouse.
    #[arg(long, value_name = "URL", env = "COUNTERPROOF_WMS_URL")]
    wms_url: Option<String>,
    /// Payment provider.
    #[arg(long, value_name = "URL", env = "COUNTERPROOF_PSP_URL")]
    psp_url: Option<String>,
    /// Carrier.
    #[arg(long, value_name = "URL", env = "COUNTERPROOF_CARRIER_URL")]
    carrier_url: Option<String>,
    /// Tax engine.
    #[arg(long, value_name = "URL", env = "COUNTERPROOF_TAX_URL")]
    tax_url: Option<String>,
    /// Storefront.
    #[arg(long, value_name = "URL", env = "COUNTERPROOF_STOREFRONT_URL")]
    storefront_url: Option<String>,
    /// Marketplace.
    #[arg(long, value_name = "URL", env = "COUNTERPROOF_MARKETPLACE_URL")]
    marketplace_url: Option<String>,
    /// Point of sale.
    #[arg(long, value_name = "URL", env = "COUNTERPROOF_POS_URL")]
    pos_url: Option<String>,
    /// Customer service.
    #[arg(long, value_name = "URL", env = "COUNTERPROOF_CUSTOMER_SERVICE_URL")]
    customer_service_url: Option<String>,
    /// Gift cards and store credit.
    #[arg(long, value_name = "URL", env = "COUNTERPROOF_STORED_VALUE_URL")]
    stored_value_url: Option<String>,
}

impl PartnerUrls {
    const fn of(&self, partner: System) -> Option<&String> {
        match partner {
            System::Erp => self.erp_url.as_ref(),
            System::Wms => self.wms_url.as_ref(),
            System::Psp => self.psp_url.as_ref(),
            System::Carrier => self.carrier_url.as_ref(),
            System::Tax => self.tax_url.as_ref(),
            System::Storefront => self.storefront_url.as_ref(),
            System::Marketplace => self.marketplace_url.as_ref(),
            System::Pos => self.pos_url.as_ref(),
            System::CustomerService => self.customer_service_url.as_ref(),
            System::StoredValue => self.stored_value_url.as_ref(),
            System::Middleware => None,
        }
    }
}

/// What is wrong with the configuration, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Other machines would reach it.
    #[error("{0} is reached from other machines: listen on 127.0.0.1, or add --allow-remote")]
    NotLoopback(SocketAddr),
    /// Partners without address.
    #[error("no address for {}: set {}", names(.0), variables(.0))]
    MissingPartners(Vec<System>),
    /// An address that is none.
    #[error("address {url:?} of {partner} is not usable: {reason}; write http://HOST:PORT")]
    MalformedUrl {
        /// Whose.
        partner: System,
        /// As configured.
        url: String,
        /// Why.
        reason: String,
    },
    /// No secret.
    #[error("no webhook secret: set {SECRET_VARIABLE} or name a file with --webhook-secret-file")]
    MissingSecret,
    /// A secret that is none.
    #[error("webhook secret is not usable: {0}")]
    MalformedSecret(#[from] SignatureError),
    /// Callers without token.
    #[error("no token for {}: set {}, or name a file with --tokens-file", names(.0), token_variables(.0))]
    MissingTokens(Vec<System>),
    /// A token that is none.
    #[error("token of {0} is not usable: {1}")]
    MalformedToken(System, MalformedToken),
    /// A file that cannot be read.
    #[error("failed to read {}: {reason}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

fn names(partners: &[System]) -> String {
    partners.iter().map(|partner| partner.title()).collect::<Vec<_>>().join(", ")
}

fn variables(partners: &[System]) -> String {
    let variables: Vec<String> = partners
        .iter()
        .map(|partner| format!("COUNTERPROOF_{}_URL", partner.name().to_uppercase()))
        .collect();
    variables.join(", ")
}

fn token_variables(callers: &[System]) -> String {
    callers.iter().map(|caller| Tokens::variable(*caller)).collect::<Vec<_>>().join(", ")
}

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Directory that orders and tasks are kept in.
    pub store: PathBuf,
    /// What the retailer declared.
    pub policy: Policy,
    /// With which events are signed.
    pub secret: Secret,
    /// With which callers prove who they are.
    pub tokens: Tokens,
    /// Base URL of each partner.
    pub partners: BTreeMap<System, String>,
    /// Whether it ends when standard input ends.
    pub stop_with_stdin: bool,
    /// How long a call is tried.
    pub give_up_after: Duration,
    /// Most calls to one partner at the same time.
    pub calls_per_partner_max: usize,
    /// Seed of the pauses between attempts.
    pub seed: u64,
}

impl Cli {
    /// Checks what was given. `environment`: what a variable holds.
    pub(crate) fn check(self, environment: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        if !self.listen.ip().is_loopback() && !self.allow_remote {
            return Err(ConfigError::NotLoopback(self.listen));
        }
        let partners = partners(&self.partners)?;
        let secret = match (&self.webhook_secret_file, environment(SECRET_VARIABLE)) {
            (Some(path), _) => text(path)?,
            (None, Some(secret)) => secret,
            (None, None) => return Err(ConfigError::MissingSecret),
        };
        let policy = match &self.policy {
            Some(path) => serde_json::from_str(&text(path)?)
                .map_err(|error| ConfigError::Unreadable { path: path.clone(), reason: error.to_string() })?,
            None => Policy::default(),
        };
        Ok(Config {
            listen: self.listen,
            store: self.store,
            policy,
            secret: Secret::parse(&secret)?,
            tokens: tokens(self.tokens_file.as_deref(), environment)?,
            partners,
            stop_with_stdin: self.stop_with_stdin,
            give_up_after: Duration::from_secs(self.give_up_after_seconds),
            calls_per_partner_max: self.calls_per_partner_max,
            seed: self.seed,
        })
    }
}

/// What a variable of the environment holds.
pub(crate) fn of_environment(variable: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the command line")]
    let value = std::env::var(variable);
    value.ok().filter(|value| !value.is_empty())
}

/// The token of each caller: from the file where there is one, else from the environment.
fn tokens(file: Option<&Path>, environment: &dyn Fn(&str) -> Option<String>) -> Result<Tokens, ConfigError> {
    let listed = file.map(text).transpose()?;
    let in_file = |caller: System, listed: &str| {
        let mut lines = listed.lines().filter_map(|line| line.split_once('='));
        lines.find(|(name, _)| name.trim() == caller.name()).map(|(_, token)| token.to_owned())
    };
    let (mut tokens, mut missing) = (Tokens::default(), Vec::new());
    for caller in Tokens::CALLERS {
        let given = match &listed {
            Some(listed) => in_file(caller, listed),
            None => environment(&Tokens::variable(caller)),
        };
        match given.as_deref().map(Token::parse) {
            Some(Ok(token)) => tokens.set(caller, token),
            Some(Err(error)) => return Err(ConfigError::MalformedToken(caller, error)),
            None => missing.push(caller),
        }
    }
    if missing.is_empty() { Ok(tokens) } else { Err(ConfigError::MissingTokens(missing)) }
}

fn text(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), reason: error.to_string() })
}

fn partners(urls: &PartnerUrls) -> Result<BTreeMap<System, String>, ConfigError> {
    let missing: Vec<System> =
        System::PARTNERS.into_iter().filter(|partner| urls.of(*partner).is_none()).collect();
    if !missing.is_empty() {
        return Err(ConfigError::MissingPartners(missing));
    }
    let given = System::PARTNERS.into_iter().filter_map(|partner| Some((partner, urls.of(partner)?)));
    given.map(|(partner, url)| Ok((partner, base_url(partner, url)?))).collect()
}

fn base_url(partner: System, url: &str) -> Result<String, ConfigError> {
    let fail = |reason: &str| {
        Err(ConfigError::MalformedUrl { partner, url: url.to_owned(), reason: reason.to_owned() })
    };
    match reqwest::Url::parse(url) {
        Err(error) => fail(&error.to_string()),
        Ok(parsed) if parsed.scheme() != "http" => fail("it is not http"),
        Ok(parsed) if parsed.host_str().is_none() => fail("it has no host"),
        Ok(parsed) if parsed.query().is_some() || parsed.fragment().is_some() => fail("it has a query"),
        Ok(_) => Ok(url.trim_end_matches('/').to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn arguments(more: &[&str]) -> Vec<String> {
        let mut arguments = vec!["counterproof-middleware".to_owned(), "--store".to_owned(), "s".to_owned()];
        for partner in System::PARTNERS {
            arguments.push(format!("--{}-url", partner.name().replace('_', "-")));
            arguments.push(format!("http://127.0.0.1:1/{partner}/"));
        }
        arguments.extend(more.iter().map(ToString::to_string));
        arguments
    }

    fn check(more: &[&str], secret: Option<&str>) -> Result<Config, ConfigError> {
        let environment = |variable: &str| match variable {
            SECRET_VARIABLE => secret.map(str::to_owned),
            caller => Some(format!("token-in-{caller}")),
        };
        Cli::try_parse_from(arguments(more)).unwrap().check(&environment)
    }

    #[test]
    fn tokens_come_from_the_environment_or_a_file_and_one_that_is_missing_is_named() {
        let tokens = check(&[], Some(SECRET)).unwrap().tokens;
        assert_eq!(tokens.holder("Bearer token-in-COUNTERPROOF_POS_TOKEN"), Some(System::Pos));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        let lines = ["storefront=s-0123456789abcdef", "marketplace = m-0123456789abcdef", "pos=p"];
        std::fs::write(&file, lines[..2].join("\n")).unwrap();
        let told = || {
            let file = file.to_str().unwrap();
            check(&["--tokens-file", file], Some(SECRET)).unwrap_err().to_string()
        };
        assert_eq!(
            told(),
            "no token for point of sale, customer service: set COUNTERPROOF_POS_TOKEN, \
             COUNTERPROOF_CUSTOMER_SERVICE_TOKEN, or name a file with --tokens-file"
        );
        std::fs::write(&file, lines.join("\n")).unwrap();
        assert!(told().starts_with("token of pos is not usable"), "{}", told());
    }

    #[test]
    fn every_partner_has_a_flag() {
        let config = check(&[], Some(SECRET)).unwrap();
        assert_eq!(config.partners.len(), System::PARTNERS.len());
        assert_eq!(config.partners[&System::StoredValue], "http://127.0.0.1:1/stored_value");
        assert_eq!(config.policy, Policy::default());
    }

    #[test]
    fn mistakes_are_told_with_their_remedy() {
        let told = |more: &[&str], secret| check(more, secret).unwrap_err().to_string();
        assert!(told(&["--listen", "0.0.0.0:80"], Some(SECRET)).contains("--allow-remote"));
        assert!(check(&["--listen", "0.0.0.0:80", "--allow-remote"], Some(SECRET)).is_ok());
        assert!(told(&[], None).contains(SECRET_VARIABLE));
        assert!(told(&[], Some("secret")).contains("whsec_"));
        assert!(told(&["--policy", "absent.json"], Some(SECRET)).contains("absent.json"));
    }

    #[test]
    fn an_address_must_be_a_plain_http_url() {
        for url in ["127.0.0.1:1", "ftp://host", "http://", "http://host/?a=b", "https://host"] {
            assert!(base_url(System::Erp, url).is_err(), "{url}");
        }
    }

    #[test]
    fn missing_partners_are_named_with_their_variables() {
        let told = ConfigError::MissingPartners(vec![System::Erp, System::StoredValue]).to_string();
        assert_eq!(
            told,
            "no address for ERP, stored value: set COUNTERPROOF_ERP_URL, COUNTERPROOF_STORED_VALUE_URL"
        );
    }
}

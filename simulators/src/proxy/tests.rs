//! What a proxy does to messages, and that it stands between over sockets, too.
#![expect(clippy::unwrap_used, reason = "tests")]

use counterproof_contracts::{
    protocol::{header, signature},
    wire_defects::{self, Place, Tampering},
};
use serde_json::json;

use super::*;

/// A system that answers with what it was asked, and remembers it.
#[derive(Clone, Default)]
struct Echo {
    heard: Arc<Mutex<Vec<Request<Bytes>>>>,
    fails: bool,
}

impl Echo {
    fn network(&self) -> Network {
        let echo = self.clone();
        Network::new(tower::service_fn(move |request: Request<Bytes>| {
            let answer = Response::builder()
                .status(if echo.fails { 503 } else { 201 })
                .header(header::RETRY_AFTER, "1")
                .body(request.body().clone())
                .unwrap();
            lock(&echo.heard).push(request);
            async move { Ok(answer) }
        }))
    }

    fn bodies(&self) -> Vec<Value> {
        lock(&self.heard).iter().map(|heard| serde_json::from_slice(heard.body()).unwrap()).collect()
    }

    fn header(&self, name: &str) -> Vec<String> {
        let heard = lock(&self.heard);
        heard
            .iter()
            .map(|heard| heard.headers().get(name).map_or("-", |value| value.to_str().unwrap()).to_owned())
            .collect()
    }
}

fn secret() -> Secret {
    Secret::parse("whsec_c2VjcmV0").unwrap()
}

fn proxy(system: System, operation: &str, tampering: Tampering) -> Proxy {
    let entry = wire_defects::published().unwrap().first().unwrap().entry.clone();
    let on = Place { system, operations: vec![operation.to_owned()], event: None };
    let proxy = Proxy::new(Clock::live(), secret(), Tokens::of(&secret()));
    proxy.switch(Some(WireDefect { entry, on, tampering }));
    proxy
}

fn refund(key: &str, id: &str) -> Request<Bytes> {
    let body =
        json!({ "refund_id": id, "order_number": "W-1", "amount": { "amount": 100, "currency": "EUR" } });
    Request::post("http://psp/v1/refunds")
        .header(header::IDEMPOTENCY_KEY, key)
        .body(body.to_string().into())
        .unwrap()
}

async fn tell(proxy: &Proxy, echo: &Echo, requests: &[Request<Bytes>]) -> Vec<Response<Bytes>> {
    let mut answers = Vec::new();
    for request in requests {
        answers.push(proxy.before(System::Psp, echo.network()).oneshot(request.clone()).await.unwrap());
    }
    answers
}

#[tokio::test]
async fn what_is_done_again_has_another_key_and_name_and_the_first_answer_is_told() {
    let (echo, tampering) = (Echo::default(), Tampering::Again { renamed: Some("/refund_id".to_owned()) });
    let answers = tell(&proxy(System::Psp, "refundPayment", tampering), &echo, &[refund("k", "r")]).await;
    assert_eq!(echo.header(header::IDEMPOTENCY_KEY), ["k", "k-again"]);
    assert_eq!(echo.bodies()[1]["refund_id"], "r-again");
    assert_eq!(answers[0].body(), refund("k", "r").body());
}

#[tokio::test]
async fn the_second_intent_for_an_order_is_answered_like_the_first_and_its_repetition_is_not() {
    let echo = Echo::default();
    let proxy = proxy(System::Psp, "refundPayment", Tampering::FirstAnswer {});
    let asked = [refund("k-1", "r-1"), refund("k-2", "r-2"), refund("k-1", "r-1")];
    let answers = tell(&proxy, &echo, &asked).await;
    assert_eq!(echo.header(header::IDEMPOTENCY_KEY), ["k-1", "k-1"]);
    let told: Value = serde_json::from_slice(answers[1].body()).unwrap();
    assert_eq!((answers[1].status().as_u16(), &told["refund_id"]), (201, &json!("r-2")));
}

#[tokio::test]
async fn what_is_swallowed_or_failed_seems_to_be_done() {
    let echo = Echo::default();
    let swallowing = proxy(System::Psp, "refundPayment", Tampering::Swallow {});
    let answers = tell(&swallowing, &echo, &[refund("k", "r")]).await;
    assert_eq!((answers[0].status().as_u16(), echo.bodies().len()), (201, 0));
    let failing = Echo { fails: true, ..Echo::default() };
    let lying = proxy(System::Psp, "refundPayment", Tampering::FalseSuccess {});
    let answers = tell(&lying, &failing, &[refund("k", "r")]).await;
    assert_eq!((answers[0].status().as_u16(), failing.bodies().len()), (201, 1));
}

#[tokio::test]
async fn values_keys_and_patience_change_where_it_is_said() {
    let echo = Echo::default();
    let add = Tampering::Add { at: "/amount/amount".to_owned(), by: -1 };
    tell(&proxy(System::Psp, "refundPayment", add), &echo, &[refund("k", "r")]).await;
    let change = Tampering::Change { at: "/amount/currency".to_owned(), to: json!("USD") };
    tell(&proxy(System::Psp, "refundPayment", change), &echo, &[refund("k", "r")]).await;
    let drop = Tampering::DropHeader { name: header::IDEMPOTENCY_KEY.to_owned() };
    tell(&proxy(System::Psp, "refundPayment", drop), &echo, &[refund("k", "r")]).await;
    let fresh = proxy(System::Psp, "refundPayment", Tampering::FreshKeys {});
    tell(&fresh, &echo, &[refund("k", "r"), refund("k", "r")]).await;
    let amounts: Vec<Value> = echo.bodies().iter().take(2).map(|body| body["amount"].clone()).collect();
    assert_eq!(
        amounts,
        [json!({ "amount": 99, "currency": "EUR" }), json!({ "amount": 100, "currency": "USD" })]
    );
    assert_eq!(echo.header(header::IDEMPOTENCY_KEY), ["k", "k", "-", "k", "k-2"]);
    let busy = Echo { fails: true, ..Echo::default() };
    let impatient = proxy(System::Psp, "refundPayment", Tampering::Impatient { times: 2 });
    tell(&impatient, &busy, &[refund("k", "r")]).await;
    assert_eq!(busy.bodies().len(), 3);
}

#[tokio::test]
async fn a_defect_can_show_now_and_then() {
    let echo = Echo::default();
    let proxy = proxy(System::Psp, "refundPayment", Tampering::Swallow {});
    let defect = proxy.active().unwrap().defect.clone();
    proxy.switch_every(NonZeroU32::new(2).unwrap(), Some(defect));
    let asked = ["r-1", "r-2", "r-3", "r-4", "r-5"].map(|id| refund(id, id));
    tell(&proxy, &echo, &asked).await;
    assert_eq!(echo.header(header::IDEMPOTENCY_KEY), ["r-2", "r-4"]);
}

#[tokio::test]
async fn other_messages_pass_untouched() {
    let echo = Echo::default();
    let proxy = proxy(System::Psp, "capturePayment", Tampering::Swallow {});
    tell(&proxy, &echo, &[refund("k", "r")]).await;
    proxy.switch(None);
    let capture = Request::post("http://psp/v1/authorizations/a/captures").body("{}".into()).unwrap();
    tell(&proxy, &echo, &[capture]).await;
    assert_eq!(echo.bodies().len(), 2);
}

#[tokio::test]
async fn a_forged_event_arrives_with_a_signature_that_fits() {
    let echo = Echo::default();
    let proxy = proxy(System::Middleware, "receiveEvent", Tampering::SignAnew {});
    let event = Request::post("http://m/v1/events").header(signature::ID, "e-1").body("{}".into()).unwrap();
    proxy.before(System::Middleware, echo.network()).oneshot(event).await.unwrap();
    let (at, signed) = (&echo.header(signature::TIMESTAMP)[0], &echo.header(signature::SIGNATURE)[0]);
    secret().verify("e-1", at, signed, b"{}", at.parse().unwrap()).unwrap();
}

#[tokio::test]
async fn over_sockets_every_partner_and_the_implementation_have_a_port() {
    let echo = Echo::default();
    let proxy = proxy(System::Psp, "capturePayment", Tampering::Swallow {});
    let partners = BTreeMap::from([(System::Psp, "127.0.0.1:9".parse().unwrap())]);
    let mut relays = proxy.listen(&partners, None, &echo.network()).await.unwrap();
    let front = proxy.listen_before_implementation(&mut relays, "http://m:1", &echo.network()).await.unwrap();
    let psp = relays.addresses()[&System::Psp];
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for url in [format!("http://{psp}/v1/refunds?a=b"), format!("{front}/v1/orders")] {
        let answer = client.post(url).body("{}").send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "{}");
    }
    let heard: Vec<String> = lock(&echo.heard).iter().map(|heard| heard.uri().to_string()).collect();
    assert_eq!(heard, ["http://127.0.0.1:9/v1/refunds?a=b", "http://m:1/v1/orders"]);
}

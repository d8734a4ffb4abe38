//! Real sockets, on free ports of the loopback interface.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;

const ANY: &str = "127.0.0.1:0";

fn any() -> SocketAddr {
    ANY.parse().unwrap()
}

async fn post(network: &Network, address: SocketAddr, key: &str) -> Result<Response<Bytes>, NetworkError> {
    let (mut parts, _) = refund_request(Some(key), &refund_body(1)).into_parts();
    parts.uri = format!("http://{address}/v1/refunds").parse().unwrap();
    let body = Bytes::from(serde_json::to_vec(&refund_body(1)).unwrap());
    network.clone().oneshot(Request::from_parts(parts, body)).await
}

#[tokio::test]
async fn a_call_over_a_socket_is_answered_and_a_lost_answer_ends_the_connection() {
    let rig = Rig::new(Script::default());
    let listening = rig.desk.listen(any()).await.unwrap();
    let network = live(Duration::from_secs(5)).unwrap();
    rig.fault("refundPayment", 1..=1, Misfortune::LoseAnswer { ending: Ending::Reset });
    let lost = post(&network, listening.address(), "key-1").await.unwrap_err();
    assert!(matches!(lost, NetworkError::Reset(_)), "{lost:?}");
    let answered = post(&network, listening.address(), "key-1").await.unwrap();
    assert_eq!(answered.status(), 201);
    assert_eq!(answered.headers()["idempotency-replayed"], "true");
    assert!(!answered.headers().contains_key("date"), "the machine's clock is not shown");
    assert_eq!(rig.effects().len(), 1);
    let address = listening.address();
    listening.stop(rig.kernel.clock()).await;
    let refused = post(&network, address, "key-1").await.unwrap_err();
    assert!(refused.proves_no_effect(), "{refused:?}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered_over_a_socket() {
    let rig = Rig::new(Script::default());
    let listening = rig.desk.listen(any()).await.unwrap();
    let network = live(Duration::from_secs(5)).unwrap();
    let large = Bytes::from(vec![b' '; 3 * counterproof_contracts::protocol::BODY_BYTES_MAX]);
    let uri = format!("http://{}/v1/refunds", listening.address());
    let request = Request::builder().method("POST").uri(uri).body(large).unwrap();
    assert_eq!(network.oneshot(request).await.unwrap().status(), 413);
}

#[tokio::test]
async fn garbage_on_the_socket_is_refused_and_the_next_call_is_answered() {
    let rig = Rig::new(Script::default());
    let listening = rig.desk.listen(any()).await.unwrap();
    let mut stream = TcpStream::connect(listening.address()).await.unwrap();
    stream.write_all(b"\x16\x03\x01\x02\x00 this is no HTTP\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
    let network = live(Duration::from_secs(5)).unwrap();
    assert_eq!(post(&network, listening.address(), "key-1").await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_taken_port_and_a_foreign_address_are_refused_with_the_remedy() {
    let rig = Rig::new(Script::default());
    let first = rig.desk.listen(any()).await.unwrap();
    let port = first.address().port();
    let taken = rig.desk.listen(first.address()).await.err().unwrap().to_string();
    assert_eq!(
        taken,
        format!(
            "port {port} for the payment provider is in use; stop the program that uses it, or choose another \
             port (0 takes any free one)"
        )
    );
    let foreign = rig.desk.listen("0.0.0.0:0".parse().unwrap()).await.err().unwrap();
    assert!(matches!(foreign, ListenError::NotLoopback { .. }));
    drop(first);
}

#[tokio::test]
async fn an_answer_above_the_limit_is_not_taken() {
    let rig = Rig::new(Script::default());
    let listener = tokio::net::TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    let flood = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 16_384];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
        stream.write_all(head).await.unwrap();
        // Without end: only the reader's limit stops it.
        let blanks = vec![b' '; 65_536];
        while stream.write_all(&blanks).await.is_ok() {}
    });
    let network = live(Duration::from_secs(5)).unwrap();
    assert_eq!(post(&network, address, "key-1").await.unwrap_err(), NetworkError::Oversize);
    drop(rig);
    flood.await.unwrap();
}

#[tokio::test]
async fn a_silent_system_keeps_the_connection_open_and_is_rid_of_it_when_the_caller_leaves() {
    let rig = Rig::new(Script::default());
    let listening = rig.desk.listen(any()).await.unwrap();
    let network = live(Duration::from_secs(5)).unwrap();
    rig.fault("refundPayment", 1..=1, Misfortune::LoseAnswer { ending: Ending::Silence });
    let mut records = rig.kernel.recorder().subscribe();
    let effect_and_exchange =
        async { while *records.borrow_and_update() < 3 && records.changed().await.is_ok() {} };
    tokio::select! {
        biased;
        answered = post(&network, listening.address(), "key-1") => panic!("answered: {answered:?}"),
        () = effect_and_exchange => {}
    }
    assert_eq!(rig.effects().len(), 1);
    let answered = post(&network, listening.address(), "key-1").await.unwrap();
    assert_eq!(answered.headers()["idempotency-replayed"], "true");
    listening.stop(rig.kernel.clock()).await;
}

#[tokio::test]
async fn a_page_and_nothing_at_all_are_answers_over_a_socket() {
    use counterproof_contracts::faults::ErrorBody;
    let rig = Rig::new(Script::default());
    let listening = rig.desk.listen(any()).await.unwrap();
    let network = live(Duration::from_secs(5)).unwrap();
    let error =
        |body| Misfortune::ErrorAnswer { status: 502, retry_after_s: None, body, after_effect: false };
    rig.fault("refundPayment", 1..=1, error(ErrorBody::Html));
    rig.fault("refundPayment", 2..=2, error(ErrorBody::Empty));
    let page = post(&network, listening.address(), "key-1").await.unwrap();
    assert_eq!((page.status().as_u16(), page.body().starts_with(b"<html>")), (502, true));
    let nothing = post(&network, listening.address(), "key-1").await.unwrap();
    assert_eq!((nothing.status().as_u16(), nothing.body().len()), (502, 0));
    assert_eq!(post(&network, listening.address(), "key-1").await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_crash_ends_the_connection_over_a_socket_once_the_implementation_is_back() {
    let rig = Rig::new(Script::default());
    let listening = rig.desk.listen(any()).await.unwrap();
    let network = live(Duration::from_secs(5)).unwrap();
    let (tell, told) = tokio::sync::watch::channel(0);
    rig.kernel.set_crash(Arc::new(move || {
        tell.send_modify(|count| *count += 1);
        Box::pin(std::future::ready(()))
    }));
    let point = counterproof_contracts::faults::CrashPoint::AfterEffect;
    rig.fault("refundPayment", 1..=1, Misfortune::Crash { point });
    post(&network, listening.address(), "key-1").await.unwrap_err();
    assert_eq!((*told.borrow(), rig.effects().len()), (1, 1));
    assert_eq!(post(&network, listening.address(), "key-1").await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_system_refuses_connections_and_takes_them_again_on_the_same_port() {
    let rig = Rig::new(Script::default());
    let listening = rig.desk.listen(any()).await.unwrap();
    let network = live(Duration::from_secs(5)).unwrap();
    for _ in 0..2 {
        assert_eq!(post(&network, listening.address(), "key-1").await.unwrap().status(), 201);
        let mut open = TcpStream::connect(listening.address()).await.unwrap();
        listening.refuse(true).await.unwrap();
        assert!(matches!(open.read(&mut [0; 8]).await, Ok(0) | Err(_)), "an open connection ends");
        let refused = TcpStream::connect(listening.address()).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        let refused = post(&network, listening.address(), "key-1").await.unwrap_err();
        assert!(refused.proves_no_effect(), "{refused:?}");
        listening.refuse(false).await.unwrap();
    }
    assert_eq!(post(&network, listening.address(), "key-1").await.unwrap().status(), 201);
    assert_eq!(rig.effects().len(), 1);
}

#[tokio::test]
async fn connections_that_say_nothing_or_half_keep_no_honest_call_out() {
    let rig = Rig::new(Script::default());
    rig.kernel.0.seats.shrink(4);
    let listening = rig.desk.listen(any()).await.unwrap();
    let mut squatters = Vec::new();
    for number in 0..12 {
        let mut stream = TcpStream::connect(listening.address()).await.unwrap();
        let half: &[u8] = match number % 3 {
            0 => b"",
            1 => b"POST /v1/refunds HTTP/1.1\r\nhost: ",
            _ => b"POST /v1/refunds HTTP/1.1\r\nhost: x\r\ncontent-length: 90\r\n\r\n{",
        };
        stream.write_all(half).await.unwrap();
        squatters.push(stream);
    }
    for number in 0..6 {
        let network = live(Duration::from_secs(5)).unwrap();
        let key = format!("key-{number}");
        let honest = post(&network, listening.address(), &key);
        // Far less than a body without end may take.
        let answered = rig.kernel.clock().timeout(Duration::from_secs(5), honest).await.unwrap();
        assert_eq!(answered.unwrap().status(), 201);
    }
}

#[tokio::test]
async fn a_flood_of_calls_of_no_scenario_is_recorded_in_bounds_and_other_calls_are_answered() {
    let rig = Rig::new(Script::default());
    let listening = rig.desk.listen(any()).await.unwrap();
    let network = live(Duration::from_secs(5)).unwrap();
    for number in 0..2_000 {
        let uri = format!("http://{}/v1/nowhere/{number}", listening.address());
        let request = Request::builder().uri(uri).body(Bytes::new()).unwrap();
        assert_eq!(network.clone().oneshot(request).await.unwrap().status(), 404);
    }
    assert_eq!(post(&network, listening.address(), "key-1").await.unwrap().status(), 201);
    let quarantine = rig.kernel.registry().quarantine();
    assert_eq!((quarantine.count, quarantine.samples.len()), (2_000, QUARANTINED_MAX));
    let (own, strange): (Vec<_>, Vec<_>) =
        rig.records().into_iter().partition(|record| record.scenario.as_deref() == Some(SCENARIO));
    assert_eq!((own.len(), strange.len()), (2, 1_000));
    assert!(rig.exchanges()[999].note.as_deref().unwrap().contains("only counted"));
}

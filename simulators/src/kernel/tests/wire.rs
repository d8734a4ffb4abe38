//! Messages that break on the wire: the same faults in process, on a paused clock, and over sockets.

use counterproof_contracts::journal::Outcome;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::*;

const SUCCEEDED: &str = "retail.refund.succeeded.v1";
const CUTS: [Break; 3] = [Break::Truncated, Break::Reset, Break::HalfClosed];

/// Asks for refund 1 as a caller in the same process does.
async fn call(rig: &Rig) -> Result<Response<Bytes>, NetworkError> {
    let (parts, _) = refund_request(Some("key-1"), &refund_body(1)).into_parts();
    let body = Bytes::from(serde_json::to_vec(&refund_body(1)).unwrap());
    rig.desk.network().oneshot(Request::from_parts(parts, body)).await
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_leaves_its_effect_and_the_repetition_gets_it() {
    for how in CUTS {
        let rig = Rig::new(Script::default());
        rig.fault("refundPayment", 1..=1, Misfortune::broken_answer(how));
        let lost = call(&rig).await.unwrap_err();
        assert!(matches!(lost, NetworkError::Reset(_)), "{how:?} {lost:?}");
        assert_eq!((rig.effects().len(), rig.kernel.open_work(None).len()), (1, 0), "{how:?}");
        let exchange = &rig.exchanges()[0];
        assert_eq!((exchange.status, exchange.outcome), (None, Outcome::Unknown), "{how:?}");
        let note = exchange.note.clone().unwrap();
        assert!(note.contains("broken_answer") && note.contains("broke off"), "{note}");
        assert_eq!(rig.injected()[0].misfortune, Some(Misfortune::broken_answer(how)));
        let answered = call(&rig).await.unwrap();
        assert_eq!(answered.headers()["idempotency-replayed"], "true");
        assert_eq!(rig.effects().len(), 1, "{how:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_drips_takes_its_time_and_is_whole() {
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=1, Misfortune::broken_answer(Break::Drip));
    let answered = call(&rig).await.unwrap();
    let body: Value = serde_json::from_slice(answered.body()).unwrap();
    assert_eq!((answered.status().as_u16(), &body["refund_id"]), (201, &json!("refund-1")));
    assert!(rig.kernel.clock().elapsed() >= Duration::from_millis(900));
    assert_eq!((rig.exchanges()[0].status, rig.exchanges()[0].outcome), (Some(201), Outcome::Ok));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_drips_for_longer_than_its_caller_waits_is_not_heard() {
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=1, Misfortune::BrokenAnswer { how: Break::Drip, ms: 60_000 });
    assert!(rig.kernel.clock().timeout(Duration::from_secs(10), call(&rig)).await.is_none());
    assert_eq!((rig.exchanges()[0].status, rig.exchanges()[0].outcome), (None, Outcome::Unknown));
    assert_eq!((rig.effects().len(), rig.kernel.open_work(None).len()), (1, 0));
    assert_eq!(call(&rig).await.unwrap().headers()["idempotency-replayed"], "true");
}

/// What a middleware in the same process gets of each message, and 202.
fn reader(seen: &Arc<Mutex<Vec<Result<Bytes, String>>>>) -> Network {
    let seen = Arc::clone(seen);
    in_process(tower::service_fn(move |request: Request<Payload>| {
        let seen = Arc::clone(&seen);
        async move {
            let read = request.into_body().collect().await.map_err(|error| error.to_string());
            let status = if read.is_ok() { 202 } else { 400 };
            seen.lock().unwrap().push(read.map(http_body_util::Collected::to_bytes));
            Ok::<_, NetworkError>(Response::builder().status(status).body(Full::new(Bytes::new())).unwrap())
        }
    }))
}

#[tokio::test(start_paused = true)]
async fn half_a_message_is_an_error_to_its_receiver_and_is_sent_again() {
    for how in [Break::Truncated, Break::Reset] {
        let seen = Arc::default();
        let rig = Rig::over(reader(&seen), Script::default());
        rig.fault(SUCCEEDED, 1..=1, Misfortune::broken_request(how));
        rig.succeed([1]);
        rig.settle().await;
        let seen = seen.lock().unwrap();
        assert!(seen[0].is_err() && seen[1].is_ok() && seen.len() == 2, "{how:?} {seen:?}");
        let exchanges = rig.exchanges();
        let outcomes: Vec<_> = exchanges.iter().map(|exchange| exchange.outcome).collect();
        assert_eq!(outcomes, [Outcome::Unknown, Outcome::Ok], "{how:?}");
        assert!(exchanges[0].note.as_deref().unwrap().contains("broken_request"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_drips_or_whose_sender_shuts_his_side_is_taken() {
    for (how, least) in [(Break::Drip, 900), (Break::HalfClosed, 0)] {
        let seen = Arc::default();
        let rig = Rig::over(reader(&seen), Script::default());
        rig.fault(SUCCEEDED, 1..=1, Misfortune::broken_request(how));
        rig.succeed([1]);
        rig.settle().await;
        assert_eq!((seen.lock().unwrap().len(), rig.exchanges()[0].outcome), (1, Outcome::Ok), "{how:?}");
        assert!(rig.kernel.clock().elapsed() >= Duration::from_millis(least), "{how:?}");
        assert_eq!(rig.injected().len(), 1, "{how:?}");
    }
}

/// Asks for refund 1 over a socket of its own and reads what comes: the bytes, and how they ended.
async fn raw_call(stream: &mut TcpStream) -> (String, std::io::Result<usize>) {
    let body = refund_body(1).to_string();
    let head = "POST /v1/refunds HTTP/1.1\r\nhost: psp\r\nidempotency-key: key-1\r\n";
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes).await;
    (String::from_utf8(bytes).unwrap(), ended)
}

/// The length that a head announces, and the body as far as there is one.
fn announced(text: &str) -> (usize, &str) {
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    (length.parse().unwrap(), body)
}

#[tokio::test]
async fn over_a_socket_fewer_bytes_come_than_were_announced() {
    for how in CUTS {
        let rig = Rig::new(Script::default());
        let listening = rig.desk.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        rig.fault("refundPayment", 1..=1, Misfortune::broken_answer(how));
        let mut stream = TcpStream::connect(listening.address()).await.unwrap();
        let (text, ended) = raw_call(&mut stream).await;
        assert_eq!(ended.is_err(), how == Break::Reset, "{how:?} {ended:?}");
        if let Err(error) = ended {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        } else {
            let (length, body) = announced(&text);
            assert_eq!(body.len(), length / 2, "{how:?} {text}");
        }
        if how == Break::HalfClosed {
            // The other direction is still there: what is written is taken, not answered with a reset.
            for _ in 0..3 {
                stream.write_all(b"more").await.unwrap();
                assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
            }
        }
        rig.settle().await;
        assert_eq!((rig.effects().len(), rig.exchanges()[0].outcome), (1, Outcome::Unknown), "{how:?}");
        listening.stop(rig.kernel.clock()).await;
    }
}

#[tokio::test]
async fn over_a_socket_an_answer_drips_and_the_connection_goes_on() {
    let rig = Rig::new(Script::default());
    let listening = rig.desk.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    rig.fault("refundPayment", 1..=1, Misfortune::BrokenAnswer { how: Break::Drip, ms: 64 });
    let mut stream = TcpStream::connect(listening.address()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let began = rig.kernel.clock().elapsed();
    let stop = async {
        let mut records = rig.kernel.recorder().subscribe();
        while rig.exchanges().is_empty() && records.changed().await.is_ok() {}
        listening.stop(rig.kernel.clock()).await;
    };
    let ((text, ended), ()) = tokio::join!(raw_call(&mut stream), stop);
    ended.unwrap();
    let (length, body) = announced(&text);
    assert_eq!(body.len(), length);
    assert!(rig.kernel.clock().elapsed().saturating_sub(began) >= Duration::from_millis(50));
    assert_eq!(rig.exchanges()[0].status, Some(201));
}

/// A middleware on a socket that writes down what each connection brought, and answers whole messages.
async fn listener(rig: &Rig, connections: usize) -> Vec<(String, bool)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    rig.kernel.set_middleware(&format!("http://{}", listener.local_addr().unwrap()));
    rig.succeed([1]);
    let mut seen = Vec::new();
    for _ in 0..connections {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        let ended = loop {
            let mut more = [0; 4096];
            match stream.read(&mut more).await {
                Ok(0) => break true,
                Err(_) => break false,
                Ok(count) => bytes.extend_from_slice(&more[..count]),
            }
            let text = String::from_utf8_lossy(&bytes);
            if text.contains("\r\n\r\n") && announced(&text).0 == announced(&text).1.len() {
                let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(answer).await.unwrap();
                break true;
            }
        };
        seen.push((String::from_utf8(bytes).unwrap(), ended));
    }
    seen
}

#[tokio::test]
async fn over_a_socket_half_a_message_comes_and_then_the_whole() {
    for how in [Break::Truncated, Break::Reset] {
        let rig = Rig::over(live(Duration::from_secs(5)).unwrap(), Script::default());
        rig.fault(SUCCEEDED, 1..=1, Misfortune::broken_request(how));
        let seen = listener(&rig, 2).await;
        rig.settle().await;
        assert_eq!(seen[0].1, how == Break::Truncated, "{how:?} {:?}", seen[0]);
        if how == Break::Truncated {
            let (length, body) = announced(&seen[0].0);
            assert_eq!(body.len(), length / 2);
            assert!(seen[0].0.starts_with("POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1:"), "{}", seen[0].0);
        }
        let (length, body) = announced(&seen[1].0);
        assert_eq!(body.len(), length);
        let outcomes: Vec<_> = rig.exchanges().iter().map(|exchange| exchange.outcome).collect();
        assert_eq!(outcomes, [Outcome::Unknown, Outcome::Ok], "{how:?}");
    }
}

#[tokio::test]
async fn over_a_socket_a_drip_and_a_half_closed_sender_get_their_answer() {
    for how in [Break::Drip, Break::HalfClosed] {
        let rig = Rig::over(live(Duration::from_secs(5)).unwrap(), Script::default());
        rig.fault(SUCCEEDED, 1..=1, Misfortune::BrokenRequest { how, ms: 50 });
        let seen = listener(&rig, 1).await;
        rig.settle().await;
        let (length, body) = announced(&seen[0].0);
        assert_eq!((body.len(), rig.exchanges()[0].status), (length, Some(202)), "{how:?}");
        assert_eq!(rig.injected().len(), 1);
    }
}

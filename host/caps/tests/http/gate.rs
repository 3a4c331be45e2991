//! What is allowed of a request, and when it ends.

use crate::peer::{Peer, read_head};
use crate::support::policy;
use crate::world::{SOON, World, failure, request, whole};
use caphost_caps::Remedy;
use caphost_caps::http::{HttpError, Method, OutgoingBody};
use caphost_policy::codes::Code;
use caphost_policy::{Capability, Grant, HttpRule, Policy, Quota, Rule};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

fn code(error: &HttpError) -> Code {
    error.denied().unwrap_or_else(|| panic!("not a refusal: {error:?}")).code()
}

fn grant(rule: &str) -> Grant {
    Grant::from(rule.parse::<Rule>().expect("a rule"))
}

fn http_grant(rule: &str) -> Grant {
    HttpRule::parse(rule).expect("a rule")
}

fn metered(rule: &str, quota: Quota) -> Policy {
    let mut grant = grant(rule);
    grant.quota = Some(quota);
    Policy::builder().allow(grant).build()
}

#[tokio::test]
async fn a_host_and_port_are_granted_or_nothing_is_dialled() {
    let peer = Peer::http().await;
    let port = peer.address.port();
    for (allow, expected) in [
        ("core".to_owned(), Code::NotGranted),
        ("net.connect:127.0.0.1:1".to_owned(), Code::NoGrantCovers),
        ("net.connect:127.0.0.2".to_owned(), Code::NoGrantCovers),
        ("net.connect:public".to_owned(), Code::NoGrantCovers),
        ("websocket.connect".to_owned(), Code::NotGranted),
    ] {
        let world = World::new(&allow, "");
        assert_eq!(code(&failure(world.get(&peer.url("/")).await)), expected, "{allow}");
    }
    let world = World::new("net", "net.connect:loopback");
    assert_eq!(code(&failure(world.get(&peer.url("/")).await)), Code::DeniedByRule);
    assert_eq!(peer.connections(), 0);
    for allow in ["net", "net.connect:loopback", "net.connect:127.0.0.0/8", &format!("net.connect:127.0.0.1:{port}")] {
        assert_eq!(World::new(allow, "").fetch(&peer.url("/")).await, Ok((200, "hello".into())), "control: {allow}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_url_without_its_query_and_the_grant_to_add() {
    let world = World::new("core", "");
    let _ = world.get("http://127.0.0.1:9/path?secret=1").await;
    let refusal = world.refusals().remove(0);
    assert_eq!(refusal.asked, "http://127.0.0.1:9/path?…");
    assert_eq!(refusal.remedy, Remedy::Allow("net.connect:127.0.0.1:9".into()));
}

#[tokio::test]
async fn a_name_that_leads_to_forbidden_addresses_only_is_told_apart() {
    let peer = Peer::http().await;
    let url = format!("http://localhost:{}/", peer.address.port());
    let by_name = World::new("net.connect:localhost", "");
    assert!(matches!(failure(by_name.get(&url).await), HttpError::AddressDenied(_)));
    let other = World::new("net.connect:example.com", "");
    assert!(matches!(failure(other.get(&url).await), HttpError::Denied(_)));
    assert_eq!(peer.connections(), 0);
    let both = World::new("net.connect:localhost,net.connect:127.0.0.1", "");
    assert_eq!(both.fetch(&url).await, Ok((200, "hello".into())), "control");
}

#[tokio::test]
async fn a_grant_of_a_scheme_is_of_that_scheme_only() {
    let peer = Peer::http().await;
    let port = peer.address.port();
    let secure = World::new(&format!("net.connect:https://127.0.0.1:{port}"), "");
    assert_eq!(code(&failure(secure.get(&peer.url("/")).await)), Code::NoGrantCovers);
    assert_eq!(peer.connections(), 0);
    let plain = World::new(&format!("net.connect:http://127.0.0.1:{port}"), "");
    assert_eq!(plain.fetch(&peer.url("/")).await, Ok((200, "hello".into())), "control");
}

#[tokio::test]
async fn methods_and_paths_are_held_also_on_a_connection_that_is_there() {
    let peer = Peer::http().await;
    let rule = format!("GET,HEAD http://{}/v1/", peer.address);
    let world = World::with_policy(Policy::builder().allow(http_grant(&rule)).build());
    assert_eq!(world.fetch(&peer.url("/v1/a?b")).await, Ok((200, "hello".into())), "control");
    let post = world.send(request(Method::POST, &peer.url("/v1/a")), OutgoingBody::empty()).await;
    assert_eq!(code(&failure(post)), Code::HttpTerms);
    for path in ["/v2/a", "/", "/v1/../v2", "/v1/%2e%2e/v2", "/v1//x", "/v10", "/V1/a"] {
        assert_eq!(code(&failure(world.get(&peer.url(path)).await)), Code::HttpTerms, "{path}");
    }
    assert_eq!(world.fetch(&peer.url("/v1/b")).await, Ok((200, "hello".into())), "control: it was kept");
    assert_eq!((peer.seen(), peer.connections()), (vec!["GET /v1/a?b".to_owned(), "GET /v1/b".to_owned()], 1));
}

#[tokio::test]
async fn every_request_is_recorded_also_on_a_connection_that_is_there() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    for path in ["/one", "/two", "/three"] {
        assert!(world.fetch(&peer.url(path)).await.is_ok());
    }
    assert_eq!(peer.connections(), 1);
    let log = world.audit();
    for path in ["/one", "/two", "/three"] {
        assert_eq!(log.matches(&format!("\"asked\":\"{}\"", peer.url(path))).count(), 1, "{log}");
    }
}

#[tokio::test]
async fn revocation_ends_a_body_in_the_middle_and_wakes_who_waits() {
    let peer = Peer::saying_and_staying(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello").await;
    let world = World::new("net.connect:127.0.0.1", "");
    let mut answer = world.get(&peer.url("/")).await.expect("a head");
    assert_eq!(answer.body.read(100).await.as_deref(), Ok(&b"hello"[..]), "control");
    let revoker = world.session.revoker();
    let (error, ()) = tokio::join!(timeout(SOON, answer.body.read(100)), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        revoker.revoke(Capability::NetConnect);
    });
    assert_eq!(code(&error.expect("it wakes").expect_err("a refusal")), Code::Revoked);
    assert_eq!(code(&failure(world.get(&peer.url("/")).await)), Code::Revoked);
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn revocation_ends_the_wait_for_a_head_and_closes_what_is_kept() {
    let silent = Peer::saying_and_staying(b"").await;
    let kept = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        read_head(&mut stream, &seen).await;
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    assert!(world.get(&kept.url("/")).await.is_ok());
    let revoker = world.session.revoker();
    let url = silent.url("/");
    let (outcome, ()) = tokio::join!(world.get(&url), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        revoker.revoke_all();
    });
    assert_eq!(code(&failure(outcome)), Code::Revoked);
    timeout(SOON, async {
        while kept.seen().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the server of the kept connection sees its end");
    assert_eq!(kept.seen()[1], "");
}

#[tokio::test]
async fn a_grant_that_expires_ends_what_stands_on_it() {
    let peer = Peer::saying_and_staying(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello").await;
    let mut expiring = grant("net.connect:127.0.0.1");
    expiring.expires_after = Some(Duration::from_secs(60));
    let world = World::with_policy(Policy::builder().allow(expiring).build());
    let mut answer = world.get(&peer.url("/")).await.expect("a head");
    assert_eq!(answer.body.read(100).await.as_deref(), Ok(&b"hello"[..]), "control");
    world.hand.advance(Duration::from_secs(60));
    let error = timeout(SOON, answer.body.read(100)).await.expect("it wakes").expect_err("a refusal");
    assert_eq!(code(&error), Code::Expired);
    assert_eq!(code(&failure(world.get(&peer.url("/")).await)), Code::Expired);
}

#[tokio::test]
async fn quotas_count_requests_and_bytes_over_all_connections() {
    let peer = Peer::http().await;
    let three = metered("net.connect:127.0.0.1", Quota { connections: Some(3), ..Quota::default() });
    let world = World::with_policy(three);
    for _ in 0..3 {
        assert!(world.fetch(&peer.url("/")).await.is_ok(), "control");
    }
    assert_eq!(code(&failure(world.get(&peer.url("/")).await)), Code::QuotaExhausted);
    assert_eq!(peer.connections(), 1);

    let little = metered("net.connect:127.0.0.1", Quota { received_bytes: Some(1_000), ..Quota::default() });
    let world = World::with_policy(little);
    assert!(world.fetch(&peer.url("/")).await.is_ok(), "control");
    let error = match world.get(&peer.url("/big")).await {
        Ok(answer) => whole(answer).await.expect_err("a refusal"),
        Err(error) => error,
    };
    assert_eq!(code(&error), Code::QuotaExhausted);
}

#[tokio::test]
async fn one_connection_at_a_time_is_enough_for_one_request_after_the_other() {
    let (one, other) = (Peer::http().await, Peer::http().await);
    let world = World::with_policy(metered("net.connect", Quota { concurrent: Some(1), ..Quota::default() }));
    for peer in [&one, &one, &other, &one] {
        assert_eq!(world.fetch(&peer.url("/")).await, Ok((200, "hello".into())));
    }
    let open = world.get(&one.url("/big")).await.expect("control");
    assert_eq!(code(&failure(world.get(&other.url("/")).await)), Code::QuotaExhausted, "two at a time");
    drop(open);
    assert!(world.get(&other.url("/")).await.is_ok());
}

#[tokio::test]
async fn the_first_poll_refuses() {
    let world = World::with_policy(policy("core", ""));
    let network = world.session.network();
    let sent = caphost_caps::http::send(
        network,
        "test",
        request(Method::GET, "http://example.com/"),
        OutgoingBody::pieces(None).1,
    );
    let polled = futures_util::poll!(std::pin::pin!(sent));
    assert!(matches!(polled, std::task::Poll::Ready(Err(HttpError::Denied(_)))), "{polled:?}");
}

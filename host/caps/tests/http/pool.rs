//! Connections that are used again: by whom, for how long, and that nothing of them is left over.

use crate::peer::{Peer, read_head};
use crate::world::{SOON, World, failure, get, request, whole};
use caphost_caps::http::{HttpError, Method, OutgoingBody};
use caphost_policy::{Grant, HttpRule, Limits, Policy, Quota, Rule};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

#[tokio::test]
async fn a_hundred_requests_go_over_one_connection() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    for _ in 0..100 {
        assert_eq!(world.fetch(&peer.url("/")).await, Ok((200, "hello".into())));
    }
    assert_eq!(peer.connections(), 1);
    let echo = world.send(request(Method::POST, &peer.url("/echo")), OutgoingBody::whole("x".repeat(200_000))).await;
    assert_eq!(whole(echo.expect("an answer")).await.map(|(_, body)| body.len()), Ok(200_000));
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn a_connection_whose_answer_was_not_read_is_closed_and_not_used_again() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    drop(world.get(&peer.url("/big")).await.expect("a head"));
    assert_eq!(world.fetch(&peer.url("/")).await, Ok((200, "hello".into())));
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn connections_are_of_one_guest_and_one_grant() {
    let peer = Peer::http().await;
    let plain: Rule = "net.connect:127.0.0.1".parse().expect("a rule");
    let terms = HttpRule::parse(&format!("GET http://{}/v1/", peer.address)).expect("a rule");
    let world = World::with_policy(Policy::builder().allow(plain).allow(terms).build());
    for (path, connections) in [("/", 1), ("/v1/a", 2), ("/other", 2), ("/v1/b", 2)] {
        assert_eq!(world.fetch(&peer.url(path)).await, Ok((200, "hello".into())));
        assert_eq!(peer.connections(), connections, "{path}");
    }
    let other = World::new("net.connect:127.0.0.1", "");
    assert_eq!(other.fetch(&peer.url("/")).await, Ok((200, "hello".into())));
    assert_eq!(peer.connections(), 3, "another guest has its own");
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_costs_no_error() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    for number in 1..=3 {
        assert_eq!(world.fetch(&peer.url("/")).await, Ok((200, "ok".into())));
        assert_eq!(peer.connections(), number);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn requests_at_a_time_have_connections_of_their_own_and_a_bounded_number_is_kept() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    let mut open = Vec::new();
    for _ in 0..40 {
        open.push(world.get(&peer.url("/big")).await.expect("a head"));
    }
    assert_eq!(peer.connections(), 40);
    for answer in open {
        assert!(whole(answer).await.is_ok());
    }
    let mut again = Vec::new();
    for _ in 0..40 {
        again.push(world.get(&peer.url("/big")).await.expect("a head"));
    }
    assert_eq!(peer.connections(), 40 + 8, "32 were kept");
}

#[tokio::test]
async fn what_is_kept_takes_no_place_from_what_is_asked_for() {
    let peers = [Peer::http().await, Peer::http().await, Peer::http().await];
    let rule: Rule = "net.connect:127.0.0.1".parse().expect("a rule");
    let limits = Limits { open_handles: 2, ..Limits::default() };
    let world = World::with_policy(Policy::builder().allow(rule).limits(limits).build());
    for peer in peers.iter().cycle().take(7) {
        assert_eq!(world.fetch(&peer.url("/")).await, Ok((200, "hello".into())));
    }
    let open = [world.get(&peers[0].url("/big")).await, world.get(&peers[1].url("/big")).await];
    assert!(open.iter().all(Result::is_ok), "control");
    assert_eq!(failure(world.get(&peers[2].url("/")).await), HttpError::ConnectionLimit);
    drop(open);
    assert!(world.get(&peers[2].url("/")).await.is_ok());
}

fn descriptors() -> usize {
    let directory = rustix::fs::open("/proc/self/fd", rustix::fs::OFlags::DIRECTORY, rustix::fs::Mode::empty());
    rustix::fs::Dir::new(directory.expect("a directory")).expect("a listing").count()
}

/// Descriptors of the whole process: of those in other tests, some come and go.
async fn settled(tasks: usize, descriptors_before: usize) {
    let metrics = tokio::runtime::Handle::current().metrics();
    timeout(SOON, async {
        while metrics.num_alive_tasks() > tasks || descriptors() > descriptors_before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("nothing is left over");
}

#[tokio::test]
async fn nothing_is_left_of_a_guest() {
    let peer = Peer::http().await;
    let hung = Peer::saying_and_staying(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello").await;
    tokio::task::yield_now().await;
    let (tasks, before) = (tokio::runtime::Handle::current().metrics().num_alive_tasks(), descriptors());
    let world = World::new("net.connect:127.0.0.1", "");
    assert!(world.fetch(&peer.url("/")).await.is_ok());
    let left = world.get(&hung.url("/")).await.expect("a head");
    let (sender, body) = OutgoingBody::pieces(None);
    let mut asked = request(Method::POST, &hung.url("/"));
    asked.timeouts.first_byte = Duration::from_millis(50);
    sender.write(b"some").await.expect("room");
    let posted = world.send(asked, body).await.expect("a head");
    let (network, asked) = (world.session.network().clone(), get(&hung.url("/")));
    let mut cancelled =
        Box::pin(async move { caphost_caps::http::send(&network, "test", asked, OutgoingBody::empty()).await });
    assert!(futures_util::poll!(&mut cancelled).is_pending(), "control: it waits");
    drop((cancelled, left, posted, sender, world));
    settled(tasks, before).await;
}

#[tokio::test]
async fn a_request_that_fails_leaves_nothing() {
    let peer = Peer::saying(b"nonsense\r\n\r\n").await;
    let world = World::new("net.connect:127.0.0.1", "");
    tokio::task::yield_now().await;
    let (tasks, before) = (tokio::runtime::Handle::current().metrics().num_alive_tasks(), descriptors());
    for _ in 0..20 {
        assert!(matches!(world.get(&peer.url("/")).await, Err(HttpError::Protocol(_))));
    }
    settled(tasks, before).await;
}

#[tokio::test]
async fn connections_of_a_narrowed_policy_are_used_again_under_the_same_grants() {
    let peer = Peer::http().await;
    let rule = |text: &str| text.parse::<Rule>().expect("a rule");
    let narrow = HttpRule::parse(&format!("GET http://{}/v1/", peer.address)).expect("a rule");
    let wide = Policy::builder().allow(rule("net.connect:127.0.0.1")).build();
    let narrowed = Policy::builder().allow(rule("net.connect:127.0.0.0/8")).allow(narrow).build();
    let world = World::with_policy(wide.attenuate(&narrowed));
    for (path, connections) in [("/", 1), ("/", 1), ("/v1/a", 2), ("/other", 2), ("/v1/b", 2)] {
        assert_eq!(world.fetch(&peer.url(path)).await, Ok((200, "hello".into())));
        assert_eq!(peer.connections(), connections, "{path}");
    }
}

#[tokio::test]
async fn a_connection_that_is_not_used_after_all_takes_nothing_from_a_quota() {
    let peer = Peer::http().await;
    let plain: Rule = "net.connect:127.0.0.1".parse().expect("a rule");
    let terms = HttpRule::parse(&format!("GET http://{}/v1/", peer.address)).expect("a rule");
    let wide = Policy::builder().allow(plain.clone()).allow(terms).build();
    let mut counted = Grant::from(plain);
    counted.quota = Some(Quota { connections: Some(4), ..Quota::default() });
    let world = World::with_policy(wide.attenuate(&Policy::builder().allow(counted).build()));
    for path in ["/", "/v1/a", "/other", "/v1/b"] {
        assert_eq!(world.fetch(&peer.url(path)).await, Ok((200, "hello".into())), "{path}");
    }
    assert_eq!(peer.connections(), 2, "one for each grant");
    assert!(failure(world.get(&peer.url("/")).await).denied().is_some());
}

#[tokio::test]
async fn a_name_and_its_address_are_two_hosts() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:localhost,net.connect:127.0.0.1", "");
    let by_name = format!("http://localhost:{}/", peer.address.port());
    for (url, connections) in [(&by_name, 1), (&peer.url("/"), 2), (&by_name, 2), (&peer.url("/"), 2)] {
        assert_eq!(world.fetch(url).await, Ok((200, "hello".into())));
        assert_eq!(peer.connections(), connections, "{url}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_never_that_of_the_next_request() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil").await;
        read_head(&mut stream, &seen).await;
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    for number in 1..=3 {
        assert_eq!(world.fetch(&peer.url("/")).await, Ok((200, "ok".into())));
        assert_eq!(peer.connections(), number);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

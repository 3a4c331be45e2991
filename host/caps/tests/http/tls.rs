//! TLS: who is trusted, what is spoken.

use crate::peer::{Authority, Peer};
use crate::support::policy;
use crate::world::{SOON, World, failure, get, request, whole};
use caphost_caps::http::{HeaderMap, HttpError, Method, OutgoingBody};
use caphost_caps::tls::count_roots;
use caphost_policy::Policy;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn local() -> Policy {
    policy("net.connect:localhost,net.connect:loopback", "")
}

#[tokio::test]
async fn who_has_a_certificate_of_an_authority_that_is_trusted_is_spoken_to() {
    let authority = Authority::new();
    assert_eq!(count_roots(&authority.pem()), Ok(1));
    let peer = Peer::tls(&authority, "localhost", &["http/1.1"]).await;
    let world = World::trusting(local(), vec![authority.pem()]);
    assert_eq!(world.fetch(&peer.secure_url("/")).await, Ok((200, "hello".into())));
    let by_address = Peer::tls(&authority, "127.0.0.1", &["http/1.1"]).await;
    let url = by_address.url("/").replace("http:", "https:");
    assert_eq!(world.fetch(&url).await, Ok((200, "hello".into())));
}

#[tokio::test]
async fn who_cannot_show_who_it_is_gets_nothing() {
    let (authority, other) = (Authority::new(), Authority::new());
    let world = World::trusting(local(), vec![authority.pem()]);
    let untrusted = Peer::tls(&other, "localhost", &["http/1.1"]).await;
    let named_otherwise = Peer::tls(&authority, "other.example", &["http/1.1"]).await;
    let by_address = Peer::tls(&authority, "localhost", &["http/1.1"]).await;
    for (url, why) in [
        (untrusted.secure_url("/"), "nobody whom the host trusts has signed the certificate"),
        (named_otherwise.secure_url("/"), "the certificate is for another name"),
        (by_address.url("/").replace("http:", "https:"), "the certificate is for another name"),
    ] {
        assert_eq!(failure(world.get(&url).await), HttpError::TlsCertificate(why));
    }
    for peer in [untrusted, named_otherwise, by_address] {
        assert!(peer.seen().is_empty());
    }
}

#[tokio::test]
async fn a_certificate_is_of_its_time_its_purpose_and_its_address() {
    let authority = Authority::new();
    let world = World::trusting(local(), vec![authority.pem()]);
    let params = |name: &str| CertificateParams::new([name.to_owned()]).expect("a name");
    let dated = |from, to| {
        let mut params = params("127.0.0.1");
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        params
    };
    let mut of_clients = params("127.0.0.1");
    of_clients.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    for (params, why) in [
        (dated(2000, 4000), None),
        (dated(2000, 2001), Some("the certificate has expired")),
        (dated(3999, 4000), Some("the certificate is not valid yet")),
        (params("127.0.0.2"), Some("the certificate is for another name")),
        (of_clients, Some("the certificate is not for servers")),
    ] {
        let acceptor = authority.acceptor_with(params, &[]);
        let peer = Peer::new(move |stream, seen| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let length = stream.read(&mut [0; 1024]).await.unwrap_or(0);
                seen.lock().expect("no panic").push(format!("{length} bytes"));
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
            }
        })
        .await;
        let url = peer.url("/").replace("http:", "https:");
        match why {
            None => assert!(world.get(&url).await.is_ok(), "control"),
            Some(why) => {
                assert_eq!(failure(world.get(&url).await), HttpError::TlsCertificate(why));
                assert!(
                    !peer.seen().iter().any(|seen| seen != "0 bytes"),
                    "not a byte of the request: {:?}",
                    peer.seen()
                );
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_somebody_on_the_way_cuts_off_never_looks_whole() {
    let authority = Authority::new();
    let world = World::trusting(local(), vec![authority.pem()]);
    for says_goodbye in [true, false] {
        let acceptor = authority.acceptor("localhost", &[]);
        let peer = Peer::new(move |stream, _| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhalf").await;
                let _ = stream.flush().await;
                if says_goodbye {
                    let _ = stream.shutdown().await;
                }
            }
        })
        .await;
        let answer = world.get(&peer.secure_url("/")).await.expect("a head");
        match says_goodbye {
            true => assert_eq!(whole(answer).await, Ok((200, "half".into())), "control"),
            false => assert_eq!(whole(answer).await, Err(HttpError::ResponseIncomplete)),
        }
    }
}

#[tokio::test]
async fn who_does_not_speak_tls_is_told_from_who_breaks_off() {
    let world = World::trusting(local(), Vec::new());
    let plain = Peer::new(|mut stream, _| async move {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
        tokio::time::sleep(SOON).await;
    })
    .await;
    assert!(matches!(failure(world.get(&plain.secure_url("/")).await), HttpError::TlsProtocol(_)));
    let closing = Peer::new(|stream, _| async move { drop(stream) }).await;
    let error = failure(world.get(&closing.secure_url("/")).await);
    assert_eq!(error, HttpError::ConnectionTerminated);
}

#[tokio::test]
async fn roots_that_cannot_be_used_are_an_error_and_not_fewer_roots() {
    let world = World::trusting(local(), vec![b"no certificate".to_vec()]);
    let authority = Authority::new();
    let peer = Peer::tls(&authority, "localhost", &["http/1.1"]).await;
    assert!(matches!(failure(world.get(&peer.secure_url("/")).await), HttpError::Misconfigured(_)));
}

#[tokio::test]
async fn a_silent_server_does_not_hold_the_handshake_open() {
    let silent = Peer::new(|stream, _| async move {
        tokio::time::sleep(SOON).await;
        drop(stream);
    })
    .await;
    let world = World::trusting(local(), Vec::new());
    let mut asked = get(&silent.secure_url("/"));
    asked.timeouts.connect = std::time::Duration::from_millis(200);
    assert_eq!(failure(world.send(asked, OutgoingBody::empty()).await), HttpError::ConnectionTimeout);
}

#[tokio::test]
async fn what_is_spoken_is_what_both_prefer() {
    let authority = Authority::new();
    for (offered, version) in [(&["h2", "http/1.1"][..], "HTTP/2.0"), (&["http/1.1"], "HTTP/1.1"), (&[], "HTTP/1.1")] {
        let peer = Peer::tls(&authority, "localhost", offered).await;
        let world = World::trusting(local(), vec![authority.pem()]);
        let (_, text) = world.fetch(&peer.secure_url("/headers")).await.expect("an answer");
        assert!(text.starts_with(version), "{offered:?}: {text}");
        assert_eq!(text.contains("host: "), version == "HTTP/1.1", "{text}");
    }
}

#[tokio::test]
async fn http2_carries_requests_at_a_time_over_one_connection() {
    let authority = Authority::new();
    let peer = Peer::tls(&authority, "localhost", &["h2"]).await;
    let world = World::trusting(local(), vec![authority.pem()]);
    assert_eq!(world.fetch(&peer.secure_url("/")).await, Ok((200, "hello".into())));
    let mut open = Vec::new();
    for _ in 0..15 {
        open.push(world.get(&peer.secure_url("/big")).await.expect("a head"));
    }
    for answer in open {
        assert_eq!(whole(answer).await.map(|(_, body)| body.len()), Ok(3 << 20));
    }
    drop(world.get(&peer.secure_url("/big")).await.expect("a head"));
    assert_eq!(world.fetch(&peer.secure_url("/")).await, Ok((200, "hello".into())), "to give up one ends no other");
    assert_eq!(peer.connections(), 1);
    let mut open = Vec::new();
    for _ in 0..17 {
        open.push(world.get(&peer.secure_url("/big")).await.expect("a head"));
    }
    assert_eq!(peer.connections(), 2, "sixteen go over one");
}

#[tokio::test]
async fn http2_has_bodies_in_pieces_and_trailers_in_both_directions() {
    let authority = Authority::new();
    let peer = Peer::tls(&authority, "localhost", &["h2"]).await;
    let world = World::trusting(local(), vec![authority.pem()]);
    let (sender, body) = OutgoingBody::pieces(None);
    let network = world.session.network().clone();
    let asked = request(Method::POST, &peer.secure_url("/echo"));
    let task = tokio::spawn(async move { caphost_caps::http::send(&network, "test", asked, body).await });
    sender.write(&[b'x'; 300_000]).await.expect("room");
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "3".parse().expect("a value"));
    sender.finish(trailers).expect("the end");
    let (_, text) = whole(task.await.expect("no panic").expect("an answer")).await.expect("a body");
    assert_eq!((text.len() > 300_000, text.ends_with("{\"x-sum\": \"3\"}")), (true, true));

    let mut answer = world.get(&peer.secure_url("/trailers")).await.expect("an answer");
    assert!(answer.body.read_to_end(100).await.is_ok());
    assert_eq!(answer.body.trailers().expect("the end").expect("trailers")["x-checksum"], "5");
}

#[tokio::test]
async fn revocation_ends_http2_too() {
    let authority = Authority::new();
    let peer = Peer::tls(&authority, "localhost", &["h2"]).await;
    let world = World::trusting(local(), vec![authority.pem()]);
    let mut answer = world.get(&peer.secure_url("/big")).await.expect("a head");
    assert!(answer.body.read(10).await.is_ok(), "control");
    world.session.revoker().revoke_all();
    let ended = tokio::time::timeout(SOON, async {
        loop {
            if let Err(error) = answer.body.read(1 << 20).await {
                return error;
            }
        }
    });
    let error = ended.await.expect("it ends");
    assert_eq!(error.denied().map(|denied| denied.code()), Some(caphost_policy::codes::Code::Revoked));
}

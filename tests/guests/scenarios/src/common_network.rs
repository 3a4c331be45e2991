// Included twice: with `net` of the SDK, and with that of std.

use crate::{peers, waiting};
use std::time::Duration;

/// Longer than any of these takes, so that nothing hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// What comes in until the end of a connection.
fn rest(stream: &mut net::TcpStream) -> std::io::Result<String> {
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// One line to an echo, and back.
fn ask(record: &mut Record, stream: &mut net::TcpStream, line: &str) {
    if record.note("write", stream.write_all(line.as_bytes())).is_none() {
        return;
    }
    let mut answer = vec![0; line.len()];
    let read = stream.read_exact(&mut answer);
    record.note("answer", read.map(|()| String::from_utf8_lossy(&answer).into_owned()));
}

/// A listener, and a connection to it from the same guest.
fn pair(record: &mut Record) -> Option<(net::TcpListener, net::TcpStream)> {
    let listener = record.went("listen", net::TcpListener::bind("127.0.0.1:0"))?;
    let address = record.went("address", listener.local_addr())?;
    let stream = record.went("connect", net::TcpStream::connect(address))?;
    Some((listener, stream))
}

pub(crate) const NETWORK: &[Scenario] = &[
    scenario("talk to a peer", &["net.connect:127.77.1.1:27071"], |record| {
        if let Some(mut stream) = record.went("connect", net::TcpStream::connect(peers::ECHO)) {
            ask(record, &mut stream, "one\n");
            ask(record, &mut stream, "two\n");
            record.note("shutdown", stream.shutdown(net::Shutdown::Write));
            record.note("rest", rest(&mut stream));
        }
    }),
    scenario("talk to a peer of a class", &["net.connect:loopback:27071"], |record| {
        if let Some(mut stream) = record.went("connect", net::TcpStream::connect(peers::ECHO)) {
            ask(record, &mut stream, "hello\n");
        }
    }),
    scenario("talk to a peer by its name", &["net.connect:peer.test:27071", "net.connect:127.77.1.1"], |record| {
        if let Some(mut stream) = record.went("connect", dial(peers::NAME, peers::ECHO_PORT)) {
            ask(record, &mut stream, "hello\n");
        }
    }),
    scenario("a name that leads to an address of this host", &["net.connect:peer.test"], |record| {
        record.went("connect", dial(peers::NAME, peers::ECHO_PORT));
    }),
    scenario("a name that nobody has", &["net.connect:nobody.test"], |record| {
        record.went("connect", dial("nobody.test", 80));
    }),
    scenario("look names up", &["net.resolve", "net.connect:loopback"], |record| {
        record.note("peer", lookup(peers::NAME));
        record.went("nobody", lookup("nobody.test"));
        record.note("literal", lookup("127.77.1.1"));
    }),
    scenario("connect where nobody listens", &["net.connect:127.77.1.1:27077"], |record| {
        record.went("connect", net::TcpStream::connect(peers::NOBODY));
    }),
    scenario("connect to nothing", &["net.connect"], |record| {
        record.went("port", net::TcpStream::connect("127.77.1.1:0"));
        record.went("address", net::TcpStream::connect("0.0.0.0:27071"));
    }),
    scenario("connect next to a port", &["net.connect:127.77.1.1:27071"], |record| {
        record.went("granted", net::TcpStream::connect(peers::ECHO));
        record.went("other", net::TcpStream::connect(peers::SOURCE));
    }),
    scenario("read to the end of a peer", &["net.connect:127.77.1.1:27074"], |record| {
        if let Some(mut stream) = record.went("connect", net::TcpStream::connect(peers::SOURCE)) {
            let mut bytes = Vec::new();
            record.note("read", stream.read_to_end(&mut bytes));
        }
    }),
    scenario("a peer that closes", &["net.connect:127.77.1.1:27075"], |record| {
        if let Some(mut stream) = record.went("connect", net::TcpStream::connect(peers::CLOSING)) {
            record.note("read", stream.read(&mut [0; 4]));
        }
    }),
    scenario("a peer that resets", &["net.connect:127.77.1.1:27076"], |record| {
        if let Some(mut stream) = record.went("connect", net::TcpStream::connect(peers::RESETTING)) {
            // It does so once it was told something.
            if record.note("write", stream.write(b"hello")).is_some() {
                record.went("read", stream.read(&mut [0; 4]));
            }
        }
    }),
    scenario("a peer that says nothing for a time", &["net.connect:127.77.1.1:27072"], |record| {
        if let Some(mut stream) = record.went("connect", net::TcpStream::connect(peers::SILENT)) {
            record.note("timeout", stream.set_read_timeout(Some(Duration::from_millis(30))));
            record.went("read", stream.read(&mut [0; 4]));
        }
    }),
    scenario("end both directions", &["net.connect:127.77.1.1:27071"], |record| {
        if let Some(mut stream) = record.went("connect", net::TcpStream::connect(peers::ECHO)) {
            record.note("nodelay", stream.set_nodelay(true));
            record.note("peer", stream.peer_addr());
            record.note("local", stream.local_addr().map(|address| address.ip()));
            record.note("shutdown", stream.shutdown(net::Shutdown::Both));
            record.went("write", stream.write(b"late"));
            record.note("read", stream.read(&mut [0; 4]));
        }
    }),
    scenario("four connections", &["net.connect:127.77.1.1:27071"], |record| {
        let mut streams = Vec::new();
        for _ in 0..4 {
            streams.extend(record.went("connect", net::TcpStream::connect(peers::ECHO)));
        }
        streams.iter_mut().for_each(|stream| ask(record, stream, "here\n"));
        drop(streams);
        record.went("again", net::TcpStream::connect(peers::ECHO));
    }),
    scenario("listen, connect and accept", &["net.listen:127.0.0.1", "net.connect:127.0.0.1"], |record| {
        let Some((listener, mut here)) = pair(record) else { return };
        let Some((mut there, peer)) = record.went("accept", listener.accept()) else { return };
        record.note("from", here.local_addr().map(|address| address == peer));
        record.note("write", here.write_all(b"question"));
        record.note("end", here.shutdown(net::Shutdown::Write));
        record.note("read", rest(&mut there));
        record.note("write back", there.write_all(b"answer"));
        drop(there);
        record.note("read back", rest(&mut here));
    }),
    scenario("listen where one may not", &["net.listen:127.0.0.1:27090"], |record| {
        record.went("granted", net::TcpListener::bind("127.0.0.1:27090"));
        record.went("any port", net::TcpListener::bind("127.0.0.1:0"));
        record.went("every address", net::TcpListener::bind("0.0.0.0:27090"));
    }),
    scenario("listen on a port that is taken", &["net.listen:127.77.1.1"], |record| {
        record.went("listen", net::TcpListener::bind(peers::ECHO));
    }),
    scenario("listen on the address of somebody else", &["net.listen:192.0.2.1"], |record| {
        record.went("listen", net::TcpListener::bind("192.0.2.1:0"));
    }),
    scenario("send datagrams to a peer", &["net.udp:127.0.0.1", "net.udp:127.77.1.1:27073"], |record| {
        let Some(socket) = record.went("bind", net::UdpSocket::bind("127.0.0.1:0")) else { return };
        if record.note("send", socket.send_to(b"hello", peers::UDP_ECHO)).is_some() {
            let mut buffer = [0; 16];
            let received = record.note("receive", socket.recv_from(&mut buffer));
            record.note("contents", Ok::<_, std::io::Error>(received.map(|(length, _)| buffer[..length].to_vec())));
        }
        record.note("elsewhere", socket.send_to(b"hello", "127.77.1.1:9"));
    }),
    scenario("datagrams between two ports", &["net.udp:127.0.0.1"], |record| {
        let here = record.went("here", net::UdpSocket::bind("127.0.0.1:0"));
        let there = record.went("there", net::UdpSocket::bind("127.0.0.1:0"));
        let (Some(here), Some(there)) = (here, there) else { return };
        let Some(address) = record.went("address", there.local_addr()) else { return };
        if record.note("connect", here.connect(address)).is_some() && record.note("send", here.send(b"to you")).is_some() {
            record.note("receive", there.recv(&mut [0; 64]));
        }
        record.went("send to nobody", there.send(b"to whom?"));
        record.went("too large", here.send(&[0; 65_508]));
    }),
    scenario("talk on after the middle", &["net.connect:127.77.1.1:27071"], |record| {
        let stream = record.went("connect", net::TcpStream::connect(peers::ECHO));
        checkpoint();
        if let Some(mut stream) = stream {
            ask(record, &mut stream, "later\n");
        }
        record.went("again", net::TcpStream::connect(peers::ECHO));
    }),
    scenario("accept after the middle", &["net.listen:127.0.0.1", "net.connect:127.0.0.1"], |record| {
        let opened = pair(record);
        checkpoint();
        if let Some((listener, _stream)) = opened {
            record.went("accept", listener.accept());
        }
    }),
    waiting("read until the end of the grant", &["net.connect:127.77.1.1"], |record| {
        let Some(mut echo) = record.went("connect", net::TcpStream::connect(peers::ECHO)) else { return };
        ask(record, &mut echo, "before\n");
        let Some(mut silent) = record.went("connect", net::TcpStream::connect(peers::SILENT)) else { return };
        record.note("timeout", silent.set_read_timeout(Some(PATIENCE)));
        checkpoint();
        record.note("read", silent.read(&mut [0; 4]));
        record.note("write", echo.write(b"after\n"));
    }),
];

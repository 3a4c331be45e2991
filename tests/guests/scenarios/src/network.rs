//! Scenarios of the network that only the SDK can express: HTTP, WebSockets, and waiting for a time.

use std::io::{Read, Write};
use std::time::Duration;

use caphost_sdk::http::{self, Headers, Request, Response};
use caphost_sdk::net::{TcpListener, TcpStream, UdpSocket};
use caphost_sdk::websocket::{self, Connection, Listener, Message};
use caphost_sdk::{Error, Result, capabilities, env};

use crate::{Record, Scenario, peers, scenario, waiting};

/// A short time, after which nothing has come.
const MOMENT: Duration = Duration::from_millis(30);
/// Longer than any of these takes, so that nothing hangs.
const PATIENCE: Duration = Duration::from_secs(20);

fn checkpoint() {
    let _ = env::var("CHECKPOINT");
}

fn fact<T: std::fmt::Debug>(record: &mut Record, what: &str, value: T) {
    record.note(what, Ok::<_, Error>(value));
}

fn page(path: &str) -> String {
    format!("{}{path}", peers::HTTP)
}

/// The status and the body of a page.
fn get(record: &mut Record, what: &str, url: &str) {
    record.note(what, http::get(url).and_then(|response| Ok((response.status(), response.text()?))));
}

fn chat(record: &mut Record) -> Option<Connection> {
    record.went("connect", websocket::connect(format!("{}/chat?room=1", peers::WEBSOCKET)))
}

/// A message to an echo, and back.
fn ask(record: &mut Record, connection: &Connection, message: impl Into<Message>) {
    if record.note("send", connection.send(message)).is_some() {
        record.note("receive", connection.receive());
    }
}

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario("get a page", &["net.connect:127.77.1.1:27080"], |record| {
        get(record, "page", &page("/hello"));
        get(record, "again", &page("/hello"));
        get(record, "no page", &page("/missing"));
        get(record, "elsewhere", &page("/redirect"));
    }),
    scenario(
        "get a page of an origin",
        &["net.connect:http://peer.test:27080", "net.connect:http://127.77.1.1:27080"],
        |record| {
            get(record, "page", &format!("{}/hello", peers::HTTP_BY_NAME));
            record.went("no HTTP", TcpStream::connect("127.77.1.1:27080"));
        },
    ),
    scenario("get a page over TLS", &["net.connect:https://peer.test:27081", "net.connect:127.77.1.1"], |record| {
        get(record, "page", &format!("{}/hello", peers::HTTPS));
        get(record, "again", &format!("{}/hello", peers::HTTPS));
    }),
    scenario("a server that nobody trusts", &["net.connect:peer.test:27082", "net.connect:127.77.1.1"], |record| {
        let fetched = Request::get(format!("{}/hello", peers::UNTRUSTED)).fetch();
        fact(record, "page", fetched.map(|response| response.status()).map_err(|error| error.kind()));
    }),
    scenario("fetch in one call", &["net.connect:127.77.1.1:27080"], |record| {
        let whole = |request: Request| request.fetch().map(|response| (response.status(), response.into_body()));
        record.note("get", whole(Request::get(page("/hello"))));
        record.note("post", whole(Request::post(page("/echo")).body("a body")));
        record.note("headers", whole(Request::get(page("/headers")).header("x-mine", "1").header("x-mine", "2")));
        record.note("head", whole(Request::head(page("/hello"))));
        record.note("delete", whole(Request::delete(page("/take"))));
        record.note("too large", Request::get(page("/big?17000000")).fetch().map(|response| response.body().len()));
    }),
    scenario("read a body in pieces", &["net.connect:127.77.1.1:27080"], |record| {
        let response = record.note("get", http::get(page("/stream?200000")).map(Status));
        let Some(Status(mut response)) = response else { return };
        record.note("too soon", response.trailers());
        let mut contents = Vec::new();
        record.note("read", response.read_to_end(&mut contents));
        record.note("trailers", response.trailers());
        let response = record.note("get", Request::get(page("/trailers")).header("te", "trailers").send().map(Status));
        let Some(Status(mut response)) = response else { return };
        record.note("read", response.read_to_end(&mut contents));
        record.note("trailers", response.trailers());
    }),
    scenario("write a body in pieces", &["net.connect:127.77.1.1:27080"], |record| {
        if let Some(mut body) = record.went("start", Request::put(page("/take")).start(None)) {
            // How early a write fails is a matter of time; that the whole does is not.
            let written = (0..4).try_for_each(|_| body.write_all(&[b'x'; 50_000]));
            let finished = written.map_err(Error::from).and_then(|()| body.finish());
            finish(record, finished);
        }
        if let Some(mut body) = record.went("start with a length", Request::put(page("/echo")).start(Some(5))) {
            let written = body.write_all(b"12345").map_err(Error::from);
            finish(record, written.and_then(|()| body.finish()));
        }
        if let Some(mut body) = record.went("start too long", Request::put(page("/take")).start(Some(100_001))) {
            // More than waits for a server, so that the request is on its way.
            let written = body.write_all(&[b'x'; 100_000]).map_err(Error::from);
            record.went("finish too soon", written.and_then(|()| body.finish()));
        }
        if let Some(mut body) = record.went("start with trailers", Request::put(page("/take")).start(None)) {
            let written = body.write_all(b"12345").map_err(Error::from);
            finish(record, written.and_then(|()| body.finish_with(Headers::from([("x-sum", "15")]))));
        }
    }),
    scenario("send a large body", &["net.connect:127.77.1.1:27080"], |record| {
        let body = vec![b'x'; (8 << 20) + 1];
        let sent = Request::post(page("/take")).body(body).send();
        record.note("send", sent.and_then(Response::text));
    }),
    scenario("requests of no good form", &["net.connect"], |record| {
        for url in [
            "",
            "hello",
            "ftp://127.77.1.1/",
            "http://",
            "http://a@127.77.1.1/",
            "http://127.77.1.1:99999/",
            "http://127.77.1.1/a b",
        ] {
            record.note(url, Request::get(url).fetch().map(|response| response.status()));
        }
        let mut header = |name: &str, value: &str| {
            let fetched = Request::get(page("/hello")).header(name, value).fetch();
            record.note(name, fetched.map(|response| response.status()));
        };
        header("host", "other.test");
        header("content-length", "3");
        header("transfer-encoding", "chunked");
        header("connection", "close");
        header("bad name", "x");
        header("x-bad-value", "a\r\nb: c");
        record.note("method", Request::new("G T", page("/hello")).fetch().map(|response| response.status()));
        record.note(
            "no time",
            Request::get(page("/hello")).timeout(Duration::ZERO).fetch().map(|response| response.status()),
        );
    }),
    scenario("a server that takes its time", &["net.connect:127.77.1.1:27080"], |record| {
        let request = Request::get(page("/wait?3000")).first_byte_timeout(MOMENT);
        record.note("head", request.fetch().map(|response| response.status()));
        let request = Request::get(page("/drip?3000")).between_bytes_timeout(MOMENT);
        record.note("body", request.fetch().map(|response| response.status()));
    }),
    scenario("get pages around the middle", &["net.connect:127.77.1.1:27080"], |record| {
        let response = http::get(page("/big?1000000"));
        checkpoint();
        // How much had come already is another number in each run.
        let rest = response.and_then(Response::bytes);
        fact(record, "rest", rest.map(drop).map_err(|error| (error.is_denied(), error.kind())));
        get(record, "again", &page("/hello"));
    }),
    scenario("give up the network", &["net"], |record| {
        let stream = record.went("connect", TcpStream::connect(peers::ECHO));
        let chat = chat(record);
        record.note("give up", capabilities::give_up("net"));
        if let Some(mut stream) = stream {
            record.note("write", stream.write(b"late"));
        }
        if let Some(chat) = chat {
            record.note("send", chat.send("late"));
        }
        get(record, "page", &page("/hello"));
        record.went("listen", TcpListener::bind("127.0.0.1:0"));
        fact(record, "has", (capabilities::has("net.connect"), capabilities::list()));
    }),
    scenario("ask what is granted of the network", &["net.connect:127.77.1.1:27071"], |record| {
        for text in [
            "net",
            "net.connect",
            "net.connect:127.77.1.1:27071",
            "net.connect:127.77.1.1:80",
            "net.udp",
            "websocket.connect",
        ] {
            fact(record, text, capabilities::has(text));
        }
        record.note("insist", capabilities::require("net.connect:127.77.1.1:27071"));
        record.note("insist on more", capabilities::require("net.connect:127.77.1.1"));
    }),
    scenario(
        "wait for nobody",
        &["net.listen:127.0.0.1", "net.udp:127.0.0.1", "websocket.listen:127.0.0.1"],
        |record| {
            if let Some(listener) = record.went("listen", TcpListener::bind("127.0.0.1:0")) {
                record.note("timeout", listener.set_timeout(Some(MOMENT)));
                record.went("accept", listener.accept());
                record.note("no time", listener.set_timeout(Some(Duration::ZERO)));
            }
            if let Some(socket) = record.went("bind", UdpSocket::bind("127.0.0.1:0")) {
                record.note("timeout", socket.set_read_timeout(Some(MOMENT)));
                record.note("receive", socket.recv(&mut [0; 4]));
            }
            if let Some(listener) = record.went("listen for WebSockets", Listener::bind("127.0.0.1:0")) {
                record.note("timeout", listener.set_timeout(Some(MOMENT)));
                record.went("accept", listener.accept());
            }
        },
    ),
    scenario("peers of no good name", &["net"], |record| {
        for name in ["", "a b", "peer.test%00", "127.1", "0x7f.0.0.1", "2130706433", "a@b", "[::1]"] {
            record.went(name, TcpStream::connect((name, 27_071)));
        }
        record.went("listen on a name", TcpListener::bind("localhost:0"));
        record.went("no port", TcpStream::connect("127.77.1.1"));
    }),
    scenario("talk through a WebSocket", &["websocket.connect:127.77.1.1:27083"], |record| {
        let Some(chat) = chat(record) else { return };
        fact(record, "agreed", (chat.protocol(), chat.path(), chat.closed()));
        record.note("peer", chat.peer_addr());
        ask(record, &chat, "hello");
        ask(record, &chat, vec![1, 2, 3]);
        ask(record, &chat, Message::Ping(b"there?".to_vec()));
        record.note("too large a ping", chat.send(Message::Ping(vec![0; 126])));
        record.note("bad code", chat.close(999, ""));
        record.note("close", chat.close(1000, "done"));
        record.note("receive", chat.receive());
        fact(record, "closed", chat.closed());
        record.note("send", chat.send("late"));
    }),
    scenario("agree on a sub-protocol", &["websocket.connect:ws://127.77.1.1:27083"], |record| {
        let options = Connection::options().protocol("unknown").protocol("chat").max_message_size(8);
        let Some(chat) = record.went("connect", options.connect(peers::WEBSOCKET)) else { return };
        fact(record, "protocol", chat.protocol());
        ask(record, &chat, "short");
        ask(record, &chat, "longer than was allowed");
        fact(record, "closed", chat.closed());
    }),
    scenario("WebSockets to peers that have none", &["websocket.connect"], |record| {
        record.went("HTTP", websocket::connect("ws://127.77.1.1:27080/hello").map(drop));
        record.went("nobody", websocket::connect("ws://127.77.1.1:27077/").map(drop));
        record.went("no URL", websocket::connect("http://127.77.1.1:27083/").map(drop));
        let silent = Connection::options().timeout(MOMENT).connect("ws://127.77.1.1:27072/");
        record.went("silence", silent.map(drop));
    }),
    scenario("let WebSockets in", &["websocket.listen:127.0.0.1:27091"], |record| {
        let options = Listener::options().path("/chat").protocol("chat").max_message_size(1000);
        let Some(listener) = record.went("listen", options.bind(peers::CALLED)) else { return };
        record.note("timeout", listener.set_timeout(Some(PATIENCE)));
        let Some((chat, _)) = record.went("accept", listener.accept()) else { return };
        fact(record, "agreed", (chat.protocol(), chat.path(), chat.closed()));
        record.note("address", listener.local_addr());
        record.note("receive", chat.receive());
        record.note("answer", chat.send("welcome"));
        record.note("close", chat.close(1001, "going"));
        record.note("end", chat.receive());
        fact(record, "closed", chat.closed());
    }),
    scenario("a WebSocket after the middle", &["websocket.connect:127.77.1.1:27083"], |record| {
        let opened = chat(record);
        checkpoint();
        if let Some(chat) = opened {
            ask(record, &chat, "later");
        }
        record.went("again", websocket::connect(peers::WEBSOCKET).map(drop));
    }),
    waiting("accept until the end of the grant", &["net.listen:127.0.0.1"], |record| {
        let Some(listener) = record.went("listen", TcpListener::bind("127.0.0.1:0")) else { return };
        record.note("timeout", listener.set_timeout(Some(PATIENCE)));
        checkpoint();
        record.went("accept", listener.accept());
    }),
    waiting("receive a datagram until the end of the grant", &["net.udp:127.0.0.1"], |record| {
        let Some(socket) = record.went("bind", UdpSocket::bind("127.0.0.1:0")) else { return };
        record.note("timeout", socket.set_read_timeout(Some(PATIENCE)));
        checkpoint();
        record.note("receive", socket.recv(&mut [0; 4]));
    }),
    waiting("wait for a page until the end of the grant", &["net.connect:127.77.1.1:27080"], |record| {
        get(record, "before", &page("/hello"));
        checkpoint();
        get(record, "page", &page("/wait?20000"));
    }),
    waiting("wait for a message until the end of the grant", &["websocket.connect:127.77.1.1:27083"], |record| {
        let Some(chat) = chat(record) else { return };
        ask(record, &chat, "before");
        record.note("timeout", chat.set_timeout(Some(PATIENCE)));
        checkpoint();
        record.note("receive", chat.receive());
        record.note("send", chat.send("late"));
    }),
    waiting("accept a WebSocket until the end of the grant", &["websocket.listen:127.0.0.1"], |record| {
        let Some(listener) = record.went("listen", Listener::bind("127.0.0.1:0")) else { return };
        record.note("timeout", listener.set_timeout(Some(PATIENCE)));
        checkpoint();
        record.went("accept", listener.accept());
    }),
];

/// A response, shown by its status: its headers have a date.
struct Status(Response);

impl std::fmt::Debug for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.status())
    }
}

fn finish(record: &mut Record, response: Result<Response>) {
    record.note("finish", response.and_then(|response| Ok((response.status(), response.text()?))));
}

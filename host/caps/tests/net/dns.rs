//! A name server on loopback, for one test.

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a server says to a question.
pub(crate) enum Answer {
    /// These addresses, those of the type that was asked for.
    Addresses(Vec<IpAddr>),
    /// Over UDP that there is more than fits, over TCP these addresses.
    Truncated(Vec<IpAddr>),
    /// A response code.
    Code(ResponseCode),
    /// Nothing at all.
    Silence,
}

/// What a server does with those who come over TCP.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Tcp {
    Serves,
    Hangs,
    Closes,
    /// It sends messages that answer nothing, without end.
    Floods,
}

/// A name server. Dropping it ends it.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    questions: Arc<AtomicUsize>,
    streams: Arc<AtomicUsize>,
    /// Those that hang.
    held: Arc<Mutex<Vec<TcpStream>>>,
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// How often a server looks whether it is over.
const TICK: Duration = Duration::from_millis(20);

impl NameServer {
    /// A server that answers by `answer`: of a name without its last dot, and how many questions came before.
    pub(crate) fn start(answer: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::with_tcp(Tcp::Serves, answer)
    }

    /// The same, with its own way of TCP.
    pub(crate) fn with_tcp(tcp: Tcp, answer: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        let (socket, listener, address) = one_port();
        let (questions, streams) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (is_over, answer) = (Arc::<AtomicBool>::default(), Arc::new(answer));
        let datagrams = {
            let (count, over, answer) = (Arc::clone(&questions), Arc::clone(&is_over), Arc::clone(&answer));
            move || {
                while !over.load(Ordering::Relaxed) {
                    serve_one(&socket, &count, &*answer);
                }
            }
        };
        let held = Arc::<Mutex<Vec<TcpStream>>>::default();
        let accepts = {
            let (count, came, over) = (Arc::clone(&questions), Arc::clone(&streams), Arc::clone(&is_over));
            let held = Arc::clone(&held);
            move || {
                while !over.load(Ordering::Relaxed) {
                    let Ok((stream, _)) = listener.accept() else {
                        std::thread::sleep(TICK);
                        continue;
                    };
                    let serve = match tcp {
                        Tcp::Hangs => {
                            held.lock().expect("no panic").push(stream);
                            None
                        }
                        Tcp::Closes => None,
                        Tcp::Floods => {
                            std::thread::spawn(move || flood(stream));
                            None
                        }
                        Tcp::Serves => Some(stream),
                    };
                    came.fetch_add(1, Ordering::Relaxed);
                    serve.into_iter().for_each(|stream| serve_stream(stream, &count, &*answer));
                }
            }
        };
        let threads = vec![std::thread::spawn(datagrams), std::thread::spawn(accepts)];
        Self { address, questions, streams, held, is_over, threads }
    }

    /// A server for which every name has these addresses.
    pub(crate) fn of(addresses: &[&str]) -> Self {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().expect("an address")).collect();
        Self::start(move |_, _| Answer::Addresses(addresses.clone()))
    }

    /// How many questions came.
    pub(crate) fn questions(&self) -> usize {
        self.questions.load(Ordering::Relaxed)
    }

    /// Closes the connections that hang, those that are on their way too.
    pub(crate) fn let_go(&self) {
        std::thread::sleep(2 * TICK);
        self.held.lock().expect("no panic").clear();
    }

    /// How many connections came.
    pub(crate) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// A port that is free for both.
fn one_port() -> (UdpSocket, TcpListener, SocketAddr) {
    for _ in 0..100 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        if let Ok(socket) = UdpSocket::bind(address) {
            socket.set_read_timeout(Some(TICK)).expect("a timeout");
            listener.set_nonblocking(true).expect("an option");
            return (socket, listener, address);
        }
    }
    panic!("no port is free for both");
}

fn serve_one(socket: &UdpSocket, count: &AtomicUsize, answer: &impl Fn(&str, usize) -> Answer) {
    let mut buffer = [0; 4_096];
    let Ok((length, asker)) = socket.recv_from(&mut buffer) else { return };
    if let Some(response) = respond(&buffer[..length], count, answer, |_| Answer::Addresses(Vec::new())) {
        let _ = socket.send_to(&response, asker);
    }
}

/// Answers the questions of one connection, one after the other.
fn serve_stream(mut stream: TcpStream, count: &AtomicUsize, answer: &impl Fn(&str, usize) -> Answer) {
    stream.set_nonblocking(false).expect("an option");
    stream.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
    let mut length = [0; 2];
    while stream.read_exact(&mut length).is_ok() {
        let mut question = vec![0; u16::from_be_bytes(length).into()];
        if stream.read_exact(&mut question).is_err() {
            return;
        }
        if let Some(response) = respond(&question, count, answer, Answer::Addresses) {
            let length = u16::try_from(response.len()).expect("a message").to_be_bytes();
            let _ = stream.write_all(&[&length, &response[..]].concat());
        }
    }
}

/// Says what nobody asked for, until nobody listens.
fn flood(mut stream: TcpStream) {
    stream.set_nonblocking(false).expect("an option");
    let message = Message::query().to_vec().expect("a message");
    let length = u16::try_from(message.len()).expect("a message").to_be_bytes();
    let many = [&length, &message[..]].concat().repeat(1_000);
    while stream.write_all(&many).is_ok() {}
}

/// The response to a question; `whole` says what becomes of an answer that may not fit.
fn respond(
    question: &[u8],
    count: &AtomicUsize,
    answer: &impl Fn(&str, usize) -> Answer,
    whole: impl Fn(Vec<IpAddr>) -> Answer,
) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).expect("a question");
    let before = count.fetch_add(1, Ordering::Relaxed);
    let query = question.queries.first().expect("one question").clone();
    let name = query.name().to_ascii().trim_end_matches('.').to_owned();
    let mut response = question.into_response();
    let answer = match answer(&name, before) {
        Answer::Truncated(addresses) => {
            let there = whole(addresses);
            response.metadata.truncation = matches!(&there, Answer::Addresses(some) if some.is_empty());
            there
        }
        other => other,
    };
    match answer {
        Answer::Silence | Answer::Truncated(_) => return None,
        Answer::Code(code) => response.metadata.response_code = code,
        Answer::Addresses(addresses) => {
            let is_asked = |address: &&IpAddr| address.is_ipv4() == (query.query_type() == RecordType::A);
            let records = addresses.iter().filter(is_asked);
            response.insert_answers(
                records.map(|address| Record::from_rdata(query.name().clone(), 0, RData::from(*address))).collect(),
            );
        }
    }
    Some(response.to_vec().expect("an answer"))
}

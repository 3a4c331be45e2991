//! A name server on loopback, for one test.

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a server says to a question.
pub(crate) enum Answer {
    /// These addresses, those of the type that was asked for.
    Addresses(Vec<IpAddr>),
    /// A response code.
    Code(ResponseCode),
    /// Nothing at all.
    Silence,
}

/// A name server. Dropping it ends it.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    questions: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    /// A server that answers by `answer`: of a name without its last dot, and how many questions came before.
    pub(crate) fn start(answer: impl Fn(&str, usize) -> Answer + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
        let address = socket.local_addr().expect("its address");
        let (questions, is_over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (count, over) = (Arc::clone(&questions), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                serve_one(&socket, &count, &answer);
            }
        });
        Self { address, questions, is_over, thread: Some(thread) }
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
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve_one(socket: &UdpSocket, count: &AtomicUsize, answer: &impl Fn(&str, usize) -> Answer) {
    let mut buffer = [0; 4_096];
    let Ok((length, asker)) = socket.recv_from(&mut buffer) else { return };
    let question = Message::from_vec(&buffer[..length]).expect("a question");
    let before = count.fetch_add(1, Ordering::Relaxed);
    let query = question.queries.first().expect("one question").clone();
    let name = query.name().to_ascii().trim_end_matches('.').to_owned();
    let mut response = question.into_response();
    match answer(&name, before) {
        Answer::Silence => return,
        Answer::Code(code) => response.metadata.response_code = code,
        Answer::Addresses(addresses) => {
            let is_asked = |address: &&IpAddr| address.is_ipv4() == (query.query_type() == RecordType::A);
            let records = addresses.iter().filter(is_asked);
            response.insert_answers(
                records.map(|address| Record::from_rdata(query.name().clone(), 0, RData::from(*address))).collect(),
            );
        }
    }
    let _ = socket.send_to(&response.to_vec().expect("an answer"), asker);
}

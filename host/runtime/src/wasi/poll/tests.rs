use super::*;
use crate::bindings::wasi::cli::stdout::Host as _;
use crate::bindings::wasi::clocks::monotonic_clock::Host as _;
use crate::bindings::wasi::io::streams::{HostInputStream, HostOutputStream as _};
use crate::bindings::wasi::sockets::network::IpAddressFamily;
use crate::bindings::wasi::sockets::udp_create_socket::Host as _;
use crate::limiter::Limiter;
use crate::state::OnDeny;
use crate::tasks::Tasks;
use crate::wasi::input_stream::InputStream;
use crate::wasi::sockets::stream::SocketReader;
use crate::wasi::sockets::stream::tests::pair;
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::stdio::{Input, Output, OutputBudget, Stdin, Stdout, Stream};
use caphost_policy::{Policy, PolicyBuilder, parse_list};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::runtime::Builder;

/// So many calls that do not wait, and something that goes on in the background has its turn.
const ENOUGH: u32 = 2 * IDLE_CALLS;

/// More than the number of readiness checks that one turn of a task has.
const MANY: usize = 100_000;

fn state() -> State {
    let rules = parse_list("net.listen:127.0.0.1:0,net.connect:127.0.0.1").unwrap();
    let policy = rules.into_iter().fold(Policy::builder(), PolicyBuilder::allow).build();
    let session = Arc::new(Session::builder(policy).build(HostAuthority::claim()).unwrap());
    let output = |stream| Output::new(Stdout::default(), stream, OutputBudget::new(None));
    State {
        session,
        table: ResourceTable::new(),
        arguments: Vec::new(),
        on_deny: OnDeny::Error,
        stdin: Input::new(Stdin::default()),
        stdout: output(Stream::Output),
        stderr: output(Stream::Error),
        limiter: Limiter::new(Policy::default().limits().clone()),
        tasks: Tasks::default(),
        empty_answers: 0,
    }
}

fn run<T>(test: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// Something in the background, and whether it had its turn.
fn background() -> Arc<AtomicBool> {
    let had_turn = Arc::new(AtomicBool::new(false));
    let in_task = Arc::clone(&had_turn);
    drop(tokio::spawn(async move { in_task.store(true, Ordering::Relaxed) }));
    had_turn
}

/// What is ready at any time: a socket of datagrams.
fn always_ready(state: &mut State) -> Resource<Pollable> {
    let socket = state.create_udp_socket(IpAddressFamily::Ipv4).unwrap();
    state.subscribe_to(&socket).unwrap()
}

fn never_ready(state: &mut State) -> Resource<Pollable> {
    state.subscribe_instant(u64::MAX).unwrap()
}

fn borrowed<T: 'static>(resource: &Resource<T>) -> Resource<T> {
    Resource::new_borrow(resource.rep())
}

#[test]
fn a_guest_that_polls_what_is_always_ready_does_not_keep_the_rest_from_coming() {
    run(async {
        let mut state = state();
        let (one, other) = (always_ready(&mut state), never_ready(&mut state));
        let had_turn = background();
        for _ in 0..ENOUGH {
            assert_eq!(state.poll(vec![borrowed(&other), borrowed(&one)]).await.unwrap(), [1]);
        }
        assert!(had_turn.load(Ordering::Relaxed));
    });
}

#[test]
fn nor_does_one_that_skips_or_splices_what_is_not_there() {
    run(async {
        let mut state = state();
        let (silent, _peer) = pair(&state.session).await;
        let reader = InputStream::Socket(SocketReader::new(silent, OnDeny::Error));
        let from = state.table.push(reader).unwrap();
        let to = state.get_stdout().unwrap();
        let had_turn = background();
        for _ in 0..ENOUGH {
            assert_eq!(HostInputStream::skip(&mut state, borrowed(&from), 1).await.unwrap(), 0);
        }
        assert!(had_turn.load(Ordering::Relaxed));
        let had_turn = background();
        for _ in 0..ENOUGH {
            assert_eq!(state.splice(borrowed(&to), borrowed(&from), 1).await.unwrap(), 0);
        }
        assert!(had_turn.load(Ordering::Relaxed));
    });
}

#[test]
fn many_pollables_are_one_list() {
    run(async {
        let mut state = state();
        let mut pollables: Vec<_> = (1..MANY).map(|_| never_ready(&mut state)).collect();
        pollables.push(always_ready(&mut state));
        let last = u32::try_from(MANY - 1).unwrap();
        let listed = || pollables.iter().map(borrowed).collect();
        assert_eq!(state.poll(listed()).await.unwrap(), [last]);
        let twice = pollables.iter().chain(pollables.last()).map(borrowed).collect();
        assert_eq!(state.poll(twice).await.unwrap(), [last, last + 1]);
    });
}

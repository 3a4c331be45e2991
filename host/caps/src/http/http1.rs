//! A connection that speaks HTTP/1.1. Whoever waits for an answer drives it, so that a request costs no task and no channel; only
//! where a guest writes a body meanwhile it has a task of its own.

use super::exchange::{Failed, Message, Waiting};
use super::fields::{MAX_FIELDS, MAX_SECTION_BYTES};
use super::{HttpError, OutgoingBody};
use crate::http::stream::Io;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tokio::task::JoinHandle;

/// A connection that speaks HTTP/1.1. Dropping it closes it.
pub(super) struct Http1 {
    sender: SendRequest<OutgoingBody>,
    driver: Driver,
}

enum Driver {
    /// Moves when its owner does.
    Here(Pin<Box<Connection<Io, OutgoingBody>>>),
    /// Moves by itself.
    Task {
        _task: Task,
    },
    Over,
}

/// A task that ends with its owner.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Http1 {
    pub(super) async fn open(io: Io) -> Result<Self, HttpError> {
        let mut builder = Builder::new();
        // The buffer bounds a head that has no end, the other number one that comes at once, and trailers.
        builder.max_headers(MAX_FIELDS).max_header_size(MAX_SECTION_BYTES).max_buf_size(MAX_SECTION_BYTES);
        let (sender, connection) = builder.handshake(io).await.map_err(|error| HttpError::of_head(&error))?;
        Ok(Self { sender, driver: Driver::Here(Box::pin(connection)) })
    }

    /// Sends a request, and waits for the head of its answer.
    pub(super) async fn exchange(
        &mut self,
        message: Message,
        mut waiting: Waiting,
    ) -> Result<hyper::Response<Incoming>, Failed> {
        if message.body().channel().is_some() {
            // Its writer and the reader of the answer may take turns, and neither may have to wait for the other to drive.
            self.drive_by_task();
        }
        let mut response = pin!(self.sender.try_send_request(message));
        let driver = &mut self.driver;
        poll_fn(|context| {
            driver.drive(context);
            match response.as_mut().poll(context) {
                Poll::Ready(outcome) => Poll::Ready(outcome.map_err(Failed::from)),
                Poll::Pending => waiting.poll(context).map(|error| Err(Failed::Broken(error))),
            }
        })
        .await
    }

    /// Moves what is on its way.
    pub(super) fn drive(&mut self, context: &mut Context<'_>) {
        self.driver.drive(context);
    }

    /// Whether the last answer is read to its end, nothing came behind it, and the peer has not closed.
    pub(super) fn is_ready(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.sender.is_ready()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed() || matches!(self.driver, Driver::Over)
    }

    fn drive_by_task(&mut self) {
        self.driver = match std::mem::replace(&mut self.driver, Driver::Over) {
            // Whatever it ends with, the request or the body learns it too.
            Driver::Here(connection) => Driver::Task { _task: Task(tokio::spawn(async { drop(connection.await) })) },
            other => other,
        };
    }
}

impl Driver {
    fn drive(&mut self, context: &mut Context<'_>) {
        if let Self::Here(connection) = self
            && connection.as_mut().poll(context).is_ready()
        {
            *self = Self::Over;
        }
    }
}

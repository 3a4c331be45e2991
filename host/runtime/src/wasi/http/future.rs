//! `wasi:http/types.future-incoming-response` 0.2: a request on its way.

use super::convert::{self, HttpFailure};
use super::eventual::{Eventual, Task};
use super::response::IncomingResponse;
use crate::bindings::wasi::http::types::{ErrorCode, HostFutureIncomingResponse};
use crate::state::State;
use crate::wasi::poll::{Awaited, Pollable, Ready};
use caphost_caps::http::{HttpError, OutgoingBody, Request, Response, send};
use caphost_caps::net::Network;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::runtime::Handle;
use wasmtime::component::Resource;

/// A request on its way. To drop it before its response was taken breaks the request off.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct FutureIncomingResponse(pub(super) Eventual<Result<Response, HttpError>>);

impl FutureIncomingResponse {
    /// Begins to send `request`. What the gate refuses, and what is no request, is refused here.
    pub(super) fn start(network: Arc<Network>, request: Request, body: OutgoingBody) -> Result<Self, HttpFailure> {
        const CALL: &str = "wasi:http outgoing-handler.handle";
        let runtime = Handle::try_current().map_err(|error| HttpFailure::Trap(error.into()))?;
        let mut sending = Box::pin(async move { send(&network, CALL, request, body).await });
        // The gate is asked before anything is waited for: the first step tells.
        match sending.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(error)) if is_of_request(&error) => Err(error.into()),
            Poll::Ready(outcome) => Ok(Self(Eventual::now(outcome))),
            Poll::Pending => {
                let task = Task(runtime.spawn(sending));
                Ok(Self(Eventual::later(async { task.await.unwrap_or(Err(HttpError::Over)) })))
            }
        }
    }
}

/// Whether a request was not even begun: for what it is, or because it may not be.
fn is_of_request(error: &HttpError) -> bool {
    error.denied().is_some()
        || matches!(
            error,
            HttpError::MethodInvalid
                | HttpError::TargetInvalid(_)
                | HttpError::TargetTooLong
                | HttpError::RequestField(_)
                | HttpError::RequestLength
                | HttpError::RequestHeaderSectionSize(_)
                | HttpError::RequestBodySize(_)
                | HttpError::Misconfigured(_)
        )
}

impl Awaited for FutureIncomingResponse {
    fn ready(&mut self) -> Ready<'_> {
        Box::pin(poll_fn(|context| self.0.poll_there(context)))
    }
}

/// What became of a request.
type Answer = Result<Resource<IncomingResponse>, ErrorCode>;

impl HostFutureIncomingResponse for State {
    fn subscribe(&mut self, future: Resource<FutureIncomingResponse>) -> wasmtime::Result<Resource<Pollable>> {
        self.subscribe_to(&future)
    }

    async fn get(&mut self, future: Resource<FutureIncomingResponse>) -> wasmtime::Result<Option<Result<Answer, ()>>> {
        let FutureIncomingResponse(eventual) = self.table.get_mut(&future)?;
        if !eventual.is_there().await {
            return Ok(None);
        }
        Ok(Some(match eventual.take() {
            Some(Ok(response)) => Ok(Ok(self.table.push(IncomingResponse::from(response))?)),
            Some(Err(error)) => Ok(Err(convert::error_code(error.into(), self.on_deny)?)),
            None => Err(()),
        }))
    }

    fn drop(&mut self, future: Resource<FutureIncomingResponse>) -> wasmtime::Result<()> {
        self.table.delete(future)?;
        Ok(())
    }
}

//! `wasi:http/types.future-trailers` 0.2: what comes behind the body of a response.

use super::convert;
use super::eventual::Eventual;
use super::fields::Fields;
use crate::bindings::wasi::http::types::{ErrorCode, HostFutureTrailers};
use crate::state::State;
use crate::wasi::poll::{Awaited, Pollable, Ready};
use caphost_caps::http::{HttpError, IncomingBody};
use http::HeaderMap;
use std::future::poll_fn;
use wasmtime::component::Resource;

/// The trailers of a response, once its body is at its end. What the guest left of the body is read and thrown away, while the
/// guest waits.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct FutureTrailers(Eventual<Result<HeaderMap, HttpError>>);

impl FutureTrailers {
    /// Those behind `body`; without one there is nothing to come.
    pub(super) fn of(body: Option<IncomingBody>) -> Self {
        Self(match body {
            Some(body) => Eventual::later(body.finish()),
            None => Eventual::now(Err(HttpError::Over)),
        })
    }
}

impl Awaited for FutureTrailers {
    fn ready(&mut self) -> Ready<'_> {
        Box::pin(poll_fn(|context| self.0.poll_there(context)))
    }
}

type Trailers = Result<Option<Resource<Fields>>, ErrorCode>;

impl HostFutureTrailers for State {
    fn subscribe(&mut self, future: Resource<FutureTrailers>) -> wasmtime::Result<Resource<Pollable>> {
        self.subscribe_to(&future)
    }

    async fn get(&mut self, future: Resource<FutureTrailers>) -> wasmtime::Result<Option<Result<Trailers, ()>>> {
        let FutureTrailers(eventual) = self.table.get_mut(&future)?;
        if !eventual.is_there().await {
            return Ok(None);
        }
        Ok(Some(match eventual.take() {
            Some(Ok(trailers)) if trailers.is_empty() => Ok(Ok(None)),
            Some(Ok(trailers)) => Ok(Ok(Some(self.table.push_child(Fields::received(&trailers), &future)?))),
            Some(Err(error)) => Ok(Err(convert::error_code(error.into(), self.on_deny)?)),
            None => Err(()),
        }))
    }

    fn drop(&mut self, future: Resource<FutureTrailers>) -> wasmtime::Result<()> {
        self.table.delete(future)?;
        Ok(())
    }
}

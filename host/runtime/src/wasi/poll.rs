//! `wasi:io/poll` 0.2: waiting for streams and clocks.

use super::clocks::Sleep;
use super::input_stream::InputStream;
use super::output_stream::OutputStream;
use crate::bindings::wasi::io::poll::{Host, HostPollable};
use crate::state::State;
use std::any::Any;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime::{Error, Result};

/// What a guest waits for.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub enum Pollable {
    /// A stream of the table, which outlives this: its child.
    Stream {
        /// Its entry.
        rep: u32,
    },
    /// An instant.
    Sleep(Sleep),
}

type Ready<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The entry of the table that says when a pollable is ready: its stream's, or its own.
fn target(table: &ResourceTable, pollable: &Resource<Pollable>) -> Result<u32> {
    Ok(match table.get(pollable)? {
        Pollable::Stream { rep } => *rep,
        Pollable::Sleep(_) => pollable.rep(),
    })
}

/// Waits for one entry.
fn ready(entry: &mut dyn Any) -> Result<Ready<'_>> {
    let entry: &dyn Any = entry;
    if let Some(stream) = entry.downcast_ref::<InputStream>() {
        Ok(Box::pin(stream.ready()))
    } else if let Some(stream) = entry.downcast_ref::<OutputStream>() {
        Ok(Box::pin(stream.ready()))
    } else if let Some(Pollable::Sleep(sleep)) = entry.downcast_ref() {
        Ok(Box::pin(sleep.ready()))
    } else {
        Err(Error::msg("a pollable without anything to wait for"))
    }
}

impl Host for State {
    async fn poll(&mut self, pollables: Vec<Resource<Pollable>>) -> Result<Vec<u32>> {
        if pollables.is_empty() {
            return Err(Error::msg("an empty list of pollables would be waited for without end"));
        }
        // An entry is looked at once, however often it is listed.
        let mut places: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (place, pollable) in pollables.iter().enumerate() {
            places.entry(target(&self.table, pollable)?).or_default().push(u32::try_from(place)?);
        }
        let entries = self.table.iter_entries(places).map(|(entry, places)| Ok((ready(entry?)?, places)));
        let mut waits = entries.collect::<Result<Vec<_>>>()?;
        let first = poll_fn(|context| {
            let mut found = Vec::new();
            for (wait, places) in &mut waits {
                if wait.as_mut().poll(context).is_ready() {
                    found.append(places);
                }
            }
            if found.is_empty() { Poll::Pending } else { Poll::Ready(found) }
        });
        let mut found = first.await;
        found.sort_unstable();
        Ok(found)
    }
}

impl HostPollable for State {
    async fn ready(&mut self, pollable: Resource<Pollable>) -> Result<bool> {
        let entry = target(&self.table, &pollable)?;
        let mut wait = ready(self.table.get_any_mut(entry)?)?;
        Ok(poll_fn(|context| Poll::Ready(wait.as_mut().poll(context).is_ready())).await)
    }

    async fn block(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        let entry = target(&self.table, &pollable)?;
        ready(self.table.get_any_mut(entry)?)?.await;
        Ok(())
    }

    fn drop(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        self.table.delete(pollable)?;
        Ok(())
    }
}

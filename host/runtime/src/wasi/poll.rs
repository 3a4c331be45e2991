//! `wasi:io/poll` 0.2: waiting for streams, sockets and clocks.

use super::clocks::Sleep;
use crate::bindings::wasi::io::poll::{Host, HostPollable};
use crate::state::State;
use std::any::Any;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime::{Error, Result};

/// An entry of the table that a guest can wait for.
pub(crate) trait Awaited: Any + Send {
    /// Ends when the next operation on it need not wait. The first poll already sees what is there.
    fn ready(&mut self) -> Ready<'_>;
}

/// A wait for an entry of the table.
pub(crate) type Ready<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// How a wait for an entry begins; nothing when the entry is of another type.
type Begin = fn(&mut dyn Any) -> Option<Ready<'_>>;

/// What a guest waits for.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub enum Pollable {
    /// An entry of the table, which outlives this: its child.
    Entry {
        /// Its place.
        rep: u32,
        /// How it is waited for.
        begin: Begin,
    },
    /// An instant.
    Sleep(Sleep),
}

impl Awaited for Pollable {
    fn ready(&mut self) -> Ready<'_> {
        match self {
            Pollable::Sleep(sleep) => Box::pin(sleep.ready()),
            // Waited for at its own place.
            Pollable::Entry { .. } => Box::pin(std::future::ready(())),
        }
    }
}

fn begin<T: Awaited>(entry: &mut dyn Any) -> Option<Ready<'_>> {
    entry.downcast_mut::<T>().map(T::ready)
}

/// After so many calls that did not wait for what is not there, what goes on in the background has its turn: a guest that asks again
/// and again and never waits would keep from coming what it asks for.
const IDLE_CALLS: u32 = 16;

impl State {
    /// To be called where a call of the guest has nothing to answer with, or not all that it asks for.
    pub(crate) async fn nothing_yet(&mut self) {
        self.empty_answers = self.empty_answers.wrapping_add(1);
        if self.empty_answers.is_multiple_of(IDLE_CALLS) {
            tokio::task::yield_now().await;
        }
    }

    /// A pollable for `entry`, which must be dropped before it.
    pub(crate) fn subscribe_to<T: Awaited>(&mut self, entry: &Resource<T>) -> Result<Resource<Pollable>> {
        Ok(self.table.push_child(Pollable::Entry { rep: entry.rep(), begin: begin::<T> }, entry)?)
    }
}

/// The entry of the table that says when a pollable is ready: its parent, or itself.
fn target(table: &ResourceTable, pollable: &Resource<Pollable>) -> Result<(u32, Begin)> {
    Ok(match table.get(pollable)? {
        Pollable::Entry { rep, begin } => (*rep, *begin),
        Pollable::Sleep(_) => (pollable.rep(), begin::<Pollable>),
    })
}

/// Waits for one entry.
fn ready(entry: &mut dyn Any, begin: Begin) -> Result<Ready<'_>> {
    begin(entry).ok_or_else(|| Error::msg("a pollable without anything to wait for"))
}

impl Host for State {
    async fn poll(&mut self, pollables: Vec<Resource<Pollable>>) -> Result<Vec<u32>> {
        if pollables.is_empty() {
            return Err(Error::msg("an empty list of pollables would be waited for without end"));
        }
        // An entry is looked at once, however often it is listed.
        let mut places: BTreeMap<u32, (Begin, Vec<u32>)> = BTreeMap::new();
        for (place, pollable) in pollables.iter().enumerate() {
            let (entry, begin) = target(&self.table, pollable)?;
            places.entry(entry).or_insert((begin, Vec::new())).1.push(u32::try_from(place)?);
        }
        let entries = self.table.iter_entries(places);
        let entries = entries.map(|(entry, (begin, places))| Ok((ready(entry?, begin)?, places)));
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
        drop(waits);
        if found.len() < pollables.len() {
            self.nothing_yet().await;
        }
        found.sort_unstable();
        Ok(found)
    }
}

impl HostPollable for State {
    async fn ready(&mut self, pollable: Resource<Pollable>) -> Result<bool> {
        let (entry, begin) = target(&self.table, &pollable)?;
        let mut wait = ready(self.table.get_any_mut(entry)?, begin)?;
        let is_ready = poll_fn(|context| Poll::Ready(wait.as_mut().poll(context).is_ready())).await;
        drop(wait);
        if !is_ready {
            self.nothing_yet().await;
        }
        Ok(is_ready)
    }

    async fn block(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        let (entry, begin) = target(&self.table, &pollable)?;
        ready(self.table.get_any_mut(entry)?, begin)?.await;
        Ok(())
    }

    fn drop(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        self.table.delete(pollable)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

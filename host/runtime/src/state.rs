//! What belongs to one running guest: the data of its store.

use crate::limiter::Limiter;
use crate::tasks::Tasks;
use caphost_caps::Session;
use caphost_caps::stdio::{Input, Output};
use std::sync::Arc;
use wasmtime::component::{HasData, ResourceTable};

/// What a call that is refused comes back as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDeny {
    /// As the interface's own error code; a call that has none traps.
    #[default]
    Error,
    /// Every refusal traps.
    Trap,
}

/// The data of a guest's store.
pub(crate) struct State {
    pub(crate) session: Arc<Session>,
    pub(crate) table: ResourceTable,
    pub(crate) arguments: Vec<String>,
    pub(crate) on_deny: OnDeny,
    pub(crate) stdin: Input,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    pub(crate) limiter: Limiter,
    pub(crate) tasks: Tasks,
    /// Calls that had nothing to answer with.
    pub(crate) empty_answers: u32,
}

/// How bindings find what they need in a [`State`].
pub(crate) struct HasState;

impl HasData for HasState {
    type Data<'a> = &'a mut State;
}

//! `wasi:sockets` 0.2 on [`caphost_caps::net`].

pub(crate) mod convert;
pub(crate) mod lookup;
pub(crate) mod network;
pub(crate) mod stream;
pub(crate) mod tcp;
pub(crate) mod udp;

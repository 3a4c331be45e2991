//! Databases on a real server of PostgreSQL.

mod beside;
mod bypasses;
mod calls;
mod connecting;
mod ending;
mod failing;
mod transactions;
mod values;
mod world;

//! Databases on a real server of PostgreSQL.

mod beside;
mod bypasses;
mod calls;
mod connecting;
mod ending;
mod failing;
mod hostile;
mod kept;
mod relay;
mod transactions;
mod values;
mod way;
mod world;

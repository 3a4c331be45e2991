//! Databases, as a guest has them.

mod bounds;
mod calls;
mod ending;
mod files;
mod postgres;
mod records;
mod sqlite;
mod transactions;
mod world;

#[path = "../support/mod.rs"]
mod support;

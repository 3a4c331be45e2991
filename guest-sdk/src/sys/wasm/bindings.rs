//! The imports of the world `caphost:host/imports`, as wit-bindgen makes them.

wit_bindgen::generate!({ path: "../wit", world: "caphost:host/imports" });

pub(crate) use self::caphost::host::{capabilities, db, env, fs, http, net, random, time, types, websocket};

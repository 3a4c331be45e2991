//! What `wit-bindgen` makes of the world `caphost:host/imports`.

wit_bindgen::generate!({
    path: "../../../wit",
    world: "caphost:host/imports",
    generate_all,
});

//! The one function of `wasi:sockets` that is not stable: `network-error-code`.

mod bindings {
    wit_bindgen::generate!({
        inline: "package caphost:sockets-probe; world codes { import wasi:sockets/network@0.2.12; }",
        path: ["../../../wit/deps/io.wit", "../../../wit/deps/clocks.wit", "../../../wit/deps/sockets.wit"],
        features: ["network-error-code"],
        with: { "wasi:io/error@0.2.12": wasip2::io::error },
        generate_all,
    });
}

use wasip2::io::error::Error;

/// The code of what went wrong on a stream, by its WIT name; none where it was no connection's.
pub(crate) fn code(error: &Error) -> Option<String> {
    let code = bindings::wasi::sockets::network::network_error_code(error)?;
    Some(code.name().to_owned())
}

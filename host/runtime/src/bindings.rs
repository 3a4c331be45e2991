//! The one place where `bindgen!` turns WIT into Rust. Everything it makes is glue: no decision is taken here.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "caphost:host/command",
    imports: {
        "wasi:io/poll.poll": async | trappable,
        "wasi:io/poll.[method]pollable.block": async | trappable,
        "wasi:io/poll.[method]pollable.ready": async | trappable,
        "wasi:io/streams.[method]input-stream.blocking-read": async | trappable,
        "wasi:io/streams.[method]input-stream.blocking-skip": async | trappable,
        "wasi:io/streams.[method]output-stream.blocking-flush": async | trappable,
        "wasi:io/streams.[method]output-stream.blocking-splice": async | trappable,
        "wasi:io/streams.[method]output-stream.blocking-write-and-flush": async | trappable,
        "wasi:io/streams.[method]output-stream.blocking-write-zeroes-and-flush": async | trappable,
        default: trappable,
    },
    exports: { default: async },
    require_store_data_send: true,
    trappable_error_type: {
        "wasi:filesystem/types.error-code" => crate::wasi::convert::FsFailure,
        "wasi:io/streams.stream-error" => crate::wasi::io::StreamFailure,
    },
    with: {
        "wasi:io/error.error": crate::wasi::io::IoError,
        "wasi:io/poll.pollable": crate::wasi::poll::Pollable,
        "wasi:io/streams.input-stream": crate::wasi::input_stream::InputStream,
        "wasi:io/streams.output-stream": crate::wasi::output_stream::OutputStream,
        "wasi:filesystem/types.descriptor": crate::wasi::filesystem::Descriptor,
        "wasi:filesystem/types.directory-entry-stream": caphost_caps::fs::Listing,
        "wasi:cli/terminal-input.terminal-input": crate::wasi::stdio::Terminal,
        "wasi:cli/terminal-output.terminal-output": crate::wasi::stdio::Terminal,
    },
});

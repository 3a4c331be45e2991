//! The one place where `bindgen!` turns WIT into Rust. Everything it makes is glue: no decision is taken here.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "caphost:host/command",
    imports: { default: trappable },
    exports: { default: async },
    require_store_data_send: true,
    trappable_error_type: {
        "wasi:filesystem/types.error-code" => crate::wasi::convert::FsFailure,
    },
    with: {
        "wasi:io": wasmtime_wasi_io::bindings::wasi::io,
        "wasi:filesystem/types.descriptor": crate::wasi::filesystem::Descriptor,
        "wasi:filesystem/types.directory-entry-stream": caphost_caps::fs::Listing,
        "wasi:cli/terminal-input.terminal-input": crate::wasi::stdio::Terminal,
        "wasi:cli/terminal-output.terminal-output": crate::wasi::stdio::Terminal,
    },
});

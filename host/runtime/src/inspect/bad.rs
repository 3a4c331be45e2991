//! Why bytes cannot be run.

use super::interface;
use crate::seal::SealFault;
use caphost_policy::codes::Code;
use caphost_policy::visible::escape;
use wasmparser::BinaryReaderError;

/// Bytes that are no component, or none that this build can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadComponent {
    /// A core module.
    #[error("this is a core module, not a component")]
    CoreModule,
    /// WebAssembly text.
    #[error("this is WebAssembly text, not a binary component")]
    TextFormat,
    /// Neither.
    #[error("this is no WebAssembly")]
    NotWasm,
    /// Truncated, or broken in another way.
    #[error("the component is truncated or malformed: {} (at byte {offset})", escape(message))]
    Malformed {
        /// Where.
        offset: u64,
        /// What is wrong there.
        message: String,
    },
    /// There is more behind its seal.
    #[error("{0}")]
    Seal(Box<SealFault>),
    /// It was built for a WASI from before the first release.
    #[error("the component was built for a preview of WASI that no host provides any more: `{}`", escape(name))]
    PreReleaseWasi {
        /// The import or export that shows it.
        name: String,
    },
    /// It was built for WASI 0.3.
    #[error("the component was built for WASI 0.3, which this build does not provide: `{}`", escape(name))]
    AsyncComponent {
        /// The import or export that shows it.
        name: String,
    },
    /// It exports no `wasi:cli/run`.
    #[error("the component is no command: it does not export `wasi:cli/run`")]
    NoCommand {
        /// What it exports.
        exports: Vec<String>,
    },
    /// It imports an interface that nobody provides.
    #[error("nobody provides the import `{}`", escape(import))]
    UnknownImport {
        /// The name of the import.
        import: String,
    },
    /// It imports a function that its interface does not have.
    #[error("nobody provides the import `{}` of `{}`", escape(function), escape(import))]
    UnknownFunction {
        /// The name of the import.
        import: String,
        /// The name of the function.
        function: String,
    },
}

impl BadComponent {
    pub(super) fn malformed(offset: usize, message: impl Into<String>) -> Self {
        Self::Malformed { offset: offset as u64, message: message.into() }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::CoreModule => Code::CoreModule,
            Self::TextFormat => Code::TextFormat,
            Self::NotWasm => Code::NotWasm,
            Self::Malformed { .. } => Code::Malformed,
            Self::Seal(fault) => fault.code(),
            Self::PreReleaseWasi { .. } => Code::PreReleaseWasi,
            Self::AsyncComponent { .. } => Code::AsyncComponent,
            Self::NoCommand { .. } => Code::NoCommand,
            Self::UnknownImport { .. } | Self::UnknownFunction { .. } => Code::UnknownImport,
        }
    }

    /// What to do about it, in one line; what comes from the component is escaped.
    pub fn hint(&self) -> String {
        match self {
            Self::CoreModule => {
                "build the program for `wasm32-wasip2`, or wrap the module with `wasm-tools component new`".to_owned()
            }
            Self::TextFormat => "translate it: `wasm-tools parse app.wat -o app.wasm`".to_owned(),
            Self::NotWasm => {
                "look at what the file is: a native program, an archive, an error page that was saved in its place?"
                    .to_owned()
            }
            Self::Malformed { .. } => {
                "get or build the file again; `wasm-tools validate` gives a second opinion".to_owned()
            }
            Self::Seal(fault) => fault.hint().to_owned(),
            Self::PreReleaseWasi { .. } => "build it again with a current toolchain".to_owned(),
            Self::AsyncComponent { .. } => "build it for WASI 0.2, as the target `wasm32-wasip2` does".to_owned(),
            Self::NoCommand { exports } if exports.is_empty() => {
                "it exports nothing; a Rust program needs a `main`, a `cdylib` is a library".to_owned()
            }
            Self::NoCommand { exports } => format!("it exports {}", listed(exports)),
            Self::UnknownImport { import } | Self::UnknownFunction { import, .. } if interface::is_own(import) => {
                format!("this build provides version {} of `caphost:host`: build it for that", interface::own_version())
            }
            Self::UnknownImport { .. } => {
                "compose it with the component that exports the interface: `wac plug`".to_owned()
            }
            Self::UnknownFunction { .. } => "build it for a released version of WASI 0.2".to_owned(),
        }
    }
}

impl From<BinaryReaderError> for BadComponent {
    fn from(error: BinaryReaderError) -> Self {
        Self::malformed(error.offset(), error.message())
    }
}

/// Names that a message shows at most.
const MAX_LISTED: usize = 5;

fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(MAX_LISTED).map(|name| format!("`{}`", escape(name))).collect();
    let rest = names.len() - shown.len();
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

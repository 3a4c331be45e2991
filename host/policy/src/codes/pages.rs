//! The pages of `caphost explain CODE`: a flat table.

mod seal;

use self::seal::SEAL;
use super::Code;

/// One page.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub(super) code: Code,
    pub(super) number: &'static str,
    pub(super) title: &'static str,
    pub(super) happened: &'static str,
    pub(super) why: &'static str,
    pub(super) remedy: &'static str,
    pub(super) example: &'static str,
}

/// In the order of the enum's variants.
pub(super) const PAGES: [Page; GENERAL.len() + SEAL.len()] = {
    let mut pages = [GENERAL[0]; GENERAL.len() + SEAL.len()];
    let mut index = 0;
    while index < pages.len() {
        pages[index] = if index < GENERAL.len() { GENERAL[index] } else { SEAL[index - GENERAL.len()] };
        index += 1;
    }
    pages
};

const GENERAL: [Page; 33] = [
    Page {
        code: Code::NotGranted,
        number: "CAP0101",
        title: "the capability is not granted",
        happened: "The guest asked for something that needs a capability, and no grant of that capability exists.",
        why: "Nothing is granted by default. An import alone is no offence: the guest was refused when it used it.",
        remedy: "If the guest should have it, grant it with `--allow`, on the narrowest scope that works. The \
            refusal's hint is the exact rule.",
        example: "caphost run --allow env.read:HOME app.wasm",
    },
    Page {
        code: Code::NoGrantCovers,
        number: "CAP0102",
        title: "no grant covers this resource",
        happened: "The capability is granted, but none of its scopes covers the file, host, variable or table that was \
            asked for.",
        why: "A grant covers its scope and no more: a path with everything below it, a name, a host with its ports. A \
            host that is granted by name is reached at public addresses only: where the name leads to another one, that \
            address takes a grant of its own.",
        remedy: "Compare the resource as resolved with the grants that the message lists. Then add a grant for it, or \
            correct the path that the guest is given.",
        example: "caphost run --allow fs.read:./data,fs.read:./config.toml app.wasm",
    },
    Page {
        code: Code::DeniedByRule,
        number: "CAP0103",
        title: "a deny rule covers this resource",
        happened: "A rule of `--deny`, or of a manifest, covers what the guest asked for.",
        why: "Deny beats allow, always: whatever is more specific, and wherever each rule came from. No grant can \
            lift it. What a rule leaves out with `except` it leaves out by the name that is written there, and not by a hard \
            link, a bind mount, or another spelling of it.",
        remedy: "Narrow or remove the deny rule that the message names, if it covers more than it should; in a manifest, \
            `except` takes a part out of it.",
        example: "caphost run --allow fs.read:. --deny fs.read:./secrets app.wasm",
    },
    Page {
        code: Code::PathEscapes,
        number: "CAP0104",
        title: "the path leads outside of its granted directory",
        happened: "A `..` or a symlink on the way led out of the directory that was granted.",
        why: "A directory is granted as the tree below it. What a symlink points to outside of that tree was not \
            granted with it.",
        remedy: "Grant the place that it leads to, and give the guest that path. The message says where it leads.",
        example: "caphost run --allow fs.read:./data,fs.read:/srv/shared app.wasm",
    },
    Page {
        code: Code::SpecialFile,
        number: "CAP0105",
        title: "a special file is not granted by its own name",
        happened: "The path leads to a device, a pipe or a socket, or to a file of a proc, sys or dev file system.",
        why: "Such a file reaches the kernel, hardware or another process. A grant of the directory that it lies \
            in does not include it.",
        remedy: "If the guest should have this very file, grant it by its own path.",
        example: "caphost run --allow fs.read:/dev/null app.wasm",
    },
    Page {
        code: Code::Revoked,
        number: "CAP0106",
        title: "the grant was revoked",
        happened: "The guest used a handle, or asked for a new one, after its grant had been taken back.",
        why: "The program that runs the guest called its revoker. Handles that were open at that time are dead, \
            and blocked calls end.",
        remedy: "Look in the program that runs the guest for what revoked it. A revoked grant does not come back: \
            start a new session.",
        example: "session.revoker().revoke_all();",
    },
    Page {
        code: Code::Expired,
        number: "CAP0107",
        title: "the grant has expired",
        happened: "The guest used a handle, or asked for a new one, after the end of its grant.",
        why: "The grant was given for a time, counted from the start of the session by the session's clock.",
        remedy: "Give the grant for longer, or without an end.",
        example: "Grant { expires_after: Some(Duration::from_secs(60)), ..Grant::from(rule) }",
    },
    Page {
        code: Code::QuotaExhausted,
        number: "CAP0108",
        title: "the grant's quota is used up",
        happened: "The guest has made as many calls or connections, as many at a time or in a stretch of time, or moved as \
            many bytes, as its grant allows.",
        why: "A quota counts for the grant, not for a handle: everything that is open under the grant shares it.",
        remedy: "Raise the quota, or find out why the guest needs more than was planned: the audit file shows each \
            call.",
        example: "Grant { quota: Some(Quota { operations: Some(1_000), ..Quota::default() }), ..Grant::from(rule) }",
    },
    Page {
        code: Code::SharedFile,
        number: "CAP0109",
        title: "the file has other names, one of which may be denied",
        happened: "The file has several hard links, and a deny rule lies below a directory that is granted.",
        why: "A hard link is a second name of the same file. Another one may lie where the deny rule covers it, \
            and the file can not tell which.",
        remedy: "Copy the file, so that it has one name, or grant directories in such a way that no deny rule lies \
            below them.",
        example: "cp data/report.csv data/report-copy.csv",
    },
    Page {
        code: Code::HoldsDenied,
        number: "CAP0110",
        title: "a rule is about this place or one below it",
        happened: "The guest tried to rename, remove or replace what a grant or a deny rule is about, or a directory that \
            holds such a place; or to move a directory that it may read to where it may not read.",
        why: "Rules are about places. After a rename the denied files would have another path, which the deny rule does \
            not cover, and what lies in the place of a rule would be something else than was meant. A directory that \
            is held open stays readable wherever it is moved.",
        remedy: "Move the denied files elsewhere, or grant only the directories that the guest may rename.",
        example: "caphost run --allow fs:./work/out --deny fs:./work/keys app.wasm",
    },
    Page {
        code: Code::AuditFailed,
        number: "CAP0111",
        title: "the audit record could not be written",
        happened: "The file given with `--audit` could not be written, for instance because the disk is full. Since \
            then everything is refused.",
        why: "What is not recorded must not happen. A guest could otherwise fill the disk and go on unseen.",
        remedy: "Make room, or put the audit file on another disk, and run again.",
        example: "caphost run --audit /var/log/caphost/app.jsonl app.wasm",
    },
    Page {
        code: Code::HttpTerms,
        number: "CAP0113",
        title: "the grant of this host does not cover the method or the path",
        happened: "A grant covers the host of an HTTP request, and its terms name methods or paths that the request does not fit.",
        why: "Methods are compared exactly, and a path covers what lies below it: `/v1` covers `/v1/x` and not `/v10`. A path \
            that holds `..`, `//`, a backslash or an encoded `/`, `\\` or `.` is covered by none, for the server may read it \
            as another one.",
        remedy: "Compare the request with the terms that the message names. Then widen the grant's methods or paths, or \
            correct the guest.",
        example: "caphost run --allow-http 'GET,HEAD https://api.example.com/v1/' app.wasm",
    },
    Page {
        code: Code::Statement,
        number: "CAP0114",
        title: "the statement is not allowed",
        happened: "The guest asked a database for something that no grant of tables covers, such as `ATTACH`, `SET`, `COPY` or a \
            function that reaches files; or for something that caphost could not understand.",
        why: "A statement is let through where every table that it reads and changes is known, and granted. What opens other \
            databases, changes the connection's settings, runs programs or code of the server, or begins and ends transactions by \
            itself, would lead around the grants. A statement that cannot be understood could do any of these.",
        remedy: "Change the statement: write one at a time, and take what the interface offers, such as its transactions. If the \
            operator wants it done, do it with the database's own tools, outside of the guest.",
        example: "caphost run --db main=sqlite:app.db --allow db.read:main.notes app.wasm",
    },
    Page {
        code: Code::BeyondSeal,
        number: "CAP0115",
        title: "the component's seal does not allow it",
        happened: "The guest asked for something that the manifest that is sealed into its component does not allow.",
        why: "A sealed manifest is a ceiling: the guest gets what the operator grants and the seal allows, and no option widens a seal. So \
            whoever has checked the seal knows what the component can do at most.",
        remedy: "See what the seal allows with `caphost verify`. If the guest needs more, its maker has to seal it anew.",
        example: "caphost verify app.sealed.wasm",
    },
    Page {
        code: Code::MemoryLimit,
        number: "CAP0201",
        title: "the memory limit was reached",
        happened: "The guest tried to grow its memory past the limit, and was ended.",
        why: "The limit counts the linear memory of all instances together, so that a guest can not make the host \
            swap.",
        remedy: "Raise the limit if the guest needs it. Memory that grows without an end is a fault of the guest.",
        example: "caphost run --memory 512MiB app.wasm",
    },
    Page {
        code: Code::TimeLimit,
        number: "CAP0202",
        title: "the time limit was reached",
        happened: "The guest ran longer than it may, and was ended.",
        why: "The limit counts time on the wall, that of blocked calls included: waiting for input counts too.",
        remedy: "Raise the limit, or give the guest less to do.",
        example: "caphost run --timeout 2m app.wasm",
    },
    Page {
        code: Code::FuelLimit,
        number: "CAP0203",
        title: "the fuel is used up",
        happened: "The guest has executed as many instructions as it may, and was ended.",
        why: "Fuel counts work, not time: the same run uses the same fuel on every machine.",
        remedy: "Raise the fuel, or use `--timeout` where time is what matters.",
        example: "caphost run --fuel 10000000000 app.wasm",
    },
    Page {
        code: Code::HandleLimit,
        number: "CAP0204",
        title: "too many open handles",
        happened: "The guest has as many open files, sockets, streams, listings and pollables as it may.",
        why: "Each of them can hold a descriptor of the host, which has few.",
        remedy: "A guest that opens without closing is at fault. If it needs as many, raise the limit with \
            `--max-handles`.",
        example: "caphost run --max-handles 4096 app.wasm",
    },
    Page {
        code: Code::InstanceLimit,
        number: "CAP0205",
        title: "too many instances",
        happened: "The component consists of more core instances than it may.",
        why: "Each instance costs the host memory before the first instruction runs.",
        remedy: "Look at the component with `caphost inspect`. If it is sound, raise the limit with `--max-instances`.",
        example: "caphost run --max-instances 5000 app.wasm",
    },
    Page {
        code: Code::OutputLimit,
        number: "CAP0206",
        title: "the limit of output was reached",
        happened: "The guest wrote more to standard output and standard error than it may, and was ended.",
        why: "Both count together, so that a guest can not fill a log or a disk through its output.",
        remedy: "Raise the limit with `--max-output`, leave it out for none, or let the guest write less.",
        example: "caphost run --max-output 64MiB app.wasm",
    },
    Page {
        code: Code::StrictImports,
        number: "CAP0301",
        title: "an effectful import has no grant",
        happened: "The component imports an interface that can reach outside, no grant covers it, and `--strict` was \
            given. Nothing has run.",
        why: "With `--strict` every effectful import needs a grant. Without it, an import is refused only when the \
            guest uses it.",
        remedy: "Grant what the message lists, or leave `--strict` out. `caphost check` gives the same answer without \
            running.",
        example: "caphost run --strict --allow fs.read:.,time,random app.wasm",
    },
    Page {
        code: Code::NotEnforced,
        number: "CAP0302",
        title: "nothing enforces this capability yet",
        happened: "`--allow` names a capability that exists, but that no interface of this build can use. Nothing has run.",
        why: "A grant that nothing can use would promise what nobody keeps. `--deny` of it is taken: nothing of it can be \
            done. Of a profile, the part that can be used is granted, and a note names the rest.",
        remedy: "Remove the grant, or use a release that enforces it.",
        example: "caphost run --allow fs.read:. app.wasm",
    },
    Page {
        code: Code::UnusableGrant,
        number: "CAP0303",
        title: "a grant can not be used",
        happened: "A granted path does not exist or can not be opened, two grants put different places at one path of the \
            guest, a secret that `--allow-http` names is not there or can not stand in a header, a rule names a database that no \
            `--db` names, or the place of a database can not be used. Nothing has run.",
        why: "A grant that can not work is a mistake that would otherwise show up late, as a refusal that nobody \
            understands.",
        remedy: "Correct the path or the name, create the directory, set the variable, say what the database is with `--db`, or \
            give one of two grants another guest path.",
        example: "caphost run --allow fs.read:/srv/a::/a,fs.read:/srv/b::/b app.wasm",
    },
    Page {
        code: Code::NotConfined,
        number: "CAP0304",
        title: "the kernel can not hold the program to its grants",
        happened: "With `--require-landlock`, caphost exec did not start a native program, because the kernel would \
            not have enforced what the message names.",
        why: "A native program is confined by the kernel alone, through Landlock and seccomp. An older kernel has \
            less of them or none; nothing can be taken out of a directory that is allowed, nor out of what loading the \
            program takes; a file may have other names; and of a file that does not exist yet the kernel can only \
            allow the directory. Of the network it knows kinds of sockets and ports, and no hosts.",
        remedy: "Grant the parts that are meant instead of denying one that is not, create a file before it is granted, and \
            grant the network as a whole or not at all. Or leave the option out: the program then starts, and a note says \
            what is enforced.",
        example: "caphost exec --allow fs.read:./data/public --require-landlock -- ./indexer data/public",
    },
    Page {
        code: Code::CoreModule,
        number: "CAP0401",
        title: "this is a core module, not a component",
        happened: "The file is a WebAssembly core module. caphost runs components.",
        why: "A core module's imports have no types that could be checked against grants.",
        remedy: "Build the program for `wasm32-wasip2`, or wrap the module with `wasm-tools component new` and the \
            WASI adapter.",
        example: "cargo build --release --target wasm32-wasip2",
    },
    Page {
        code: Code::TextFormat,
        number: "CAP0402",
        title: "this is WebAssembly text",
        happened: "The file holds the text format. caphost runs binary components.",
        why: "The text format is for people; what runs and what is hashed is the binary.",
        remedy: "Translate it.",
        example: "wasm-tools parse app.wat -o app.wasm",
    },
    Page {
        code: Code::Malformed,
        number: "CAP0403",
        title: "the component is truncated or malformed",
        happened: "The file begins as WebAssembly and can not be decoded or does not validate. The message says at \
            which byte.",
        why: "Most often a download or a copy ended early; or the component uses a proposal that this build does \
            not accept.",
        remedy: "Get or build the file again. `wasm-tools validate` gives a second opinion.",
        example: "wasm-tools validate app.wasm",
    },
    Page {
        code: Code::PreReleaseWasi,
        number: "CAP0404",
        title: "the component was built for a preview of WASI from before 0.2.0",
        happened: "It imports `wasi:` interfaces of a version that was replaced before the first release.",
        why: "Those versions differ from the released ones in their types, and no host provides them any more.",
        remedy: "Build it again with a current toolchain.",
        example: "rustup update && cargo build --release --target wasm32-wasip2",
    },
    Page {
        code: Code::NoCommand,
        number: "CAP0405",
        title: "the component is no command",
        happened: "It does not export `wasi:cli/run`, so there is nothing that `caphost run` could start.",
        why: "Libraries and HTTP handlers are components as well; they export something else.",
        remedy: "See what it exports. A Rust program needs a `main`: a `cdylib` is a library.",
        example: "caphost inspect app.wasm",
    },
    Page {
        code: Code::UnknownImport,
        number: "CAP0406",
        title: "nobody provides an import",
        happened: "The component imports an interface that is neither WASI nor caphost's.",
        why: "It was probably meant to be composed with another component, or to run under another host.",
        remedy: "Compose it with the component that exports the interface.",
        example: "wac plug app.wasm --plug provider.wasm -o whole.wasm",
    },
    Page {
        code: Code::Trap,
        number: "CAP0407",
        title: "the guest crashed",
        happened: "The guest executed an instruction that ends it: unreachable code, memory out of bounds, a division \
            by zero, an exhausted stack.",
        why: "That is how a panic, an abort or a fault of memory looks from outside. It reached nothing but the \
            guest itself.",
        remedy: "Read the backtrace in the message. With `--on-deny trap` a refusal ends the guest too, and says so \
            with a code of its own.",
        example: "caphost run app.wasm; echo $?   # 134",
    },
    Page {
        code: Code::AsyncComponent,
        number: "CAP0408",
        title: "components of WASI 0.3 are not provided yet",
        happened: "The component uses async functions, streams or futures of the component model, which came with WASI \
            0.3.",
        why: "This build provides WASI 0.2.",
        remedy: "Build it for WASI 0.2.",
        example: "cargo build --release --target wasm32-wasip2",
    },
    Page {
        code: Code::NotWasm,
        number: "CAP0409",
        title: "this is no WebAssembly",
        happened: "The file does not begin as WebAssembly does.",
        why: "It may be a native program, an archive or an error page that was saved in its place.",
        remedy: "Look at what the file is.",
        example: "file app.wasm",
    },
];

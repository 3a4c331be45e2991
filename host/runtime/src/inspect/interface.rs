//! Names of interfaces, and which generation of WASI a version belongs to.

/// The packages of WASI 0.2.
const WASI_PACKAGES: [&str; 7] = ["cli", "clocks", "filesystem", "http", "io", "random", "sockets"];

/// The interface and the version of a name such as `wasi:cli/run@0.2.6`.
pub(super) fn split(name: &str) -> (&str, Option<&str>) {
    match name.split_once('@') {
        Some((interface, version)) => (interface, Some(version)),
        None => (name, None),
    }
}

/// Which WASI an interface is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    /// 0.2: what this build provides.
    Second,
    /// From before 0.2.0.
    Preview,
    /// 0.3, its candidates included.
    Third,
    /// No WASI, or one that nobody knows.
    Foreign,
}

/// The generation of the interface that is imported or exported as `name`.
pub(super) fn generation(name: &str) -> Generation {
    let (interface, version) = split(name);
    let Some(package) = interface.strip_prefix("wasi:").and_then(|rest| rest.split('/').next()) else {
        return Generation::Foreign;
    };
    // Every release has a version; previews had none, and packages of other names.
    let Some(version) = version else { return Generation::Preview };
    if !WASI_PACKAGES.contains(&package) {
        return Generation::Foreign;
    }
    let (release, pre_release) = match version.split_once('-') {
        Some((release, _)) => (release, true),
        None => (version, false),
    };
    let mut numbers = release.split('.').map(|number| number.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(0), Some(3)) => Generation::Third,
        (Some(0), Some(2)) if !pre_release => Generation::Second,
        (Some(0), Some(0..=2)) => Generation::Preview,
        _ => Generation::Foreign,
    }
}

/// The version of `caphost:host` that this build provides.
const OWN_VERSION: (u32, u32) = (0, 1);

/// That version, as it is written.
pub(super) fn own_version() -> String {
    let (major, minor) = OWN_VERSION;
    format!("{major}.{minor}")
}

/// Whether `name` is an interface of `caphost:host`.
pub(super) fn is_own(name: &str) -> bool {
    name.starts_with("caphost:host/")
}

/// Whether an interface of `caphost:host` is of a version that this build provides: as with WASI, the last number is free.
pub(super) fn is_current(name: &str) -> bool {
    let (_, version) = split(name);
    let numbers: Option<Vec<u32>> = version.unwrap_or_default().split('.').map(|number| number.parse().ok()).collect();
    matches!(numbers.as_deref(), Some([major, minor, _]) if (*major, *minor) == OWN_VERSION)
}

/// Whether `name` is `wasi:cli/run`, of any generation.
pub(super) fn is_run(name: &str) -> bool {
    split(name).0 == "wasi:cli/run"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_told_apart() {
        use Generation::{Foreign, Preview, Second, Third};
        for (name, expected) in [
            ("wasi:cli/run@0.2.0", Second),
            ("wasi:cli/run@0.2.99", Second),
            ("wasi:http/types@0.2.3", Second),
            ("wasi:cli/run@0.2.0-rc-2023-12-05", Preview),
            ("wasi:cli/environment", Preview),
            ("wasi:cli-base/environment", Preview),
            ("wasi:filesystem/types@0.1.0", Preview),
            ("wasi:cli/run@0.3.0", Third),
            ("wasi:cli/run@0.3.0-rc-2025-09-16", Third),
            ("wasi:cli/run@0.9.0", Foreign),
            ("wasi:cli/run@1.2.0", Foreign),
            ("wasi:keyvalue/store@0.2.0-draft", Foreign),
            ("acme:thing/api@0.2.0", Foreign),
            ("wasi:cli/run@", Foreign),
        ] {
            assert_eq!(generation(name), expected, "{name}");
        }
    }

    #[test]
    fn versions_of_our_own_package_are_told_apart() {
        for name in ["caphost:host/fs@0.1.0", "caphost:host/fs@0.1.7"] {
            assert!(is_own(name) && is_current(name), "{name}");
        }
        for version in ["", "@", "@0.1", "@0.2.0", "@1.1.0", "@0.1.0-rc.1", "@0.1.0.0", "@0.1.x"] {
            assert!(!is_current(&format!("caphost:host/fs{version}")), "{version}");
        }
        assert!(!is_own("caphost:hosts/fs@0.1.0"));
    }
}

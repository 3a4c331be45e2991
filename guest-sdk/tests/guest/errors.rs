//! Errors, and what becomes of them as errors of `std::io`.

use caphost_sdk::{Error, ErrorKind, fs};
use std::io;
use std::io::Write;

use crate::support::{folder, session};
use caphost_sdk::native::with_session;

#[test]
fn a_refusal_goes_through_std_and_back_unchanged() {
    let error = fs::read("data/report.csv").expect_err("a refusal");
    let through = io::Error::from(error.clone());
    assert_eq!(through.kind(), io::ErrorKind::PermissionDenied);
    assert_eq!(through.to_string(), error.to_string());
    assert_eq!(Error::from(through), error);
}

#[test]
fn a_refusal_comes_out_of_stds_traits_whole() {
    let folder = folder();
    with_session(session(&folder, "fs.write:./out"), || {
        let mut file = fs::File::create("out/a").expect("a file");
        caphost_sdk::capabilities::give_up("fs.write").expect("given up");
        let error = Error::from(file.write_all(b"late").expect_err("a refusal"));
        assert_eq!((error.kind(), error.capability()), (ErrorKind::Revoked, Some("fs.write")));
        assert_eq!((error.resource(), error.code()), (Some("out/a"), Some("CAP0106")));
        assert!(error.is_denied());
    });
}

#[test]
fn kinds_match_those_of_std_both_ways() {
    let kinds = [
        (ErrorKind::NotFound, io::ErrorKind::NotFound),
        (ErrorKind::AlreadyExists, io::ErrorKind::AlreadyExists),
        (ErrorKind::NotADirectory, io::ErrorKind::NotADirectory),
        (ErrorKind::IsADirectory, io::ErrorKind::IsADirectory),
        (ErrorKind::DirectoryNotEmpty, io::ErrorKind::DirectoryNotEmpty),
        (ErrorKind::InvalidInput, io::ErrorKind::InvalidInput),
        (ErrorKind::InvalidData, io::ErrorKind::InvalidData),
        (ErrorKind::TooLarge, io::ErrorKind::FileTooLarge),
        (ErrorKind::CrossDevice, io::ErrorKind::CrossesDevices),
        (ErrorKind::StorageFull, io::ErrorKind::StorageFull),
        (ErrorKind::ReadOnly, io::ErrorKind::ReadOnlyFilesystem),
        (ErrorKind::WouldBlock, io::ErrorKind::WouldBlock),
        (ErrorKind::Interrupted, io::ErrorKind::Interrupted),
        (ErrorKind::Unsupported, io::ErrorKind::Unsupported),
        (ErrorKind::Denied, io::ErrorKind::PermissionDenied),
        (ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionRefused),
        (ErrorKind::ConnectionReset, io::ErrorKind::ConnectionReset),
        (ErrorKind::Closed, io::ErrorKind::BrokenPipe),
        (ErrorKind::AddressInUse, io::ErrorKind::AddrInUse),
        (ErrorKind::AddressNotAvailable, io::ErrorKind::AddrNotAvailable),
        (ErrorKind::Unreachable, io::ErrorKind::HostUnreachable),
        (ErrorKind::TimedOut, io::ErrorKind::TimedOut),
    ];
    for (ours, theirs) in kinds {
        assert_eq!(io::Error::from(Error::from(ours)).kind(), theirs);
        assert_eq!(Error::from(io::Error::from(theirs)).kind(), ours);
    }
    let further = [
        (ErrorKind::ConnectionReset, io::ErrorKind::ConnectionAborted),
        (ErrorKind::Closed, io::ErrorKind::NotConnected),
        (ErrorKind::Unreachable, io::ErrorKind::NetworkUnreachable),
    ];
    for (ours, theirs) in further {
        assert_eq!(Error::from(io::Error::from(theirs)).kind(), ours);
    }
    for refusal in [ErrorKind::Expired, ErrorKind::Revoked, ErrorKind::Quota] {
        assert_eq!(io::Error::from(Error::from(refusal)).kind(), io::ErrorKind::PermissionDenied);
        assert!(Error::from(refusal).is_denied());
    }
}

#[test]
fn what_std_keeps_to_itself_is_some_other_error_there_and_itself_again_here() {
    let kinds = [
        ErrorKind::BadHandle,
        ErrorKind::LinkLoop,
        ErrorKind::NameUnresolvable,
        ErrorKind::Tls,
        ErrorKind::Protocol,
        ErrorKind::Io,
    ];
    for kind in kinds {
        let there = io::Error::from(Error::from(kind));
        assert_eq!(there.kind(), io::ErrorKind::Other);
        assert_eq!(Error::from(there).kind(), kind);
    }
}

#[test]
fn a_foreign_error_keeps_its_kind_and_its_text() {
    let error = Error::from(io::Error::new(io::ErrorKind::Deadlock, "everybody waits"));
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::Io, "everybody waits".to_owned()));
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::Deadlock);
    let foreign = Error::from(io::Error::from(io::ErrorKind::PermissionDenied));
    assert!(foreign.is_denied() && foreign.capability().is_none() && foreign.code().is_none());
}

#[test]
fn a_name_does_not_drive_a_terminal() {
    let error = fs::read("a\u{1b}[2J\u{202e}b\nü").expect_err("a refusal");
    assert_eq!(error.to_string(), "`fs.read` denied: `a\\u{1b}[2J\\u{202e}b\\nü` (CAP0101)");
    assert_eq!(error.resource(), Some("a\u{1b}[2J\u{202e}b\nü"));
    let debug = "Denied { capability: \"fs.read\", resource: \"a\\u{1b}[2J\\u{202e}b\\nü\", code: \"CAP0101\" }";
    assert_eq!(format!("{error:?}"), debug);
}

#[test]
fn a_path_that_is_no_utf8_never_reaches_the_host() {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::OsStr::from_bytes(b"data/\xff");
    for error in [fs::read(path).expect_err("no path"), fs::rename("data/a", path).expect_err("no path")] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

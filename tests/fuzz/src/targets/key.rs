//! Keys in files.

use caphost::seal::{PublicKey, SigningKey};

use crate::checks::{assert_fit, bounded};

/// A file holds one key or none, and a message holds nothing of a key.
pub(super) fn check(data: &[u8]) -> bool {
    let public = bounded(data.len(), 64, || PublicKey::from_pem(data));
    let private = bounded(data.len(), 64, || SigningKey::from_pem(data));
    assert!(public.is_err() || private.is_err(), "nothing is both");
    if let Ok(key) = &public {
        assert_eq!(key.to_string().len(), "ed25519:".len() + 64);
    }
    let lines: Vec<&str> = str::from_utf8(data).unwrap_or_default().lines().filter(|line| line.len() >= 16).collect();
    let is_read = public.is_ok() || private.is_ok();
    for error in [public.err(), private.err()].into_iter().flatten() {
        let shown = format!("{error}\n{}", error.hint().unwrap_or_default());
        assert_fit(&shown, 1024);
        let is_told = |line: &&&str| !line.starts_with("-----") && shown.contains(**line);
        assert_eq!(lines.iter().find(is_told), None, "{shown}");
    }
    is_read
}

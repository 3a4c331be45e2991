//! Values as they are printed.

use crate::failure::Outcome;

/// The answer of a function that has no value.
pub fn done((): ()) -> Outcome {
    Ok(String::new())
}

/// Short bytes as text, long ones by their number.
pub fn describe(bytes: &[u8]) -> String {
    match bytes.len() {
        0..=80 => format!("{:?}", String::from_utf8_lossy(bytes)),
        length => format!("{length} bytes"),
    }
}

/// The WIT name of a variant's case, and its payload as Rust shows it.
pub fn describe_case(variant: &impl std::fmt::Debug) -> String {
    let shown = format!("{variant:?}");
    let end = shown.find(['(', ' ']).unwrap_or(shown.len());
    let (name, payload) = shown.split_at(end);
    format!("{}{payload}", wit_name(name))
}

/// `HTTP-request-denied` of `ErrorCode::HttpRequestDenied`.
pub(crate) fn wit_name(variant: &str) -> String {
    let name = variant.rsplit("::").next().unwrap_or(variant);
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_ascii_uppercase() => word.push(letter),
            _ => words.push(letter.to_ascii_lowercase().to_string()),
        }
    }
    let abbreviated = |word: String| match word.as_str() {
        "http" | "https" | "tls" | "dns" | "ip" | "uri" => word.to_ascii_uppercase(),
        _ => word,
    };
    words.into_iter().map(abbreviated).collect::<Vec<_>>().join("-")
}

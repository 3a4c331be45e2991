//! The stable code of every refusal, limit and bad component, with its page for `caphost explain`.

mod pages;

use std::fmt;

use pages::{PAGES, Page};

/// What went wrong, as a code that does not change between releases.
///
/// `CAP01xx` are refusals, `CAP02xx` limits, `CAP03xx` refusals before the start, `CAP04xx` components that can not run,
/// `CAP05xx` seals that do not hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Code {
    /// `CAP0101`: the capability is not granted at all.
    NotGranted,
    /// `CAP0102`: the capability is granted, but nothing covers this resource.
    NoGrantCovers,
    /// `CAP0103`: a deny rule covers it.
    DeniedByRule,
    /// `CAP0104`: a path or symlink leads outside of its granted directory.
    PathEscapes,
    /// `CAP0105`: a device, pipe, socket or kernel file that is not granted by its own name.
    SpecialFile,
    /// `CAP0106`: the grant was revoked.
    Revoked,
    /// `CAP0107`: the grant has expired.
    Expired,
    /// `CAP0108`: the grant's quota is used up.
    QuotaExhausted,
    /// `CAP0109`: the file has several hard links, one of which may be denied.
    SharedFile,
    /// `CAP0110`: a rule is about the place, or about one below it, that would be moved, removed or replaced.
    HoldsDenied,
    /// `CAP0111`: the audit record could not be written.
    AuditFailed,
    // `CAP0112` was an interface that a build could not grant. Its number stays unused.
    /// `CAP0113`: the grant that covers the host does not cover the method or the path.
    HttpTerms,
    /// `CAP0114`: a statement that no grant of a database allows.
    Statement,
    /// `CAP0115`: the manifest that is sealed into the component does not allow it.
    BeyondSeal,
    /// `CAP0201`: the memory limit.
    MemoryLimit,
    /// `CAP0202`: the time limit.
    TimeLimit,
    /// `CAP0203`: the fuel limit.
    FuelLimit,
    /// `CAP0204`: the limit of open handles.
    HandleLimit,
    /// `CAP0205`: the limit of instances.
    InstanceLimit,
    /// `CAP0206`: the limit of output.
    OutputLimit,
    /// `CAP0301`: an effectful import without a grant, under `--strict`.
    StrictImports,
    /// `CAP0302`: a capability that nothing enforces yet.
    NotEnforced,
    /// `CAP0303`: a grant that can not be used.
    UnusableGrant,
    /// `CAP0304`: a rule that the kernel can not hold a native program to, under `--require-landlock`.
    NotConfined,
    /// `CAP0401`: a core module.
    CoreModule,
    /// `CAP0402`: the text format.
    TextFormat,
    /// `CAP0403`: a truncated or malformed file.
    Malformed,
    /// `CAP0404`: a preview of WASI from before 0.2.
    PreReleaseWasi,
    /// `CAP0405`: no command.
    NoCommand,
    /// `CAP0406`: an import that nobody provides.
    UnknownImport,
    /// `CAP0407`: the guest crashed.
    Trap,
    /// `CAP0408`: a component with async imports or exports.
    AsyncComponent,
    /// `CAP0409`: no WebAssembly.
    NotWasm,
    /// `CAP0501`: no seal, where one is needed.
    NotSealed,
    /// `CAP0502`: metadata of a seal, and no seal.
    SealRemoved,
    /// `CAP0503`: more than one seal.
    SecondSeal,
    /// `CAP0504`: a seal that is not on the outermost level.
    NestedSeal,
    /// `CAP0505`: a section behind the seal.
    BehindSeal,
    /// `CAP0506`: bytes behind the seal that are no section.
    TrailingBytes,
    /// `CAP0507`: a seal in another form than it is written in.
    DamagedSeal,
    /// `CAP0508`: a seal of a newer version.
    NewerSeal,
    /// `CAP0509`: the component's digest differs.
    ComponentChanged,
    /// `CAP0510`: the component's imports differ.
    ImportsChanged,
    /// `CAP0511`: the manifest's digest differs.
    ManifestChanged,
    /// `CAP0512`: a signature that its key did not make.
    BrokenSignature,
    /// `CAP0513`: no signature of a key that is asked for.
    NotSignedBy,
    /// `CAP0514`: an import that the sealed manifest says nothing of.
    ImportBeyondSeal,
    /// `CAP0515`: a sealed manifest that allows more than a policy.
    BeyondPolicy,
    /// `CAP0516`: no key of the kind that is needed.
    UnusableKey,
}

const ALL: [Code; PAGES.len()] = {
    let mut all = [Code::NotGranted; PAGES.len()];
    let mut index = 0;
    while index < PAGES.len() {
        all[index] = PAGES[index].code;
        assert!(all[index] as usize == index, "the pages are in the order of the enum");
        index += 1;
    }
    all
};

impl Code {
    /// Every code, in order.
    pub const ALL: &'static [Self] = &ALL;

    /// The code as it is printed: `CAP0102`.
    #[must_use]
    pub fn number(self) -> &'static str {
        self.entry().number
    }

    /// What happened, in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.entry().title
    }

    /// What `caphost explain CAP0102` prints: what happened, why, what to do, an example. Ends with a newline.
    #[must_use]
    pub fn page(self) -> String {
        let Page { number, title, happened, why, remedy, example, .. } = self.entry();
        format!(
            "{number}: {title}\n\nWhat happened\n  {happened}\n\nWhy\n  {why}\n\nWhat to do\n  {remedy}\n\nExample\n  {example}\n"
        )
    }

    /// The code of this number, in any case.
    #[must_use]
    pub fn from_number(number: &str) -> Option<Self> {
        PAGES.iter().find(|page| page.number.eq_ignore_ascii_case(number)).map(|page| page.code)
    }

    fn entry(self) -> &'static Page {
        &PAGES[self as usize]
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip_and_rise() {
        for code in Code::ALL {
            assert_eq!(Code::from_number(code.number()), Some(*code));
        }
        assert!(Code::ALL.is_sorted_by_key(|code| code.number()));
    }

    #[test]
    fn every_page_says_what_happened_why_and_what_to_do() {
        for page in &PAGES {
            for part in [page.happened, page.why, page.remedy, page.example] {
                assert!(!part.is_empty(), "{}", page.number);
                assert!(page.code.page().contains(part), "{}", page.number);
            }
        }
    }

    #[test]
    fn titles_end_without_a_full_stop() {
        for code in Code::ALL {
            assert!(!code.title().ends_with('.'), "{code}");
        }
    }
}

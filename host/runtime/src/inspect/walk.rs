//! The walk over the sections of a component and of all that lies inside of it. Invariant: it does not recurse, and code is stepped
//! over.

use super::bad::BadComponent;
use super::sniff;
use std::ops::Range;
use wasmparser::{Chunk, Parser, Payload};

/// How deep components and modules may nest.
const MAX_NESTING: usize = 100;

/// Who is told of each section.
pub(crate) trait Sections<'a> {
    /// A section of the component or module that is `place.depth` deep.
    ///
    /// # Errors
    /// What is returned ends the walk.
    fn section(&mut self, place: Place, payload: Payload<'a>) -> Result<(), BadComponent>;

    /// A component or module begins inside of another; what follows is its own, until [`Sections::leave`].
    ///
    /// # Errors
    /// What is returned ends the walk.
    fn enter(&mut self, _place: Place, _kind: Inner) -> Result<(), BadComponent> {
        Ok(())
    }

    /// The code of a module: the contents of the section, which begin with their count.
    ///
    /// # Errors
    /// What is returned ends the walk.
    fn code(&mut self, _place: Place, _contents: Range<usize>) -> Result<(), BadComponent> {
        Ok(())
    }

    /// The component or module that was entered last is at its end.
    ///
    /// # Errors
    /// What is returned ends the walk.
    fn leave(&mut self) -> Result<(), BadComponent> {
        Ok(())
    }
}

/// Where a section stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// How many components and modules are around it: 0 for a section of the outermost component.
    pub(crate) depth: usize,
    /// Where its first byte is, that of its id.
    pub(crate) start: usize,
}

/// What lies inside of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inner {
    /// A core module.
    Module,
    /// A component.
    Component,
}

/// Tells `sections` of everything in `bytes`, in order.
///
/// # Errors
/// [`BadComponent`] when the bytes are something else, or their outer structure is broken; what `sections` returns.
pub(crate) fn walk<'a>(bytes: &'a [u8], sections: &mut impl Sections<'a>) -> Result<(), BadComponent> {
    sniff::require_component(bytes)?;
    let mut outer: Vec<Parser> = Vec::new();
    let (mut parser, mut rest) = (Parser::new(0), bytes);
    loop {
        let place = Place { depth: outer.len(), start: bytes.len() - rest.len() };
        let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else { return Err(truncated(bytes)) };
        rest = rest.get(consumed..).ok_or_else(|| truncated(bytes))?;
        let (inner, kind, end) = match payload {
            Payload::ModuleSection { parser, unchecked_range } => (parser, Inner::Module, unchecked_range.end),
            Payload::ComponentSection { parser, unchecked_range } => (parser, Inner::Component, unchecked_range.end),
            Payload::CodeSectionStart { size, range, .. } => {
                parser.skip_section();
                rest = rest.get(size as usize..).ok_or_else(|| truncated(bytes))?;
                sections.code(place, range)?;
                continue;
            }
            Payload::End(_) => match outer.pop() {
                Some(around) => {
                    parser = around;
                    sections.leave()?;
                    continue;
                }
                None => return Ok(()),
            },
            other => {
                sections.section(place, other)?;
                continue;
            }
        };
        enter(bytes, outer.len(), end)?;
        outer.push(std::mem::replace(&mut parser, inner));
        sections.enter(place, kind)?;
    }
}

fn enter(bytes: &[u8], depth: usize, end: usize) -> Result<(), BadComponent> {
    if end > bytes.len() {
        return Err(truncated(bytes));
    }
    if depth == MAX_NESTING {
        return Err(BadComponent::malformed(end, format!("components nest deeper than {MAX_NESTING}")));
    }
    Ok(())
}

#[cold]
fn truncated(bytes: &[u8]) -> BadComponent {
    BadComponent::malformed(bytes.len(), "the file ends in the middle of a section")
}

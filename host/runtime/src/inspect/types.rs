//! The type sections of a component. Invariant: types are walked without recursion, however deep they nest.
//!
//! wasmparser's own reader recurses once a level, so that thirty kilobytes of nested types would overflow the stack of whoever
//! decodes them, the engine included. What nests deeper than [`MAX_NESTING`] is refused here, before anybody else reads it.

use super::bad::BadComponent;
use wasmparser::{
    BinaryReader, ComponentAlias, ComponentExternName, ComponentImport, ComponentType, ComponentTypeRef,
    ComponentTypeSectionReader, CoreType,
};

/// How deep types may nest. The deepest in use is a component type in a component type: a handful.
const MAX_NESTING: usize = 100;

/// The functions of an instance type, by name; `None` for any other type.
pub(super) type Functions<'a> = Option<Vec<&'a str>>;

/// One entry for each type of the section `section` of `bytes`.
pub(super) fn functions_of_types<'a>(
    bytes: &'a [u8],
    section: &ComponentTypeSectionReader<'a>,
) -> Result<Vec<Functions<'a>>, BadComponent> {
    let range = section.range();
    let contents = bytes
        .get(range.clone())
        .ok_or_else(|| BadComponent::malformed(range.start, "a section ends behind the file"))?;
    let mut reader = BinaryReader::new(contents, range.start);
    let count = reader.read_var_u32()?;
    // Not allocated at once: the count is the file's claim.
    let mut types = Vec::new();
    for _ in 0..count {
        types.push(functions_of_type(&mut reader)?);
    }
    Ok(types)
}

fn functions_of_type<'a>(reader: &mut BinaryReader<'a>) -> Result<Functions<'a>, BadComponent> {
    let mut functions = (next_byte(reader)? == INSTANCE).then(Vec::new);
    // Declarations that are still to come, at each level.
    let mut levels = Vec::new();
    enter(reader, &mut levels)?;
    while let Some(left) = levels.last_mut() {
        if *left == 0 {
            levels.pop();
            continue;
        }
        *left -= 1;
        if let (Some(function), Some(functions), 1) = (declaration(reader, &mut levels)?, &mut functions, levels.len())
        {
            functions.push(function);
        }
    }
    Ok(functions)
}

const COMPONENT: u8 = 0x41;
const INSTANCE: u8 = 0x42;

/// Reads a type; of one that holds declarations only the head.
fn enter(reader: &mut BinaryReader<'_>, levels: &mut Vec<u32>) -> Result<(), BadComponent> {
    if !matches!(next_byte(reader)?, COMPONENT | INSTANCE) {
        reader.read::<ComponentType<'_>>()?;
        return Ok(());
    }
    if levels.len() == MAX_NESTING {
        return Err(BadComponent::malformed(
            reader.original_position(),
            format!("types nest deeper than {MAX_NESTING}"),
        ));
    }
    reader.read_u8()?;
    levels.push(reader.read_var_u32()?);
    Ok(())
}

/// Reads one declaration; the name, where it is the export of a function.
fn declaration<'a>(reader: &mut BinaryReader<'a>, levels: &mut Vec<u32>) -> Result<Option<&'a str>, BadComponent> {
    let position = reader.original_position();
    match reader.read_u8()? {
        0x00 => {
            reader.read::<CoreType<'_>>()?;
        }
        0x01 => enter(reader, levels)?,
        0x02 => {
            reader.read::<ComponentAlias<'_>>()?;
        }
        0x03 => {
            reader.read::<ComponentImport<'_>>()?;
        }
        0x04 => {
            let name = reader.read::<ComponentExternName<'a>>()?.name;
            let is_function = matches!(reader.read::<ComponentTypeRef>()?, ComponentTypeRef::Func(_));
            return Ok(is_function.then_some(name));
        }
        _ => return Err(BadComponent::malformed(position, "no declaration of a type begins like this")),
    }
    Ok(None)
}

fn next_byte(reader: &BinaryReader<'_>) -> Result<u8, BadComponent> {
    Ok(reader.clone().read_u8()?)
}

//! Where functions of components become core functions, and the other way around.

use super::frame::Frame;
use super::{CoreFunction, CoreItem, Linker, Lowered, Understood};
use crate::infer::module::NotUnderstood;
use wasmparser::{CanonicalFunction, CanonicalOption, ComponentType};

impl<'a> Linker<'_, 'a> {
    /// A resource's destructor is called by others.
    pub(super) fn ty(&mut self, frame: &Frame<'a>, ty: &ComponentType<'a>) -> Understood {
        if let ComponentType::Resource { dtor: Some(destructor), .. } = ty {
            self.links.roots.push(frame.core_function(*destructor)?);
        }
        self.step(1)
    }

    pub(super) fn canonical(&mut self, frame: &mut Frame<'a>, function: &CanonicalFunction) -> Understood {
        self.step(1)?;
        match function {
            CanonicalFunction::Lift { core_func_index, options, .. } => {
                self.links.roots.push(frame.core_function(*core_func_index)?);
                self.options(frame, options)?;
                frame.functions.push(None);
            }
            CanonicalFunction::Lower { func_index, options } => {
                let function = frame.function(*func_index)?;
                let memory = self.options(frame, options)?;
                self.links.lowered.push(Lowered { function, memory });
                frame.core_functions.push(CoreFunction::Lowered(self.links.lowered.len() - 1));
            }
            CanonicalFunction::ResourceNew { .. }
            | CanonicalFunction::ResourceDrop { .. }
            | CanonicalFunction::ResourceRep { .. } => frame.core_functions.push(CoreFunction::Builtin),
            // What is asynchronous is not provided, and nothing is known of it here.
            _ => return Err(NotUnderstood),
        }
        Ok(())
    }

    /// The memory that strings are in, unless they are in another form than UTF-8.
    fn options(&mut self, frame: &Frame<'a>, options: &[CanonicalOption]) -> Understood<Option<CoreItem>> {
        let (mut memory, mut is_utf8) = (None, true);
        for option in options {
            match *option {
                CanonicalOption::UTF8 => {}
                CanonicalOption::UTF16 | CanonicalOption::CompactUTF16 => is_utf8 = false,
                CanonicalOption::Memory(index) => memory = Some(frame.memory(index)?),
                CanonicalOption::Realloc(function)
                | CanonicalOption::PostReturn(function)
                | CanonicalOption::Callback(function) => self.links.roots.push(frame.core_function(function)?),
                CanonicalOption::Async | CanonicalOption::CoreType(_) | CanonicalOption::Gc => {
                    return Err(NotUnderstood);
                }
            }
        }
        Ok(memory.filter(|_| is_utf8))
    }
}

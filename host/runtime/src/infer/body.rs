//! The walk over the code of one function. Invariant: one step an instruction, and nothing of the code is trusted to be valid.

use super::module::Module;
use super::values::{Locals, Stack, Value};
use wasmparser::{
    BinaryReaderError, BlockType, ContType, FrameKind, FuncType, FunctionBody, MemArg, ModuleArity, Operator,
    OperatorsReader, OperatorsReaderAllocations, RefType, SubType,
};

/// Who is told of what the code does.
pub(super) trait Events {
    /// A call, with its arguments on the stack.
    fn call(&mut self, function: u32, arguments: Arguments<'_>);
    /// A call through a table.
    fn call_indirect(&mut self, table: u32, slot: Value, arguments: Arguments<'_>);
    /// A function is made a value.
    fn reference(&mut self, _function: u32) {}
    /// Something is written to a table.
    fn write_table(&mut self, _table: u32) {}
    /// Something is written to a memory, at `offset` behind `base`.
    fn write_memory(&mut self, _memory: u32, _base: Value, _offset: u64) {}
}

/// The arguments of a call.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'s> {
    stack: &'s Stack,
    count: u32,
    /// How many values lie above them.
    above: u32,
}

impl Arguments<'_> {
    /// How many there are.
    pub(super) fn count(self) -> u32 {
        self.count
    }

    /// What is known of one.
    pub(super) fn get(self, number: u32) -> Value {
        match self.count.checked_sub(number).and_then(|left| left.checked_sub(1)) {
            Some(behind) => self.stack.peek(behind + self.above),
            None => Value::Unknown,
        }
    }
}

/// What a walk needs, kept from function to function.
#[derive(Default)]
pub(super) struct Scratch {
    stack: Stack,
    allocations: OperatorsReaderAllocations,
}

/// Whether locals are looked after, which takes a second walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// They are not.
    Quick,
    /// They are.
    Thorough,
}

/// Tells `events` of what the function number `function` of `module` does.
///
/// # Errors
/// Of code that cannot be read.
pub(super) fn scan(
    (module, function): (&Module<'_>, u32),
    body: &FunctionBody<'_>,
    depth: Depth,
    scratch: &mut Scratch,
    events: &mut impl Events,
) -> Result<(), BinaryReaderError> {
    let (parameters, results) = module.arity_of_function(function).unwrap_or_default();
    let locals = match depth {
        Depth::Quick => Locals::unknown(),
        Depth::Thorough => Locals::new(parameters, assigned(body)?),
    };
    scratch.stack.start(results);
    let mut walk = Walk { module, stack: &mut scratch.stack, locals, events };
    let allocations = std::mem::take(&mut scratch.allocations);
    let mut reader = OperatorsReader::new_with_allocs(body.get_binary_reader_for_operators()?, allocations);
    while !reader.eof() {
        walk.step(&reader.read()?);
    }
    scratch.allocations = reader.into_allocations();
    Ok(())
}

fn assigned(body: &FunctionBody<'_>) -> Result<Vec<u32>, BinaryReaderError> {
    let mut locals = Vec::new();
    for operator in body.get_operators_reader()? {
        if let Operator::LocalSet { local_index } | Operator::LocalTee { local_index } = operator? {
            locals.push(local_index);
        }
    }
    Ok(locals)
}

struct Walk<'m, 'a, E> {
    module: &'m Module<'a>,
    stack: &'m mut Stack,
    locals: Locals,
    events: &'m mut E,
}

impl<E: Events> Walk<'_, '_, E> {
    fn step(&mut self, operator: &Operator<'_>) {
        match *operator {
            Operator::I32Const { value } => self.stack.push(Value::Constant(value)),
            Operator::LocalGet { local_index } => self.stack.push(self.locals.get(local_index)),
            Operator::LocalSet { local_index } => {
                let value = self.stack.pop();
                self.locals.set(local_index, value);
            }
            Operator::LocalTee { local_index } => self.locals.set(local_index, self.stack.peek(0)),
            Operator::GlobalGet { global_index } => self.stack.push(self.module.global(global_index)),
            Operator::I32Add => self.add(),
            Operator::RefFunc { function_index } => {
                self.events.reference(function_index);
                self.stack.push(Value::Unknown);
            }
            Operator::Call { function_index } => self.call(function_index),
            Operator::CallIndirect { type_index, table_index } => self.call_indirect(type_index, table_index),
            Operator::CallRef { type_index } => self.give(self.module.arity_of_type(type_index), 1),
            Operator::ReturnCall { function_index } => {
                self.call(function_index);
                self.stack.forget();
            }
            Operator::ReturnCallIndirect { type_index, table_index } => {
                self.call_indirect(type_index, table_index);
                self.stack.forget();
            }
            _ => self.control(operator),
        }
    }

    fn control(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Block { blockty } | Operator::Try { blockty } => self.block(*blockty),
            Operator::TryTable { try_table } => self.block(try_table.ty),
            Operator::If { blockty } => {
                self.stack.pop();
                self.block(*blockty);
            }
            Operator::Loop { blockty } => {
                self.locals.enter_loop();
                let (parameters, results) = self.arity_of_block(*blockty);
                self.stack.enter_loop(parameters, results, self.locals.assignments());
            }
            Operator::Else | Operator::Catch { .. } | Operator::CatchAll => {
                let since = self.stack.arm();
                self.locals.join(since);
            }
            Operator::End | Operator::Delegate { .. } => {
                let since = self.stack.leave();
                self.locals.join(since);
            }
            Operator::BrIf { .. } => {
                self.stack.pop();
            }
            // What follows is never reached, until the block ends.
            Operator::Br { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::ReturnCallRef { .. }
            | Operator::Rethrow { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Unreachable => self.stack.forget(),
            _ => self.effect(operator),
        }
    }

    fn effect(&mut self, operator: &Operator<'_>) {
        match *operator {
            Operator::I32Store { memarg }
            | Operator::I64Store { memarg }
            | Operator::F32Store { memarg }
            | Operator::F64Store { memarg }
            | Operator::I32Store8 { memarg }
            | Operator::I32Store16 { memarg }
            | Operator::I64Store8 { memarg }
            | Operator::I64Store16 { memarg }
            | Operator::I64Store32 { memarg }
            | Operator::V128Store { memarg }
            | Operator::V128Store8Lane { memarg, .. }
            | Operator::V128Store16Lane { memarg, .. }
            | Operator::V128Store32Lane { memarg, .. }
            | Operator::V128Store64Lane { memarg, .. } => self.store(memarg),
            Operator::MemoryCopy { dst_mem, .. } => self.fill(dst_mem),
            Operator::MemoryFill { mem } | Operator::MemoryInit { mem, .. } => self.fill(mem),
            Operator::TableSet { table }
            | Operator::TableFill { table }
            | Operator::TableGrow { table }
            | Operator::TableInit { table, .. }
            | Operator::TableCopy { dst_table: table, .. } => self.events.write_table(table),
            _ => {}
        }
        match operator.operator_arity(&Plain) {
            Some((takes, gives)) => {
                self.stack.pop_many(takes);
                self.stack.push_unknown(gives);
            }
            None => self.stack.forget(),
        }
    }

    fn add(&mut self) {
        let sum = match (self.stack.pop(), self.stack.pop()) {
            (Value::Constant(one), Value::Constant(other)) => Value::Constant(one.wrapping_add(other)),
            _ => Value::Unknown,
        };
        self.stack.push(sum);
    }

    fn call(&mut self, function: u32) {
        let arity = self.module.arity_of_function(function);
        let count = arity.map_or(0, |(parameters, _)| parameters);
        self.events.call(function, Arguments { stack: self.stack, count, above: 0 });
        self.give(arity, 0);
    }

    fn call_indirect(&mut self, type_index: u32, table: u32) {
        let arity = self.module.arity_of_type(type_index);
        let count = arity.map_or(0, |(parameters, _)| parameters);
        let slot = self.stack.peek(0);
        self.events.call_indirect(table, slot, Arguments { stack: self.stack, count, above: 1 });
        self.give(arity, 1);
    }

    /// What a call leaves behind, which took `more` than its arguments.
    fn give(&mut self, arity: Option<(u32, u32)>, more: u32) {
        let Some((parameters, results)) = arity else { return self.stack.forget() };
        self.stack.pop_many(parameters.saturating_add(more));
        self.stack.push_unknown(results);
    }

    fn block(&mut self, ty: BlockType) {
        let (parameters, results) = self.arity_of_block(ty);
        self.stack.enter(parameters, results, self.locals.assignments());
    }

    fn arity_of_block(&self, ty: BlockType) -> (u32, u32) {
        match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(index) => self.module.arity_of_type(index).unwrap_or_default(),
        }
    }

    fn store(&mut self, to: MemArg) {
        self.events.write_memory(to.memory, self.stack.peek(1), to.offset);
    }

    fn fill(&mut self, memory: u32) {
        self.events.write_memory(memory, self.stack.peek(2), 0);
    }
}

/// Knows no module: for instructions that are the same in each.
struct Plain;

impl ModuleArity for Plain {
    fn sub_type_at(&self, _: u32) -> Option<&SubType> {
        None
    }

    fn tag_type_arity(&self, _: u32) -> Option<(u32, u32)> {
        None
    }

    fn type_index_of_function(&self, _: u32) -> Option<u32> {
        None
    }

    fn func_type_of_cont_type(&self, _: &ContType) -> Option<&FuncType> {
        None
    }

    fn sub_type_of_ref_type(&self, _: &RefType) -> Option<&SubType> {
        None
    }

    fn control_stack_height(&self) -> u32 {
        0
    }

    fn label_block(&self, _: u32) -> Option<(BlockType, FrameKind)> {
        None
    }
}

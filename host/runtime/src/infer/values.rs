//! What is known of the values on the operand stack and in the locals of one function. Invariant: what is said to be known holds on
//! every path that leads there.

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Value {
    /// It is this number.
    Constant(i32),
    /// It is the parameter of this number, as the function was given it.
    Parameter(u32),
    /// Nothing.
    Unknown,
}

/// The operand stack, and the blocks around the current place.
#[derive(Debug, Default)]
pub(super) struct Stack {
    values: Vec<Value>,
    blocks: Vec<Block>,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    /// How many values lie below what the block can take.
    height: usize,
    results: u32,
    /// How many assignments to locals had been made before it.
    assignments: usize,
}

impl Stack {
    /// The start of a function.
    pub(super) fn start(&mut self, results: u32) {
        self.values.clear();
        self.blocks.clear();
        self.blocks.push(Block { height: 0, results, assignments: 0 });
    }

    pub(super) fn push(&mut self, value: Value) {
        self.values.push(value);
    }

    pub(super) fn push_unknown(&mut self, count: u32) {
        self.values.extend((0..count).map(|_| Value::Unknown));
    }

    pub(super) fn pop(&mut self) -> Value {
        if self.values.len() > self.height() { self.values.pop().unwrap_or(Value::Unknown) } else { Value::Unknown }
    }

    pub(super) fn pop_many(&mut self, count: u32) {
        let left = self.values.len().saturating_sub(count as usize);
        self.values.truncate(left.max(self.height()));
    }

    /// The value that lies `depth` below the top.
    pub(super) fn peek(&self, depth: u32) -> Value {
        let place = self.values.len().checked_sub(depth as usize + 1).filter(|place| *place >= self.height());
        place.and_then(|place| self.values.get(place)).copied().unwrap_or(Value::Unknown)
    }

    /// Of what the innermost block has put on the stack, nothing is known any more: not even how much it is.
    pub(super) fn forget(&mut self) {
        self.values.truncate(self.height());
    }

    /// A block begins that takes `parameters` and gives `results`.
    pub(super) fn enter(&mut self, parameters: u32, results: u32, assignments: usize) {
        let height = self.values.len().saturating_sub(parameters as usize).max(self.height());
        self.blocks.push(Block { height, results, assignments });
    }

    /// As [`Stack::enter`], for a loop: what it takes is something else each time.
    pub(super) fn enter_loop(&mut self, parameters: u32, results: u32, assignments: usize) {
        self.pop_many(parameters);
        self.push_unknown(parameters);
        self.enter(parameters, results, assignments);
    }

    /// Another arm of the innermost block begins; how many assignments had been made before the block.
    pub(super) fn arm(&mut self) -> usize {
        self.forget();
        self.blocks.last().map_or(0, |block| block.assignments)
    }

    /// The innermost block ends; how many assignments had been made before it.
    pub(super) fn leave(&mut self) -> usize {
        self.forget();
        let Some(block) = self.blocks.pop() else { return 0 };
        self.push_unknown(block.results);
        block.assignments
    }

    fn height(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.height)
    }
}

/// Locals that are looked after; the others are unknown.
const MAX_LOCALS: u32 = 4096;

/// The locals, parameters first.
#[derive(Debug)]
pub(super) struct Locals {
    slots: Vec<Slot>,
    /// What was assigned, since the start or since it was forgotten.
    assigned: Vec<u32>,
    generation: u32,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    value: Value,
    generation: u32,
    /// Whether anything in the function assigns it.
    is_variable: bool,
}

impl Locals {
    /// Of a function with so many parameters, and what it assigns anywhere.
    pub(super) fn new(parameters: u32, assigns: impl IntoIterator<Item = u32>) -> Self {
        let slot = |number| Slot { value: Value::Parameter(number), generation: 0, is_variable: false };
        let mut slots: Vec<Slot> = (0..parameters.min(MAX_LOCALS)).map(slot).collect();
        for local in assigns.into_iter().filter(|local| *local < MAX_LOCALS) {
            let local = local as usize;
            if local >= slots.len() {
                slots.resize(local + 1, Slot { value: Value::Unknown, generation: 0, is_variable: false });
            }
            if let Some(slot) = slots.get_mut(local) {
                slot.is_variable = true;
            }
        }
        Self { slots, assigned: Vec::new(), generation: 0 }
    }

    /// Of a function whose locals are of no interest.
    pub(super) fn unknown() -> Self {
        Self { slots: Vec::new(), assigned: Vec::new(), generation: 0 }
    }

    pub(super) fn get(&self, local: u32) -> Value {
        match self.slots.get(local as usize) {
            Some(slot) if !slot.is_variable || slot.generation == self.generation => slot.value,
            _ => Value::Unknown,
        }
    }

    pub(super) fn set(&mut self, local: u32, value: Value) {
        if let Some(slot) = self.slots.get_mut(local as usize) {
            *slot = Slot { value, generation: self.generation, is_variable: true };
            self.assigned.push(local);
        }
    }

    /// How many assignments are remembered.
    pub(super) fn assignments(&self) -> usize {
        self.assigned.len()
    }

    /// Paths meet, on which what was assigned since then may not have been.
    pub(super) fn join(&mut self, assignments: usize) {
        let since = self.assigned.len().min(assignments);
        for local in self.assigned.drain(since..) {
            if let Some(slot) = self.slots.get_mut(local as usize) {
                slot.value = Value::Unknown;
            }
        }
    }

    /// A loop begins: what is assigned anywhere may have been.
    pub(super) fn enter_loop(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Value::{Constant, Parameter, Unknown};

    #[test]
    fn a_block_gives_no_more_than_it_has() {
        let mut stack = Stack::default();
        stack.start(0);
        stack.push(Constant(1));
        stack.enter(0, 1, 0);
        stack.push(Constant(2));
        assert_eq!((stack.peek(0), stack.peek(1)), (Constant(2), Unknown));
        stack.pop_many(7);
        assert_eq!(stack.pop(), Unknown);
        stack.leave();
        assert_eq!((stack.pop(), stack.pop(), stack.pop()), (Unknown, Constant(1), Unknown));
    }

    #[test]
    fn what_a_loop_takes_is_unknown() {
        let mut stack = Stack::default();
        stack.start(0);
        stack.push(Constant(1));
        stack.enter_loop(1, 0, 0);
        assert_eq!(stack.peek(0), Unknown);
    }

    #[test]
    fn locals_hold_what_was_put_into_them_until_paths_meet() {
        let mut locals = Locals::new(2, [1, 5]);
        assert_eq!([0, 1, 2, 5].map(|local| locals.get(local)), [Parameter(0), Parameter(1), Unknown, Unknown]);
        locals.set(5, Constant(7));
        let before = locals.assignments();
        locals.set(1, Constant(8));
        assert_eq!([1, 5].map(|local| locals.get(local)), [Constant(8), Constant(7)]);
        locals.join(before);
        assert_eq!([0, 1, 5].map(|local| locals.get(local)), [Parameter(0), Unknown, Constant(7)]);
        locals.enter_loop();
        assert_eq!([0, 1, 5].map(|local| locals.get(local)), [Parameter(0), Unknown, Unknown]);
        locals.set(5, Constant(9));
        assert_eq!(locals.get(5), Constant(9));
        assert_eq!(Locals::unknown().get(0), Unknown);
        assert_eq!(Locals::new(0, [u32::MAX]).get(u32::MAX), Unknown);
    }
}

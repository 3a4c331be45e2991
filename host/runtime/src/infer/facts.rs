//! What the code of a module does, as far as it says where authority goes: who calls whom, and what is written where nobody can
//! follow. One walk over all code, in one pass.

use super::body::{Arguments, Depth, Events, Scratch, scan};
use super::module::{Module, NotUnderstood};
use super::values::Value;
use wasmparser::FunctionBody;

/// Calls that are remembered, over all modules: a call of two bytes takes four to remember.
const MAX_CALLS: usize = 16_000_000;
/// What a function takes to remember, in calls.
const FUNCTION: usize = 10;
/// Addresses below are no constants of a program, where no segment says otherwise.
const LOWEST_ADDRESS: u32 = 1024;

/// What the code of one module does.
pub(super) struct Facts<'a> {
    /// The bodies of its own functions.
    pub(super) bodies: Vec<FunctionBody<'a>>,
    /// The functions that are made values.
    pub(super) taken: Vec<u32>,
    /// Calls through a table at a place that is known: caller, table, place.
    pub(super) indirect: Vec<(u32, u32, u32)>,
    /// Tables that are called at any place, or written.
    pub(super) open_tables: Vec<u32>,
    /// Of each memory, the lowest address that an instruction names to write there.
    pub(super) lowest_writes: Vec<u32>,
    /// Of each own function, the end of its part of `callees`.
    ends: Vec<usize>,
    callees: Vec<u32>,
    imported: u32,
}

impl<'a> Facts<'a> {
    /// Reads the code of `module`. `calls` is how many have been read before.
    pub(super) fn of(module: &Module<'a>, calls: &mut usize) -> Result<Self, NotUnderstood> {
        *calls += module.function_count() * FUNCTION;
        if *calls > MAX_CALLS {
            return Err(NotUnderstood);
        }
        let bodies = match module.bodies()? {
            Some(bodies) => bodies.into_iter().collect::<Result<Vec<_>, _>>()?,
            None => Vec::new(),
        };
        let imported = module.counts.imported_functions;
        let mut collector = Collector::new(module);
        let mut ends = Vec::new();
        let mut scratch = Scratch::default();
        for (number, body) in (imported..).zip(&bodies) {
            collector.caller = number;
            collector.last = None;
            scan((module, number), body, Depth::Quick, &mut scratch, &mut collector)?;
            ends.push(collector.callees.len());
            if *calls + collector.callees.len() + collector.indirect.len() > MAX_CALLS {
                return Err(NotUnderstood);
            }
        }
        *calls += collector.callees.len() + collector.indirect.len();
        let Collector { callees, taken, indirect, open_tables, lowest_writes, .. } = collector;
        let mut taken: Vec<u32> =
            (0..).zip(taken).filter_map(|(number, is_taken)| is_taken.then_some(number)).collect();
        taken.extend(&module.taken);
        Ok(Self { bodies, taken, indirect, open_tables, lowest_writes, ends, callees, imported })
    }

    /// The functions that an own function calls.
    pub(super) fn callees(&self, function: u32) -> &[u32] {
        let Some(own) = function.checked_sub(self.imported).map(|own| own as usize) else { return &[] };
        let start = own.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(own).copied().unwrap_or(start);
        self.callees.get(start..end).unwrap_or(&[])
    }

    /// The body of an own function.
    pub(super) fn body(&self, function: u32) -> Option<&FunctionBody<'a>> {
        self.bodies.get(function.checked_sub(self.imported)? as usize)
    }
}

struct Collector {
    caller: u32,
    /// What was called last: the same again says nothing.
    last: Option<u32>,
    callees: Vec<u32>,
    taken: Vec<bool>,
    indirect: Vec<(u32, u32, u32)>,
    open_tables: Vec<u32>,
    lowest_writes: Vec<u32>,
    /// Of each memory, where constants can begin.
    lowest_data: Vec<u32>,
    imported: u32,
}

impl Collector {
    fn new(module: &Module<'_>) -> Self {
        let memories = module.counts.memories as usize;
        let lowest = |memory| {
            let starts = module.data.iter().filter(|segment| segment.memory == memory).filter_map(|one| one.start);
            starts.min().unwrap_or(LOWEST_ADDRESS)
        };
        Self {
            caller: 0,
            last: None,
            callees: Vec::new(),
            taken: vec![false; module.function_count()],
            indirect: Vec::new(),
            open_tables: Vec::new(),
            lowest_writes: vec![u32::MAX; memories],
            lowest_data: (0..module.counts.memories).map(lowest).collect(),
            imported: module.counts.imported_functions,
        }
    }

    /// Something is written at `address` or behind it.
    fn written(&mut self, memory: u32, address: u64) {
        let memory = memory as usize;
        let is_data = self.lowest_data.get(memory).is_some_and(|lowest| address >= u64::from(*lowest));
        if let (true, Some(lowest)) = (is_data, self.lowest_writes.get_mut(memory)) {
            *lowest = (*lowest).min(u32::try_from(address).unwrap_or(u32::MAX));
        }
    }

    fn open(&mut self, table: u32) {
        if !self.open_tables.contains(&table) {
            self.open_tables.push(table);
        }
    }
}

impl Events for Collector {
    fn call(&mut self, function: u32, arguments: Arguments<'_>) {
        if self.last.replace(function) != Some(function) {
            self.callees.push(function);
        }
        // What is called from outside writes its results to where its last argument points.
        if let (true, Some(last)) = (function < self.imported, arguments.count().checked_sub(1))
            && let Value::Constant(address) = arguments.get(last)
        {
            self.written(0, u64::from(address.cast_unsigned()));
        }
    }

    fn call_indirect(&mut self, table: u32, slot: Value, _: Arguments<'_>) {
        match slot {
            Value::Constant(slot) => self.indirect.push((self.caller, table, slot.cast_unsigned())),
            Value::Parameter(_) | Value::Unknown => self.open(table),
        }
    }

    fn reference(&mut self, function: u32) {
        if let Some(is_taken) = self.taken.get_mut(function as usize) {
            *is_taken = true;
        }
    }

    fn write_table(&mut self, table: u32) {
        self.open(table);
    }

    fn write_memory(&mut self, memory: u32, base: Value, offset: u64) {
        match base {
            Value::Constant(base) => self.written(memory, u64::from(base.cast_unsigned()).saturating_add(offset)),
            // Of a pointer that is not known nothing is said, but of a place behind a known one.
            Value::Parameter(_) | Value::Unknown if offset > 0 => self.written(memory, offset),
            Value::Parameter(_) | Value::Unknown => {}
        }
    }
}

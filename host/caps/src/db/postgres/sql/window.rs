//! OVER and WINDOW.

use super::printer::{Printed, Printer};
use super::refusal::SqlRefusal;
use sqlparser::ast::{
    NamedWindowDefinition, NamedWindowExpr, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType,
};

impl Printer<'_> {
    pub(super) fn window(&mut self, window: &WindowType) -> Printed {
        match window {
            WindowType::WindowSpec(specification) => self.window_specification(specification),
            WindowType::NamedWindow(name) => self.name(name),
        }
    }

    pub(super) fn window_definition(&mut self, definition: &NamedWindowDefinition) -> Printed {
        let NamedWindowDefinition(name, window) = definition;
        self.name(name)?;
        self.put(" AS ");
        match window {
            NamedWindowExpr::WindowSpec(specification) => self.window_specification(specification),
            NamedWindowExpr::NamedWindow(_) => Err(SqlRefusal::not_understood("a window that is another one's name")),
        }
    }

    fn window_specification(&mut self, specification: &WindowSpec) -> Printed {
        let WindowSpec { window_name, partition_by, order_by, window_frame } = specification;
        self.put("(");
        self.optional("", window_name.as_ref(), Self::name)?;
        if !partition_by.is_empty() {
            self.put(" PARTITION BY ");
            self.list(partition_by, Self::expression)?;
        }
        if !order_by.is_empty() {
            self.put(" ORDER BY ");
            self.list(order_by, Self::ordered)?;
        }
        self.optional(" ", window_frame.as_ref(), Self::frame)?;
        self.word(")")
    }

    fn frame(&mut self, frame: &WindowFrame) -> Printed {
        let WindowFrame { units, start_bound, end_bound } = frame;
        self.put(match units {
            WindowFrameUnits::Rows => "ROWS ",
            WindowFrameUnits::Range => "RANGE ",
            WindowFrameUnits::Groups => "GROUPS ",
        });
        let Some(end) = end_bound else { return self.bound(start_bound) };
        self.put("BETWEEN ");
        self.bound(start_bound)?;
        self.put(" AND ");
        self.bound(end)
    }

    fn bound(&mut self, bound: &WindowFrameBound) -> Printed {
        match bound {
            WindowFrameBound::CurrentRow => self.word("CURRENT ROW"),
            WindowFrameBound::Preceding(None) => self.word("UNBOUNDED PRECEDING"),
            WindowFrameBound::Following(None) => self.word("UNBOUNDED FOLLOWING"),
            WindowFrameBound::Preceding(Some(distance)) => {
                self.expression(distance)?;
                self.word(" PRECEDING")
            }
            WindowFrameBound::Following(Some(distance)) => {
                self.expression(distance)?;
                self.word(" FOLLOWING")
            }
        }
    }
}

//! Paths as text, with `.`, `..` and doubled slashes taken out.

use crate::PathScope;

pub(super) struct Lexical<'a> {
    pub(super) is_absolute: bool,
    /// How many `..` it begins with.
    pub(super) up: usize,
    pub(super) names: Vec<&'a str>,
}

impl<'a> Lexical<'a> {
    pub(super) fn of(scope: &'a PathScope) -> Self {
        let mut path = Self { is_absolute: scope.host().starts_with('/'), up: 0, names: Vec::new() };
        for component in scope.host().split('/') {
            match component {
                "" | "." => {}
                ".." if path.names.pop().is_some() || path.is_absolute => {}
                ".." => path.up += 1,
                name => path.names.push(name),
            }
        }
        path
    }

    fn contains(&self, inner: &Self) -> bool {
        if self.is_absolute != inner.is_absolute {
            return self.is_absolute && self.names.is_empty();
        }
        match self.up == inner.up {
            true => inner.names.starts_with(&self.names),
            false => self.up > inner.up && self.names.is_empty(),
        }
    }
}

pub(super) fn contains(outer: &PathScope, inner: &PathScope) -> bool {
    Lexical::of(outer).contains(&Lexical::of(inner))
}

pub(super) fn may_meet(left: &PathScope, right: &PathScope) -> bool {
    let (left, right) = (Lexical::of(left), Lexical::of(right));
    let are_comparable = left.is_absolute == right.is_absolute && left.up == right.up;
    !are_comparable || left.contains(&right) || right.contains(&left)
}

//! Names: of tables, columns, aliases and what else a guest may name. All of them are printed in quotes, folded as
//! PostgreSQL folds them.

use super::printer::{Printed, Printer};
use super::refusal::{SqlRefusal, require};
use super::relation::{Relation, Touch};
use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

/// How long a name may be, in bytes: NAMEDATALEN - 1 of PostgreSQL. The server cuts a longer one, and the policy would
/// have checked another name than the server uses.
pub(super) const NAME_BYTES: usize = 63;

/// A name as the server would take it: what is not quoted is in lower case.
pub(super) fn folded(name: &Ident) -> Result<String, SqlRefusal> {
    let Ident { value, quote_style, span: _ } = name;
    let folded = match quote_style {
        None => value.to_ascii_lowercase(),
        Some('"') => value.clone(),
        Some(_) => return Err(SqlRefusal::not_understood("a name in quotes of another database")),
    };
    if folded.is_empty() || folded.contains('\0') {
        return Err(SqlRefusal::invalid("an empty name"));
    }
    if folded.len() > NAME_BYTES {
        return Err(SqlRefusal::invalid("a name of more than 63 bytes"));
    }
    Ok(folded)
}

/// Whether a name is this word of the grammar: not quoted, and in any case.
pub(super) fn is_word(name: &Ident, word: &str) -> bool {
    let Ident { value, quote_style, span: _ } = name;
    quote_style.is_none() && value.eq_ignore_ascii_case(word)
}

/// The parts of a name with dots in it.
pub(super) fn parts(name: &ObjectName) -> Result<Vec<&Ident>, SqlRefusal> {
    let ObjectName(parts) = name;
    parts
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(name) => Ok(name),
            ObjectNamePart::Function(_) => Err(SqlRefusal::not_understood("a name that is made by a function")),
        })
        .collect()
}

/// The one part of a name without dots.
pub(super) fn single(name: &ObjectName) -> Result<&Ident, SqlRefusal> {
    match parts(name)?.as_slice() {
        [name] => Ok(name),
        _ => Err(SqlRefusal::not_understood("a name with a dot, where there can be none")),
    }
}

/// Names that begin like the server's own are never a guest's: even where the walk and the server should disagree
/// about what a name means, it is no system table.
pub(super) fn is_reserved(name: &str) -> bool {
    name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("pg_"))
}

/// A relation: one part is in the default schema, two are schema and name.
pub(super) fn relation(name: &ObjectName, schema: &str) -> Result<Relation, SqlRefusal> {
    let relation = match parts(name)?.as_slice() {
        [name] => Relation { schema: schema.to_owned(), name: folded(name)? },
        [schema, name] => Relation { schema: folded(schema)?, name: folded(name)? },
        _ => return Err(SqlRefusal::not_understood("a table of another database")),
    };
    if is_reserved(&relation.schema) || relation.schema.eq_ignore_ascii_case("information_schema") {
        return Err(SqlRefusal::Statement("a system table"));
    }
    Ok(relation)
}

impl Printer<'_> {
    /// A name, in quotes.
    pub(super) fn name(&mut self, name: &Ident) -> Printed {
        let name = folded(name)?;
        self.quoted(&name);
        Ok(())
    }

    /// The name of something that the statement makes: an alias, a common table.
    pub(super) fn own_name(&mut self, name: &Ident) -> Result<String, SqlRefusal> {
        let name = folded(name)?;
        if is_reserved(&name) {
            return Err(SqlRefusal::Statement("an alias that begins with `pg_`"));
        }
        self.quoted(&name);
        Ok(name)
    }

    /// A name that was folded and checked already.
    pub(super) fn quoted(&mut self, name: &str) {
        self.text.push('"');
        for character in name.chars() {
            if character == '"' {
                self.text.push('"');
            }
            self.text.push(character);
        }
        self.text.push('"');
    }

    /// Names with commas between them, in parentheses.
    pub(super) fn names(&mut self, names: &[Ident]) -> Printed {
        self.parenthesized(names, Self::name)
    }

    /// A table that is read, or a common table.
    pub(super) fn source_name(&mut self, name: &ObjectName) -> Printed {
        if let [name] = parts(name)?.as_slice() {
            let folded = folded(name)?;
            if self.scope.holds(&folded) {
                self.quoted(&folded);
                return Ok(());
            }
        }
        let relation = relation(name, self.schema)?;
        self.relation(&relation);
        self.touched.add(relation, Touch::Read);
        Ok(())
    }

    /// A table that is changed. It is never a common table.
    pub(super) fn target_name(&mut self, name: &ObjectName) -> Result<Relation, SqlRefusal> {
        let relation = relation(name, self.schema)?;
        self.relation(&relation);
        self.touched.add(relation.clone(), Touch::Write);
        Ok(relation)
    }

    pub(super) fn relation(&mut self, relation: &Relation) {
        let Relation { schema, name } = relation;
        self.quoted(schema);
        self.put(".");
        self.quoted(name);
    }

    /// A column, with its table and its schema before it if they were written.
    pub(super) fn column(&mut self, path: &[Ident]) -> Printed {
        require((1..=3).contains(&path.len()), "a column with more than three parts")?;
        // `t.pg_typeof` is the function of that name if the table has no such column.
        if let [_, .., column] = path
            && is_reserved(&folded(column)?)
        {
            return Err(SqlRefusal::Statement("a column that begins with `pg_`"));
        }
        self.columns += 1;
        for (index, part) in path.iter().enumerate() {
            if index > 0 {
                self.put(".");
            }
            self.name(part)?;
        }
        Ok(())
    }
}

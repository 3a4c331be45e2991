//! Where rows come from: tables, subqueries, functions, joins.
//!
//! A function is printed as a subquery, `LATERAL (SELECT * FROM f(…) AS x) AS x`. Else `x` would be a plain value
//! where the function gives one, and `x.pg_read_file` would call that function with it (verified on PostgreSQL 15).
//! The alias of a subquery is a row, which no function of the server's own takes for a text or a number.

use super::printer::{Printed, Printer};
use super::query::Around;
use super::refusal::{SqlRefusal, require};
use sqlparser::ast::{
    Expr, FunctionArg, Ident, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableAliasColumnDef, TableFactor,
    TableFunctionArgs, TableSample, TableSampleKind, TableSampleMethod, TableSampleModifier, TableSampleQuantity,
    TableSampleSeed, TableSampleSeedModifier, TableWithJoins,
};

/// A function as a source of rows.
struct Rows<'a> {
    function: RowFunction<'a>,
    with_ordinality: bool,
    alias: Option<&'a TableAlias>,
}

enum RowFunction<'a> {
    Named(&'a ObjectName, &'a [FunctionArg]),
    /// `unnest` with any number of arrays.
    Unnest(&'a [Expr]),
}

impl Printer<'_> {
    pub(super) fn source(&mut self, source: &TableFactor, around: Around) -> Printed {
        self.deeper(|printer| printer.kind_of_source(source, around))
    }

    fn kind_of_source(&mut self, source: &TableFactor, around: Around) -> Printed {
        match source {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                require(
                    with_hints.is_empty()
                        && version.is_none()
                        && partitions.is_empty()
                        && json_path.is_none()
                        && index_hints.is_empty(),
                    "a clause of another database after a table",
                )?;
                match args {
                    None => {
                        require(!with_ordinality, "WITH ORDINALITY without a function")?;
                        self.table_source(name, alias.as_ref(), sample.as_ref())
                    }
                    Some(TableFunctionArgs { args, settings }) => {
                        require(settings.is_none() && sample.is_none(), "a clause of another database in FROM")?;
                        let function = RowFunction::Named(name, args);
                        let with_ordinality = *with_ordinality;
                        self.rows(&Rows { function, with_ordinality, alias: alias.as_ref() }, around)
                    }
                }
            }
            TableFactor::Derived { lateral, subquery, alias, sample } => {
                require(sample.is_none(), "TABLESAMPLE of a subquery")?;
                self.put(if *lateral { "LATERAL " } else { "" });
                self.subquery(subquery)?;
                self.optional(" AS ", alias.as_ref(), Self::alias)
            }
            TableFactor::Function { lateral: _, name, args, with_ordinality, alias } => {
                let function = RowFunction::Named(name, args);
                self.rows(&Rows { function, with_ordinality: *with_ordinality, alias: alias.as_ref() }, around)
            }
            TableFactor::UNNEST { alias, array_exprs, with_offset, with_offset_alias, with_ordinality } => {
                require(!with_offset && with_offset_alias.is_none(), "WITH OFFSET")?;
                let function = RowFunction::Unnest(array_exprs);
                self.rows(&Rows { function, with_ordinality: *with_ordinality, alias: alias.as_ref() }, around)
            }
            TableFactor::NestedJoin { table_with_joins, alias } => self.nested_join(table_with_joins, alias.as_ref()),
            TableFactor::TableFunction { .. }
            | TableFactor::JsonTable { .. }
            | TableFactor::OpenJsonTable { .. }
            | TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. }
            | TableFactor::UnpivotExpr { .. }
            | TableFactor::MatchRecognize { .. }
            | TableFactor::XmlTable { .. }
            | TableFactor::SemanticView { .. } => Err(SqlRefusal::not_understood("a source of rows that is not known")),
        }
    }

    fn table_source(
        &mut self,
        name: &ObjectName,
        alias: Option<&TableAlias>,
        sample: Option<&TableSampleKind>,
    ) -> Printed {
        self.source_name(name)?;
        self.optional(" AS ", alias, Self::alias)?;
        match sample {
            None => Ok(()),
            Some(TableSampleKind::AfterTableAlias(sample)) => self.sample(sample),
            Some(TableSampleKind::BeforeTableAlias(_)) => {
                Err(SqlRefusal::not_understood("TABLESAMPLE before the alias"))
            }
        }
    }

    fn nested_join(&mut self, joined: &TableWithJoins, alias: Option<&TableAlias>) -> Printed {
        self.put("(");
        self.joined(joined)?;
        self.put(")");
        self.optional(" AS ", alias, Self::alias)
    }

    fn rows(&mut self, rows: &Rows, around: Around) -> Printed {
        let own = match (rows.alias, &rows.function) {
            (Some(alias), _) => &alias.name,
            (None, RowFunction::Named(name, _)) => {
                *super::name::parts(name)?.last().ok_or_else(|| SqlRefusal::not_understood("no name"))?
            }
            (None, RowFunction::Unnest(_)) => &Ident::new("unnest"),
        };
        if around == Around::Nothing {
            return self.row_function(rows, own);
        }
        self.put("LATERAL (SELECT * FROM ");
        self.row_function(rows, own)?;
        self.put(") AS ");
        self.own_name(own)?;
        Ok(())
    }

    fn row_function(&mut self, rows: &Rows, own: &Ident) -> Printed {
        let Rows { function, with_ordinality, alias } = rows;
        match function {
            RowFunction::Named(name, arguments) => {
                self.function_name(name)?;
                self.parenthesized(arguments, Self::argument)?;
            }
            RowFunction::Unnest(arrays) => {
                // With several arrays it is a part of the grammar, by this name alone.
                self.put(if arrays.len() == 1 { "pg_catalog.\"unnest\"" } else { "unnest" });
                self.parenthesized(arrays, Self::expression)?;
            }
        }
        self.put(if *with_ordinality { " WITH ORDINALITY AS " } else { " AS " });
        self.own_name(own)?;
        let Some(TableAlias { explicit: _, name: _, columns, at }) = alias else { return Ok(()) };
        require(at.is_none(), "AT after an alias")?;
        if columns.is_empty() {
            return Ok(());
        }
        self.put(" ");
        self.parenthesized(columns, |printer, TableAliasColumnDef { name, data_type }| {
            printer.name(name)?;
            printer.optional(" ", data_type.as_ref(), Self::type_name)
        })
    }

    pub(super) fn alias(&mut self, alias: &TableAlias) -> Printed {
        let TableAlias { explicit: _, name, columns, at } = alias;
        require(at.is_none(), "AT after an alias")?;
        self.own_name(name)?;
        if columns.is_empty() {
            return Ok(());
        }
        self.put(" ");
        self.alias_columns(columns)
    }

    /// The columns of an alias, without types.
    pub(super) fn alias_columns(&mut self, columns: &[TableAliasColumnDef]) -> Printed {
        self.parenthesized(columns, |printer, TableAliasColumnDef { name, data_type }| {
            require(data_type.is_none(), "an alias with types, of something that is no function")?;
            printer.name(name)
        })
    }

    fn sample(&mut self, sample: &TableSample) -> Printed {
        let TableSample { modifier, name, quantity, seed, bucket, offset } = sample;
        let is_known = *modifier == TableSampleModifier::TableSample && bucket.is_none() && offset.is_none();
        require(is_known, "TABLESAMPLE in a form of another database")?;
        let Some(TableSampleQuantity { parenthesized: true, value, unit: None }) = quantity else {
            return Err(SqlRefusal::not_understood("TABLESAMPLE in a form of another database"));
        };
        self.put(match name {
            Some(TableSampleMethod::Bernoulli) => " TABLESAMPLE BERNOULLI (",
            Some(TableSampleMethod::System) => " TABLESAMPLE SYSTEM (",
            Some(TableSampleMethod::Row | TableSampleMethod::Block) | None => {
                return Err(SqlRefusal::not_understood("TABLESAMPLE in a form of another database"));
            }
        });
        self.expression(value)?;
        self.put(")");
        let Some(TableSampleSeed { modifier, value }) = seed else { return Ok(()) };
        require(*modifier == TableSampleSeedModifier::Repeatable, "SEED")?;
        self.put(" REPEATABLE (");
        self.literal(value)?;
        self.word(")")
    }

    pub(super) fn join(&mut self, right: &TableFactor, operator: &JoinOperator) -> Printed {
        let (words, constraint) = match operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => ("JOIN ", constraint),
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => ("LEFT JOIN ", constraint),
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => ("RIGHT JOIN ", constraint),
            JoinOperator::FullOuter(constraint) => ("FULL JOIN ", constraint),
            JoinOperator::CrossJoin(constraint @ JoinConstraint::None) => ("CROSS JOIN ", constraint),
            JoinOperator::CrossJoin(_)
            | JoinOperator::Semi(_)
            | JoinOperator::LeftSemi(_)
            | JoinOperator::RightSemi(_)
            | JoinOperator::Anti(_)
            | JoinOperator::LeftAnti(_)
            | JoinOperator::RightAnti(_)
            | JoinOperator::CrossApply
            | JoinOperator::OuterApply
            | JoinOperator::AsOf { .. }
            | JoinOperator::StraightJoin(_)
            | JoinOperator::ArrayJoin
            | JoinOperator::LeftArrayJoin
            | JoinOperator::InnerArrayJoin => return Err(SqlRefusal::not_understood("a join of another database")),
        };
        let is_whole = matches!(constraint, JoinConstraint::None) == (words == "CROSS JOIN ");
        require(is_whole, "a join without ON")?;
        self.put(if matches!(constraint, JoinConstraint::Natural) { " NATURAL " } else { " " });
        self.put(words);
        self.source(right, Around::Something)?;
        match constraint {
            JoinConstraint::On(condition) => {
                self.put(" ON ");
                self.expression(condition)
            }
            JoinConstraint::Using(columns) => {
                self.put(" USING ");
                self.parenthesized(columns, |printer, column| printer.name(super::name::single(column)?))
            }
            JoinConstraint::Natural | JoinConstraint::None => Ok(()),
        }
    }
}

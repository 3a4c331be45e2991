//! CREATE TABLE, CREATE INDEX, ALTER TABLE, DROP: in their simple forms, which a program that keeps its own tables
//! needs. They change what tables there are, so they need `db.write` on the whole database.

use super::name::{relation, single};
use super::printer::{Printed, Printer};
use super::refusal::{SqlRefusal, require};
use super::relation::Touch;
use sqlparser::ast::{
    AlterTable, AlterTableOperation, CreateIndex, CreateTable, CreateTableOptions, DropBehavior, Expr,
    HiveDistributionStyle, IndexColumn, IndexType, ObjectName, ObjectType, OrderByExpr,
};

impl Printer<'_> {
    pub(super) fn create_table(&mut self, create: &CreateTable) -> Printed {
        let CreateTable {
            or_replace,
            temporary,
            unlogged,
            external,
            dynamic,
            global,
            if_not_exists,
            transient,
            volatile,
            iceberg,
            snapshot,
            name,
            columns,
            constraints,
            hive_distribution,
            hive_formats,
            table_options,
            file_format,
            location,
            query,
            without_rowid,
            like,
            clone,
            version,
            comment,
            on_commit,
            on_cluster,
            primary_key,
            order_by,
            partition_by,
            cluster_by,
            clustered_by,
            inherits,
            partition_of,
            for_values,
            strict,
            copy_grants,
            enable_schema_evolution,
            change_tracking,
            data_retention_time_in_days,
            max_data_extension_time_in_days,
            default_ddl_collation,
            with_aggregation_policy,
            with_row_access_policy,
            with_storage_lifecycle_policy,
            with_tags,
            external_volume,
            with_connection,
            base_location,
            catalog,
            catalog_sync,
            storage_serialization_policy,
            target_lag,
            warehouse,
            refresh_mode,
            initialize,
            require_user,
            diststyle,
            distkey,
            sortkey,
            backup,
            multiset,
            fallback,
            with_data,
        } = create;
        if *temporary {
            return Err(SqlRefusal::Statement("a temporary table"));
        }
        if query.is_some() {
            return Err(SqlRefusal::Statement("CREATE TABLE AS"));
        }
        let has_flags = *or_replace
            || *unlogged
            || *external
            || *dynamic
            || *transient
            || *volatile
            || *iceberg
            || *snapshot
            || *without_rowid
            || *strict
            || *copy_grants
            || *require_user;
        let has_relatives = like.is_some()
            || clone.is_some()
            || inherits.is_some()
            || partition_of.is_some()
            || partition_by.is_some()
            || for_values.is_some()
            || version.is_some();
        let has_storage = !matches!(hive_distribution, HiveDistributionStyle::NONE)
            || hive_formats.as_ref().is_some_and(|formats| *formats != Default::default())
            || *table_options != CreateTableOptions::None
            || file_format.is_some()
            || location.is_some()
            || order_by.is_some()
            || primary_key.is_some()
            || cluster_by.is_some()
            || clustered_by.is_some()
            || on_cluster.is_some()
            || on_commit.is_some()
            || global.is_some()
            || comment.is_some();
        let has_warehouse = enable_schema_evolution.is_some()
            || change_tracking.is_some()
            || data_retention_time_in_days.is_some()
            || max_data_extension_time_in_days.is_some()
            || default_ddl_collation.is_some()
            || with_aggregation_policy.is_some()
            || with_row_access_policy.is_some()
            || with_storage_lifecycle_policy.is_some()
            || with_tags.is_some()
            || external_volume.is_some()
            || with_connection.is_some()
            || base_location.is_some()
            || catalog.is_some()
            || catalog_sync.is_some()
            || storage_serialization_policy.is_some()
            || target_lag.is_some()
            || warehouse.is_some()
            || refresh_mode.is_some()
            || initialize.is_some()
            || diststyle.is_some()
            || distkey.is_some()
            || sortkey.is_some()
            || backup.is_some()
            || multiset.is_some()
            || fallback.is_some()
            || with_data.is_some();
        if has_flags || has_relatives || has_storage || has_warehouse {
            return Err(SqlRefusal::Statement("CREATE TABLE with more than columns and constraints"));
        }
        self.touched.define();
        self.put(if *if_not_exists { "CREATE TABLE IF NOT EXISTS " } else { "CREATE TABLE " });
        self.target_name(name)?;
        self.put(" (");
        self.list(columns, Self::column_definition)?;
        if !columns.is_empty() && !constraints.is_empty() {
            self.put(", ");
        }
        self.list(constraints, Self::table_constraint)?;
        self.word(")")
    }

    pub(super) fn create_index(&mut self, create: &CreateIndex) -> Printed {
        let CreateIndex {
            name,
            table_name,
            using,
            columns,
            unique,
            concurrently,
            r#async,
            if_not_exists,
            include,
            nulls_distinct,
            with,
            predicate,
            index_options,
            alter_options,
        } = create;
        require(
            !concurrently && !r#async && with.is_empty() && index_options.is_empty() && alter_options.is_empty(),
            "CREATE INDEX with a clause that is not known",
        )?;
        self.touched.define();
        self.put(if *unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
        self.put(if *if_not_exists { "IF NOT EXISTS " } else { "" });
        self.optional("", name.as_ref(), |printer, name| printer.own_name(single(name)?).map(drop))?;
        self.put(" ON ");
        let target = self.target_name(table_name)?;
        // A unique index tells whether a value is there twice, and a condition whether one is there at all.
        self.touched.add(target, Touch::Read);
        self.optional(" USING ", using.as_ref(), Self::index_type)?;
        self.put(" ");
        self.parenthesized(columns, Self::index_column)?;
        if !include.is_empty() {
            self.put(" INCLUDE ");
            self.names(include)?;
        }
        self.put(match nulls_distinct {
            None => "",
            Some(true) => " NULLS DISTINCT",
            Some(false) => " NULLS NOT DISTINCT",
        });
        self.optional(" WHERE ", predicate.as_ref(), Self::expression)
    }

    fn index_type(&mut self, index_type: &IndexType) -> Printed {
        match index_type {
            IndexType::BTree => self.word("btree"),
            IndexType::Hash => self.word("hash"),
            IndexType::GIN => self.word("gin"),
            IndexType::GiST => self.word("gist"),
            IndexType::SPGiST => self.word("spgist"),
            IndexType::BRIN => self.word("brin"),
            IndexType::Bloom | IndexType::Custom(_) => Err(SqlRefusal::Statement("an index of an extension")),
        }
    }

    fn index_column(&mut self, column: &IndexColumn) -> Printed {
        let IndexColumn { column: OrderByExpr { expr, options, with_fill }, operator_class } = column;
        require(operator_class.is_none() && with_fill.is_none(), "an index with an operator class")?;
        match super::expression::unnested(expr) {
            Expr::Identifier(name) => self.name(name)?,
            other => self.wrapped("(", |printer| printer.expression(other))?,
        }
        self.order_options(options)
    }

    pub(super) fn alter_table(&mut self, alter: &AlterTable) -> Printed {
        let AlterTable { name, if_exists, only, operations, location, on_cluster, table_type, end_token: _ } = alter;
        let is_known = location.is_none() && on_cluster.is_none() && table_type.is_none();
        require(is_known, "ALTER TABLE of another database")?;
        self.touched.define();
        self.put("ALTER TABLE ");
        self.put(if *if_exists { "IF EXISTS " } else { "" });
        self.put(if *only { "ONLY " } else { "" });
        let target = self.target_name(name)?;
        self.put(" ");
        let named_before = self.columns;
        self.list(operations, Self::alteration)?;
        // A check or a generated column tells about the rows that are there.
        if self.columns > named_before {
            self.touched.add(target, Touch::Read);
        }
        Ok(())
    }

    fn alteration(&mut self, operation: &AlterTableOperation) -> Printed {
        match operation {
            AlterTableOperation::AddColumn { column_keyword: _, if_not_exists, column_def, column_position: None } => {
                self.put(if *if_not_exists { "ADD COLUMN IF NOT EXISTS " } else { "ADD COLUMN " });
                self.column_definition(column_def)
            }
            AlterTableOperation::DropColumn { has_column_keyword: _, column_names, if_exists, drop_behavior } => {
                let [column] = column_names.as_slice() else {
                    return Err(SqlRefusal::not_understood("DROP COLUMN of several columns"));
                };
                self.put(if *if_exists { "DROP COLUMN IF EXISTS " } else { "DROP COLUMN " });
                self.name(column)?;
                self.put(match drop_behavior {
                    None | Some(DropBehavior::Restrict) => "",
                    Some(DropBehavior::Cascade) => " CASCADE",
                });
                Ok(())
            }
            AlterTableOperation::RenameColumn { old_column_name, new_column_name } => {
                self.put("RENAME COLUMN ");
                self.name(old_column_name)?;
                self.put(" TO ");
                self.name(new_column_name)
            }
            // All kinds that there will ever be are refused here, not let through.
            _ => Err(SqlRefusal::Statement("this kind of ALTER TABLE")),
        }
    }

    pub(super) fn drop_objects(
        &mut self,
        object_type: &ObjectType,
        if_exists: bool,
        names: &[ObjectName],
        cascade: bool,
    ) -> Printed {
        let is_table = match object_type {
            ObjectType::Table => true,
            ObjectType::Index => false,
            _ => return Err(SqlRefusal::Statement("DROP of something that is no table and no index")),
        };
        self.touched.define();
        self.put(if is_table { "DROP TABLE " } else { "DROP INDEX " });
        self.put(if if_exists { "IF EXISTS " } else { "" });
        self.list(names, |printer, name| {
            if is_table {
                return printer.target_name(name).map(drop);
            }
            let index = relation(name, printer.schema)?;
            printer.relation(&index);
            Ok(())
        })?;
        self.word(if cascade { " CASCADE" } else { "" })
    }
}

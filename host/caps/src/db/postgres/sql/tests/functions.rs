//! The lists of what may be called.

use super::{printed, refused};
use crate::db::postgres::sql::SqlRefusal;
use crate::db::postgres::sql::function_names::FUNCTION_NAMES;

#[test]
fn the_list_is_sorted() {
    assert!(FUNCTION_NAMES.is_sorted_by(|a, b| a < b));
}

#[test]
fn a_listed_function_may_be_called() {
    for sql in ["select lower('A')", "select LOWER('A')", "select \"lower\"('A')", "select pg_catalog.lower('A')"] {
        assert_eq!(printed(sql).text, r#"SELECT pg_catalog."lower"('A')"#, "{sql}");
    }
}

/// What SQL can do with a server that a guest must not: by groups of the server's documentation.
const REFUSED: &[&str] = &[
    // SQL from a string
    "query_to_xml",
    "query_to_xmlschema",
    "query_to_xml_and_xmlschema",
    "cursor_to_xml",
    "cursor_to_xmlschema",
    "table_to_xml",
    "table_to_xmlschema",
    "schema_to_xml",
    "database_to_xml",
    "ts_stat",
    "ts_rewrite",
    "crosstab",
    "connectby",
    "dblink",
    "dblink_exec",
    "dblink_connect",
    "xpath_table",
    // Files
    "pg_read_file",
    "pg_read_binary_file",
    "pg_stat_file",
    "pg_ls_dir",
    "pg_ls_logdir",
    "pg_ls_waldir",
    "pg_ls_tmpdir",
    "pg_ls_archive_statusdir",
    "lo_import",
    "lo_export",
    "pg_current_logfile",
    "pg_hba_file_rules",
    "pg_file_write",
    // Large objects
    "lo_creat",
    "lo_create",
    "lo_from_bytea",
    "lo_open",
    "lo_put",
    "lo_get",
    "lo_unlink",
    "lo_truncate",
    "loread",
    "lowrite",
    "lo_close",
    "lo_lseek",
    "lo_tell",
    // The session, locks, sequences
    "set_config",
    "current_setting",
    "setseed",
    "pg_notify",
    "pg_listening_channels",
    "pg_advisory_lock",
    "pg_advisory_xact_lock",
    "pg_try_advisory_lock",
    "pg_advisory_unlock",
    "pg_advisory_unlock_all",
    "nextval",
    "setval",
    "currval",
    "lastval",
    "pg_sequence_last_value",
    "txid_current",
    "pg_current_xact_id",
    // Processes
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_promote",
    "pg_backend_pid",
    "pg_blocking_pids",
    "pg_sleep",
    "pg_sleep_for",
    "pg_sleep_until",
    // The catalogue, and whether something exists
    "to_regclass",
    "to_regtype",
    "to_regproc",
    "to_regrole",
    "to_regnamespace",
    "pg_get_viewdef",
    "pg_get_functiondef",
    "pg_get_expr",
    "pg_get_userbyid",
    "has_table_privilege",
    "has_database_privilege",
    "obj_description",
    "col_description",
    "pg_table_size",
    "pg_relation_size",
    "pg_total_relation_size",
    "pg_relation_filepath",
    "pg_table_is_visible",
    "row_security_active",
    "pg_typeof",
    "pg_collation_for",
    "pg_column_size",
    "format_type",
    // Where the server is, and who asks
    "inet_server_addr",
    "inet_server_port",
    "inet_client_addr",
    "version",
    "current_database",
    "current_schema",
    "current_schemas",
    "pg_postmaster_start_time",
    "current_user",
    "session_user",
    "user",
    "current_role",
    // Replication, backup, statistics
    "pg_logical_slot_get_changes",
    "pg_create_logical_replication_slot",
    "pg_drop_replication_slot",
    "pg_switch_wal",
    "pg_backup_start",
    "pg_create_restore_point",
    "pg_export_snapshot",
    "pg_current_wal_lsn",
    "pg_stat_get_activity",
    "pg_stat_reset",
    "pg_show_all_settings",
    "pg_cursor",
    "pg_prepared_statement",
    // XML, casts by name, insides
    "xpath",
    "xmlagg",
    "xmlexists",
    "regclassin",
    "textin",
    "int4in",
    "record_out",
    "array_in",
    "text",
    "oid",
    "regclass",
    "name",
    "timestamptz",
    "numeric_exp",
    "int4pl",
    "satisfies_hash_partition",
];

#[test]
fn no_other_function_may_be_called() {
    for name in REFUSED {
        for sql in [
            format!("select {name}('x')"),
            format!("select {name}()"),
            format!("select \"{name}\"('x')"),
            format!("select pg_catalog.{name}('x')"),
            format!("select * from {name}('x')"),
            format!("select * from lateral {name}('x') as f"),
            format!("select n.{name}('x') from notes n"),
            format!("select 1 from notes order by {name}('x')"),
        ] {
            refused(&sql);
        }
    }
}

#[test]
fn a_function_of_another_schema_is_none_of_the_servers() {
    for sql in
        ["select public.lower('A')", "select app.pg_catalog.lower('A')", "select * from public.generate_series(1, 2)"]
    {
        assert!(matches!(refused(sql), SqlRefusal::Statement(_)), "{sql}");
    }
}

#[test]
fn types_that_look_names_up_are_refused() {
    let types = [
        "regclass",
        "regproc",
        "regprocedure",
        "regtype",
        "regrole",
        "regnamespace",
        "regoper",
        "regoperator",
        "regconfig",
        "regdictionary",
        "regcollation",
        "oid",
        "name",
        "\"char\"",
        "xml",
        "xid",
        "xid8",
        "cid",
        "tid",
        "pg_lsn",
        "refcursor",
        "aclitem",
        "record",
        "notes",
        "public.notes",
        "mood",
        "pg_catalog.regclass",
        "pg_catalog.regclass[]",
        "regclass[]",
        "anyelement",
        "cstring",
        "int2vector",
        "oidvector",
        "pg_node_tree",
    ];
    for name in types {
        for sql in [
            format!("select 'secret'::{name}"),
            format!("select cast('secret' as {name})"),
            format!("select {name} 'secret'"),
            format!("select * from json_to_record('{{}}') as x (a {name})"),
            format!("create table t (a {name})"),
        ] {
            refused(&sql);
        }
    }
    for sql in ["select 'secret'::text", "select cast('1' as int[])", "select * from json_to_record('{}') as x (a int)"]
    {
        printed(sql);
    }
}

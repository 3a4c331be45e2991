//! Text in columns.

/// Lines of `rows`, indented by two spaces, each cell as wide as the widest of its column. Every line ends with a newline.
pub(crate) fn align<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str("  ");
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_padded_and_lines_are_not() {
        let rows = [["a", "bb", ""], ["ccc", "ü", "d"]].map(|row| row.map(str::to_owned));
        assert_eq!(align(&rows), "  a    bb\n  ccc  ü   d\n");
    }
}

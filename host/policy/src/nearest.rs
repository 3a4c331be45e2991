//! The nearest valid name to a typo.

/// The longest name that is compared: longer ones are no typo of ours.
const MAX_LENGTH: usize = 64;

/// The candidate with the fewest edits away from `name`, if that is near enough to be what was meant.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = name.to_lowercase().chars().take(MAX_LENGTH + 1).collect();
    if letters.len() > MAX_LENGTH {
        return None;
    }
    let near = |candidate: &&str| edits(&letters, candidate);
    let best = candidates.min_by_key(near)?;
    (edits(&letters, best) <= 1 + letters.len() / 4).then_some(best)
}

/// Insertions, deletions and replacements that lead from one to the other; a swap of neighbours counts as one.
fn edits(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let replaced = above[column] + usize::from(letter != other);
            let mut cost = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && from[row - 1] == *other && to[column - 1] == *letter {
                cost = cost.min(before[column - 1] + 1);
            }
            current.push(cost);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        let distance = |from: &str, to| edits(&from.chars().collect::<Vec<_>>(), to);
        assert_eq!(distance("fs.read", "fs.read"), 0);
        assert_eq!(distance("fs.raed", "fs.read"), 1);
        assert_eq!(distance("", "net"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn proposes_only_what_is_near() {
        let names = || ["fs.read", "fs.write", "net"].into_iter();
        assert_eq!(nearest("fs.raed", names()), Some("fs.read"));
        assert_eq!(nearest("FS.WRITE", names()), Some("fs.write"));
        assert_eq!(nearest("bluetooth", names()), None);
        assert_eq!(nearest(&"a".repeat(1 << 20), names()), None);
    }
}

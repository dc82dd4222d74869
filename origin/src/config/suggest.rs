//! What somebody may have meant who wrote a setting that does not exist.

use super::KEYS;

/// The nearest setting, or all of them.
pub(super) fn hint(key: &str) -> String {
    let nearest = KEYS
        .iter()
        .map(|known| (distance(key, known.name), known.name))
        .min();
    match nearest {
        Some((distance, name)) if distance <= name.len() / 3 => format!("did you mean `{name}`?"),
        _ => {
            let all: Vec<_> = KEYS
                .iter()
                .map(|known| format!("`{}`", known.name))
                .collect();
            format!("the settings are {}", all.join(", "))
        }
    }
}

/// Insertions, deletions and replacements that turn one into the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(
            (
                distance("", "abc"),
                distance("kitten", "sitting"),
                distance("same", "same")
            ),
            (3, 3, 0)
        );
    }
}

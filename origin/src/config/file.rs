//! Settings in a TOML file. Every value keeps its place, so that an error can name it.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, ConfigError, KEYS, Place, suggest};

impl Config {
    /// Applies the file at `path`, which holds `text`.
    pub(super) fn apply_file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let place = |span: Range<usize>| place(path, text, span);
        let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            place: place(error.span().unwrap_or_default()),
            message: error.message().to_owned(),
        })?;
        for (section, settings) in table.get_ref() {
            let section_name: &str = section.get_ref();
            let Some(settings) = settings.get_ref().as_table() else {
                let key = section_name.to_owned();
                let hint = suggest::hint(&key);
                return Err(ConfigError::UnknownKey {
                    place: place(section.span()),
                    key,
                    hint,
                });
            };
            for (name, value) in settings {
                let key = format!("{section_name}.{}", name.get_ref());
                self.apply_value(&key, place(name.span()), value, place(value.span()))?;
            }
        }
        Ok(())
    }

    fn apply_value(
        &mut self,
        key: &str,
        key_place: Place,
        value: &Spanned<DeValue<'_>>,
        value_place: Place,
    ) -> Result<(), ConfigError> {
        let Some(known) = KEYS.iter().find(|known| known.name == key) else {
            return Err(ConfigError::UnknownKey {
                place: key_place,
                key: key.to_owned(),
                hint: suggest::hint(key),
            });
        };
        let text = match value.get_ref() {
            DeValue::Integer(integer) if known.number && integer.radix() == 10 => integer.as_str(),
            DeValue::String(text) if !known.number => text,
            other => {
                return Err(ConfigError::WrongValue {
                    place: value_place,
                    key: known.name,
                    value: with_article(other.type_str()),
                    expected: known.expected.to_owned(),
                });
            }
        };
        self.set(key, text, value_place)
    }
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'i']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {kind}")
}

fn place(path: &Path, text: &str, span: Range<usize>) -> Place {
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    Place::File(path.to_owned(), line, column)
}

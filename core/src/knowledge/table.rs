//! Knowledge as a table: CSV with a header, one entry a row.
//!
//! Columns are named like the fields of an entry; `title`, `phrasings` and `answer` may bear a
//! language (`answer.en`). A cell of phrasings holds one a line; a row without an id goes on with
//! the entry above it, so that each phrasing may have a row. What a row says then is checked
//! like a line of JSON: errors name the row's first line and the field.

use super::item::Reader;
use super::{Knowledge, KnowledgeErrorCode as Code, encoding};
use crate::json::Json;
use crate::limits::{KNOWLEDGE_ERRORS_MAX, KNOWLEDGE_LINE_BYTES_MAX};

/// Columns that may bear a language.
const LOCALISED: [&str; 3] = ["title", "phrasings", "answer"];
const PLAIN: [&str; 3] = ["id", "lang", "category"];

/// What a column holds.
#[derive(Clone, PartialEq, Eq)]
struct Column {
    field: &'static str,
    lang: Option<String>,
}

impl Column {
    fn name(&self) -> String {
        match &self.lang {
            Some(lang) => format!("{}.{lang}", self.field),
            None => self.field.to_owned(),
        }
    }
}

/// An entry whose rows are being read.
struct Open {
    line: u32,
    /// In the order of the columns; phrasings several times.
    cells: Vec<(Column, String)>,
}

/// Reads the rows of `bytes`.
pub(super) fn read(reader: &mut Reader<'_>, bytes: &[u8], knowledge: &mut Knowledge) {
    if let Some((message, at)) = encoding::wrong(bytes) {
        let lines = bytes.iter().take(at).filter(|byte| **byte == b'\n').count();
        reader.line = lines as u32 + 1;
        reader.error("", Code::NotUtf8, message);
        return;
    }
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(bytes))
        .from_reader(bytes);
    let mut columns: Option<Vec<Option<Column>>> = None;
    let mut open: Option<Open> = None;
    let mut record = csv::StringRecord::new();
    let mut last = 1;
    loop {
        if reader.errors.len() >= KNOWLEDGE_ERRORS_MAX {
            return;
        }
        match rows.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                reader.error("", Code::NotCsv, error.to_string());
                return;
            }
        }
        // Positions are those before the blank lines that the reader skips.
        let line = first_line(bytes, record.position());
        last = line;
        reader.line = line;
        let Some(columns) = &columns else {
            let header = self::columns(reader, &record);
            if header.is_none() {
                return;
            }
            columns = header;
            continue;
        };
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.len() != columns.len() {
            let message = format!(
                "the row has {} cells, the header {}: a text with a comma, a line break or a quote stands in quotes, and a quote within it is doubled",
                record.len(),
                columns.len()
            );
            reader.error("", Code::NotCsv, message);
            continue;
        }
        if record.as_slice().len() > KNOWLEDGE_LINE_BYTES_MAX {
            let message = format!(
                "the row has {} bytes; at most {KNOWLEDGE_LINE_BYTES_MAX} are read: is a quote not closed?",
                record.as_slice().len()
            );
            reader.error("", Code::TooLarge, message);
            continue;
        }
        row(reader, &record, columns, line, &mut open, knowledge);
    }
    if bytes.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
        // Everything after the quote is taken for one cell: what was found in it means nothing.
        reader.errors.retain(|error| error.line < last);
        reader.line = last;
        let message = "a quote that is opened in this row is never closed".into();
        reader.error("", Code::NotCsv, message);
        return;
    }
    close(reader, open, knowledge);
}

/// Which of comma, semicolon and tab the header uses most.
fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
    let count = |sought: u8| header.iter().filter(|byte| **byte == sought).count();
    let mut best = b',';
    for other in [b';', b'\t'] {
        if count(other) > count(best) {
            best = other;
        }
    }
    best
}

/// The line, from 1, on which a record starts.
fn first_line(bytes: &[u8], position: Option<&csv::Position>) -> u32 {
    let Some(position) = position else {
        return 1;
    };
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let blank = bytes.get(from..).unwrap_or(&[]).iter();
    let blank = blank.take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let skipped = blank.filter(|byte| **byte == b'\n').count() as u64;
    u32::try_from(position.line() + skipped).unwrap_or(u32::MAX)
}

/// What the header's columns hold; `None` for those without a name, if nothing is in them.
fn columns(reader: &mut Reader<'_>, header: &csv::StringRecord) -> Option<Vec<Option<Column>>> {
    let before = reader.errors.len();
    let mut columns: Vec<Option<Column>> = Vec::new();
    for name in header {
        let name = name.trim();
        let (field, lang) = match name.split_once('.') {
            Some((field, lang)) => (field, Some(lang.trim().to_owned())),
            None => (name, None),
        };
        let field = field.trim().to_ascii_lowercase();
        let field = match field.as_str() {
            "phrasing" => "phrasings",
            other => other,
        };
        let known = LOCALISED
            .iter()
            .chain(PLAIN.iter().filter(|_| lang.is_none()))
            .find(|known| **known == field);
        let column = known.map(|field| Column { field, lang });
        match &column {
            None if name.is_empty() => {}
            None => {
                let message = format!(
                    "unknown column; known are {}, {}; the last three also with a language, as in `answer.en`",
                    PLAIN.join(", "),
                    LOCALISED.join(", ")
                );
                reader.error(name, Code::UnknownField, message);
            }
            Some(twice) if twice.field != "phrasings" && columns.contains(&column) => {
                let message = "the column stands twice".into();
                reader.error(&twice.name(), Code::BadValue, message);
            }
            Some(_) => {}
        }
        columns.push(column);
    }
    for field in ["id", "phrasings", "answer"] {
        if !columns.iter().flatten().any(|column| column.field == field) {
            let message = format!(
                "the header has no column `{field}`: the first row names the columns, at least id, phrasings, answer"
            );
            reader.error(field, Code::MissingField, message);
        }
    }
    for field in LOCALISED {
        let has = |with: bool| {
            let mut columns = columns.iter().flatten();
            columns.any(|column| column.field == field && column.lang.is_some() == with)
        };
        if field != "phrasings" && has(true) && has(false) {
            let message = "there is a column with a language and one without".into();
            reader.error(field, Code::BadValue, message);
        }
    }
    (reader.errors.len() == before).then_some(columns)
}

fn row(
    reader: &mut Reader<'_>,
    record: &csv::StringRecord,
    columns: &[Option<Column>],
    line: u32,
    open: &mut Option<Open>,
    knowledge: &mut Knowledge,
) {
    let filled = columns
        .iter()
        .zip(record)
        .filter(|(_, cell)| !cell.trim().is_empty());
    let mut cells = Vec::new();
    for (column, cell) in filled {
        match column {
            Some(column) => cells.push((column.clone(), cell.to_owned())),
            None => {
                let message = "there is a text in a column without a name".into();
                reader.error("", Code::UnknownField, message);
            }
        }
    }
    if cells.iter().any(|(column, _)| column.field == "id") {
        close(reader, open.replace(Open { line, cells }), knowledge);
        return;
    }
    let Some(above) = open else {
        let message = "the row has no id, and there is no entry above it to go on with".into();
        reader.error("id", Code::MissingField, message);
        return;
    };
    for (column, cell) in cells {
        let taken = above.cells.iter().any(|(other, _)| *other == column);
        if column.field != "phrasings" && taken {
            let message = "the entry above has it already: a row without an id adds to it".into();
            reader.error(&column.name(), Code::BadValue, message);
        } else {
            above.cells.push((column, cell));
        }
    }
}

/// Has the entry checked like a line of JSON.
fn close(reader: &mut Reader<'_>, open: Option<Open>, knowledge: &mut Knowledge) {
    let Some(Open { line, cells }) = open else {
        return;
    };
    let mut fields: Vec<(String, Json)> = Vec::new();
    for (Column { field, lang }, cell) in cells {
        let value = if field == "phrasings" {
            let texts = cell.lines().filter(|text| !text.trim().is_empty());
            Json::List(texts.map(|text| Json::Text(text.to_owned())).collect())
        } else {
            Json::Text(cell)
        };
        let place = fields.iter().position(|(other, _)| other == field);
        let there = place.and_then(|place| fields.get_mut(place));
        let Some((_, there)) = there else {
            let value = match lang {
                Some(lang) => Json::Object(vec![(lang, value)]),
                None => value,
            };
            fields.push((field.to_owned(), value));
            continue;
        };
        add(there, lang, value);
    }
    reader.line = line;
    reader.item(fields, knowledge);
}

/// Adds a text or texts to what the field holds already. Phrasings without a language become
/// those of the language `""` beside others, which means that their script tells.
fn add(there: &mut Json, lang: Option<String>, value: Json) {
    if lang.is_some() && matches!(there, Json::List(_)) {
        let list = core::mem::replace(there, Json::Null);
        *there = Json::Object(vec![(String::new(), list)]);
    }
    match (there, value) {
        (Json::List(list), Json::List(more)) => list.extend(more),
        (Json::Object(by_language), value) => {
            let lang = lang.unwrap_or_default();
            let same = by_language.iter_mut().find(|(other, _)| *other == lang);
            match (same, value) {
                (Some((_, Json::List(list))), Json::List(more)) => list.extend(more),
                (_, value) => by_language.push((lang, value)),
            }
        }
        _ => {}
    }
}

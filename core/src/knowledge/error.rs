//! What is wrong with a knowledge file, said to the person who wrote it.

use core::fmt;

/// What kind of thing is wrong; for programs. The names are a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KnowledgeErrorCode {
    /// The file or a line is longer than allowed.
    TooLarge,
    /// The bytes are not UTF-8 text.
    NotUtf8,
    /// The line is not a JSON object.
    NotJson,
    /// The row is not one of a well-formed CSV table.
    NotCsv,
    /// A field that the format does not know, or the same field twice.
    UnknownField,
    /// A field that has to be there is not.
    MissingField,
    /// The field has another type than it should.
    WrongType,
    /// The field is there but has no content.
    Empty,
    /// The field is longer than allowed, or has more items.
    TooLong,
    /// The text has a control character.
    ControlCharacter,
    /// Another entry, rule or entity has this id.
    DuplicateId,
    /// No entry has this id.
    UnknownEntry,
    /// No entity has this name.
    UnknownEntity,
    /// The pattern can't be read, or needs too large a table.
    BadPattern,
    /// The file has nothing to build a pack from.
    Nothing,
    /// The value is out of its range, or excludes another one.
    BadValue,
}

impl KnowledgeErrorCode {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::TooLarge,
        Self::NotUtf8,
        Self::NotJson,
        Self::NotCsv,
        Self::UnknownField,
        Self::MissingField,
        Self::WrongType,
        Self::Empty,
        Self::TooLong,
        Self::ControlCharacter,
        Self::DuplicateId,
        Self::UnknownEntry,
        Self::UnknownEntity,
        Self::BadPattern,
        Self::Nothing,
        Self::BadValue,
    ];

    /// As it stands in an API's answer.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::NotCsv => "not_csv",
            Self::UnknownField => "unknown_field",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
            Self::DuplicateId => "duplicate_id",
            Self::UnknownEntry => "unknown_entry",
            Self::UnknownEntity => "unknown_entity",
            Self::BadPattern => "bad_pattern",
            Self::Nothing => "nothing",
            Self::BadValue => "bad_value",
        }
    }
}

/// One thing that is wrong, and where. The editor of the file must act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeError {
    /// The file's name as it was given.
    pub file: String,
    /// The line, from 1; 0 if it is about the whole file.
    pub line: u32,
    /// The field, such as `answer.en` or `phrasings[3]`; empty if it is about the whole line.
    pub field: String,
    /// For programs.
    pub code: KnowledgeErrorCode,
    /// A sentence for people, without place.
    pub message: String,
}

impl fmt::Display for KnowledgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        if !self.field.is_empty() {
            write!(f, " `{}`:", self.field)?;
        }
        write!(f, " {}", self.message)
    }
}

impl core::error::Error for KnowledgeError {}

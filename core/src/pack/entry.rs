//! One FAQ entry of a pack: its id, titles and answers, each text in one or more languages.

use super::read::Bytes;
use super::{Pack, PackError};
use crate::answer::Question;

/// What the ids of entries for small talk begin with. No other entry has such an id.
pub const SMALL_TALK: &str = "starter/";

/// A text and the language that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    /// A BCP 47 tag as the editor wrote it, such as `zh` or `en`.
    pub lang: &'a str,
    /// Plain text; whoever shows it escapes it.
    pub text: &'a str,
}

/// An FAQ entry.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    pack: &'a Pack,
    id: &'a str,
    titles: Texts<'a>,
    answers: Texts<'a>,
}

impl<'a> Entry<'a> {
    pub(super) fn read(pack: &'a Pack, mut bytes: Bytes<'a>) -> Option<Self> {
        let id = bytes.text().ok()?;
        let titles = Texts::read(&mut bytes, usize::MAX).ok()?;
        let answers = Texts::read(&mut bytes, usize::MAX).ok()?;
        Some(Self {
            pack,
            id,
            titles,
            answers,
        })
    }

    /// The id that the editor gave it.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// Whether it is what every pack says to small talk.
    #[must_use]
    pub fn is_small_talk(&self) -> bool {
        self.id.starts_with(SMALL_TALK)
    }

    /// The title in the language that suits the question best.
    #[must_use]
    pub fn title(&self, question: &Question<'_>) -> Text<'a> {
        choose(self.titles(), question)
    }

    /// The answer in the language that suits the question best.
    #[must_use]
    pub fn answer(&self, question: &Question<'_>) -> Text<'a> {
        choose(self.answers(), question)
    }

    /// The title in every language that it has, the editor's first language first.
    pub fn titles(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        self.titles.iter(self.pack)
    }

    /// The answer in every language that it has, the editor's first language first.
    pub fn answers(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        self.answers.iter(self.pack)
    }
}

/// The text whose language suits best; the first of equals.
fn choose<'a>(texts: impl Iterator<Item = Text<'a>>, question: &Question<'_>) -> Text<'a> {
    let mut best = (0, Text { lang: "", text: "" });
    for text in texts {
        let suits = 1 + question.suits(text.lang);
        if suits > best.0 {
            best = (suits, text);
        }
    }
    best.1
}

/// Checks the next entry and steps over it.
pub(super) fn check<'a>(bytes: &mut Bytes<'a>, languages: usize) -> Result<&'a str, PackError> {
    let id = bytes.text()?;
    Texts::read(bytes, languages)?;
    Texts::read(bytes, languages)?;
    Ok(id)
}

/// The same text in several languages.
#[derive(Clone, Copy)]
struct Texts<'a> {
    count: u8,
    bytes: Bytes<'a>,
}

impl<'a> Texts<'a> {
    fn read(bytes: &mut Bytes<'a>, languages: usize) -> Result<Self, PackError> {
        let count = bytes.u8()?;
        let texts = Self {
            count,
            bytes: *bytes,
        };
        for _ in 0..count {
            if usize::from(bytes.u8()?) >= languages {
                return Err(PackError::Malformed { part: "language" });
            }
            bytes.text()?;
        }
        Ok(texts)
    }

    fn iter(self, pack: &'a Pack) -> impl Iterator<Item = Text<'a>> {
        let mut bytes = self.bytes;
        (0..self.count).map_while(move |_| {
            let lang = pack.language(bytes.u8().ok()?);
            bytes.text().ok().map(|text| Text { lang, text })
        })
    }
}

//! What the console says, in English and Chinese.
//!
//! In: a [`Lang`] and a [`Word`], or a number. Out: text. Invariant: every word exists in both
//! languages, which the table's form enforces. Not here: dates (`browser::calendar`), which the
//! browser knows how to write. The fixed texts stand in `table`; what is said of knowledge with
//! numbers and names in it, in `knowledge`.

use core::time::Duration;

use firsthop_core::protocol::{Code, Hop, Problem, Reason, Status};

use crate::replica::list::View;

/// The language of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese, simplified.
    Zh,
}

impl Lang {
    /// As `lang` attributes and the browser's calendar want it; also what is remembered.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// The first language of `wanted` that the console speaks.
    pub fn choose<'a>(wanted: impl IntoIterator<Item = &'a str>) -> Self {
        let speaks = |tag: &str| match tag
            .split('-')
            .next()
            .unwrap_or(tag)
            .to_ascii_lowercase()
            .as_str()
        {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        };
        wanted.into_iter().find_map(speaks).unwrap_or_default()
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::En => Self::Zh,
            Self::Zh => Self::En,
        }
    }
}

macro_rules! words {
    ($($name:ident $en:literal $zh:literal)+) => {
        /// Everything that is said the same way every time.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Word {
            $(#[doc = $en] $name,)+
        }

        impl Word {
            /// Every word.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The text.
            pub const fn text(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$name, Lang::En) => $en, (Self::$name, Lang::Zh) => $zh,)+
                }
            }
        }
    };
}

mod knowledge;
mod table;

pub use table::Word;

impl Lang {
    /// One of the fixed texts.
    pub const fn say(self, word: Word) -> &'static str {
        word.text(self)
    }

    /// A view's name.
    pub const fn view(self, view: View) -> &'static str {
        self.say(match view {
            View::Waiting => Word::Waiting,
            View::Mine => Word::Mine,
            View::All => Word::All,
            View::Resolved => Word::Resolved,
        })
    }

    /// A visitor's name.
    pub fn visitor(self, tag: &str) -> String {
        format!("{} {tag}", self.say(Word::Visitor))
    }

    /// A status.
    pub fn status(self, status: Status) -> &'static str {
        match (status, self) {
            (Status::Pending, _) => self.say(Word::WithBot),
            (Status::Queued, _) => self.say(Word::Waiting),
            (Status::Assigned, Self::En) => "Assigned",
            (Status::Assigned, Self::Zh) => "处理中",
            (Status::Resolved, _) => self.say(Word::Resolved),
            (Status::Unknown(_), _) => "",
        }
    }

    /// Who has a conversation.
    pub fn with(self, agent: &str) -> String {
        match self {
            Self::En => format!("With {agent}"),
            Self::Zh => format!("由 {agent} 处理"),
        }
    }

    /// What happens when an agent takes over a colleague's conversation.
    pub fn take_over_lead(self, colleague: &str) -> String {
        match self {
            Self::En => format!("{colleague} has it now. They will see that you took it over."),
            Self::Zh => format!("目前由 {colleague} 处理，对方会看到您已接管。"),
        }
    }

    /// A change of status, as a line between messages. `agent` is who did it.
    pub fn change(self, reason: Reason, agent: &str) -> String {
        match (reason, self) {
            (Reason::Asked, Self::En) => "The visitor asked for a person".to_owned(),
            (Reason::Asked, Self::Zh) => "访客要求人工服务".to_owned(),
            (Reason::Unanswered, Self::En) => "The bot had no answer and handed over".to_owned(),
            (Reason::Unanswered, Self::Zh) => "机器人无法解答，已转人工".to_owned(),
            (Reason::Taken, Self::En) => format!("{agent} took the conversation"),
            (Reason::Taken, Self::Zh) => format!("{agent} 接手了会话"),
            (Reason::Released, Self::En) => format!("{agent} gave it back to the queue"),
            (Reason::Released, Self::Zh) => format!("{agent} 将会话退回队列"),
            (Reason::Resolved, Self::En) => format!("{agent} resolved the conversation"),
            (Reason::Resolved, Self::Zh) => format!("{agent} 已解决此会话"),
            (Reason::Reopened, Self::En) => format!("{agent} reopened the conversation"),
            (Reason::Reopened, Self::Zh) => format!("{agent} 重新打开了会话"),
            (Reason::Returned, Self::En) => "The visitor came back".to_owned(),
            (Reason::Returned, Self::Zh) => "访客再次来访".to_owned(),
            (Reason::Lapsed, Self::En) => {
                "The agent’s console fell silent; back in the queue".to_owned()
            }
            (Reason::Lapsed, Self::Zh) => "客服工作台失去响应，会话已退回队列".to_owned(),
            // A newer server says why; this console does not know the word.
            (Reason::Unknown(_), _) => self.say(Word::UnknownEntry).to_owned(),
        }
    }

    /// The hop that answered.
    pub const fn hop(self, hop: Hop) -> &'static str {
        match (hop, self) {
            (Hop::Browser, Self::En) => "in the visitor’s browser",
            (Hop::Browser, Self::Zh) => "访客浏览器",
            (Hop::Edge, Self::En) => "at the edge",
            (Hop::Edge, Self::Zh) => "边缘节点",
            (Hop::Origin, Self::En) => "at the origin",
            (Hop::Origin, Self::Zh) => "源站",
            (Hop::Unknown(_), _) => "",
        }
    }

    /// A duration, as briefly as lists need it.
    pub fn short(self, duration: Duration) -> String {
        let minutes = duration.as_secs() / 60;
        let (n, en, zh) = match minutes {
            0 => return if self == Self::En { "now" } else { "刚刚" }.to_owned(),
            1..60 => (minutes, "min", "分钟"),
            60..1440 => (minutes / 60, "h", "小时"),
            _ => (minutes / 1440, "d", "天"),
        };
        match self {
            Self::En => format!("{n} {en}"),
            Self::Zh => format!("{n} {zh}"),
        }
    }

    /// How long somebody has waited.
    pub fn waits(self, duration: Duration) -> String {
        let minutes = duration.as_secs() / 60;
        match (self, minutes) {
            (Self::En, 0) => "waiting under a minute".to_owned(),
            (Self::En, _) => format!("waiting {}", self.short(duration)),
            (Self::Zh, 0) => "等待不到 1 分钟".to_owned(),
            (Self::Zh, _) => format!("已等待 {}", self.short(duration)),
        }
    }

    /// When the next attempt to connect is made.
    pub fn next_attempt(self, wait: Duration) -> String {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        match self {
            Self::En => format!("Next attempt in {seconds} s"),
            Self::Zh => format!("{seconds} 秒后重试"),
        }
    }

    /// How many commands wait to be sent.
    pub fn unsent(self, count: usize) -> String {
        match (self, count) {
            (Self::En, 1) => "1 unsent".to_owned(),
            (Self::En, _) => format!("{count} unsent"),
            (Self::Zh, _) => format!("{count} 条未发送"),
        }
    }

    /// How much of a limit is used, in characters' bytes.
    pub fn over_limit(self, bytes: usize, max: usize) -> String {
        match self {
            Self::En => format!("{bytes} of {max} bytes — too long"),
            Self::Zh => format!("{bytes} / {max} 字节，超出长度"),
        }
    }

    /// The page's title.
    pub fn title(self, waiting: usize) -> String {
        let name = match self {
            Self::En => "Firsthop console",
            Self::Zh => "Firsthop 客服台",
        };
        if waiting == 0 {
            name.to_owned()
        } else {
            format!("({waiting}) {name}")
        }
    }

    /// Why something did not work, for the agent who did it.
    pub fn problem(self, problem: &Problem) -> String {
        let (en, zh) = match problem.code {
            Code::AlreadyAssigned => ("A colleague has this conversation.", "此会话由同事处理。"),
            Code::WrongStatus => (
                "That isn’t possible in the conversation’s present state.",
                "会话当前状态不允许此操作。",
            ),
            Code::TextEmpty => ("There is no text.", "没有内容。"),
            Code::TextTooLong => ("The text is too long.", "内容过长。"),
            Code::ConversationUnknown | Code::NotFound => {
                ("There is no such conversation.", "没有此会话。")
            }
            Code::Forbidden => ("You are not allowed to do that.", "您没有此权限。"),
            Code::TooManyMessages => ("Too many messages at once.", "发送过于频繁。"),
            Code::LoginFailed => (
                Word::LoginFailed.text(Lang::En),
                Word::LoginFailed.text(Lang::Zh),
            ),
            Code::OriginUnavailable => (
                Word::Unreachable.text(Lang::En),
                Word::Unreachable.text(Lang::Zh),
            ),
            Code::StorageUnavailable | Code::Overloaded | Code::Draining | Code::Internal => (
                Word::ServerFault.text(Lang::En),
                Word::ServerFault.text(Lang::Zh),
            ),
            // The server's own sentence says more than we could.
            _ => return problem.message.clone(),
        };
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_there_in_both_languages() {
        for word in Word::ALL {
            assert!(
                !word.text(Lang::En).is_empty() && !word.text(Lang::Zh).is_empty(),
                "{word:?}"
            );
        }
        // The switch names the other language in that language.
        let chinese = |word: Word| {
            word.text(Lang::Zh)
                .chars()
                .any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
        };
        for word in Word::ALL
            .iter()
            .filter(|word| **word != Word::SwitchLanguage)
        {
            assert!(chinese(*word), "{word:?} is not translated");
        }
    }

    #[test]
    fn the_browsers_first_language_that_we_speak_is_taken() {
        assert_eq!(Lang::choose(["zh-TW", "en"]), Lang::Zh);
        assert_eq!(Lang::choose(["fr-FR", "en-GB", "zh"]), Lang::En);
        assert_eq!(Lang::choose([]), Lang::En);
    }

    #[test]
    fn durations_are_short() {
        let short = |seconds| {
            (
                Lang::En.short(Duration::from_secs(seconds)),
                Lang::Zh.short(Duration::from_secs(seconds)),
            )
        };
        assert_eq!(short(59), ("now".to_owned(), "刚刚".to_owned()));
        assert_eq!(short(60), ("1 min".to_owned(), "1 分钟".to_owned()));
        assert_eq!(short(7_199), ("1 h".to_owned(), "1 小时".to_owned()));
        assert_eq!(short(172_800), ("2 d".to_owned(), "2 天".to_owned()));
    }

    #[test]
    fn the_title_counts_who_waits() {
        assert_eq!(Lang::En.title(0), "Firsthop console");
        assert_eq!(Lang::En.title(3), "(3) Firsthop console");
    }
}

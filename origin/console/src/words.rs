//! What the console says, in English and Chinese.
//!
//! In: a [`Lang`] and a [`Word`], or a number. Out: text. Invariant: every word exists in both
//! languages, which the table's form enforces. Not here: dates (`browser::calendar`), which the
//! browser knows how to write.

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

words! {
    Loading "Loading…" "正在加载…"
    // Logging in
    LogIn "Log in" "登录"
    LogInLead "Answer your visitors." "为您的访客解答问题。"
    LoggingIn "Logging in…" "正在登录…"
    LogOut "Log out" "退出登录"
    Email "E-mail address" "邮箱"
    Password "Password" "密码"
    ShowPassword "Show password" "显示密码"
    HidePassword "Hide password" "隐藏密码"
    EmailMissing "Please enter your e-mail address." "请输入邮箱。"
    PasswordMissing "Please enter your password." "请输入密码。"
    LoginFailed "E-mail address and password don’t match." "邮箱或密码不正确。"
    TooManyTries "Too many attempts. Please wait a moment." "尝试次数过多，请稍候再试。"
    Unreachable "The server can’t be reached. Check your connection and try again." "无法连接服务器，请检查网络后重试。"
    ServerFault "The server has a problem. Please try again." "服务器出现问题，请重试。"
    LoginOver "Your login has ended. Log in again to go on where you were; nothing you wrote is lost." "登录已失效。重新登录后可继续之前的工作，已写的内容不会丢失。"
    SetUp "Set up Firsthop" "设置 Firsthop"
    SetUpLead "Create the first administrator. This link works once." "创建首位管理员。此链接仅可使用一次。"
    SettingUp "One moment…" "请稍候…"
    Welcome "Welcome to Firsthop" "欢迎使用 Firsthop"
    WelcomeLead "Choose a password for your account. This link works once." "请为您的账号设置密码。此链接仅可使用一次。"
    SavePassword "Save and log in" "保存并登录"
    CreateAccount "Create account" "创建账号"
    YourName "Your name" "您的姓名"
    NameHint "Visitors see this name." "访客会看到这个名字。"
    NameMissing "Please enter your name." "请输入姓名。"
    PasswordHint "At least 10 characters." "至少 10 个字符。"
    PasswordShort "The password needs at least 10 characters." "密码至少需要 10 个字符。"
    LinkUsed "This link has been used already, or is no longer valid." "此链接已被使用或已失效。"
    ToLogIn "Go to log in" "前往登录"
    // Views
    Views "Views" "视图"
    Waiting "Waiting" "等待中"
    Mine "Mine" "我的"
    All "All open" "全部未结"
    Resolved "Resolved" "已解决"
    Conversations "Conversations" "会话"
    EmptyWaiting "Nobody is waiting" "没有访客在等待"
    EmptyWaitingMore "When the bot can’t help or a visitor asks for a person, they appear here." "当机器人无法解答，或访客要求人工服务时，会话会出现在这里。"
    EmptyMine "Nothing is assigned to you" "您还没有会话"
    EmptyMineMore "Take a waiting conversation, or reply to one, and it becomes yours." "接手或回复一个等待中的会话，它就归您处理。"
    EmptyAll "No open conversations" "没有未结会话"
    EmptyAllMore "Conversations appear here as soon as a visitor writes." "访客一发来消息，会话就会出现在这里。"
    EmptyResolved "Nothing resolved yet" "还没有已解决的会话"
    EmptyResolvedMore "Resolved conversations are kept here and can be reopened." "已解决的会话保存在这里，可随时重新打开。"
    Older "Show older" "显示更早的"
    // A conversation
    NoConversation "Pick a conversation" "请选择一个会话"
    NoConversationMore "Use j and k to move through the list and Enter to open." "用 j 和 k 在列表中移动，回车打开。"
    NoSuchConversation "This conversation isn’t in the list" "列表中没有此会话"
    NoSuchConversationMore "It may be older than what has been loaded, or it doesn’t exist." "它可能早于已加载的内容，或者并不存在。"
    Conversation "Conversation" "会话"
    Visitor "Visitor" "访客"
    Bot "Bot" "机器人"
    You "You" "我"
    Unread "Unread" "未读"
    Online "Online" "在线"
    Away "Not online" "不在线"
    Back "Back to the list" "返回列表"
    Take "Take" "接手"
    TakeOver "Take over" "接管"
    Release "Back to queue" "退回队列"
    Resolve "Resolve" "标为已解决"
    Reopen "Reopen" "重新打开"
    WithBot "With the bot" "机器人接待中"
    WithYou "With you" "由您处理"
    Earlier "Show earlier messages" "显示更早的消息"
    LoadingMessages "Loading messages…" "正在加载消息…"
    NoMessages "Nothing has been written yet" "还没有任何消息"
    VisitorTypes "The visitor is typing…" "访客正在输入…"
    NewMessages "New messages" "新消息"
    Suggested "Suggested" "推荐了"
    UnknownEntry "Something that this version of the console can’t show" "此版本客服台无法显示的内容"
    Sending "Sending…" "发送中…"
    Held "Will be sent when the connection is back" "恢复连接后发送"
    Stored "Sent" "已发送"
    Delivered "Delivered" "已送达"
    Read "Read" "已读"
    NotSent "Not sent" "未发送"
    Retry "Try again" "重试"
    EditAgain "Edit" "编辑"
    Discard "Discard" "丢弃"
    PrivateNote "Private note" "内部备注"
    // Where an answer came from
    Confidence "confidence" "置信度"
    Verified "Verified" "已核验"
    VerifiedMore "The server computed the same answer from the same knowledge." "服务器用同一知识库得出了相同答案。"
    NotVerified "Not verified" "未核验"
    ClaimTitle "Unverified claim — not an answer of ours" "未经核验的声称，并非我们的回答"
    ClaimMore "The visitor’s browser says that the bot had answered with the text below. The server could not confirm it, and nothing follows from it." "访客的浏览器声称机器人给出过以下内容，服务器无法证实，也未据此做任何处理。"
    ClaimShow "Show what was claimed" "查看声称的内容"
    // Composer
    Reply "Reply" "回复"
    Note "Note" "备注"
    ReplyPlaceholder "Write a reply…" "输入回复…"
    NotePlaceholder "Write a note that only colleagues see…" "输入仅同事可见的备注…"
    Send "Send" "发送"
    AddNote "Add note" "添加备注"
    SendHint "Enter sends, Shift+Enter starts a new line" "回车发送，Shift+回车换行"
    TakesHint "Replying takes the conversation" "回复即接手此会话"
    OfColleague "A colleague has this conversation. Take it over to reply." "此会话由同事处理，接管后才能回复。"
    ReopenToReply "This conversation is resolved. Reopen it to reply." "此会话已解决，重新打开后才能回复。"
    // Details
    Details "Details" "详情"
    ShowDetails "Show details" "显示详情"
    HideDetails "Hide details" "隐藏详情"
    Close "Close" "关闭"
    Status "Status" "状态"
    Assignee "Assignee" "负责人"
    Nobody "Nobody" "无"
    Inbox "Inbox" "收件箱"
    Language "Language" "语言"
    Page "Page" "页面"
    PageUnknown "Unknown" "未知"
    WaitingSince "Waiting since" "开始等待"
    LastMessage "Last message" "最近消息"
    FirstContact "First contact" "首次联系"
    Reference "Reference" "编号"
    // Connection
    Connected "Connected" "已连接"
    Connecting "Connecting…" "正在连接…"
    Offline "Offline" "离线"
    OfflineMore "You are offline. What you see may be out of date; what you write is kept and sent when the connection is back." "您已离线。显示的内容可能不是最新；您写的内容会保留，恢复连接后自动发送。"
    TryNow "Try now" "立即重试"
    Trying "Trying…" "正在重试…"
    BackOnline "Connected again. Everything is up to date." "已重新连接，内容已是最新。"
    // Dialogs
    Cancel "Cancel" "取消"
    TakeOverTitle "Take over this conversation?" "要接管此会话吗？"
    LogOutTitle "Log out with unsent messages?" "还有未发送的消息，仍要退出吗？"
    LogOutMore "Messages that haven’t reached the server yet are thrown away." "尚未到达服务器的消息将被丢弃。"
    Keyboard "Keyboard shortcuts" "键盘快捷键"
    KeyMove "Next / previous conversation" "下一个 / 上一个会话"
    KeyOpen "Open the conversation" "打开会话"
    KeyReply "Write a reply" "撰写回复"
    KeyNote "Write a private note" "撰写内部备注"
    KeyTake "Take" "接手"
    KeyResolve "Resolve or reopen" "标为已解决或重新打开"
    KeyViews "Waiting, mine, all, resolved" "等待中、我的、全部、已解决"
    KeySend "Send" "发送"
    KeyEscape "Leave the text field, close" "离开输入框、关闭"
    KeyHelp "This help" "本帮助"
    // Settings
    Settings "Settings" "设置"
    Sound "Sound for new messages" "新消息提示音"
    Appearance "Appearance" "外观"
    Automatic "Automatic" "跟随系统"
    Light "Light" "浅色"
    Dark "Dark" "深色"
    SwitchLanguage "切换到中文" "Switch to English"
    SkipToList "Skip to the conversations" "跳到会话列表"
    SkipToConversation "Skip to the conversation" "跳到会话内容"
    // Announcements
    NewWaiting "A visitor is waiting for a person" "有访客在等待人工服务"
    NewMessage "New message from a visitor" "访客发来新消息"
    TakenOver "A colleague took over one of your conversations" "同事接管了您的一个会话"
}

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

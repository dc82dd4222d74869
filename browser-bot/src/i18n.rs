//! Every word that the visitor reads, in English and Chinese.
//!
//! `{}` stands for a name or a number ([`fill`]).

use firsthop_core::protocol::Code;

/// The words of one language.
#[derive(Debug)]
pub(crate) struct Words {
    /// Its tag, for `lang` attributes and for the answerer.
    pub(crate) tag: &'static str,
    pub(crate) open: &'static str,
    pub(crate) open_unread: &'static str,
    pub(crate) close: &'static str,
    pub(crate) title: &'static str,
    pub(crate) subtitle: &'static str,
    pub(crate) with_agent: &'static str,
    pub(crate) offline_short: &'static str,
    pub(crate) away_short: &'static str,
    pub(crate) person: &'static str,
    pub(crate) person_asked: &'static str,
    pub(crate) greeting: &'static str,
    pub(crate) placeholder: &'static str,
    pub(crate) send: &'static str,
    pub(crate) log: &'static str,
    pub(crate) you: &'static str,
    pub(crate) bot: &'static str,
    pub(crate) by_device: &'static str,
    pub(crate) suggest: &'static str,
    pub(crate) queued: &'static str,
    pub(crate) stored_below: &'static str,
    pub(crate) stored: &'static str,
    pub(crate) delivered: &'static str,
    pub(crate) read: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) retry: &'static str,
    pub(crate) discard: &'static str,
    pub(crate) asked: &'static str,
    pub(crate) unanswered: &'static str,
    pub(crate) joined: &'static str,
    pub(crate) released: &'static str,
    pub(crate) resolved: &'static str,
    pub(crate) waiting: &'static str,
    pub(crate) waiting_next: &'static str,
    pub(crate) waiting_place: &'static str,
    pub(crate) offline: &'static str,
    pub(crate) unreachable: &'static str,
    pub(crate) away: &'static str,
    pub(crate) still_answers: &'static str,
    pub(crate) kept_here: &'static str,
    pub(crate) misplaced: &'static str,
    pub(crate) forgetful: &'static str,
    pub(crate) typing: &'static str,
    pub(crate) latest: &'static str,
    too_long: &'static str,
    outbox_full: &'static str,
    not_accepted: &'static str,
}

impl Words {
    /// Those of a language tag: Chinese for `zh…`, else English.
    pub(crate) fn of(tag: &str) -> &'static Self {
        if tag
            .get(..2)
            .is_some_and(|primary| primary.eq_ignore_ascii_case("zh"))
        {
            &ZH
        } else {
            &EN
        }
    }

    /// Why a message was not taken.
    pub(crate) fn problem(&self, code: Code) -> &'static str {
        match code {
            Code::TextTooLong | Code::MessageTooLarge => self.too_long,
            Code::OutboxFull => self.outbox_full,
            _ => self.not_accepted,
        }
    }
}

/// Puts a name or a number into a phrase.
pub(crate) fn fill(phrase: &str, value: &str) -> String {
    match phrase.split_once('{') {
        Some((before, after)) => [before, value, after.strip_prefix('}').unwrap_or(after)].concat(),
        None => phrase.to_owned(),
    }
}

static EN: Words = Words {
    tag: "en",
    open: "Open chat",
    open_unread: "Open chat, {} unread",
    close: "Close chat",
    title: "Chat with us",
    subtitle: "Instant answers, people on request",
    with_agent: "You are talking to {}",
    offline_short: "Offline",
    away_short: "People can’t be reached at the moment",
    person: "Talk to a person",
    person_asked: "A person has been asked for",
    greeting: "Hello! What can I help you with? What I know is answered on your device, no network needed.",
    placeholder: "Write a message",
    send: "Send",
    log: "Conversation",
    you: "You",
    bot: "Assistant",
    by_device: "Answered on your device, no network needed",
    suggest: "Did you mean one of these?",
    queued: "Waiting to be sent",
    stored_below: "Kept safe, will be passed on",
    stored: "Sent",
    delivered: "Delivered",
    read: "Read",
    failed: "Not sent.",
    retry: "Try again",
    discard: "Delete",
    asked: "You asked for a person",
    unanswered: "Passed on to a person",
    joined: "{} joined the conversation",
    released: "We are finding somebody else for you",
    resolved: "The conversation was closed. Write again any time.",
    waiting: "Waiting for a person. You can go on writing.",
    waiting_next: "You are next. You can go on writing.",
    waiting_place: "You are number {} in the queue. You can go on writing.",
    offline: "You are offline.",
    unreachable: "We can’t be reached at the moment.",
    away: "Our people can’t be reached at the moment. I still answer what I know; everything else is kept safe and passed on.",
    still_answers: "I still answer what I know; everything else is kept on this device and sent as soon as possible.",
    kept_here: "Your messages are kept on this device and sent as soon as possible.",
    misplaced: "Chat is not available on this page.",
    forgetful: "This browser does not let us keep the conversation: it is gone once you leave the page.",
    typing: "Typing",
    latest: "New messages",
    too_long: "It is too long: please send it in parts.",
    outbox_full: "Too many messages are waiting to be sent.",
    not_accepted: "It was not accepted.",
};

static ZH: Words = Words {
    tag: "zh-CN",
    open: "打开在线客服",
    open_unread: "打开在线客服，{} 条未读消息",
    close: "关闭客服窗口",
    title: "在线客服",
    subtitle: "即时解答，随时可转人工",
    with_agent: "{} 正在为您服务",
    offline_short: "当前离线",
    away_short: "暂时联系不上人工客服",
    person: "转人工",
    person_asked: "已请求人工客服",
    greeting: "您好！请问有什么可以帮您？我知道的问题由您的设备直接解答，无需网络。",
    placeholder: "请输入您的问题",
    send: "发送",
    log: "对话内容",
    you: "您",
    bot: "智能助手",
    by_device: "由您的设备直接解答，无需网络",
    suggest: "您想问的是不是：",
    queued: "等待发送",
    stored_below: "已妥善保存，稍后转达",
    stored: "已发送",
    delivered: "已送达",
    read: "已读",
    failed: "未能发送。",
    retry: "重试",
    discard: "删除",
    asked: "您请求了人工客服",
    unanswered: "已为您转接人工客服",
    joined: "{} 开始为您服务",
    released: "正在为您安排其他客服",
    resolved: "本次会话已结束，您可以随时继续提问。",
    waiting: "正在等待人工客服，您可以继续留言。",
    waiting_next: "下一位就是您，您可以继续留言。",
    waiting_place: "您排在第 {} 位，等待时可以继续留言。",
    offline: "当前没有网络。",
    unreachable: "暂时无法连接到服务器。",
    away: "暂时联系不上人工客服。我知道的问题仍会立即解答，其余消息已妥善保存，恢复后自动转达。",
    still_answers: "我知道的问题仍会立即解答，其余消息已保存在本机，恢复后自动发送。",
    kept_here: "您的消息已保存在本机，恢复后自动发送。",
    misplaced: "此页面暂时不能使用在线客服。",
    forgetful: "浏览器不允许保存数据，离开页面后对话将不再保留。",
    typing: "对方正在输入",
    latest: "有新消息",
    too_long: "内容太长，请分几次发送。",
    outbox_full: "等待发送的消息太多。",
    not_accepted: "消息未被接受。",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_spoken_to_every_chinese_locale_and_english_to_the_rest() {
        for (tag, expected) in [
            ("zh", "zh-CN"),
            ("zh-TW", "zh-CN"),
            ("ZH_cn", "zh-CN"),
            ("en-GB", "en"),
            ("de", "en"),
            ("", "en"),
            ("中", "en"),
        ] {
            assert_eq!(Words::of(tag).tag, expected, "{tag}");
        }
    }

    #[test]
    fn phrases_with_a_place_have_it_in_both_languages() {
        for words in [&EN, &ZH] {
            for phrase in [
                words.open_unread,
                words.with_agent,
                words.joined,
                words.waiting_place,
            ] {
                assert_eq!(phrase.matches("{}").count(), 1, "{phrase}");
            }
        }
        assert_eq!(fill(EN.joined, "Mei"), "Mei joined the conversation");
    }
}

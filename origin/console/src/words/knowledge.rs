//! What is said of knowledge, with numbers and names in it.

use firsthop_core::answer::HeldBack;

use super::Lang;
use crate::inert::inert_line;
use crate::knowledge::wire::Fault;

impl Lang {
    /// What is wrong with a field. Where we have no sentence of our own, the origin's.
    pub fn knowledge_fault(self, fault: &Fault) -> String {
        let (en, zh) = match fault.code.as_str() {
            "missing_field" | "empty" => ("Please fill this in.", "请填写此项。"),
            "too_long" | "too_large" => ("This is too long.", "内容过长。"),
            "control_character" => (
                "This has a character that can’t be shown.",
                "含有无法显示的字符。",
            ),
            "duplicate_id" => ("This name is taken.", "此名称已被使用。"),
            "unknown_entry" => ("There is no entry with this ID.", "没有此编号的条目。"),
            "unknown_entity" => ("There is no such entity.", "没有此实体。"),
            "bad_pattern" => ("This pattern does not work.", "此模式无效。"),
            _ if self == Self::Zh => return format!("此项填写有误（{}）", fault.message),
            _ => return fault.message.clone(),
        };
        let own = match self {
            Self::En => en,
            Self::Zh => zh,
        };
        // The origin says how long is too long, and which entry there is not.
        if self == Self::En && !fault.message.is_empty() && !en.starts_with("Please") {
            return format!("{own} ({})", fault.message);
        }
        own.to_owned()
    }

    /// How many things are wrong.
    pub fn faults(self, count: usize) -> String {
        match (self, count) {
            (Self::En, 1) => "One thing needs to be put right.".to_owned(),
            (Self::En, _) => format!("{count} things need to be put right."),
            (Self::Zh, _) => format!("有 {count} 处需要更正。"),
        }
    }

    /// How many things are worth a look.
    pub fn warnings(self, count: usize) -> String {
        match (self, count) {
            (Self::En, 1) => "1 remark".to_owned(),
            (Self::En, _) => format!("{count} remarks"),
            (Self::Zh, _) => format!("{count} 条提示"),
        }
    }

    /// How many items a search found.
    pub fn found(self, total: u64) -> String {
        match self {
            Self::En => format!("{total} found"),
            Self::Zh => format!("找到 {total} 项"),
        }
    }

    /// What is not there yet: an entry, a rule.
    pub fn new_item(self, kind: &str) -> String {
        match self {
            Self::En => format!("New {}", kind.to_lowercase()),
            Self::Zh => format!("新{kind}"),
        }
    }

    /// The button that removes something of a list.
    pub fn remove(self, what: &str) -> String {
        match self {
            Self::En => format!("Remove {what}"),
            Self::Zh => format!("移除 {what}"),
        }
    }

    /// Fields that only the source shows.
    pub fn also_has(self, names: &str) -> String {
        match self {
            Self::En => format!("Also has, in the source: {names}"),
            Self::Zh => format!("源码中还有：{names}"),
        }
    }

    /// Who changed something last, and when.
    pub fn changed_by(self, who: Option<&str>, when: &str) -> String {
        match (self, who) {
            (Self::En, Some(who)) => format!("Changed by {who}, {when}"),
            (Self::En, None) => format!("Changed {when}"),
            (Self::Zh, Some(who)) => format!("{who} 修改于 {when}"),
            (Self::Zh, None) => format!("修改于 {when}"),
        }
    }

    /// Somebody saved an item while it was edited.
    pub fn saved_first(self, who: Option<&str>) -> String {
        match (self, who) {
            (Self::En, Some(who)) => format!("{who} saved this while you were editing"),
            (Self::En, None) => "This was saved while you were editing".to_owned(),
            (Self::Zh, Some(who)) => format!("您编辑时，{who} 已保存了此项"),
            (Self::Zh, None) => "您编辑时，此项已被保存".to_owned(),
        }
    }

    /// The rule that decided.
    pub fn by_rule(self, rule: &str) -> String {
        match self {
            Self::En => format!("The rule “{rule}” decided."),
            Self::Zh => format!("由规则“{rule}”决定。"),
        }
    }

    /// Why an answer was only suggested.
    pub fn held_back(self, why: &HeldBack) -> String {
        let told = match (self, why) {
            (Self::En, HeldBack::Fragment) => "Held back: too short to say what is wanted.",
            (Self::Zh, HeldBack::Fragment) => "未直接回答：问题太短，看不出想问什么。",
            (Self::En, HeldBack::Denial) => {
                "Held back: the question denies something or complains in a way that the entry’s phrasings do not."
            }
            (Self::Zh, HeldBack::Denial) => {
                "未直接回答：问题含有否定或抱怨，而该条目的问法没有这样说。"
            }
            (Self::En, HeldBack::Stranger(name)) => {
                let name = inert_line(name);
                return format!("Held back: nobody wrote of “{name}”, which the question names.");
            }
            (Self::Zh, HeldBack::Stranger(name)) => {
                let name = inert_line(name);
                return format!("未直接回答：问题提到“{name}”，而知识库从未提及。");
            }
            (Self::En, HeldBack::Second) => {
                "Held back: a second entry is more likely than not, too. Perhaps two things were asked."
            }
            (Self::Zh, HeldBack::Second) => {
                "未直接回答：另一个条目也很可能符合，也许一次问了两件事。"
            }
        };
        told.to_owned()
    }

    /// How sure the bot is, and from where on it answers; in ‰.
    pub fn sure(self, sure: u16, answers: u16) -> String {
        let (sure, answers) = (tenth(sure.into()), tenth(answers.into()));
        match self {
            Self::En => format!("{sure} % sure; answers from {answers} %"),
            Self::Zh => format!("把握 {sure} %，达到 {answers} % 时回答"),
        }
    }

    /// Draft and published version are the same.
    pub fn all_published(self, version: u64) -> String {
        match self {
            Self::En => format!("Version {version} is published"),
            Self::Zh => format!("第 {version} 版已发布"),
        }
    }

    /// A version.
    pub fn version(self, version: u64) -> String {
        match self {
            Self::En => format!("Version {version}"),
            Self::Zh => format!("第 {version} 版"),
        }
    }

    /// A version was published.
    pub fn published(self, version: u64) -> String {
        match self {
            Self::En => {
                format!("Version {version} is published: visitors are answered from it now")
            }
            Self::Zh => format!("第 {version} 版已发布，访客已用上新知识"),
        }
    }

    /// A version was brought back.
    pub fn rolled_back(self, version: u64) -> String {
        match self {
            Self::En => format!("Version {version} is back: visitors are answered from it now"),
            Self::Zh => format!("已恢复第 {version} 版，访客已用上"),
        }
    }

    /// The button that brings a version back.
    pub fn roll_back_to(self, version: u64) -> String {
        match self {
            Self::En => format!("Bring back version {version}"),
            Self::Zh => format!("恢复第 {version} 版"),
        }
    }

    /// What bringing a version back does.
    pub fn roll_back_lead(self, version: u64, loses: bool) -> String {
        let (lead, loss) = match self {
            Self::En => (
                format!(
                    "Visitors are answered from version {version} at once, and it becomes the draft."
                ),
                " Unpublished changes in the draft are lost.",
            ),
            Self::Zh => (
                format!("访客将立即由第 {version} 版回答，它也会成为草稿。"),
                "草稿中未发布的更改将丢失。",
            ),
        };
        if loses { lead + loss } else { lead }
    }

    /// How a version came about that is an older one.
    pub fn brought_back(self, of: u64) -> String {
        match self {
            Self::En => format!("brought back from version {of}"),
            Self::Zh => format!("由第 {of} 版恢复"),
        }
    }

    /// How much a version holds.
    pub fn version_facts(self, entries: u64, brotli_bytes: u64) -> String {
        let kilobytes = brotli_bytes.div_ceil(1000);
        match (self, brotli_bytes) {
            (Self::En, 0) => format!("{entries} entries"),
            (Self::En, _) => format!("{entries} entries, {kilobytes} KB"),
            (Self::Zh, 0) => format!("{entries} 个条目"),
            (Self::Zh, _) => format!("{entries} 个条目，{kilobytes} KB"),
        }
    }

    /// What is known of the draft's pack. Shares in ‰.
    pub fn pack_facts(
        self,
        entries: u64,
        phrasings: u64,
        rules: u64,
        brotli_bytes: u64,
        coverage: u64,
        precision: u64,
    ) -> String {
        let kilobytes = brotli_bytes.div_ceil(1000);
        let (coverage, precision) = (tenth(coverage), tenth(precision));
        match self {
            Self::En => format!(
                "Entries: {entries}, phrasings: {phrasings}, rules: {rules}, {kilobytes} KB · expected to answer {coverage} % of questions that have an answer, {precision} % of them rightly"
            ),
            Self::Zh => format!(
                "{entries} 个条目，{phrasings} 种问法，{rules} 条规则，{kilobytes} KB · 预计可回答 {coverage} % 的有解问题，正确率 {precision} %"
            ),
        }
    }

    /// How many questions would be answered differently.
    pub fn changed_of(self, changed: u64, questions: u64) -> String {
        match (self, changed) {
            (Self::En, 1) => format!("1 of {questions} questions would be answered differently"),
            (Self::En, _) => {
                format!("{changed} of {questions} questions would be answered differently")
            }
            (Self::Zh, _) => format!("{questions} 个问题中有 {changed} 个的回答会改变"),
        }
    }

    /// How often a question was asked.
    pub fn asked(self, times: u64) -> String {
        match self {
            Self::En => format!("Asked {times} times"),
            Self::Zh => format!("被问过 {times} 次"),
        }
    }

    /// How many questions were handed off, in how many groups.
    pub fn in_groups(self, questions: u64, groups: u64) -> String {
        match (self, questions, groups) {
            (Self::En, 1, _) => "1 question".to_owned(),
            (Self::En, _, 1) => format!("{questions} questions, 1 group"),
            (Self::En, ..) => format!("{questions} questions, {groups} groups"),
            (Self::Zh, ..) => format!("{questions} 个问题，{groups} 组"),
        }
    }

    /// The entry that a group may belong to.
    pub fn perhaps(self, title: &str) -> String {
        match self {
            Self::En => format!("near: {title}"),
            Self::Zh => format!("接近：{title}"),
        }
    }

    /// What is known of a group.
    pub fn group_facts(self, questions: u64, visitors: u64, last: &str) -> String {
        match (self, questions, visitors) {
            (Self::En, 1, _) => format!("Asked once, {last}"),
            (Self::En, _, 1) => format!("Asked {questions} times by one visitor, last {last}"),
            (Self::En, ..) => {
                format!("Asked {questions} times by {visitors} visitors, last {last}")
            }
            (Self::Zh, ..) => format!("{visitors} 位访客问过 {questions} 次，最近 {last}"),
        }
    }

    /// Phrasings were added.
    pub fn added(self, count: usize) -> String {
        match (self, count) {
            (Self::En, 1) => "1 phrasing added to the draft".to_owned(),
            (Self::En, _) => format!("{count} phrasings added to the draft"),
            (Self::Zh, _) => format!("已向草稿添加 {count} 种问法"),
        }
    }
}

/// ‰ as per cent with one decimal.
fn tenth(per_mille: u64) -> String {
    format!("{}.{}", per_mille / 10, per_mille % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_said_in_the_editors_language_or_else_in_the_origins_words() {
        let fault = |code: &str, message: &str| Fault {
            item: None,
            field: "id".to_owned(),
            code: code.to_owned(),
            message: message.to_owned(),
        };
        let missing = fault("missing_field", "the field is missing");
        assert_eq!(Lang::En.knowledge_fault(&missing), "Please fill this in.");
        assert_eq!(Lang::Zh.knowledge_fault(&missing), "请填写此项。");
        let other = fault("bad_value", "an id stands on one line");
        assert_eq!(Lang::En.knowledge_fault(&other), "an id stands on one line");
        assert_eq!(
            Lang::Zh.knowledge_fault(&other),
            "此项填写有误（an id stands on one line）"
        );
    }

    #[test]
    fn what_holds_an_answer_back_is_said_in_both_languages() {
        let named = HeldBack::Stranger("zor\u{202e}bex".to_owned());
        let mut told = Vec::new();
        for why in [
            HeldBack::Fragment,
            HeldBack::Denial,
            HeldBack::Second,
            named,
        ] {
            let (en, zh) = (Lang::En.held_back(&why), Lang::Zh.held_back(&why));
            assert!(en.starts_with("Held back: ") && zh.starts_with("未直接回答："));
            told.extend([en, zh]);
        }
        let names: Vec<_> = told.iter().filter(|text| text.contains("bex”")).collect();
        assert_eq!(names.len(), 2, "the name is told in both: {told:?}");
        assert!(told.iter().all(|text| !text.contains('\u{202e}')));
        told.sort();
        told.dedup();
        assert_eq!(told.len(), 8, "each is another sentence");
    }

    #[test]
    fn shares_have_one_decimal() {
        assert_eq!(Lang::En.sure(873, 720), "87.3 % sure; answers from 72.0 %");
    }

    #[test]
    fn one_is_not_several() {
        assert_eq!(Lang::En.added(1), "1 phrasing added to the draft");
        assert_eq!(Lang::En.in_groups(5, 1), "5 questions, 1 group");
        assert_eq!(
            Lang::En.group_facts(3, 1, "now"),
            "Asked 3 times by one visitor, last now"
        );
    }
}

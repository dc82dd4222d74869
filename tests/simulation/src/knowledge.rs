//! What the bots of the simulated world know: two packs, as knowledge changes.

use firsthop_core::knowledge;
use firsthop_core::pack::{BuildSettings, Pack, PackHash, build};

const FIRST: &str = r#"{"id":"cancel","title":"Cancel an order","phrasings":["how do I cancel my order","can I cancel an order I just placed","怎么取消订单"],"answer":{"zh":"在订单详情里取消。","en":"In the order's details."}}
{"id":"ship","title":"Delivery","phrasings":["when will my order arrive","how long does delivery take","什么时候发货"],"answer":{"zh":"一般三天。","en":"Three days."}}
{"id":"pay","title":"Payment","phrasings":["which payment methods do you take","can I pay by card","可以用什么支付"],"answer":{"zh":"银行卡。","en":"Cards."}}
{"id":"return","title":"Returns","phrasings":["how do I return an item","what is your return policy","怎么退货"],"answer":{"zh":"七天内。","en":"Within seven days."}}"#;

const SECOND: &str = r#"{"id":"ship","title":"Delivery","phrasings":["when will my order arrive","how long does delivery take","什么时候发货"],"answer":{"zh":"现在五天。","en":"Five days now."}}
{"id":"invoice","title":"Invoices","phrasings":["I need an invoice","can I get a tax invoice","发票怎么开"],"answer":"Ask for it at checkout."}
{"id":"pay","title":"Payment","phrasings":["which payment methods do you take","can I pay by card","可以用什么支付"],"answer":{"zh":"银行卡。","en":"Cards."}}"#;

/// What visitors write.
pub(crate) const QUESTIONS: &[&str] = &[
    "how do I cancel my order",
    "什么时候发货",
    "which payment methods do you take",
    "I need an invoice",
    "when will my order arrive",
    "how long is delivery",
    "zebra quilt vortex",
    "我的包裹被狗吃了怎么办",
    "hello\n\t\"there\" \u{202e}",
    "I want to talk to a person",
    "what is your return",
];

/// All packs that were ever published.
pub struct Library {
    packs: Vec<Pack>,
}

impl Library {
    /// Builds the packs: once for many runs.
    #[expect(clippy::new_without_default, reason = "it takes a while")]
    pub fn new() -> Self {
        let packs = [FIRST, SECOND].map(|lines| {
            let knowledge = knowledge::parse("simulation.jsonl", lines.as_bytes())
                .expect("constant knowledge is right");
            let (bytes, report) = build(&knowledge, &BuildSettings::default(), &mut |_| {})
                .expect("constant knowledge builds");
            Pack::load(bytes, report.hash).expect("a built pack loads")
        });
        Self {
            packs: packs.into(),
        }
    }

    pub(crate) fn get(&self, hash: PackHash) -> Option<&Pack> {
        self.packs.iter().find(|pack| pack.hash() == hash)
    }

    pub(crate) fn hash(&self, version: usize) -> PackHash {
        self.packs[version % self.packs.len()].hash()
    }
}

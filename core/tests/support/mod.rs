//! A small shop to ask questions of.
#![allow(dead_code, clippy::unwrap_used)]

use firsthop_core::answer::{Answerer, By, Decision, Question};
use firsthop_core::knowledge;
use firsthop_core::pack::{BuildSettings, Pack, build};

pub(crate) const SHOP: &str = r#"{"id":"order-cancel","title":"取消订单","phrasings":["怎么取消订单","订单不想要了能取消吗","刚下的单可以取消吗","how do I cancel my order","can I cancel an order I just placed","cancel before it ships"],"answer":{"zh":"在订单详情里取消。","en":"Cancel it in the order details."}}
{"id":"ship-when","title":"什么时候发货","phrasings":["什么时候发货","多久能到","几天送到","when will my order arrive","when is it delivered","how long does delivery take"],"answer":{"zh":"一般三天。","en":"Three days."}}
{"id":"pay-methods","title":"支付方式","phrasings":["可以用什么支付","支持微信支付吗","能刷卡吗","which payment methods do you take","can I pay by card","do you accept paypal"],"answer":{"zh":"微信、银行卡。","en":"Cards and PayPal."}}
{"id":"return-policy","title":"退货","phrasings":["怎么退货","七天无理由退货怎么弄","东西不合适想退","how do I return an item","what is your return policy","send it back for a refund"],"answer":{"zh":"七天内可退。","en":"Within seven days."}}
{"id":"invoice","title":"Invoices","phrasings":["I need an invoice","company invoice","can I get a tax invoice","invoice with our company name","发票怎么开"],"answer":"Ask for it at checkout."}"#;

pub(crate) fn pack_of(lines: &str) -> Pack {
    let knowledge = knowledge::parse("test.jsonl", lines.as_bytes()).unwrap();
    let (bytes, report) = build(&knowledge, &BuildSettings::default(), &mut |_| {}).unwrap();
    Pack::load(bytes, report.hash).unwrap()
}

pub(crate) fn shop() -> Pack {
    pack_of(SHOP)
}

/// The id of the entry that answers, and how it was found.
pub(crate) fn answered(pack: &Pack, text: &str) -> Option<(String, By)> {
    match Answerer::new().decide(pack, &Question::new(text)) {
        Decision::Answer(found) => {
            Some((pack.entry(found.entry).unwrap().id().to_owned(), found.by))
        }
        _ => None,
    }
}

//! What the entities that every pack knows look like: regular expressions over folded text
//! (lower case, half width), any of which matches the entity wholly.
//!
//! Invariant: each compiles within its limit (tested), and what it matches has fewer than
//! `ENTITY_BYTES_MAX` bytes in practice.

use super::BuiltIn;

/// A number in digits, and one in Chinese numerals.
const DIGITS: &str = r"\d(?:[\d,]*\d)?(?:\.\d+)?";
const NUMERALS: &str = "[零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟半]+";

/// Day and month in digits.
const DAY: &str = r"(?:3[01]|[12]\d|0?[1-9])";
const MONTH: &str = r"(?:1[0-2]|0?[1-9])";
const YEAR: &str = r"(?:19|20)\d\d";
const MONTH_NAME: &str = "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const WEEKDAY: &str = "(?:mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)";

impl BuiltIn {
    /// Its patterns.
    pub(crate) fn patterns(self) -> Vec<String> {
        match self {
            Self::Phone => vec![
                // Mobile and landline in China, with or without the country's code.
                r"(?:(?:\+|00)?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}".into(),
                r"(?:\(0\d{2,3}\)|0\d{2,3})[- ]?\d{7,8}(?:-\d{1,6})?".into(),
                r"[48]00[- ]?\d{3}[- ]?\d{4}".into(),
                // E.164 with separators; North America without a plus.
                r"\+[1-9](?:[-. ()]{0,2}\d){6,14}".into(),
                r"(?:1[-. ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-. ])\d{3}[-. ]\d{4}".into(),
            ],
            Self::Email => vec![r"[\da-z][\da-z._%+\-]*@(?:[\da-z\-]+\.)+[a-z]{2,}".into()],
            Self::Url => vec![
                r"(?:https?://|www\.)[\da-z\-._~:/?#\[\]@!$&'()*+,;=%]*[\da-z/=&\-]".into(),
            ],
            Self::Date => vec![
                format!("{YEAR}[-/.]{MONTH}[-/.]{DAY}"),
                format!("(?:{YEAR}|[零〇一二三四五六七八九]{{4}})年(?:{MONTH}|十?[一二三四五六七八九]|十)月(?:(?:{DAY}|[一二三]?十?[一二三四五六七八九]|[一二三]?十)[日号]?)?"),
                format!("(?:{MONTH}|十?[一二三四五六七八九]|十)月(?:{DAY}|[一二三]?十?[一二三四五六七八九]|[一二三]?十)[日号]?"),
                format!("{DAY}[/.]{DAY}[/.]{YEAR}"),
                format!("{DAY}(?:st|nd|rd|th)? (?:of )?{MONTH_NAME}(?:,? {YEAR})?"),
                format!("{MONTH_NAME} {DAY}(?:st|nd|rd|th)?(?:,? {YEAR})?"),
            ],
            Self::RelativeDate => vec![
                "[今明昨]天|大?[后前]天|[今明昨][早晚]|[今明去前后]年".into(),
                "[上下这本]个?(?:周|星期|礼拜)[一二三四五六日天末]?|[上下这本]个?月|(?:周|星期|礼拜)[一二三四五六日天末]".into(),
                format!("(?:{DIGITS}|{NUMERALS})个?(?:天|日|周|星期|礼拜|月|年|小时|分钟)(?:之|以)?[前后]"),
                "today|tonight|tomorrow|yesterday|the day after tomorrow|the day before yesterday".into(),
                format!("(?:last|next|this) (?:week|weekend|month|year|{WEEKDAY})"),
                r"\d+ (?:day|week|month|year|hour|minute)s? (?:ago|from now)".into(),
                r"in \d+ (?:day|week|month|year|hour|minute)s?".into(),
            ],
            Self::Money => vec![
                format!(r"(?:[¥￥$€£]|us\$|hk\$|rmb|cny|usd|eur|gbp|hkd|jpy) ?{DIGITS}[千万亿k]?"),
                format!("(?:{DIGITS}[千万亿k]?|{NUMERALS}) ?(?:元|块钱?|人民币|圆|美元|欧元|英镑|日元|港币|毛钱?|角|分钱|rmb|cny|usd|eur|gbp|hkd|yuan|dollars?|bucks|euros?|pounds?|cents?|[$€£¥￥])"),
            ],
            Self::Quantity => vec![
                format!("(?:{DIGITS}|{NUMERALS}) ?(?:个|件|台|部|支|只|条|双|套|盒|箱|包|瓶|张|本|次|份|袋|斤|公斤|千克|克|吨|米|厘米|毫米|升|毫升|寸|英寸|天|小时|分钟|秒)"),
                format!(r"{DIGITS} ?(?:kg|g|lbs?|oz|km|cm|mm|m|ml|l|inch(?:es)?|pcs|pieces?|items?|units?|box(?:es)?|packs?|pairs?|days?|hours?|minutes?|gb|mb|tb|mah|kwh|w|v|hz)"),
            ],
            Self::Number => vec![
                format!("[-+]?{DIGITS}"),
                format!("负?{NUMERALS}点[零〇一二三四五六七八九]+"),
                // A single one stands in too many words: 一下, 万一.
                "负?[零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]{2,}".into(),
            ],
        }
    }
}

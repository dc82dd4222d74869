//! The fuzzers' functions in the ordinary test run: every seed, and thousands of deterministic
//! changes of each target's seeds.
//!
//! `BLESS_CORPUS=1` writes the seeds anew, from the golden vectors and the demo shop.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use firsthop_core::hop::client::{Client, Output};
use firsthop_core::id::{EdgeId, Uuid, VisitorId};
use firsthop_core::knowledge;
use firsthop_core::pack::{BuildSettings, Pack, PackError, PackHash, build};
use firsthop_core::protocol::visitor::ToServer;
use firsthop_core::protocol::{Encoding, decode};
use firsthop_core::sign::{Nonce, Purpose, Signed};
use firsthop_core::token::{Claims, Key, sign};
use firsthop_core::{Instant, Timestamp};
use firsthop_hostile::{TARGETS, Target, corpus};
use serde_json::Value;

/// Changed inputs for each target.
const CHANGED: u64 = 30_000;
/// A seed that is larger is not changed as often: it takes longer.
const LARGE_BYTES: usize = 4_096;

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> = fs::read_dir(corpus(name))
        .unwrap_or_else(|error| panic!("no corpus for {name}: {error}"))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// splitmix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % count.max(1) as u64) as usize
    }

    /// One to eight small damages.
    fn damage(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(8) {
            let at = self.below(bytes.len());
            let byte = [0, 1, 0x7f, 0x80, 0xff, b'"', b'{', self.below(256) as u8][self.below(8)];
            match self.below(7) {
                0 if !bytes.is_empty() => bytes[at] = byte,
                1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                2 => bytes.insert(at, byte),
                3 if !bytes.is_empty() => drop(bytes.remove(at)),
                4 => bytes.truncate(at),
                5 => {
                    let from = self.below(other.len());
                    let to = from + self.below(other.len() - from + 1);
                    bytes.splice(at..at, other[from..to].iter().copied());
                }
                _ => {
                    let end = at + self.below(bytes.len() - at + 1);
                    let part = bytes[at..end].to_vec();
                    bytes.splice(at..at, part);
                }
            }
        }
    }
}

fn torture(target: &Target) -> u64 {
    let (name, run) = target;
    let seeds = seeds(name);
    assert!(!seeds.is_empty(), "no seeds for {name}");
    seeds.iter().for_each(|seed| run(seed));
    let large = seeds.iter().map(Vec::len).max() > Some(LARGE_BYTES);
    let count = if large { CHANGED / 20 } else { CHANGED };
    for number in 0..count {
        let mut dice = Dice(number);
        let mut bytes = seeds[dice.below(seeds.len())].clone();
        let other = &seeds[dice.below(seeds.len())];
        dice.damage(&mut bytes, other);
        let ran = std::panic::catch_unwind(|| run(&bytes));
        assert!(ran.is_ok(), "{name}: change {number} of the seeds panics");
    }
    count
}

#[test]
fn no_decoder_is_upset_by_any_bytes() {
    if std::env::var_os("BLESS_CORPUS").is_some() {
        bless();
    }
    let workers: Vec<_> = TARGETS
        .iter()
        .map(|target| (target.0, thread::spawn(move || torture(target))))
        .collect();
    for (name, worker) in workers {
        match worker.join() {
            Ok(count) => println!("{name}: {count} changed inputs"),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

#[test]
fn every_target_has_its_fuzzer() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        assert!(
            fuzz.join(format!("fuzz_targets/{name}.rs")).exists(),
            "{name}"
        );
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
}

// ---- Seeds ----------------------------------------------------------------------------------

fn save(target: &str, name: &str, bytes: &[u8]) {
    let name: String = name
        .chars()
        .map(|char| {
            if char.is_ascii_alphanumeric() {
                char
            } else {
                '_'
            }
        })
        .collect();
    fs::create_dir_all(corpus(target)).unwrap();
    fs::write(corpus(target).join(name), bytes).unwrap();
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .map(|char| char.to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// Knowledge that a pack keeps in parts which the first entries of the demo shop leave empty.
const OF_EVERY_KIND: &str = r#"
{"rule":"pattern","any":[{"pattern":"单号\\d{4,}"}],"none":["no"],"suggest":["order-how"]}
{"rule":"near","any":[{"near":["pay","when"],"within":4}],"lang":"en","page":"/shop","hours":"closed","answer":"order-how","priority":2}
{"entity":"lamp","values":{"moon":["moon lamp","月光灯"]}}
{"rule":"lamp","any":[{"entity":"lamp"}],"label":["lamp"]}
{"synonyms":["zorbo","moon lamp","月光灯"]}
{"settings":{"zone":"+08:00","hours":{"mon-fri":"09:00-18:00"}}}
"#;

/// Where a pack's first pattern has its table of bytes: the cell of the digit 0.
fn cell_of_a_digit(pack: &[u8]) -> Option<usize> {
    let is_table = |table: &[u8]| {
        let digits = &table[usize::from(b'0')..=usize::from(b'9')];
        digits[0] > 0
            && digits.iter().all(|cell| *cell == digits[0])
            && table.iter().all(|cell| *cell < 40)
    };
    let at = pack.windows(256).position(is_table)?;
    Some(at + usize::from(b'0'))
}

#[test]
fn the_seed_of_packs_is_one_that_loads_and_its_sibling_is_not() {
    let load = |name: &str| {
        let bytes = fs::read(corpus("pack").join(name)).unwrap();
        Pack::load(bytes, PackHash([0; 32])).err()
    };
    assert_eq!(load("demo"), None, "write the seeds anew: BLESS_CORPUS=1");
    assert_eq!(load("class_255"), Some(PackError::Checksum));
}

fn bless() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (file, target) in [
        ("visitor_to_server", "visitor_to_server"),
        ("server_to_visitor", "server_to_visitor"),
        ("agent_to_server", "agent_to_server"),
        ("server_to_agent", "server_to_agent"),
        ("edge", "edge"),
    ] {
        for version in ["v1", "future"] {
            let path = root.join(format!("tests/vectors/{version}/{file}.json"));
            let Ok(text) = fs::read_to_string(path) else {
                continue;
            };
            for line in serde_json::from_str::<Vec<Value>>(&text).unwrap() {
                let name = format!("{version}_{}", line["name"].as_str().unwrap());
                let postcard = unhex(line["postcard"].as_str().unwrap());
                save(target, &name, &postcard);
                if target != "edge" {
                    save(
                        target,
                        &format!("{name}_json"),
                        line["json"].to_string().as_bytes(),
                    );
                }
            }
        }
    }
    bless_trust();
    bless_device();
    let text = fs::read_to_string(root.join("deploy/demo/knowledge.jsonl")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for (number, lines) in lines.chunks(lines.len().div_ceil(4)).enumerate() {
        let few = lines[..3.min(lines.len())].join("\n");
        save("knowledge", &format!("demo_{number}"), few.as_bytes());
        if number == 0 {
            let all = format!("{few}\n{OF_EVERY_KIND}");
            let knowledge = knowledge::parse("demo.jsonl", all.as_bytes()).unwrap();
            let (mut built, _) = build(&knowledge, &BuildSettings::default(), &mut |_| {}).unwrap();
            save("pack", "demo", &built);
            let cell = cell_of_a_digit(&built).unwrap();
            built[cell] = 255;
            save("pack", "class_255", &built);
        }
    }
    let settings = fs::read_to_string(root.join("origin/config.default.toml")).unwrap();
    save("settings", "default", settings.as_bytes());
    let uncommented: Vec<_> = settings
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|line| line.contains(" = "))
                .unwrap_or(line)
        })
        .collect();
    save("settings", "all", uncommented.join("\n").as_bytes());
}

fn bless_trust() {
    let (key, now) = (Key([7; 32]), Timestamp::from_millis(1_800_000_000_000));
    let claims = Claims::new("demo", VisitorId::new(now, [1; 10]), now);
    save("token", "signed", sign(&key, &claims).as_bytes());
    save("token", "claims", &postcard::to_allocvec(&claims).unwrap());
    let (edge, nonce) = (EdgeId(Uuid([3; 16])), Nonce([4; 16]));
    let signed = Signed::sign(
        &key,
        Purpose::Batch,
        edge,
        now,
        nonce,
        "POST /v1/edge/batch",
        b"body",
    );
    let mut lines: Vec<_> = signed
        .headers()
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    lines.push("body".to_owned());
    save("signature", "signed", lines.join("\n").as_bytes());
}

/// What a device remembers of a conversation with every golden frame.
fn bless_device() {
    let start = Instant::from_millis(1_000);
    let mut client = Client::new(start, 1, "hostile", []);
    client.connect(start);
    client.handle_connected(start);
    for seed in seeds("server_to_visitor") {
        if let Ok(frames) = decode(Encoding::Postcard, &seed) {
            client.handle_frames(start, frames);
        }
    }
    for seed in seeds("visitor_to_server") {
        for frame in decode::<ToServer>(Encoding::Postcard, &seed).unwrap_or_default() {
            if let ToServer::Submit(submit) = frame {
                for message in submit.messages {
                    let _ = client.say(start, message, None);
                }
            }
        }
    }
    let mut changes = Vec::new();
    while let Some(output) = client.poll_output() {
        if let Output::Save(change) = output {
            let name = format!("change_{}", changes.len());
            save(
                "device",
                &name,
                &postcard::to_allocvec(&vec![&change]).unwrap(),
            );
            changes.push(change);
        }
    }
    save("device", "all", &postcard::to_allocvec(&changes).unwrap());
}

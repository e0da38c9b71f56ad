//! Many orders, quickly: copies of real ones with new ids, put beneath the platform without telling its streams.

use std::collections::{BTreeMap, BTreeSet};

use local::handles::Handles;
use serde_json::{Value, json};

use crate::stage::Stage;

/// Copies per import.
const CHUNK: usize = 1_000;
/// Digits of an id that are made new.
const FRESH: usize = 12;
/// Ids that one order may make.
const IDS_MAX: u64 = 256;
/// Lengths of ids and of hashes that stand without a prefix.
const BARE: [usize; 2] = [32, 64];

/// All items by table, partition key and sort key.
type Snapshot = BTreeMap<(String, String, String), Value>;

/// Orders to copy.
#[derive(Default)]
pub(crate) struct Moulds {
    before: Snapshot,
    taken: usize,
    kept: Vec<Mould>,
}

/// All items of one order, in pieces between its ids.
struct Mould {
    /// Of so many copies one is of this mould; the first mould takes the rest.
    each: usize,
    items: usize,
    tables: BTreeMap<String, Vec<Piece>>,
}

enum Piece {
    Text(String),
    /// What stays of an id, and its number among the order's.
    Id(String, u64),
}

impl Moulds {
    /// Orders that were really made.
    pub(crate) const fn orders(&self) -> usize {
        self.taken
    }

    /// Before an order is made.
    pub(crate) async fn before(&mut self, stage: &Stage) {
        self.before = snapshot(stage).await;
    }

    /// After: what is new is the order. Nothing is kept when `each` is 0.
    pub(crate) async fn after(&mut self, stage: &Stage, each: usize) {
        self.taken += 1;
        if each == 0 {
            return;
        }
        let after = snapshot(stage).await;
        let mould = Mould::new(&self.before, &after, each);
        let tables: Vec<&str> = mould.tables.keys().map(String::as_str).collect();
        println!("An order to copy: {} items in {}.\n", mould.items, tables.join(", "));
        self.kept.push(mould);
    }

    /// Copies from one number of orders to another; gives the number of items.
    pub(crate) async fn fill(&self, stage: &Stage, from: usize, to: usize) -> usize {
        let mut items = 0;
        let quick = stage.platform.handles.database.enable_bulk_loading();
        quick.expect("the settings are taken");
        for begin in (from..to).step_by(CHUNK) {
            let mut texts: BTreeMap<String, String> = BTreeMap::new();
            for nth in begin..to.min(begin + CHUNK) {
                let special = self.kept.iter().skip(1).find(|mould| nth % mould.each == 0);
                let mould = special.unwrap_or(&self.kept[0]);
                mould.copy(nth, &mut texts);
                items += mould.items;
            }
            let handles = stage.platform.handles.clone();
            let importing = tokio::task::spawn_blocking(move || import(&handles, &texts));
            importing.await.expect("the import does not panic");
        }
        let ordinary = stage.platform.handles.database.disable_bulk_loading();
        ordinary.expect("the settings are taken");
        items
    }
}

impl Mould {
    fn new(before: &Snapshot, after: &Snapshot, each: usize) -> Self {
        let mut known = BTreeSet::new();
        for item in before.values() {
            known.extend(ids(&item.to_string()));
        }
        let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
        let mut mould = Self {
            each,
            items: 0,
            tables: BTreeMap::new(),
        };
        for ((table, pk, sk), item) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
            // An item whose key names no id of this order is one that orders share: a copy would replace it.
            if !ids(&format!("{pk} {sk}")).iter().any(|id| !known.contains(id)) {
                continue;
            }
            mould.items += 1;
            let pieces = mould.tables.entry(table.clone()).or_default();
            for (text, is_run) in runs(&item.to_string()) {
                if !is_run || !is_id(&text) || known.contains(&text) {
                    pieces.push(Piece::Text(text));
                    continue;
                }
                let next = u64::try_from(numbers.len()).expect("few");
                let number = *numbers.entry(text.clone()).or_insert(next);
                let (kept, _) = text.split_at(text.len() - FRESH);
                pieces.push(Piece::Id(kept.to_owned(), number));
            }
            pieces.push(Piece::Text(",".to_owned()));
        }
        assert!(
            u64::try_from(numbers.len()).expect("few") <= IDS_MAX,
            "an order makes few ids"
        );
        mould
    }

    fn copy(&self, nth: usize, texts: &mut BTreeMap<String, String>) {
        let nth = u64::try_from(nth).expect("few");
        for (table, pieces) in &self.tables {
            let text = texts.entry(table.clone()).or_default();
            for piece in pieces {
                match piece {
                    Piece::Text(plain) => text.push_str(plain),
                    Piece::Id(kept, number) => {
                        text.push_str(kept);
                        text.push_str(&digits(nth * IDS_MAX + number));
                    }
                }
            }
        }
    }
}

/// Hexadecimal digits that are different for different numbers, and look like chance: ids are spread over the tables.
fn digits(number: u64) -> String {
    const ODD: u64 = 0x9e37_79b9_7f4b;
    format!("{:0FRESH$x}", number.wrapping_mul(ODD) & 0xffff_ffff_ffff)
}

/// Defaults of a type that the platform does not name.
fn unset<T: Default>() -> T {
    T::default()
}

fn import(handles: &Handles, texts: &BTreeMap<String, String>) {
    for (table, text) in texts {
        let items = format!("[{}]", text.trim_end_matches(','));
        let items = serde_json::from_str(&items).expect("copies are items");
        let imported = handles.database.import_items(table, items, unset());
        imported.unwrap_or_else(|error| panic!("{table}: {error}"));
    }
}

/// Everything that is stored, but the streams.
async fn snapshot(stage: &Stage) -> Snapshot {
    let handles = stage.platform.handles.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let mut found = Snapshot::new();
        for table in handles.stack.tables.values() {
            read(&handles, &table.name, &mut found);
        }
        found
    });
    reading.await.expect("the scan does not panic")
}

fn read(handles: &Handles, table: &str, found: &mut Snapshot) {
    let mut from = Value::Null;
    loop {
        let mut request = json!({"TableName": table, "ConsistentRead": true});
        if !from.is_null() {
            request["ExclusiveStartKey"] = from;
        }
        let request = serde_json::from_value(request).expect("a request");
        let answer = handles
            .database
            .scan(request)
            .unwrap_or_else(|error| panic!("{table}: {error}"));
        let mut answer = serde_json::to_value(&answer).expect("an answer is JSON");
        for item in answer["Items"].as_array().into_iter().flatten() {
            let key = |name: &str| item[name]["S"].as_str().expect("keys are text").to_owned();
            found.insert((table.to_owned(), key("pk"), key("sk")), item.clone());
        }
        from = answer["LastEvaluatedKey"].take();
        if from.is_null() {
            return;
        }
    }
}

/// Ids and hashes in a text.
fn ids(text: &str) -> Vec<String> {
    let runs = runs(text).into_iter().filter(|(_, is_run)| *is_run);
    runs.map(|(run, _)| run).filter(|run| is_id(run)).collect()
}

/// A text in runs of letters, digits and underscores, and what is between them.
fn runs(text: &str) -> Vec<(String, bool)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found: Vec<(String, bool)> = Vec::new();
    for c in text.chars() {
        match found.last_mut() {
            Some((run, word)) if *word == is_word(c) => run.push(c),
            _ => found.push((c.to_string(), is_word(c))),
        }
    }
    found
}

/// `ord_…`, `pi_…`, a bare UUID or hash.
fn is_id(run: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    match run.rsplit_once('_') {
        Some((_, digits)) => digits.len() >= FRESH && is_hex(digits),
        None => BARE.contains(&run.len()) && is_hex(run),
    }
}

//! The words that products are found by.

use unicode_normalization::UnicodeNormalization;

use crate::Content;

/// The most words that one product is found by: each is an index row, written in the publishing transaction.
pub const TOKENS_MAX: usize = 28;
/// The most words of one query that count.
const QUERY_TOKENS_MAX: usize = 12;
/// Words longer than this are cut, in characters.
const TOKEN_CHARS_MAX: usize = 32;
/// Characters of one text that are looked at.
const TEXT_CHARS_MAX: usize = 2_000;
/// Words too common to find anything by.
const STOP_WORDS: &[&str] = &["a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with"];

/// The words to index a product by, the most telling first: titles, article numbers, tags, descriptions.
pub fn index_tokens(content: &Content) -> Vec<String> {
    let mut tokens = Vec::new();
    let titles = content.title.all().map(|(_, text)| text);
    let skus = content.sold().map(|variant| variant.sku.as_str());
    let tags = content.tags.iter().map(kernel::Text::as_str);
    let descriptions = content.description.all().map(|(_, text)| text);
    for text in titles.chain(tags).chain(skus).chain(descriptions) {
        for token in words(text, true) {
            if tokens.len() >= TOKENS_MAX {
                return tokens;
            }
            if !tokens.contains(&token) {
                tokens.push(token);
            }
        }
    }
    tokens
}

/// The words of a query, each of which a product must have. Empty when nothing in it can be searched for.
pub fn query_tokens(query: &str) -> Vec<String> {
    let mut tokens = words(query, false);
    let mut seen = std::collections::BTreeSet::new();
    tokens.retain(|token| seen.insert(token.clone()));
    tokens.truncate(QUERY_TOKENS_MAX);
    tokens
}

/// Lower-cased words of letters and digits; runs of CJK characters as pairs. When indexing, the first character of a run
/// stands alone too, so that a query of one character finds the texts that begin with it; in a query, a character stands
/// alone only when its run has no other.
fn words(text: &str, indexing: bool) -> Vec<String> {
    let folded: Vec<char> = text.nfkc().flat_map(char::to_lowercase).take(TEXT_CHARS_MAX).collect();
    let mut words = Vec::new();
    for run in folded.chunk_by(|a, b| class(*a) == class(*b)) {
        match run.first().copied().map(class) {
            Some(Class::Cjk) => {
                words.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
                if indexing || run.len() == 1 {
                    words.extend(run.first().map(char::to_string));
                }
            }
            Some(Class::Word) => {
                let word: String = run.iter().take(TOKEN_CHARS_MAX).collect();
                if !STOP_WORDS.contains(&word.as_str()) {
                    words.push(word);
                }
            }
            Some(Class::Other) | None => {}
        }
    }
    words
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Cjk,
    Other,
}

fn class(c: char) -> Class {
    match c {
        '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Class::Cjk,
        c if c.is_alphanumeric() => Class::Word,
        _ => Class::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn chinese_is_found_by_pairs_and_english_by_words() {
        assert_eq!(query_tokens("龙井茶 the Green-Tea"), ["龙井", "井茶", "green", "tea"]);
        assert_eq!(query_tokens("茶"), ["茶"]);
        assert_eq!(words("龙井茶", true), ["龙井", "井茶", "龙"]);
        assert_eq!(query_tokens("ＴＥＡ２"), ["tea2"]);
        assert!(query_tokens("* !! the").is_empty());
    }

    #[test]
    fn a_products_title_comes_before_its_description() {
        let content = crate::rules::tests::content();
        let tokens = index_tokens(&content);
        assert_eq!(tokens[0], "trail");
        assert!(tokens.len() <= TOKENS_MAX);
    }

    proptest! {
        #[test]
        fn no_word_holds_the_separator_or_is_empty(text in "\\PC{0,60}") {
            for word in words(&text, true) {
                prop_assert!(!word.is_empty() && !word.contains('#'));
            }
        }

        #[test]
        fn what_a_title_says_is_found_by_any_of_its_words(text in "[a-z]{1,8}( [a-z]{1,8}){0,5}|[一-十]{2,8}") {
            let indexed = words(&text, true);
            prop_assert!(query_tokens(&text).iter().all(|token| indexed.contains(token)));
        }
    }
}

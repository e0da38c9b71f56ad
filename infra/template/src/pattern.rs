//! The regular expressions of `AllowedPattern`, as far as parameters need them: literals, `.`, classes, `\d \w \s`,
//! groups, alternatives and the quantifiers `* + ? {m,n}`. Anything else is refused when the pattern is read.

/// Steps of one match; beyond them the pattern counts as too slow to be right.
const STEPS_MAX: u32 = 200_000;

/// Repetitions that a quantifier may ask for.
const REPEAT_MAX: u32 = 4_096;

#[derive(Debug, Clone)]
enum Node {
    Any,
    Start,
    End,
    Class { ranges: Vec<(char, char)>, negated: bool },
    Group(Vec<Vec<Node>>),
    Repeat { node: Box<Node>, least: u32, most: u32 },
}

/// A pattern that must match a whole value, as CloudFormation's do.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Node);

impl Pattern {
    /// Parses `text`; the error says which part is not supported.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let characters: Vec<char> = text.chars().collect();
        let mut parser = Parser { rest: &characters };
        let group = parser.alternatives()?;
        if parser.rest.is_empty() {
            Ok(Self(group))
        } else {
            Err("an unopened `)`".to_owned())
        }
    }

    /// Whether the whole of `value` matches.
    pub(crate) fn matches(&self, value: &str) -> Result<bool, String> {
        let characters: Vec<char> = value.chars().collect();
        let mut search = Matcher {
            text: &characters,
            steps: 0,
        };
        let end = characters.len();
        let matched = search.run(&[&self.0], 0, &mut |at| at == end);
        if search.steps > STEPS_MAX {
            Err("the pattern takes too long".to_owned())
        } else {
            Ok(matched)
        }
    }
}

struct Parser<'a> {
    rest: &'a [char],
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.first().copied()
    }

    fn next(&mut self) -> Option<char> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn alternatives(&mut self) -> Result<Node, String> {
        let mut all = vec![Vec::new()];
        while let Some(next) = self.peek() {
            match next {
                ')' => break,
                '|' => {
                    self.next();
                    all.push(Vec::new());
                }
                _ => {
                    let node = self.quantified()?;
                    if let Some(last) = all.last_mut() {
                        last.push(node);
                    }
                }
            }
        }
        Ok(Node::Group(all))
    }

    fn quantified(&mut self) -> Result<Node, String> {
        let node = self.atom()?;
        let (least, most) = match self.peek() {
            Some('*') => (0, REPEAT_MAX),
            Some('+') => (1, REPEAT_MAX),
            Some('?') => (0, 1),
            Some('{') => self.bounds()?,
            _ => return Ok(node),
        };
        self.next();
        if matches!(self.peek(), Some('?' | '+' | '*')) {
            return Err("lazy and possessive quantifiers are not supported".to_owned());
        }
        Ok(Node::Repeat {
            node: Box::new(node),
            least,
            most,
        })
    }

    /// Reads `{m}`, `{m,}` or `{m,n}` up to, not including, its brace.
    fn bounds(&mut self) -> Result<(u32, u32), String> {
        self.next();
        let mut text = String::new();
        while let Some(next) = self.peek().filter(|next| *next != '}') {
            text.push(next);
            self.next();
        }
        let (least, most) = text.split_once(',').unwrap_or((&text, &text));
        let least = least.parse().map_err(|_| format!("`{{{text}}}` is not a repetition"))?;
        let most = if most.is_empty() { Ok(REPEAT_MAX) } else { most.parse() };
        let most = most.map_err(|_| format!("`{{{text}}}` is not a repetition"))?;
        if least > most || most > REPEAT_MAX {
            Err(format!("`{{{text}}}` is out of range"))
        } else {
            Ok((least, most))
        }
    }

    fn atom(&mut self) -> Result<Node, String> {
        match self.next() {
            Some('.') => Ok(Node::Any),
            Some('^') => Ok(Node::Start),
            Some('$') => Ok(Node::End),
            Some('(') => self.group(),
            Some('[') => self.class(),
            Some('\\') => Ok(Node::Class {
                ranges: self.escape()?,
                negated: false,
            }),
            Some(other @ ('*' | '+' | '?' | '{')) => Err(format!("nothing before `{other}`")),
            Some(other) => Ok(Node::Class {
                ranges: vec![(other, other)],
                negated: false,
            }),
            None => Err("the pattern ends too early".to_owned()),
        }
    }

    fn group(&mut self) -> Result<Node, String> {
        if self.peek() == Some('?') {
            self.next();
            if self.next() != Some(':') {
                return Err("of `(?…)` only `(?:…)` is supported".to_owned());
            }
        }
        let group = self.alternatives()?;
        if self.next() == Some(')') {
            Ok(group)
        } else {
            Err("an unclosed `(`".to_owned())
        }
    }

    fn escape(&mut self) -> Result<Vec<(char, char)>, String> {
        match self.next() {
            Some('d') => Ok(vec![('0', '9')]),
            Some('w') => Ok(vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')]),
            Some('s') => Ok(vec![(' ', ' '), ('\t', '\r')]),
            Some(other) if other.is_ascii_alphanumeric() => Err(format!("`\\{other}` is not supported")),
            Some(other) => Ok(vec![(other, other)]),
            None => Err("a lone `\\` at the end".to_owned()),
        }
    }

    fn class(&mut self) -> Result<Node, String> {
        let negated = self.peek() == Some('^');
        if negated {
            self.next();
        }
        let mut ranges = Vec::new();
        loop {
            let from = match self.next() {
                Some(']') if !ranges.is_empty() => return Ok(Node::Class { ranges, negated }),
                Some('\\') => {
                    ranges.extend(self.escape()?);
                    continue;
                }
                Some(other) => other,
                None => return Err("an unclosed `[`".to_owned()),
            };
            match self.rest {
                ['-', to, ..] if *to != ']' && *to != '\\' => {
                    ranges.push((from, *to));
                    self.next();
                    self.next();
                }
                _ => ranges.push((from, from)),
            }
        }
    }
}

struct Matcher<'a> {
    text: &'a [char],
    steps: u32,
}

impl Matcher<'_> {
    /// Matches `nodes` from `at` on, then asks `then` whether the place they end at will do.
    fn run(&mut self, nodes: &[&Node], at: usize, then: &mut dyn FnMut(usize) -> bool) -> bool {
        self.steps = self.steps.saturating_add(1);
        if self.steps > STEPS_MAX {
            return false;
        }
        let Some((first, rest)) = nodes.split_first() else {
            return then(at);
        };
        match first {
            Node::Start => at == 0 && self.run(rest, at, then),
            Node::End => at == self.text.len() && self.run(rest, at, then),
            Node::Any => at < self.text.len() && self.run(rest, at.saturating_add(1), then),
            Node::Class { ranges, negated } => {
                let Some(next) = self.text.get(at) else { return false };
                let within = ranges.iter().any(|(from, to)| (*from..=*to).contains(next));
                within != *negated && self.run(rest, at.saturating_add(1), then)
            }
            Node::Group(alternatives) => alternatives.iter().any(|alternative| {
                let nodes: Vec<&Node> = alternative.iter().chain(rest.iter().copied()).collect();
                self.run(&nodes, at, then)
            }),
            Node::Repeat { node, least, most } => self.repeat((node, *least, *most), rest, at, then),
        }
    }

    /// Greedy, one repetition at a time; a repetition that consumes nothing ends the loop.
    fn repeat(
        &mut self,
        (node, least, most): (&Node, u32, u32),
        rest: &[&Node],
        at: usize,
        then: &mut dyn FnMut(usize) -> bool,
    ) -> bool {
        let mut frontier = vec![at];
        let mut reached = if least == 0 { vec![at] } else { Vec::new() };
        for count in 1..=most {
            let mut next = Vec::new();
            for from in &frontier {
                self.run(&[node], *from, &mut |end| {
                    if !next.contains(&end) {
                        next.push(end);
                    }
                    false
                });
            }
            next.retain(|end| count < least || !reached.contains(end));
            if next.is_empty() || self.steps > STEPS_MAX {
                break;
            }
            if count >= least {
                reached.extend(next.iter().copied());
            }
            frontier = next;
        }
        reached.sort_unstable_by(|left, right| right.cmp(left));
        reached.into_iter().any(|end| self.run(rest, end, then))
    }
}

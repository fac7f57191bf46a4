//! JSON as a person typed it: every value knows its line and column, and a member that occurs twice is a mistake.

use super::problem::{Fault, Problem};

/// Deepest nesting; a policy needs five.
const DEEPEST: usize = 16;

/// A place in the text, both from 1; columns are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A value and where it begins.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: At,
    pub(super) value: Value,
}

/// A value. Numbers stay as they were typed.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Flag(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) at: At,
    pub(super) name: String,
    pub(super) node: Node,
}

impl Value {
    /// What it is, for a person.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads one value and nothing after it.
pub(super) fn parse(text: &str) -> Result<Node, Problem> {
    let mut reader = Reader { rest: text.chars().peekable(), at: At { line: 1, column: 1 } };
    let node = reader.value(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.unexpected("nothing more")),
    }
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    at: At,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        if next == '\n' {
            self.at = At { line: self.at.line + 1, column: 1 };
        } else {
            self.at.column += 1;
        }
        Some(next)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\n' | '\r' | '\t')) {
            self.next();
        }
    }

    fn unexpected(&mut self, wanted: &str) -> Problem {
        let found = self.peek().map(String::from).unwrap_or_default();
        Problem::new(self.at, Fault::Syntax, found, wanted)
    }

    fn expect(&mut self, wanted: char) -> Result<(), Problem> {
        self.skip_space();
        if self.peek() != Some(wanted) {
            return Err(self.unexpected(wanted.encode_utf8(&mut [0; 4])));
        }
        self.next();
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Node, Problem> {
        self.skip_space();
        let at = self.at;
        if depth > DEEPEST {
            return Err(Problem::new(at, Fault::Syntax, String::new(), "less nesting"));
        }
        let value = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Value::Text(self.text()?),
            Some('-' | '0'..='9') => self.number()?,
            Some('a'..='z') => self.word()?,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Node { at, value })
    }

    fn object(&mut self, depth: usize) -> Result<Value, Problem> {
        self.expect('{')?;
        let mut members: Vec<Member> = Vec::new();
        self.skip_space();
        if self.peek() == Some('}') {
            self.next();
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_space();
            let at = self.at;
            if self.peek() != Some('"') {
                return Err(self.unexpected("\""));
            }
            let name = self.text()?;
            if members.iter().any(|member| member.name == name) {
                return Err(Problem::new(at, Fault::Duplicate, name, ""));
            }
            self.expect(':')?;
            let node = self.value(depth + 1)?;
            members.push(Member { at, name, node });
            if self.is_last('}')? {
                return Ok(Value::Object(members));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Problem> {
        self.expect('[')?;
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(']') {
            self.next();
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.is_last(']')? {
                return Ok(Value::List(items));
            }
        }
    }

    /// Takes a comma or the end.
    fn is_last(&mut self, end: char) -> Result<bool, Problem> {
        self.skip_space();
        match self.peek() {
            Some(',') => {
                self.next();
                Ok(false)
            }
            Some(found) if found == end => {
                self.next();
                Ok(true)
            }
            _ => Err(self.unexpected(if end == '}' { ", or }" } else { ", or ]" })),
        }
    }

    fn text(&mut self) -> Result<String, Problem> {
        self.next();
        let mut text = String::new();
        loop {
            let at = self.at;
            match self.peek() {
                Some('"') => {
                    self.next();
                    return Ok(text);
                }
                Some('\\') => {
                    self.next();
                    let Some(c) = self.escaped() else {
                        return Err(Problem::new(at, Fault::Syntax, "\\".to_owned(), "\\\\"));
                    };
                    text.push(c);
                }
                Some(c) if c >= ' ' => {
                    self.next();
                    text.push(c);
                }
                _ => return Err(self.unexpected("\"")),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            c @ ('"' | '\\' | '/') => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.four_digits()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return char::from_u32(high);
                }
                if (self.next()?, self.next()?) != ('\\', 'u') {
                    return None;
                }
                let low = self.four_digits().filter(|low| (0xdc00..0xe000).contains(low))?;
                return char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            }
            _ => return None,
        })
    }

    fn four_digits(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |sum, _| Some(sum * 16 + self.next()?.to_digit(16)?))
    }

    fn number(&mut self) -> Result<Value, Problem> {
        let at = self.at;
        let mut text = String::new();
        while let Some(c @ ('-' | '+' | '.' | 'e' | 'E' | '0'..='9')) = self.peek() {
            text.push(c);
            self.next();
        }
        // What JSON calls a number is decided where everybody else decides it.
        if serde_json::from_str::<serde_json::Number>(&text).is_err() {
            return Err(Problem::new(at, Fault::Syntax, text, "a number"));
        }
        Ok(Value::Number(text))
    }

    fn word(&mut self) -> Result<Value, Problem> {
        let at = self.at;
        let mut text = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_alphabetic) {
            text.push(c);
            self.next();
        }
        match text.as_str() {
            "true" => Ok(Value::Flag(true)),
            "false" => Ok(Value::Flag(false)),
            "null" => Ok(Value::Null),
            _ => Err(Problem::new(at, Fault::Syntax, text, "a value")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn plain(node: &Node) -> serde_json::Value {
        match &node.value {
            Value::Null => serde_json::Value::Null,
            Value::Flag(flag) => (*flag).into(),
            Value::Number(text) => serde_json::from_str(text).unwrap(),
            Value::Text(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(plain).collect(),
            Value::Object(members) => {
                members.iter().map(|member| (member.name.clone(), plain(&member.node))).collect()
            }
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i32>().prop_map(Into::into),
            "\\PC{0,6}|[\\n\"\\\\\u{1f600}]{0,4}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::btree_map("[a-c]{1,2}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_writes(value in any_json(), is_pretty: bool) {
            let text = if is_pretty {
                serde_json::to_string_pretty(&value).unwrap()
            } else {
                value.to_string()
            };
            prop_assert_eq!(plain(&parse(&text).unwrap()), value);
        }

        #[test]
        fn it_takes_nothing_that_serde_refuses(text in "[\\[\\]{}\":, a-e0-2.\\\\tru-]{0,14}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match parse(&text) {
                Ok(node) => prop_assert_eq!(plain(&node), theirs.unwrap()),
                Err(problem) => {
                    prop_assert!(theirs.is_err() || problem.fault == Fault::Duplicate, "{}", problem);
                }
            }
        }
    }

    #[test]
    fn surrogates_are_one_character() {
        let node = parse(r#""\ud83d\ude00""#).unwrap();
        assert_eq!(plain(&node), "😀");
        assert!(parse(r#""\ud83d""#).is_err());
    }
}

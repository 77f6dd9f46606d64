//! The fast path of the comparison against the tree diff, over pairs of texts that are mostly alike.

use shadowdiff::compare::{Comparison, Rules, both_ways};
use shadowdiff::config;
use std::sync::LazyLock;

/// Rules of every sort that looks at places.
const RULES: [&str; 7] = [
    "{}",
    "{ ignore: [$..id, $.a, '$.list[*].name'] }",
    "{ only: ['$.a', '$.list[*].id', '$[*].b'] }",
    "{ ignore: ['$.list[-1]', '$..list[-2].a', '$[-1:].b'], only: ['$..list[-2:]'] }",
    "{ numbers: [{ path: $..a, abs: 5 }], times: { within: 1h }, hosts: { a.test: b.test } }",
    "{ null_equals_missing: [$..b], normalise: [{ path: $..name, find: '[0-9]+', with: n }] }",
    "{ only: [$..name], ignore: ['$..list[*]', '$..a'], numbers: [{ path: '$..*', rel: 1% }] }",
];

const SCALARS: [&str; 24] = [
    "1",
    "2",
    "1.0",
    "-0",
    "0",
    "12",
    "1e2",
    "100",
    "true",
    "false",
    "null",
    "\"\"",
    "\"a\"",
    "\"b\"",
    "\"\\u0061\"",
    "\"é\"",
    "\"\\u00e9\"",
    "\"a \\\"quoted\\\" word, and more\"",
    "\"2026-01-01T00:00:00Z\"",
    "\"2026-01-01T00:30:00Z\"",
    "\"http://a.test/1\"",
    "\"http://b.test/1\"",
    "\"x1\"",
    "\"x22\"",
];

const KEYS: [&str; 12] =
    ["id", "name", "sku", "list", "a", "b", "\\u0061", "é", "k1", "2026-01-01", "c d", ""];

static COMPILED: LazyLock<Vec<Rules>> = LazyLock::new(|| {
    let compiled = |text: &&str| {
        let text = format!("primary: {{ url: \"http://a:1\" }}\ncompare: {text}");
        let config = config::parse(&text, "shadow.yaml", &|_| None).expect("good rules");
        Rules::new(&config.compare)
    };
    RULES.iter().map(compiled).collect()
});

/// The fast path finds what the tree diff finds, or leaves it to that; and it never calls JSON what
/// is none. The bytes say what is written and where the sides differ.
pub fn lockstep(bytes: &[u8]) {
    let mut pen = Pen { bytes, texts: [vec![], vec![]], open: [true; 2], left: 300 };
    let rules = &COMPILED[pen.draw(RULES.len())];
    let damaged = pen.draw(12) == 11;
    pen.value(12);
    if damaged {
        pen.damage();
    }
    let [x, y] = &pen.texts;
    for (x, y) in [(x, y), (y, x)] {
        check(x, y, rules);
    }
}

fn check(x: &[u8], y: &[u8], rules: &Rules) {
    let shown = || [x, y].map(|text| String::from_utf8_lossy(text).into_owned());
    let (Some(fast), slow) = both_ways(x, y, rules) else { return };
    let slow = slow.unwrap_or_else(|| panic!("one of them is not JSON: {:?}", shown()));
    let total = |found: &Comparison<'_>| found.total;
    assert_eq!(total(&fast), total(&slow), "{:?}", shown());
    assert_eq!(fast, slow, "{:?}", shown());
}

/// Writes two texts at once.
struct Pen<'b> {
    bytes: &'b [u8],
    texts: [Vec<u8>; 2],
    /// Which of them is written to.
    open: [bool; 2],
    /// How many more values there may be.
    left: usize,
}

impl Pen<'_> {
    /// The next choice; the first one where none is left.
    fn draw(&mut self, below: usize) -> usize {
        let Some((&byte, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        byte as usize % below
    }

    fn apart(&mut self, x: &str, y: &str) {
        for ((text, open), written) in self.texts.iter_mut().zip(self.open).zip([x, y]) {
            if open {
                text.extend(written.as_bytes());
            }
        }
    }

    fn both(&mut self, text: &str) {
        self.apart(text, text);
    }

    /// Writes on some sides only.
    fn on(&mut self, sides: [bool; 2], write: impl FnOnce(&mut Self)) {
        let before = self.open;
        for (open, side) in self.open.iter_mut().zip(sides) {
            *open &= side;
        }
        write(self);
        self.open = before;
    }

    fn space(&mut self) {
        match self.draw(48) {
            45 => self.both(" "),
            46 => self.apart("", "\n  "),
            47 => self.apart("\t", ""),
            _ => {}
        }
    }

    fn value(&mut self, depth: usize) {
        self.space();
        self.left = self.left.saturating_sub(1);
        let depth = if self.left == 0 { 0 } else { depth };
        match self.draw(12) {
            6..=8 if depth > 0 => self.object(depth, false),
            9..=10 if depth > 0 => self.array(depth),
            11 if self.draw(4) == 3 => {
                self.on([true, false], |pen| pen.value(depth.saturating_sub(1)));
                self.on([false, true], |pen| pen.value(depth.saturating_sub(1)));
            }
            _ => self.scalar(),
        }
        self.space();
    }

    fn scalar(&mut self) {
        let one = SCALARS[self.draw(SCALARS.len())];
        if self.draw(6) == 5 {
            let other = SCALARS[self.draw(SCALARS.len())];
            self.apart(one, other);
        } else {
            self.both(one);
        }
    }

    /// The sides that have the next child.
    fn sides(&mut self) -> [bool; 2] {
        match self.draw(24) {
            22 => [true, false],
            23 => [false, true],
            _ => [true; 2],
        }
    }

    /// Writes children, each on its sides, with commas between them.
    fn children(&mut self, mut write: impl FnMut(&mut Self, usize)) {
        let mut started = [false; 2];
        for number in 0..self.draw(9) {
            let sides = self.sides();
            let comma = |index: usize| if started[index] { "," } else { "" };
            let commas = [comma(0), comma(1)];
            self.on(sides, |pen| {
                pen.apart(commas[0], commas[1]);
                write(pen, number);
            });
            for (started, side) in started.iter_mut().zip(sides) {
                *started |= side;
            }
        }
    }

    /// An object; as an element of a list, most have an id.
    fn object(&mut self, depth: usize, is_element: bool) {
        self.both("{");
        self.children(|pen, number| {
            if is_element && number == 0 && pen.draw(4) < 3 {
                // Some are the same in many.
                let id = pen.draw(100).min(60);
                pen.both(&format!("\"id\":{id}"));
                return;
            }
            let key = KEYS[pen.draw(KEYS.len())];
            pen.space();
            match pen.draw(40) {
                39 => pen.apart(&format!("\"{key}\""), "\"other\""),
                _ => pen.both(&format!("\"{key}\"")),
            }
            pen.space();
            pen.both(":");
            pen.value(depth.saturating_sub(1));
        });
        self.space();
        self.both("}");
    }

    /// An array, mostly of one sort.
    fn array(&mut self, depth: usize) {
        let of_objects = self.draw(3) > 0;
        self.both("[");
        self.children(|pen, _| match of_objects && pen.left > 0 {
            true => {
                pen.left -= 1;
                pen.object(depth.saturating_sub(1), true);
            }
            false => pen.value(depth.saturating_sub(1)),
        });
        self.space();
        self.both("]");
    }

    /// Overwrites a byte on one side.
    fn damage(&mut self) {
        let (side, place, byte) = (self.draw(2), self.draw(256), self.draw(256));
        let text = &mut self.texts[side];
        if !text.is_empty() {
            let place = place * text.len() / 256;
            text[place] = u8::try_from(byte).expect("below 256");
        }
    }
}

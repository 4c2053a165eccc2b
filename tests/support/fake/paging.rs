//! MaxResults and NextToken: listings cut into pages, in the order of their keys.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::errors::{Refusal, combination, refuse};
use super::request::Request;
use super::world::World;

/// How a listing is cut into pages.
pub struct Rules<'a> {
    /// Parameter that gives the page size.
    pub size: &'a str,
    /// Least and largest page size.
    pub bounds: (i64, i64),
    /// Page size when none is given; without one the whole listing comes at once.
    pub default: Option<i64>,
    /// Parameter of explicit ids, which does not go with pages.
    pub ids: Option<&'a str>,
}

/// Which page is wanted.
pub struct Window {
    limit: usize,
    after: String,
    blank: bool,
    short: bool,
    fingerprint: u64,
}

impl Window {
    /// Reads MaxResults (within its bounds) and NextToken; neither goes with explicit ids.
    pub fn read(world: &World, request: &Request, bounds: (i64, i64), ids: Option<&str>) -> Result<Window, Refusal> {
        Window::by(world, request, &Rules { size: "MaxResults", bounds, default: None, ids })
    }

    /// Reads the page size and NextToken by a listing's own rules.
    pub fn by(world: &World, request: &Request, rules: &Rules<'_>) -> Result<Window, Refusal> {
        let params = &request.params;
        let size = rules.size;
        let asked = params.number(size)?;
        let token = params.get("NextToken");
        if let Some(ids) = rules.ids.filter(|ids| params.has(ids))
            && (asked.is_some() || token.is_some())
        {
            return Err(combination(format!("The parameter {ids} cannot be used with the parameter {size}")));
        }
        if let Some(asked) = asked {
            let (least, most) = rules.bounds;
            if asked < least || asked > most {
                let name = format!("{}{}", size[..1].to_lowercase(), &size[1..]);
                return Err(refuse(
                    "InvalidParameterValue",
                    format!(
                        "Value ( {asked} ) for parameter {name} is invalid. \
                         Expecting a value between {least} and {most}."
                    ),
                ));
            }
        }
        let asked = asked.or(rules.default);
        let fingerprint = fingerprint(request, &[size, "NextToken"]);
        let (blank, after) = match token {
            None => (false, String::new()),
            Some(token) => {
                read_token(token, fingerprint).ok_or_else(|| refuse("InvalidNextToken", "The token is invalid."))?
            }
        };
        Ok(Window {
            limit: asked.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX)),
            after,
            blank,
            short: world.short_pages && asked.is_some(),
            fingerprint,
        })
    }

    /// No page longer than this, unless the whole listing was asked for.
    pub fn at_most(mut self, limit: Option<usize>) -> Window {
        if self.limit != usize::MAX {
            self.limit = self.limit.min(limit.unwrap_or(usize::MAX));
        }
        self
    }

    /// The key after which the page begins; empty for the first.
    pub fn after(&self) -> &str {
        &self.after
    }

    /// Takes the page's items out of those that match, which must come in the order of their keys.
    pub fn cut<K: AsRef<str>, T>(&self, items: impl Iterator<Item = (K, T)>) -> (Vec<T>, Option<String>) {
        if self.blank {
            return (Vec::new(), Some(self.token(false, &self.after)));
        }
        let limit = if self.short { self.limit.div_ceil(2) } else { self.limit };
        let mut items = items.filter(|(key, _)| key.as_ref() > self.after.as_str()).peekable();
        let mut page = Vec::new();
        let mut last = String::new();
        while page.len() < limit {
            let Some((key, item)) = items.next() else { break };
            page.push(item);
            if page.len() == limit || self.short {
                key.as_ref().clone_into(&mut last);
            }
        }
        let more = items.peek().is_some() || (self.short && !page.is_empty());
        let next = more.then(|| self.token(self.short, &last));
        (page, next)
    }

    fn token(&self, blank: bool, after: &str) -> String {
        let plain = format!("{:016x}|{}|{after}", self.fingerprint, u8::from(blank));
        plain.bytes().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

fn read_token(token: &str, fingerprint: u64) -> Option<(bool, String)> {
    let digits = token.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    let plain = String::from_utf8(digits.collect::<Option<Vec<u8>>>()?).ok()?;
    let mut parts = plain.splitn(3, '|');
    if parts.next()? != format!("{fingerprint:016x}") {
        return None;
    }
    let blank = parts.next()? == "1";
    Some((blank, parts.next()?.to_owned()))
}

/// What makes two requests the same, but for the named parameters.
pub fn fingerprint(request: &Request, but: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.action.hash(&mut hasher);
    request.account.hash(&mut hasher);
    request.region.hash(&mut hasher);
    request.params.without(but).hash(&mut hasher);
    hasher.finish()
}

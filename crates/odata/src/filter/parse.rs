use super::lex::{self, Token};
use super::{Comparison, Filter, MAX_DEPTH, MAX_IN, MAX_NODES, MAX_TEXT, Quantifier, Scalar, TextMatch};
use crate::error::quote;
use crate::{EntityType, Error, Field, Kind, Operators, time};

impl Filter {
    /// Reads a decoded `$filter` against an entity. `advanced` says whether the query is an advanced one (see
    /// [`EntityType::directory`]). `not` binds tightest, then comparisons, `and`, `or`; operators and names
    /// are read in any letter case. Takes linear time and is bounded by [`MAX_TEXT`], [`MAX_NODES`],
    /// [`MAX_DEPTH`] and [`MAX_IN`].
    pub fn parse(text: &str, entity: &EntityType, advanced: bool) -> Result<Self, Error> {
        if text.len() > MAX_TEXT {
            let length =
                format!("Invalid filter clause: it is longer than {MAX_TEXT} bytes at position {MAX_TEXT}.");
            return Err(Error::bad_request(length).targeting("$filter"));
        }
        let tokens = lex::tokens(text).map_err(|(at, what)| invalid(text, at, &what))?;
        let mut parser = Parser { text, tokens, next: 0, entity, advanced, nodes: 0, depth: 0, scope: None };
        let filter = parser.any_of()?;
        match parser.peek() {
            Token::End => Ok(filter),
            _ => Err(parser.unexpected("'and', 'or' or the end")),
        }
    }
}

/// `at` is a byte; the message counts characters from 0, as Graph does.
fn invalid(text: &str, at: usize, what: &str) -> Error {
    let position = text.char_indices().take_while(|(byte, _)| *byte < at).count();
    Error::bad_request(format!("Invalid filter clause: {what} at position {position}.")).targeting("$filter")
}

struct Parser<'a> {
    text: &'a str,
    /// Never empty: ends in `End`, which is not stepped over.
    tokens: Vec<(Token<'a>, usize)>,
    next: usize,
    entity: &'a EntityType,
    advanced: bool,
    nodes: usize,
    depth: usize,
    /// Inside `any` and `all`: the variable, and the element it stands for.
    scope: Option<(&'a str, Field)>,
}

impl<'a> Parser<'a> {
    fn token(&self, ahead: usize) -> Token<'a> {
        self.tokens.get(self.next + ahead).map_or(Token::End, |(token, _)| token.clone())
    }

    fn peek(&self) -> Token<'a> {
        self.token(0)
    }

    /// The byte at which the next token starts.
    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.text.len(), |(_, at)| *at)
    }

    fn eat(&mut self, token: &Token<'_>) -> bool {
        let found = self.tokens.get(self.next).is_some_and(|(next, _)| next == token);
        self.next += usize::from(found);
        found
    }

    fn eat_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token<'_>, name: &str) -> Result<(), Error> {
        if self.eat(token) { Ok(()) } else { Err(self.unexpected(name)) }
    }

    fn invalid(&self, at: usize, what: &str) -> Error {
        invalid(self.text, at, what)
    }

    fn unexpected(&self, expected: &str) -> Error {
        self.invalid(self.at(), &format!("{expected} is expected"))
    }

    /// Counts a node of the tree.
    fn node(&mut self, filter: Filter) -> Result<Filter, Error> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(
                self.invalid(self.at(), &format!("there are more than {MAX_NODES} conditions and operators"))
            );
        }
        Ok(filter)
    }

    /// Runs `inner` one level deeper.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.invalid(self.at(), &format!("it is nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn require_advanced(&self) -> Result<(), Error> {
        if self.entity.directory && !self.advanced {
            return Err(Error::unsupported_query("Unsupported Query."));
        }
        Ok(())
    }

    fn any_of(&mut self) -> Result<Filter, Error> {
        let mut left = self.all_of()?;
        while self.eat_keyword("or") {
            let right = self.all_of()?;
            left = self.node(Filter::Or(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn all_of(&mut self) -> Result<Filter, Error> {
        let mut left = self.condition()?;
        while self.eat_keyword("and") {
            let right = self.condition()?;
            left = self.node(Filter::And(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn condition(&mut self) -> Result<Filter, Error> {
        let at = self.at();
        if self.eat_keyword("not") {
            self.require_advanced()?;
            let parenthesised = self.peek() == Token::Open;
            let inner = self.nested(Self::condition)?;
            // `not a eq b` means `(not a) eq b` by precedence, which nobody who writes it wants.
            if !parenthesised && matches!(inner, Filter::Compare { .. } | Filter::In { .. }) {
                return Err(self.invalid(at, "'not' needs parentheses around a comparison"));
            }
            return self.node(Filter::Not(Box::new(inner)));
        }
        if self.eat(&Token::Open) {
            let inner = self.nested(Self::any_of)?;
            self.expect(&Token::Close, "')', 'and' or 'or'")?;
            return Ok(inner);
        }
        match (self.peek(), self.token(1)) {
            (Token::Word(name), Token::Open) => self.function(name),
            (Token::Word(_), _) => self.about_field(),
            _ => Err(self.unexpected("a property, a function, 'not' or '('")),
        }
    }

    fn function(&mut self, name: &str) -> Result<Filter, Error> {
        let (op, operator) = match name.to_ascii_lowercase().as_str() {
            "startswith" => (TextMatch::StartsWith, Operators::STARTS_WITH),
            "endswith" => (TextMatch::EndsWith, Operators::ENDS_WITH),
            "contains" => (TextMatch::Contains, Operators::CONTAINS),
            _ => {
                return Err(
                    self.invalid(self.at(), &format!("the function '{}' is not supported", quote(name)))
                );
            }
        };
        self.next += 2;
        let at = self.at();
        let field = self.field()?;
        if field.kind() != Kind::String {
            let what = format!("'{}' is {}, and {name} needs Edm.String", field.label(), field.kind().edm());
            return Err(self.invalid(at, &what));
        }
        self.expect(&Token::Comma, "','")?;
        let Token::Text(text) = self.peek() else {
            return Err(self.unexpected("a string in single quotes"));
        };
        self.next += 1;
        self.expect(&Token::Close, "')'")?;
        self.permit(&field, operator)?;
        self.node(Filter::Text { field, op, text })
    }

    /// What begins with a field: a comparison, `in`, `any` or `all`.
    fn about_field(&mut self) -> Result<Filter, Error> {
        let start = self.at();
        let field = self.field()?;
        if self.eat(&Token::Slash) {
            // `field` stops before a slash only where `any` or `all` follows.
            let quantifier = if self.eat_keyword("all") { Quantifier::All } else { Quantifier::Any };
            self.eat_keyword("any");
            return self.lambda(quantifier, field, start);
        }
        if let Some(what) = match field.kind() {
            Kind::Collection(_) => Some("is a collection: use any or all"),
            Kind::Complex(_) => Some("is a complex value: compare one of its members"),
            _ => None,
        } {
            return Err(self.invalid(start, &format!("'{}' {what}", field.label())));
        }
        let (name, op, operator) = match self.peek() {
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "in" => {
                    self.next += 1;
                    return self.membership(field);
                }
                "eq" => ("eq", Comparison::Eq, Operators::EQ),
                "ne" => ("ne", Comparison::Ne, Operators::NE),
                "gt" => ("gt", Comparison::Gt, Operators::GT),
                "ge" => ("ge", Comparison::Ge, Operators::GE),
                "lt" => ("lt", Comparison::Lt, Operators::LT),
                "le" => ("le", Comparison::Le, Operators::LE),
                _ => return Err(self.unexpected("an operator (eq, ne, gt, ge, lt, le, in)")),
            },
            _ => return Err(self.unexpected("an operator (eq, ne, gt, ge, lt, le, in)")),
        };
        self.next += 1;
        let value = self.value(&field, name)?;
        self.permit(&field, operator)?;
        self.node(Filter::Compare { field, op, value })
    }

    fn membership(&mut self, field: Field) -> Result<Filter, Error> {
        self.expect(&Token::Open, "'(' and a list of values")?;
        let mut values = Vec::new();
        loop {
            if values.len() == MAX_IN {
                return Err(self.invalid(self.at(), &format!("'in' has more than {MAX_IN} values")));
            }
            values.push(self.value(&field, "in")?);
            if !self.eat(&Token::Comma) {
                break;
            }
        }
        self.expect(&Token::Close, "',' or ')'")?;
        self.permit(&field, Operators::EQ)?;
        self.node(Filter::In { field, values })
    }

    fn lambda(&mut self, quantifier: Quantifier, collection: Field, start: usize) -> Result<Filter, Error> {
        if self.scope.is_some() {
            return Err(self.invalid(start, "any and all cannot be nested"));
        }
        let Some(element) = collection.element() else {
            return Err(self.invalid(start, &format!("'{}' is not a collection", collection.label())));
        };
        if quantifier == Quantifier::All {
            self.require_advanced()?;
        }
        self.expect(&Token::Open, "'('")?;
        let Token::Word(variable) = self.peek() else {
            return Err(self.unexpected("a condition such as x:x eq 'value'"));
        };
        self.next += 1;
        self.expect(&Token::Colon, "':'")?;
        self.scope = Some((variable, element));
        let predicate = Box::new(self.nested(Self::any_of)?);
        self.scope = None;
        self.expect(&Token::Close, "')', 'and' or 'or'")?;
        self.node(Filter::Lambda { quantifier, collection, predicate })
    }

    /// A path of names, up to but not including `/any(` or `/all(`.
    fn field(&mut self) -> Result<Field, Error> {
        let at = self.at();
        let Token::Word(first) = self.peek() else {
            return Err(self.unexpected("a property"));
        };
        let mut field = match &self.scope {
            None => Field::root(self.entity, first)?,
            Some((variable, element)) if *variable == first => element.clone(),
            Some((variable, _)) => {
                return Err(self.invalid(at, &format!("inside any and all a path begins with '{variable}/'")));
            }
        };
        self.next += 1;
        while let (Token::Slash, Token::Word(name)) = (self.peek(), self.token(1)) {
            let lambda = ["any", "all"].iter().any(|quantifier| name.eq_ignore_ascii_case(quantifier));
            if lambda && self.token(2) == Token::Open {
                return Ok(field);
            }
            field = field.member(name)?;
            self.next += 2;
        }
        match self.peek() {
            Token::Slash => Err(self.invalid(self.at(), "a name is expected after '/'")),
            _ => Ok(field),
        }
    }

    /// A literal that may stand to the right of `op` (`eq` … `le`, `in`) for this field.
    fn value(&mut self, field: &Field, op: &str) -> Result<Scalar, Error> {
        let at = self.at();
        let value = match self.peek() {
            Token::Text(text) => Scalar::String(text),
            Token::Bare(text) => bare(text).map_err(|what| self.invalid(at, &what))?,
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "true" => Scalar::Boolean(true),
                "false" => Scalar::Boolean(false),
                "null" => Scalar::Null,
                _ => {
                    let what = format!("'{}' is not a value: a string stands in single quotes", quote(word));
                    return Err(self.invalid(at, &what));
                }
            },
            _ => return Err(self.unexpected("a value")),
        };
        let (kind, name) = match value {
            Scalar::Null => (None, "null"),
            Scalar::Boolean(_) => (Some(Kind::Boolean), "Edm.Boolean"),
            Scalar::Int64(_) => (Some(Kind::Int64), "Edm.Int64"),
            Scalar::DateTime(_) => (Some(Kind::DateTime), "Edm.DateTimeOffset"),
            Scalar::Guid(_) => (Some(Kind::Guid), "Edm.Guid"),
            Scalar::String(_) => (Some(Kind::String), "Edm.String"),
        };
        let fits = match (kind, op) {
            (None, _) => matches!(op, "eq" | "ne"),
            (Some(kind), "eq" | "ne" | "in") => kind == field.kind(),
            (Some(kind), _) => kind == field.kind() && !matches!(kind, Kind::Boolean | Kind::Guid),
        };
        if !fits {
            let (label, edm) = (field.label(), field.kind().edm());
            return Err(
                self.invalid(at, &format!("'{label}' is {edm}, which '{op}' does not compare with {name}"))
            );
        }
        self.next += 1;
        Ok(value)
    }

    /// Whether the description of the field, and the sort of query, allow the operator.
    fn permit(&self, field: &Field, operator: Operators) -> Result<(), Error> {
        let filterable = field.filterable();
        let ever = filterable.plain.with(filterable.advanced);
        let refused = if ever == Operators::NONE {
            Error::unsupported_query("The request uses a filter property that is not indexed")
        } else if !ever.contains(operator) {
            Error::unsupported_query(format!(
                "Unsupported or invalid query filter clause specified for property '{}' of resource '{}'.",
                field.label(),
                self.entity.short_name()
            ))
        } else {
            let costly = self.entity.directory && Operators::NE.with(Operators::ENDS_WITH).contains(operator);
            if self.advanced || filterable.plain.contains(operator) && !costly {
                return Ok(());
            }
            Error::unsupported_query("Unsupported Query.")
        };
        Err(refused.targeting(field.label()))
    }
}

/// A number, date or GUID; the error says what is wrong.
fn bare(text: &str) -> Result<Scalar, String> {
    if lex::is_guid(text) {
        return Ok(Scalar::Guid(text.to_ascii_lowercase()));
    }
    if text.as_bytes().get(4) == Some(&b'-') {
        return time::parse(text)
            .map(Scalar::DateTime)
            .map_err(|why| format!("'{}' is not a date: {why}", quote(text)));
    }
    text.parse().map(Scalar::Int64).map_err(|_| {
        format!("'{}' is not a 64-bit integer, a date, a GUID or a string in single quotes", quote(text))
    })
}

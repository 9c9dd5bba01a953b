"""DuckDB's SQL as Spark's: the one place where the two engines are told apart.

sqlglot turns most of a statement; what it does not know is in the tables below. Macros are written out where they are
used, for Spark's own functions may not stand inside a lambda. A macro is turned once, when it is made.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any

import sqlglot
from sqlglot import exp

from fourfold.formats.dates import OLDEST_YEAR

FUNCTIONS: Mapping[str, str] = {
    # DuckDB's name: the same in Spark's words, {0} the first argument
    "strip_accents": "translate({0}, '%(accented)s', '%(plain)s')",
    "strlen": "octet_length({0})",
    "to_hours": "make_dt_interval(0, {0}, 0, 0)",
    "to_minutes": "make_dt_interval(0, 0, {0}, 0)",
    "map_extract_value": "try_element_at({0}, {1})",
    "list_aggregate": "array_join({0}, {2})",
}
MACROS: Mapping[str, str] = {
    # macros that stand on a function of DuckDB's alone, in Spark's words
    # of an hour that comes twice, the later, as DuckDB takes it
    "ff_icu_utc": """case when convert_timezone('UTC', 'Europe/London',
        convert_timezone('Europe/London', 'UTC', ts) + interval 1 hour) = ts
      then convert_timezone('Europe/London', 'UTC', ts) + interval 1 hour
      else convert_timezone('Europe/London', 'UTC', ts) end""",
    "ff_icu_london": "convert_timezone('UTC', 'Europe/London', ts)",
}
WITHOUT_SHORT_CUTS: Mapping[str, str] = {
    # Macros with a first branch that saves DuckDB work on most rows, without it and in DuckDB's words: on Spark each
    # branch is planned again wherever the macro stands, which costs more than the rows do.
    "ff_trim": "trim(x, ' ')",
    "ff_formula_cell": "ff_formula(x)",
    "ff_pnc_by": "list_transform([ff_squashed(x)], lambda t: ff_pnc_text(t, latest_year))[1]",
    "ff_local_uk": "list_transform([ff_trim(x)], lambda t: ff_local_text(t))[1]",
    "ff_clock": f"""list_transform([stamp], lambda ts: CASE WHEN ts IS NULL OR year(ts) < {OLDEST_YEAR}
      THEN ff_moment(NULL, NULL, 'invalid') ELSE ff_clock_before_1996(ts, q) END)[1]""",
    "ff_london_day": "CAST(ff_icu_london(utc) AS DATE)",
}
TYPES: Mapping[str, str] = {"VARCHAR": "string", "BIGINT": "bigint", "DOUBLE": "double"}
CLOCK: Mapping[str, str] = {
    "%Y": "yyyy", "%m": "MM", "%d": "dd", "%H": "HH", "%I": "hh", "%M": "mm", "%S": "ss", "%p": "a",
    "%b": "MMM", "%B": "MMMM", "%y": "yy",
}  # fmt: skip

_MACRO = re.compile(r"\s*create (?:or replace )?(?:temp )?macro (\w+)\((.*?)\) as (.*)", re.IGNORECASE | re.DOTALL)

_PARTS = re.compile(r"'(?:[^'\\]|\\.)*'|`[^`]*`|\(|\)|\b(?:CASE|END)\b")
_ARGUMENT = re.compile(r"\x00(\d+)\x00")

_QUESTION = re.compile(r"'(?:[^']|'')*'|\?")

type Columns = Callable[[str], Sequence[str]]
"""The columns of a query in Spark's SQL, or of a table by its name."""


def _accents() -> tuple[str, str]:
    """Every letter with marks and the letter without; marks that stand alone are dropped, so they come last."""
    pairs, marks = [], []
    for code in range(0x80, 0x2FFF):
        letter = chr(code)
        if unicodedata.category(letter) == "Mn":
            marks.append(letter)
            continue
        plain = "".join(part for part in unicodedata.normalize("NFD", letter) if unicodedata.category(part) != "Mn")
        if plain != letter and len(plain) == 1:
            pairs.append((letter, plain))
    return "".join([letter for letter, _ in pairs] + marks), "".join(plain for _, plain in pairs)


_ACCENTED, _PLAIN = _accents()
_WORDS = {"accented": _ACCENTED.replace("'", "\\'"), "plain": _PLAIN.replace("\\", "\\\\").replace("'", "\\'")}


@dataclass(frozen=True)
class Macro:
    """A macro in Spark's SQL, with places for what it is given."""

    arguments: int
    text: str

    def used(self, given: Sequence[exp.Expr]) -> exp.Expr:
        if len(given) != self.arguments:
            raise NotForSpark(f"A macro of {self.arguments} arguments was given {len(given)}: {self.text}")
        said = [_whole(value.sql("spark")) for value in given]
        return exp.Var(this=_ARGUMENT.sub(lambda place: said[int(place[1])], self.text))


def macro_in(statement: str, macros: Mapping[str, Macro], serial: count[int]) -> tuple[str, Macro] | None:
    """The macro that a statement makes, if it makes one. `macros`: those it may use; `serial`: for names of its own."""
    found = _MACRO.fullmatch(statement)
    if found is None:
        return None
    name = found[1].lower()
    arguments = [each.strip().lower() for each in found[2].split(",") if each.strip()]
    places: dict[str, exp.Expr] = {each: exp.Var(this=f"\x00{n}\x00") for n, each in enumerate(arguments)}
    if name in MACROS:
        tree = _filled_in(sqlglot.parse_one(MACROS[name], read="spark"), places)
    else:
        body = _own_names(_parsed(WITHOUT_SHORT_CUTS.get(name, found[3])), serial)
        tree = _in_sparks_words(_filled_in(body, places), macros)
    return name, Macro(len(arguments), _whole(tree.sql("spark")))


def _whole(text: str) -> str:
    """An expression that may stand anywhere. No more brackets than it needs: Spark reads far ahead for each one."""
    if re.fullmatch(r"[\w.`\x00]+|'[^'\\]*'", text):
        return text
    depth, ends = 0, []
    for part in _PARTS.finditer(text):
        depth += {"(": 1, ")": -1, "CASE": 1, "END": -1}.get(part[0], 0)
        if depth == 0 and part[0] in {")", "END"}:
            ends.append(part.end())
    alone = len(ends) == 1 and re.match(r"\w*\(|CASE\b", text) and re.fullmatch(r"(?:\[\d+\])?", text[ends[0] :])
    return text if alone else f"({text})"


def _parsed(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, read="duckdb")


class NotForSpark(ValueError):
    """A statement that has no form on Spark: a fault of the pipeline, never of the data."""


class Translation:
    """One statement on its way to Spark: the macros there are, the columns of tables."""

    def __init__(self, macros: Mapping[str, Macro], columns: Columns, columns_of_table: Columns) -> None:
        self._macros, self._columns, self._columns_of_table = macros, columns, columns_of_table

    def parsed(self, statement: str, values: Sequence[Any] | Mapping[str, Any] | None) -> exp.Expr:
        """The statement with its values in it."""
        return _with_values(statement, values) if values else _parsed(statement)

    def sql(self, tree: exp.Expr) -> str:
        """A query, or a part of one, as Spark reads it."""
        tree = tree.copy()
        for select in reversed(list(tree.find_all(exp.Select))):
            _numbered_items(select)
            self._names_of_its_own(select)
            self._replaced_columns(select)
        for union in reversed(list(tree.find_all(exp.Union))):
            self._by_name(union)
        return str(_in_sparks_words(tree, self._macros).sql("spark"))

    # What DuckDB allows in a query and Spark does not --------------------------------------------------------

    def _source(self, select: exp.Select) -> str:
        joins = select.args.get("joins") or []
        from_ = select.args["from_"].copy()
        source = exp.Select(expressions=[exp.Star()], from_=from_, joins=[each.copy() for each in joins])
        within = select.find_ancestor(exp.Select, exp.Union)
        named = select.args.get("with_") or (within.args.get("with_") if within else None)
        if named:
            source.set("with_", named.copy())
        return self.sql(source)

    def _source_names(self, select: exp.Select) -> Sequence[str]:
        """The columns of what a select reads. Spark is asked only for what cannot be read off: each time, it plans."""
        return self._star(select) or self._columns(self._source(select))

    def _star(self, select: exp.Select) -> list[str] | None:
        joins = select.args.get("joins") or []
        if select.args.get("laterals") or any(each.args.get("using") or each.method for each in joins):
            return None
        there = [select.args["from_"].this, *(each.this for each in joins if each.kind not in {"SEMI", "ANTI"})]
        return _all_of(self._names(each) for each in there)

    def _names(self, query: exp.Expr) -> list[str] | None:
        """The columns of a query by its own words and those of its tables; None where they do not say."""
        if query.args.get("with_") or query.args.get("pivots"):
            return None
        if isinstance(query, exp.Subquery):
            return None if query.alias_column_names or query.args.get("joins") else self._names(query.this)
        if isinstance(query, exp.Table) and isinstance(query.this, exp.Identifier):
            within = query.find_ancestor(exp.Select)
            named = within is not None and any(each.args.get("with_") for each in _around(within))
            return None if named or query.args.get("joins") else list(self._columns_of_table(query.name))
        if isinstance(query, exp.Union):
            return None if query.args.get("by_name") else self._names(query.this)
        if not isinstance(query, exp.Select):
            return None
        return _all_of(self._given(query, each) for each in query.expressions)

    def _given(self, select: exp.Select, said: exp.Expr) -> list[str] | None:
        """The columns that one item of a select gives."""
        if isinstance(said, exp.Star):
            left_out = {each.name.lower() for each in said.args.get("except_") or ()}
            there = self._star(select) if select.args.get("from_") and not said.args.get("rename") else None
            return there and [name for name in there if name.lower() not in left_out]
        if isinstance(said, exp.Alias) or (isinstance(said, exp.Column) and not isinstance(said.this, exp.Star)):
            return [said.alias_or_name]
        return None

    def _names_of_its_own(self, select: exp.Select) -> None:
        """A name that the select itself gives, used in its WHERE, QUALIFY or windows, is written out."""
        given = {
            each.alias.lower(): each.this
            for each in select.expressions
            if isinstance(each, exp.Alias)
            and not (isinstance(each.this, exp.Column) and each.this.name.lower() == each.alias.lower())
        }
        places = [select.args.get(name) for name in ("where", "qualify")]
        used = {
            column.name.lower()
            for place in places
            if place is not None
            for column in place.find_all(exp.Column)
            if not column.table and column.name.lower() in given
        }
        if not used or not select.args.get("from_"):
            return
        used -= {name.lower() for name in self._source_names(select)}
        for place in places:
            for column in list(place.find_all(exp.Column)) if place is not None else []:
                if not column.table and column.name.lower() in used:
                    column.replace(exp.paren(given[column.name.lower()].copy()))

    def _replaced_columns(self, select: exp.Select) -> None:
        """`* REPLACE (x AS a)` becomes every column by name, so that they keep their order."""
        for star in [each for each in select.expressions if isinstance(each, exp.Star) and each.args.get("replace")]:
            instead = {each.alias.lower(): each for each in star.args["replace"]}
            left_out = {each.name.lower() for each in star.args.get("except_") or ()}
            columns = [
                instead.get(name.lower(), exp.column(name, quoted=True)).copy()
                for name in self._source_names(select)
                if name.lower() not in left_out
            ]
            place = select.expressions.index(star)
            select.set("expressions", [*select.expressions[:place], *columns, *select.expressions[place + 1 :]])

    def _by_name(self, union: exp.Union) -> None:
        """`UNION ALL BY NAME` becomes a union of the same columns in the same order; one that is not there is null."""
        if not union.args.get("by_name"):
            return
        union.set("by_name", False)
        sides = [union.this.copy(), union.expression.copy()]
        there = [
            list(self._names(said) or self._columns(self.sql(side)))
            for said, side in zip((union.this, union.expression), sides, strict=True)
        ]
        known = {name.lower() for name in there[0]}
        every = there[0] + [name for name in there[1] if name.lower() not in known]
        for place, side, own in zip(("this", "expression"), sides, there, strict=True):
            has = {name.lower() for name in own}
            columns = [
                exp.column(name, quoted=True) if name.lower() in has else exp.alias_(exp.Null(), name, quoted=True)
                for name in every
            ]
            inner = side.this if isinstance(side, exp.Subquery) else side
            part = exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("side")))
            union.set(place, exp.Select(expressions=columns, from_=exp.From(this=part)))


def _all_of(parts: Iterable[list[str] | None]) -> list[str] | None:
    """The parts one after the other, or None where one of them is."""
    found: list[str] = []
    for part in parts:
        if part is None:
            return None
        found += part
    return found


def _around(node: exp.Expr) -> Iterator[exp.Expr]:
    """A part of a statement, and all that it is part of."""
    at: exp.Expr | None = node
    while at is not None:
        yield at
        at = at.parent


def _numbered_items(select: exp.Select) -> None:
    """The items of a list as rows, with their places: two columns that Spark makes in one."""
    for places in select.expressions:
        if not (isinstance(places, exp.Alias) and places.this.name.lower() == "generate_subscripts"):
            continue
        items = next(e for e in select.expressions if isinstance(e, exp.Alias) and isinstance(e.this, exp.Explode))
        both = _made(  # `_lambda` makes the places begin at one
            f"inline(transform({{0}}, (item, place) -> struct(item as {items.alias}, place as {places.alias})))",
            places.this.expressions[0],
        )
        select.set("expressions", [both if e is items else e for e in select.expressions if e is not places])
        return


def _own_names(body: exp.Expr, serial: count[int]) -> exp.Expr:
    """The names that a macro's lambdas give, made unlike any other: an argument may hold the same name."""
    for node in list(body.find_all(exp.Lambda)):
        for said in list(node.expressions):
            new = f"{said.name}_{next(serial)}"
            for inner in list(node.this.find_all(exp.Identifier)):
                if inner.name == said.name and _stands_alone(inner):
                    inner.set("this", new)
            said.set("this", new)
    return body


def _stands_alone(name: exp.Identifier) -> bool:
    """Whether it names a value, and is not the field of one."""
    parent = name.parent
    if isinstance(parent, exp.Dot):
        return parent.this is name
    if isinstance(parent, exp.Column):
        return parent.args.get("table") is name or (parent.this is name and not parent.table)
    if isinstance(parent, exp.PropertyEQ):
        return parent.this is not name
    return not isinstance(parent, (exp.Alias, exp.TableAlias)) or parent.this is name


def _filled_in(body: exp.Expr, wanted: Mapping[str, exp.Expr]) -> exp.Expr:
    def filled(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column):
            if node.table and node.table.lower() in wanted:
                value = exp.paren(wanted[node.table.lower()].copy())
                return exp.Dot(this=value, expression=exp.to_identifier(node.name))
            if not node.table and node.name.lower() in wanted:
                given = wanted[node.name.lower()].copy()
                return given if isinstance(given, (exp.Column, exp.Literal, exp.Var)) else exp.paren(given)
        return node

    return body.transform(filled)


def _with_values(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> exp.Expr:
    """The statement with its values in it, `?` in the order of the text."""
    place = count()
    named: Mapping[str, Any] = values if isinstance(values, Mapping) else {}
    if not isinstance(values, Mapping):
        statement = _QUESTION.sub(lambda found: found[0] if found[0] != "?" else f"$value_{next(place)}", statement)
        named = {f"value_{number}": value for number, value in enumerate(values)}

    def filled(node: exp.Expr) -> exp.Expr:
        return _value(named[node.name]) if isinstance(node, (exp.Parameter, exp.Placeholder)) else node

    return _parsed(statement).transform(filled)


def _value(value: Any) -> exp.Expr:
    if isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), "timestamp")
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "date")
    if isinstance(value, float):
        return exp.cast(exp.Literal.string(repr(value)), "double")
    return exp.convert(value)


# One node at a time ------------------------------------------------------------------------------------------


def _in_sparks_words(tree: exp.Expr, macros: Mapping[str, Macro]) -> exp.Expr:
    """Every node after those inside it, with macros written out."""
    for node in reversed(list(tree.walk())):
        macro = macros.get(node.name.lower()) if isinstance(node, exp.Anonymous) else None
        change = _CHANGE_OF.get(type(node))
        new = macro.used(node.expressions) if macro else change(node) if change else node
        if new is node:
            continue
        if node is tree:
            tree = new
        else:
            node.replace(new)
    return tree


def _made(template: str, *values: exp.Expr) -> exp.Expr:
    """Spark's SQL with the values in it."""
    named = {f"value_{place}": value for place, value in enumerate(values)}
    text = template.format(*named)
    tree = sqlglot.parse_one(text % _WORDS if "%(" in template else text, read="spark")
    return _filled_in(tree, named)


def _function(node: exp.Expr) -> exp.Expr:
    name = node.name.lower()
    if name == "try_strptime":
        return _moment(*node.expressions)
    if name == "json_transform":
        return _from_json(node.expressions[0], node.expressions[1])
    if name == "hash":  # another number, of as many bits; it is only ever held against its like
        given = ", ".join(f"{{{place}}}" for place in range(len(node.expressions)))
        return _made(f"xxhash64({given})", *node.expressions)
    if name == "to_json":
        return _made("to_json({0}, map('ignoreNullFields', 'false'))", node.expressions[0])
    return _made(FUNCTIONS[name], *node.expressions) if name in FUNCTIONS else node


def _moment(text: exp.Expr, forms: exp.Expr) -> exp.Expr:
    """The first of the forms that fits, or nothing."""
    said = [each.name for each in forms.expressions] if isinstance(forms, exp.Array) else [forms.name]
    spelt = ["".join(CLOCK.get(part, part) for part in re.findall(r"%.|[^%]", form)) for form in said]
    if len(spelt) == 2:
        longer, shorter = spelt
        start = next((n for n, (a, b) in enumerate(zip(longer, shorter, strict=False)) if a != b), len(shorter))
        end = len(shorter) - start
        if longer.endswith(shorter[start:]):  # one form, of which a part may be left out
            spelt = [f"{shorter[:start]}[{longer[start : len(longer) - end]}]{shorter[start:]}"]
    tries = ", ".join(f"try_to_timestamp({{0}}, '{form}')" for form in spelt)
    return _made(f"coalesce({tries})" if len(spelt) > 1 else tries, text)


def _ddl(shape: object) -> str:
    """A structure in DuckDB's JSON as Spark's type."""
    if isinstance(shape, Mapping):
        return f"struct<{','.join(f'`{name}`:{_ddl(inner)}' for name, inner in shape.items())}>"
    if isinstance(shape, list):
        return f"array<{_ddl(shape[0])}>"
    return TYPES[str(shape)]


def _pattern(node: exp.Expr, *, whole: bool = False) -> exp.Expr:
    """A pattern of RE2 as Java reads it: the end is the end of the text, and only \\n ends a line."""
    if not (isinstance(node, exp.Literal) and node.is_string):
        raise NotForSpark(f"A pattern must be written out: {node.sql('duckdb')}")
    said: list[str] = []
    inside = False
    for part in re.findall(r"\\.|.", node.name, re.DOTALL):
        if inside and part == "[":
            said.append(r"\[")
        else:
            said.append(r"\z" if part == "$" and not inside else part)
            inside = part == "[" or (inside and part != "]")
    java = "".join(said)
    return exp.Literal.string(rf"(?d)\A(?:{java})\z" if whole else f"(?d){java}")


def _regexp(node: exp.Expr) -> exp.Expr:
    node.set("expression", _pattern(node.expression))
    return node


def _left(node: exp.Expr) -> exp.Expr:
    """DuckDB counts a negative length from the end."""
    length = node.expression
    if isinstance(length, exp.Neg):
        return _made("substring({0}, 1, greatest(length({0}) - {1}, 0))", node.this, length.this)
    return node


def _length(node: exp.Expr) -> exp.Expr:
    """How many are in a list that is made on the spot; of text, how many characters."""
    return _made("size({0})", node.this) if isinstance(node.this, (exp.ArrayFilter, exp.Split)) else node


def _array(node: exp.Expr) -> exp.Expr:
    """A list made by a comprehension."""
    if len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Comprehension):
        said = node.expressions[0]
        name = said.expression.name
        return _made(f"transform({{0}}, {name} -> {{1}})", said.args["iterator"], said.this)
    return node


def _bracket(node: exp.Expr) -> exp.Expr:
    place = node.expressions[0]
    if isinstance(place, exp.Slice):
        start = place.this
        return _made("slice({0}, {1}, greatest(size({0}) - {1} + 1, 0))", node.this, start)
    from_end = _whole_number(place)
    if from_end is not None and from_end < 0:  # sqlglot has taken one off, for Spark counts from nought
        return _made(f"try_element_at({{0}}, {from_end + 1})", node.this)
    return node


def _field(node: exp.Dot) -> exp.Expr:
    """A field of the items of a list as rows: the field is taken before they are made rows."""
    items = node.this.unnest()
    if not isinstance(items, exp.Explode):
        return node
    return _made(f"explode(transform({{0}}, item -> item.{node.expression.name}))", items.this)


def _whole_number(node: exp.Expr) -> int | None:
    said = node.sql()
    return int(said) if re.fullmatch(r"-?\d+", said) else None


def _lambda(node: exp.Expr) -> exp.Expr:
    """DuckDB counts the places of a list from one."""
    if len(node.expressions) == 2:
        place = node.expressions[1].name
        if any(re.search(rf"\b{place}\b", text.name) for text in node.this.find_all(exp.Var)):
            raise NotForSpark(f"The place in a list may not be given to a macro: {node.sql('duckdb')}")
        for name in list(node.this.find_all(exp.Identifier)):
            if name.name == place and _stands_alone(name):
                value = name.parent if isinstance(name.parent, exp.Column) else name
                value.replace(exp.paren(exp.Add(this=exp.column(place), expression=exp.Literal.number(1))))
    return node


def _collected(node: exp.Expr) -> exp.Expr:
    """A list of values, in order where it asks for one; DuckDB lists a tuple as a struct."""
    said = node.this
    order = isinstance(said, exp.Order)
    value = said.this if order else said
    if isinstance(value, exp.Distinct):
        return _made("array_sort(collect_set({0}))" if order else "collect_set({0})", value.expressions[0])
    if isinstance(value, exp.Tuple):
        value = _made("struct({0}, {1})", *value.expressions)
    return _in_order(value, said.expressions) if order else _made("collect_list({0})", value)


def _in_order(value: exp.Expr, keys: Sequence[exp.Expr]) -> exp.Expr:
    """A list in the order of its keys, those that are null last: Spark sorts structs, and puts a null field first."""
    if any(key.args.get("desc") for key in keys):
        raise NotForSpark(f"A list from the last to the first: {value.sql('duckdb')}")
    places = range(1, len(keys) + 1)
    sorted_by = ", ".join(f"isnull({{{place}}}) as no_key_{place}, {{{place}}} as key_{place}" for place in places)
    return _made(
        f"transform(array_sort(collect_list(struct({sorted_by}, {{0}} as item))), entry -> entry.item)",
        value,
        *(key.this for key in keys),
    )


def _best(node: exp.Expr) -> exp.Expr:
    """DuckDB passes over rows where the value asked for is null."""
    name = "max_by" if isinstance(node, exp.ArgMax) else "min_by"
    if isinstance(node.parent, exp.Filter):
        return _made(f"{name}({{0}}, {{1}})", node.this, node.expression)
    return _made(f"{name}({{0}}, {{1}}) filter (where {{0}} is not null)", node.this, node.expression)


def _try_cast(node: exp.Expr) -> exp.Expr:
    """Text that begins with 0x is a number of sixteens."""
    first = next(iter(node.this.find_all(exp.Literal)), None)
    if isinstance(node.this, exp.DPipe) and first is not None and first.name == "0x":
        return _made("cast(conv({0}, 16, 10) as int)", node.this.expression)
    return node


def _from_json(text: exp.Expr, shape: exp.Expr) -> exp.Expr:
    return _made(f"from_json({{0}}, '{_ddl(json.loads(shape.name))}')", text)


def _json_value(node: exp.Expr) -> exp.Expr:
    path = "$" + "".join(f"['{key.this}']" for key in node.expression.find_all(exp.JSONPathKey))
    return _made("get_json_object({0}, {1})", node.this, exp.Literal.string(path))


def _full_match(node: exp.Expr) -> exp.Expr:
    return _made("({0} rlike {1})", node.this, _pattern(node.expression, whole=True))


def _weekday(node: exp.Expr) -> exp.Expr:
    """DuckDB's Sunday is 0, Spark's 1."""
    return exp.paren(exp.Sub(this=node.copy(), expression=exp.Literal.number(1)))


def _file(node: exp.Expr) -> exp.Expr:
    """A Parquet file as a table; `file_row_number` is the place of the row in it."""
    if not isinstance(node.this, exp.ReadParquet):
        return node
    path = node.this.expressions[0].name.replace("`", "``")
    numbered = ", _metadata.row_index as file_row_number" if len(node.this.expressions) > 1 else ""
    read = sqlglot.parse_one(f"(select *{numbered} from parquet.`{path}`)", read="spark")
    alias = node.args.get("alias")
    if alias:
        read.set("alias", alias.copy())
    return read


def _signed(node: exp.DataType) -> exp.Expr:
    """Spark has no numbers without a sign."""
    return exp.DataType.build("bigint") if node.this.name in {"UBIGINT", "UTINYINT", "UINTEGER"} else node


_CHANGES: tuple[tuple[type[exp.Expr], Callable[[Any], exp.Expr]], ...] = (
    (exp.Anonymous, _function),
    (exp.RegexpLike, _regexp),
    (exp.RegexpReplace, _regexp),
    (exp.RegexpExtract, _regexp),
    (exp.Left, _left),
    (exp.Length, _length),
    (exp.Array, _array),
    (exp.Bracket, _bracket),
    (exp.Dot, _field),
    (exp.Lambda, _lambda),
    (exp.ArrayAgg, _collected),
    (exp.ArgMax, _best),
    (exp.ArgMin, _best),
    (exp.TryCast, _try_cast),
    (exp.JSONExtractScalar, _json_value),
    (exp.FromJson, lambda node: _from_json(node.this, node.expression or node.expressions[0])),
    (exp.RegexpFullMatch, _full_match),
    (exp.DayOfWeek, _weekday),
    (exp.Table, _file),
    (exp.DataType, _signed),
)
_CHANGE_OF = dict(_CHANGES)

"""Jaro and Winkler's likeness of two words on Spark, as DuckDB works it out.

Spark's own function and that of Splink's Java library both halve the transpositions into fractions; DuckDB rounds them
down, and a pair on the threshold would be compared differently on the two engines.
"""

from __future__ import annotations

TAKEN = "chr(1)"
"""Stands in a word for a letter that has been matched; no name has it."""

_WINDOW = "greatest(greatest(length(a), length(b)) div 2 - 1, 0)"

# Letters of `a` in turn; each takes the first letter like it in its window of `b`.
_MATCHED = f"""aggregate(sequence(1, length(a)), named_struct('left', b, 'mine', ''), (so_far, i) ->
  transform(array(greatest(i - {_WINDOW}, 1)), first -> transform(
    array(locate(substr(a, i, 1), substr(so_far.left, 1, i + {_WINDOW}), first)), found ->
    if(found > 0,
      named_struct('left', overlay(so_far.left placing {TAKEN} from found for 1),
        'mine', so_far.mine || substr(a, i, 1)),
      so_far))[0])[0])"""

_THEIRS = f"""array_join(filter(transform(sequence(1, length(b)),
  j -> if(substr(m.left, j, 1) = {TAKEN}, substr(b, j, 1), '')), letter -> letter <> ''), '')"""

_SWAPPED = """size(filter(sequence(1, length(m.mine)), k -> substr(m.mine, k, 1) <> substr(theirs, k, 1))) div 2"""

_JARO = f"""if(m.mine = '', 0.0D, transform(array({_THEIRS}), theirs ->
  (length(m.mine) / cast(length(a) as double) + length(m.mine) / cast(length(b) as double)
    + (length(m.mine) - {_SWAPPED}) / cast(length(m.mine) as double)) / 3.0D)[0])"""

_START = """case when substr(a, 1, 4) = substr(b, 1, 4) then least(length(a), length(b), 4)
  when substr(a, 1, 3) = substr(b, 1, 3) then 3 when substr(a, 1, 2) = substr(b, 1, 2) then 2
  when substr(a, 1, 1) = substr(b, 1, 1) then 1 else 0 end"""

JARO_WINKLER = f"""create or replace temporary function jaro_winkler(a string, b string) returns double return
case when a is null or b is null then null when a = '' or b = '' then 0.0D when a = b then 1.0D
  else transform(array({_MATCHED}), m -> transform(array({_JARO}), jaro ->
    if(jaro > 0.7D, jaro + 0.1D * ({_START}) * (1.0D - jaro), jaro))[0])[0] end"""

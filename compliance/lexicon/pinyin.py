"""Toneless syllables as single private characters, so that one automaton can match sounds."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from operator import add

import numpy as np
from numpy.typing import NDArray
from pypinyin import lazy_pinyin
from pypinyin.constants import PHRASES_DICT
from pypinyin.pinyin_dict import pinyin_dict

from compliance.rules.batch import UNITS, Units, characters

_BASE = 0xE000
_FIRST, _LAST = 0x3400, 0xA000  # Chinese characters
_LATIN = re.compile(r"[a-z]+")
_LONGEST = 40  # letters; no word is that long
_VARIANT = {"lv": "lu", "nv": "nu", "lve": "lue", "nve": "nue"}


def _plain(reading: str) -> str:
    flat = "".join(c for c in unicodedata.normalize("NFD", reading) if not unicodedata.combining(c))
    return _VARIANT.get(flat.replace("ü", "v"), flat)


def _merged(name: str) -> str:
    """Sounds that many speakers do not tell apart: zh/z, ch/c, sh/s, n/l, ing/in."""
    if name[1:2] == "h" and name[0] in "zcs":
        name = name[0] + name[2:]
    if name[0] == "n":
        name = "l" + name[1:]
    return name[:-1] if name.endswith("ing") else name


@cache
def syllable_codes() -> dict[str, str]:
    """Every toneless syllable of the dictionary -> one private-use character per merged sound."""
    names = {_plain(r) for readings in pinyin_dict.values() for r in readings.split(",")}
    good = sorted(n for n in names if n.isascii() and n.isalpha() and n not in _NOT_TYPED)
    sounds = {sound: chr(_BASE + i) for i, sound in enumerate(sorted(set(map(_merged, good))))}
    return {name: sounds[_merged(name)] for name in good}


_NOT_TYPED = frozenset({"m", "n", "ng", "hm", "hng", "g", "r", "e", "o"}) - {"e"}


class SyllableTable(dict[int, str]):
    """str.translate table: character -> code of its most common reading, others unchanged."""

    def __missing__(self, code: int) -> str:
        readings = pinyin_dict.get(code, "") if 0x3400 <= code <= 0x9FFF else ""
        value = syllable_codes().get(_plain(readings.split(",")[0]), chr(code))
        self[code] = value
        return value


TABLE = SyllableTable()
SOUNDS = 512  # sounds have numbers below it; 0 is what has no sound


@cache
def _sound_numbers() -> NDArray[np.uint16]:
    """Code unit -> number of its most common reading."""
    codes = np.array([ord(TABLE[code]) for code in range(_FIRST, _LAST)]) - (_BASE - 1)
    codes[(codes < 0) | (codes >= SOUNDS)] = 0
    found = np.zeros(UNITS, np.uint16)
    found[_FIRST:_LAST] = codes
    return found


def numbers(found: Units) -> NDArray[np.uint16]:
    """The sound of each character as a number; 0 where it has none."""
    return _sound_numbers().take(found)


@cache
def _sound_units() -> Units:
    """Code unit -> the code of its sound, or itself."""
    own, sounds = np.arange(UNITS, dtype=np.uint16), _sound_numbers()
    return np.where(sounds > 0, sounds + np.uint16(_BASE - 1), own)


def spoken(found: Units) -> str:
    """What text.translate(TABLE) gives, for many texts at once."""
    return characters(_sound_units().take(found))


@cache
def _phrase_heads() -> frozenset[str]:
    return frozenset(phrase[:2] for phrase in PHRASES_DICT)


def _may_hold_phrase(word: str) -> bool:
    """Whether a part of the word may have a reading of its own; looking that up is slow."""
    return not _phrase_heads().isdisjoint(map(add, word, word[1:]))


@lru_cache(maxsize=262_144)  # a reload meets the same words again
def encodings(word: str) -> frozenset[str]:
    """The code strings under which a word is found: by character and as the phrase is read."""
    found = {word.translate(TABLE)}
    if not any("," in pinyin_dict.get(ord(ch), "") for ch in word) or not _may_hold_phrase(word):
        return frozenset(found)  # the word is read as its characters are
    read = lazy_pinyin(word, errors="ignore")
    if len(read) == len(word):
        found.add(
            "".join(syllable_codes().get(_plain(r), c) for r, c in zip(read, word, strict=True))
        )
    return frozenset(found)


@lru_cache(maxsize=4096)
def _splits(run: str) -> tuple[tuple[str, ...], ...]:
    """All ways to read a Latin run as syllables, fewest first, at most three."""
    codes = syllable_codes()
    ways: list[list[tuple[str, ...]]] = [[()], *([] for _ in run)]
    for end in range(1, len(run) + 1):
        for size in range(min(6, end), 0, -1):
            if run[end - size : end] in codes:
                ways[end] += [(*w, run[end - size : end]) for w in ways[end - size]][:4]
        ways[end] = sorted(ways[end], key=len)[:4]
    return tuple(ways[-1][:3])


def is_typed(run: str) -> bool:
    """Whether a Latin run can be read as pinyin."""
    return bool(_splits(run))


@lru_cache(maxsize=8192)
def _sounds(char: str) -> frozenset[str]:
    return frozenset(_plain(r) for r in pinyin_dict.get(ord(char), "").split(","))


def codes_of(char: str) -> list[str]:
    """The codes of all readings of a character."""
    table = syllable_codes()
    return [table[sound] for sound in sorted(_sounds(char)) if sound in table]


@lru_cache(maxsize=65536)
def same_sound(one: str, other: str) -> bool:
    """Whether two characters share a toneless reading without merging sounds."""
    return one == other or not _sounds(one).isdisjoint(_sounds(other))


Token = tuple[str, int, int]


def typed(text: str) -> list[int]:
    """The places of Latin runs that can be read as pinyin."""
    runs = (run.span() for run in _LATIN.finditer(text))
    return [
        place
        for start, end in runs
        if end - start < _LONGEST and is_typed(text[start:end])
        for place in range(start, end)
    ]


def readings(text: str) -> list[list[Token]]:
    """Up to three token lists (code, start, end) for a text with Latin runs in it."""
    runs = [
        (m.start(), m.end(), _splits(m.group()) if len(m.group()) < _LONGEST else ())
        for m in _LATIN.finditer(text)
    ]
    count = max((len(ways) for _, _, ways in runs), default=1) or 1
    return [_tokens(text, runs, choice) for choice in range(count)]


def _tokens(
    text: str, runs: list[tuple[int, int, tuple[tuple[str, ...], ...]]], choice: int
) -> list[Token]:
    out: list[Token] = []
    at = 0
    for start, end, ways in [*runs, (len(text), len(text), ())]:
        out += [(TABLE[ord(text[i])], i, i + 1) for i in range(at, start) if text[i] != " "]
        at = start
        for syllable in ways[min(choice, len(ways) - 1)] if ways else ():
            out.append((syllable_codes()[syllable], at, at + len(syllable)))
            at += len(syllable)
        out += [(text[i], i, i + 1) for i in range(at, end)]
        at = end
    return out


__all__ = ["TABLE", "encodings", "readings", "syllable_codes"]

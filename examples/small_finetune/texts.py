"""Turn Debian packages of free texts into token sequences: two fine-tuning tasks and two pretraining corpora.

    mkdir debs && cd debs && apt-get download bible-kjv bible-kjv-text libpython3.11-stdlib perl-doc \
        python3-django python3-sympy python3-twisted python3.11-doc && cd ..
    for deb in debs/*.deb; do dpkg-deb -x "$deb" unpacked; done
    python texts.py unpacked tokens.npz
"""

import argparse
import gzip
import hashlib
import itertools
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

CONTEXT = 4
"""Predicted tokens a sequence: a sequence has one token more, and shares it with the next one."""

VOCABULARY = 256
TEST, VALIDATION, TRAIN = 32_768, 8192, 51_200
"""Sequences of a fine-tuning task in each split."""

PRETRAIN = 1_280_000
"""Most sequences of a pretraining corpus; it has a validation split, too."""

CHARACTERS = ["\n", *map(chr, range(32, 127))]
PIECE = re.compile(r" ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")


def plain(text: str) -> str:
    """Keep printable ASCII and line ends; tabs become four spaces and runs of empty lines become one."""
    text = text.replace("\t", "    ").replace("\r", "").encode("ascii", "ignore").decode()
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", "", text))


def bible_chapters(root: Path) -> Iterator[tuple[str, str]]:
    """Chapters of the King James Version, without the verse references."""
    program = [str(root / "usr/bin/bible"), "-f", "-p", str(root / "usr/lib"), "gen1:1-rev22:21"]
    out = subprocess.run(program, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    chapters: dict[str, list[str]] = {}
    for line in out.splitlines():
        reference, verse = line.split(" ", 1)
        chapters.setdefault(reference.split(":")[0], []).append(verse.strip())
    for name, verses in chapters.items():
        yield name, "\n".join(verses) + "\n"


def files(root: Path, folders: list[str], pattern: str) -> Iterator[tuple[str, str]]:
    """Files under folders whose names match the pattern, unpacked where they end in .gz."""
    for folder in folders:
        for path in sorted((root / folder).rglob(pattern)):
            if path.is_file() and not path.is_symlink():
                raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
                yield str(path.relative_to(root)), raw.decode("utf-8", "ignore")


def documents(root: Path) -> dict[str, list[tuple[str, str]]]:
    """The documents of each text as (name, plain text), in an order that depends on the names alone."""
    packages = "usr/lib/python3/dist-packages"
    texts = {
        "bible": bible_chapters(root),
        "python": files(root, ["usr/lib/python3.11"], "*.py"),
        "docs": (
            document
            for folder, pattern in [("usr/share/doc/python3.11", "*.rst.txt*"), ("usr/share/perl", "*.pod")]
            for document in files(root, [folder], pattern)
        ),
        "code": files(root, [f"{packages}/{name}" for name in ("django", "twisted", "sympy")], "*.py"),
    }
    return {
        text: sorted(((name, plain(body)) for name, body in found), key=lambda doc: digest(doc[0].encode()))
        for text, found in texts.items()
    }


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def learn_merges(sample: str, count: int) -> list[tuple[str, str]]:
    """Byte-pair merges learned on a sample of text, most frequent pair first; ties go to the smaller pair."""
    words = {tuple(word): n for word, n in Counter(PIECE.findall(sample)).items()}
    merges = []
    for _ in range(count):
        pairs: Counter[tuple[str, str]] = Counter()
        for word, n in words.items():
            for pair in itertools.pairwise(word):
                pairs[pair] += n
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        merged: dict[tuple[str, ...], int] = {}
        for word, n in words.items():
            key = merge(word, best)
            merged[key] = merged.get(key, 0) + n
        words = merged
    return merges


def merge(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    """Replace each occurrence of the pair in the word by one token."""
    out, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def encode(text: str, merges: list[tuple[str, str]], cache: dict[str, list[int]]) -> np.ndarray:
    """Token ids of a text."""
    ids = {token: i for i, token in enumerate(CHARACTERS + [a + b for a, b in merges])}
    out: list[int] = []
    for piece in PIECE.findall(text):
        if piece not in cache:
            word = tuple(piece)
            for pair in merges:
                if pair[0] + pair[1] in piece:
                    word = merge(word, pair)
            cache[piece] = [ids[token] for token in word]
        out += cache[piece]
    return np.array(out, np.uint8)


def sequences(tokens: np.ndarray) -> np.ndarray:
    """Cut a stream of tokens into sequences that share one token with the next."""
    count = (len(tokens) - 1) // CONTEXT
    return tokens[np.arange(count)[:, None] * CONTEXT + np.arange(CONTEXT + 1)]


def split(docs: list[np.ndarray], sizes: dict[str, int]) -> dict[str, np.ndarray]:
    """Give whole documents to one split after the other until each is full; the last keeps what fits."""
    out: dict[str, np.ndarray] = {}
    rest = iter(docs)
    for name, size in sizes.items():
        parts: list[np.ndarray] = []
        count = 0
        while count < size and (doc := next(rest, None)) is not None:
            parts.append(sequences(doc))
            count += len(parts[-1])
        out[name] = np.concatenate(parts)[:size]
    return out


def share_found(rows: np.ndarray, others: np.ndarray) -> float:
    """Share of sequences that stand among others, word for word."""
    known = {row.tobytes() for row in others}
    return float(np.mean([row.tobytes() in known for row in rows]))


def prepare(root: Path) -> tuple[dict[str, np.ndarray], dict]:
    """Sequences of every text and split, and a description of them.

    Parameters
    ----------
    root : Path
        Folder into which the Debian packages were unpacked.
    """
    docs = documents(root)
    sample = "".join("".join(body for _, body in found)[:1_000_000] for found in docs.values())
    merges = learn_merges(sample, VOCABULARY - len(CHARACTERS))
    cache: dict[str, list[int]] = {}
    arrays, about = {}, {"merges": merges}
    for text, found in docs.items():
        task = text in ("bible", "python")
        sizes = {"test": TEST} if task else {}
        sizes |= {"validation": VALIDATION, "train": TRAIN if task else PRETRAIN}
        wanted, encoded = sum(sizes.values()) * CONTEXT * (2 if task else 1.05), []
        for _, body in found:
            encoded.append(encode(body, merges, cache))
            wanted -= len(encoded[-1]) - CONTEXT
            if wanted < 0:
                break
        for name, rows in split(encoded, sizes).items():
            arrays[f"{text}/{name}"] = rows
            about[f"{text}/{name}"] = {"sequences": len(rows), "sha256": digest(rows.tobytes())}
        characters = sum(len(body) for _, body in found[: len(encoded)])
        about[text] = {"documents": len(encoded), "characters a token": characters / sum(map(len, encoded))}
    for task in ("bible", "python"):
        splits = (f"{task}/train", "docs/train", "code/train")
        about[f"{task}/test"]["found in"] = {name: share_found(arrays[f"{task}/test"], arrays[name]) for name in splits}
    return arrays, about


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("root", type=Path, help="folder into which the packages were unpacked")
    parser.add_argument("out", type=Path, help="the .npz file to write; a .json beside it describes it")
    args = parser.parse_args()
    arrays, about = prepare(args.root)
    args.out.with_suffix(".json").write_text(json.dumps(about, indent=1))
    part = args.out.with_suffix(".part.npz")
    np.savez_compressed(part, **arrays)
    part.rename(args.out)
    print(json.dumps({name: value for name, value in about.items() if name != "merges"}, indent=1))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Verifies an evidence package: standard library only, no network, no trust in the package.

    python3 -I verify.py [FOLDER] [--key HEX] [--anchors FILE] [--pure-sm3]

FOLDER: where the package was extracted (the folder of this file unless given). --key: the signing
key that the bank has published; without it the key inside the package is used and printed, to be
compared by hand. --anchors: the bank's anchor file, if you hold a copy. Exit status 0 when all is
in order, 1 when it is not; every problem is printed.
"""

import base64
import hashlib
import json
import os
import sys

OWN = ("manifest.json", "manifest.sig")

# SM3 (GB/T 32905-2016)


def _rotated(value, by):
    by %= 32
    return (value << by | value >> (32 - by)) & 0xFFFFFFFF


_T = [_rotated(0x79CC4519 if n < 16 else 0x7A879D8A, n) for n in range(64)]
_IV = (
    0x7380166F,
    0x4914B2B9,
    0x172442D7,
    0xDA8A0600,
    0xA96F30BC,
    0x163138AA,
    0xE38DEE4D,
    0xB0FB0E4E,
)


def _expanded(block):
    w = [int.from_bytes(block[n : n + 4], "big") for n in range(0, 64, 4)]
    for n in range(16, 68):
        x = w[n - 16] ^ w[n - 9] ^ _rotated(w[n - 3], 15)
        p1 = x ^ _rotated(x, 15) ^ _rotated(x, 23)
        w.append(p1 ^ _rotated(w[n - 13], 7) ^ w[n - 6])
    return w


def _compressed(state, block):
    w = _expanded(block)
    a, b, c, d, e, f, g, h = state
    for n in range(64):
        a12 = _rotated(a, 12)
        ss1 = _rotated((a12 + e + _T[n]) & 0xFFFFFFFF, 7)
        if n < 16:
            ff, gg = a ^ b ^ c, e ^ f ^ g
        else:
            ff, gg = a & b | a & c | b & c, e & f | ~e & g
        tt1 = (ff + d + (ss1 ^ a12) + (w[n] ^ w[n + 4])) & 0xFFFFFFFF
        tt2 = (gg + h + ss1 + w[n]) & 0xFFFFFFFF
        a, b, c, d = tt1, a, _rotated(b, 9), c
        e, f, g, h = tt2 ^ _rotated(tt2, 9) ^ _rotated(tt2, 17), e, _rotated(f, 19), g
    return tuple(x ^ y for x, y in zip(state, (a, b, c, d, e, f, g, h)))


def pure_sm3(data):
    length = len(data) * 8
    data += b"\x80" + b"\x00" * ((55 - len(data)) % 64) + length.to_bytes(8, "big")
    state = _IV
    for n in range(0, len(data), 64):
        state = _compressed(state, data[n : n + 64])
    return b"".join(word.to_bytes(4, "big") for word in state)


def library_sm3(data):
    return hashlib.new("sm3", data).digest()


def choose_sm3(pure):
    """This file's own SM3, or the library's where it has one and gives the same result."""
    if not pure and "sm3" in hashlib.algorithms_available:
        try:
            if library_sm3(b"abc") == pure_sm3(b"abc"):
                return library_sm3
        except ValueError:
            pass
    return pure_sm3


def sha256(data):
    return hashlib.sha256(data).digest()


# Ed25519 (RFC 8032), verification only

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point, scalar = _add(point, point), scalar >> 1
    return result


def _point(data):
    """The point that 32 bytes stand for, or None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


_BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = _point(_BASE_Y.to_bytes(32, "little"))


def signed(public, message, signature):
    """Whether `signature` (64 bytes) of `message` was made with the key `public` (32 bytes)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(digest, "little") % L
    left, right = _times(s, BASE), _add(r, _times(k, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


# RFC 6962 trees


def leaf_hash(hash_, data):
    return hash_(b"\x00" + data)


def node_hash(hash_, left, right):
    return hash_(b"\x01" + left + right)


def _climb(hash_, number, last, first, second, proof):
    """One walk for both kinds of proof: (old root, new root), or None."""
    for sibling in proof:
        if last == 0:
            return None
        if number & 1 or number == last:
            first = node_hash(hash_, sibling, first)
            second = node_hash(hash_, sibling, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = node_hash(hash_, second, sibling)
        number, last = number >> 1, last >> 1
    return (first, second) if last == 0 else None


def included(hash_, index, size, leaf, proof, root):
    if not 0 <= index < size:
        return False
    found = _climb(hash_, index, size - 1, leaf, leaf, proof)
    return found is not None and found[1] == root


def consistent(hash_, old, new, old_root, new_root, proof):
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof) if old & (old - 1) else [old_root] + list(proof)
    if not path:
        return False
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    return _climb(hash_, number, last, path[0], path[0], path[1:]) == (old_root, new_root)


# The package


def canonical(value):
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def rows_digest(rows):
    """The digest of a lexicon: its rows in a fixed order, whatever order they come in."""
    lines = sorted(json.dumps(row, ensure_ascii=True) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def holds(row, day):
    """Whether a term counts on that day; only some terms carry their first and last day."""
    since, until = row[6:8] or ("", "")
    return since <= day and (not until or day <= until)


class Package:
    def __init__(self, folder, sm3, key=None):
        self.folder, self.sm3, self.key = folder, sm3, key
        self.hashes = (("sha256", sha256), ("sm3", sm3))
        self.problems = []
        self.counts = {}

    def problem(self, text):
        self.problems.append(text)

    def read(self, name):
        with open(os.path.join(self.folder, *name.split("/")), "rb") as file:
            return file.read()

    def verify(self):
        """The list of problems; empty when everything is in order."""
        for check in (self.manifest, self.files, self.anchors, self.leaves, self.gaps, self.policy):
            try:
                check()
            except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
                self.problem("%s: %s: %s" % (check.__name__, type(error).__name__, error))
            if check == self.files and self.problems:
                break  # what follows reads those files
        return self.problems

    def manifest(self):
        data = self.read("manifest.json")
        self.facts = json.loads(data)
        if canonical(self.facts) + b"\n" != data:
            self.problem("manifest.json 不是规范形式")
        named = self.facts["key"]
        self.public = self.public_key(named)
        text = self.read("manifest.sig").decode("ascii")
        signature = bytes.fromhex(text.strip())
        if signature.hex() + "\n" != text or not signed(self.public, data, signature):
            self.problem("manifest.sig 不是清单的签名")

    def public_key(self, named):
        lines = self.read("certs/%s.pem" % named).decode("ascii").splitlines()
        inside = base64.b64decode("".join(line for line in lines if "-" not in line[:5]))[-32:]
        if self.key is not None and self.key != inside:
            self.problem("包里的公钥不是指定的公钥")
        return self.key or inside

    def listed(self):
        found = []
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), self.folder)
                found.append(path.replace(os.sep, "/"))
        return set(found)

    def files(self):
        expected = {entry["name"]: entry for entry in self.facts["files"]}
        present = self.listed() - set(OWN)
        for name in sorted(set(expected) - present):
            self.problem("缺少文件 " + name)
        for name in sorted(present - set(expected)):
            self.problem("多出文件 " + name)
        for name in sorted(present & set(expected)):
            self.file(name, expected[name])
        self.counts["文件"] = len(expected)

    def file(self, name, entry):
        data = self.read(name)
        if len(data) != entry["size"]:
            self.problem("大小不符 " + name)
        for label, hash_ in self.hashes:
            if hash_(data).hex() != entry[label]:
                self.problem("%s 不符 %s" % (label.upper(), name))

    def anchors(self):
        """Heads are what the anchors say: signed, and each consistent with the one before."""
        self.proofs = json.loads(self.read("proofs.json"))
        self.heads = []
        for number in self.facts["anchors"]:
            line = json.loads(self.read("anchors/%d.json" % number))
            signature = bytes.fromhex(line["signature"])
            if line["head"]["signing_key"] != self.facts["key"]:
                self.problem("锚 %d 的签名密钥与清单不同，请用 --key 另行核对" % number)
            elif not signed(self.public, canonical(line["head"]), signature):
                self.problem("锚 %d 的签名不符" % number)
            self.heads.append(line["head"])
        self.head = self.heads[-1]
        for old, new, proof in zip(self.heads, self.heads[1:], self.proofs["consistency"]):
            for label, hash_ in self.hashes:
                hashes = [bytes.fromhex(text) for text in proof[label]]
                roots = bytes.fromhex(old[label]), bytes.fromhex(new[label])
                if not consistent(hash_, old["size"], new["size"], roots[0], roots[1], hashes):
                    self.problem("链头 %d 与 %d 不一致（%s）" % (old["size"], new["size"], label))
        if len(self.proofs["consistency"]) != len(self.heads) - 1:
            self.problem("一致性证明的数目不符")
        self.counts["锚"] = len(self.heads)

    def leaves(self):
        proofs, seen = self.proofs["leaves"], set()
        for name, data_of in (("messages.jsonl", self.message), ("events.jsonl", self.event)):
            for line in self.read(name).decode("utf-8", "surrogatepass").split("\n")[:-1]:
                entry = json.loads(line)
                index = entry["leaf"]
                seen.add(str(index))
                for n, (label, hash_) in enumerate(self.hashes):
                    leaf = leaf_hash(hash_, data_of(entry, n))
                    self.proven(index, label, hash_, leaf, proofs[str(index)][label])
        if seen != set(proofs):
            self.problem("证明与记录不是一一对应")
        self.counts["记录"] = len(seen)

    def proven(self, index, label, hash_, leaf, proof):
        hashes = [bytes.fromhex(text) for text in proof]
        root = bytes.fromhex(self.head[label])
        if not included(hash_, index, self.head["size"], leaf, hashes, root):
            self.problem("第 %d 号叶不在存档树中（%s）" % (index, label))

    def message(self, entry, n):
        hash_ = self.hashes[n][1]
        if "purged" in entry:
            content, raw = entry["purged"]["content"][n], entry["purged"]["raw"][n]
        else:
            inside = canonical({"body": entry["body"], "text": entry["text"]})
            content = hash_(bytes.fromhex(entry["salt"]) + inside).hex()
            raw = hash_(self.read("raw/%d.bin" % entry["facts"]["seq"])).hex()
        return canonical(
            {
                "at": entry["at"],
                "content": content,
                "facts": entry["facts"],
                "kind": "message",
                "raw": raw,
            }
        )

    def event(self, entry, n):
        facts = entry["facts"]
        if entry["kind"] == "media" and "purged" not in entry:
            data = self.read("media/" + facts["sha256"])
            if (sha256(data).hex(), self.sm3(data).hex()) != (facts["sha256"], facts["sm3"]):
                self.problem("媒体 %s 与记录不符" % facts["sha256"])
        return canonical({"at": entry["at"], "facts": facts, "kind": entry["kind"]})

    def gaps(self):
        for gap in self.proofs["gaps"]:
            for label, hash_ in self.hashes:
                leaf = bytes.fromhex(gap[label])
                self.proven(gap["leaf"], label, hash_, leaf, gap["proof"][label])
        self.counts["缺口"] = len(self.proofs["gaps"])

    def policy(self):
        """Each lexicon adds up to the digest that scan results name."""
        for name in sorted(n for n in self.listed() if n.startswith("policy/")):
            policy = json.loads(self.read(name))
            if rows_digest(policy["terms"]) != policy["digest"]:
                self.problem("词库 %s 与其摘要不符" % name)
            for digest, day in sorted(policy.get("judged", {}).items()):
                if rows_digest(row for row in policy["terms"] if holds(row, day)) != digest:
                    self.problem("词库 %s 在 %s 的词条与扫描结论的摘要不符" % (name, day))

    def compare(self, path):
        """The bank's own anchor file must hold the same lines."""
        with open(path, "rb") as file:
            lines = set(file.read().splitlines())
        for number in self.facts["anchors"]:
            if self.read("anchors/%d.json" % number) not in lines:
                self.problem("锚 %d 不在所给的锚文件里" % number)


def _options(arguments):
    options, rest = {}, []
    arguments = list(arguments)
    while arguments:
        word = arguments.pop(0)
        if word in ("--key", "--anchors"):
            options[word] = arguments.pop(0)
        elif word == "--pure-sm3":
            options[word] = True
        else:
            rest.append(word)
    return options, rest


def main(arguments):
    options, rest = _options(arguments)
    folder = rest[0] if rest else os.path.dirname(os.path.abspath(__file__))
    key = bytes.fromhex(options["--key"]) if "--key" in options else None
    package = Package(folder, choose_sm3("--pure-sm3" in options), key)
    package.verify()
    if "--anchors" in options and not package.problems:
        package.compare(options["--anchors"])
    if package.problems:
        for text in package.problems:
            print("× " + text)
        print("结论：证据包不完整或被改动，共 %d 处。" % len(package.problems))
        return 1
    print("签名公钥 " + package.public.hex() + ("" if key else "（取自包内，请与银行公布的核对）"))
    print("链头 %d %s %s" % (package.head["size"], package.head["at"], package.head["sha256"]))
    print("，".join("%s %d" % pair for pair in package.counts.items()))
    if package.counts["缺口"]:
        print("注意：同一会话同一时段另有 %d 条消息没有放进本包。" % package.counts["缺口"])
    print("结论：证据包完整，与存档一致。")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

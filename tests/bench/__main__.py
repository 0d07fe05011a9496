"""`make bench [NAME=pages]`: runs the benchmarks of this folder, one JSON line each."""

import importlib
import json
import pkgutil
import sys

import tests.bench as folder


def names() -> list[str]:
    return [
        module.name for module in pkgutil.iter_modules(folder.__path__) if module.name[0] != "_"
    ]


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - set(names())
    if unknown:
        print(
            f"No benchmark named {', '.join(unknown)}; there are: {', '.join(names())}.",
            file=sys.stderr,
        )
        return 2
    for name in wanted or names():
        for row in importlib.import_module(f"tests.bench.{name}").run():
            print(json.dumps(row, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

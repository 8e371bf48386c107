"""Run all benchmarks, or those named: `python -m benchmarks [generation tracking …]`."""

import importlib
import sys

ALL = ("generation", "accepting", "delivery", "tracking", "traffic", "reports")


def main() -> None:
    chosen = sys.argv[1:] or ALL
    unknown = set(chosen) - set(ALL)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}: choose from {', '.join(ALL)}")
    for name in chosen:
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()

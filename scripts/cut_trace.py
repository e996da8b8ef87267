"""Cut a reference trace to its first rounds, as the traces under tests/data/traces were: it still replays.

python scripts/cut_trace.py TRACE.jsonl.xz tests/data/traces/TRACE.jsonl.xz --rounds 1
"""

import argparse
import lzma


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trace")
    parser.add_argument("output")
    parser.add_argument("--rounds", type=int, required=True)
    arguments = parser.parse_args()
    rounds = 0
    with (
        lzma.open(arguments.trace, "rt", encoding="utf-8") as trace,
        lzma.open(arguments.output, "wt", encoding="utf-8", preset=9 | lzma.PRESET_EXTREME) as output,
    ):
        for line in trace:
            if line.startswith('{"type":"start"') and rounds == arguments.rounds:
                break
            output.write(line)
            rounds += line.startswith('{"type":"round_end"')


if __name__ == "__main__":
    main()

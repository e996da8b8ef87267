"""docs/targeting.md: its example runs."""

import re
import runpy
from pathlib import Path


def test_the_documented_example_runs(tmp_path, capsys):
    text = (Path(__file__).parents[2] / "docs" / "targeting.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "example.py"
    path.write_text(block)
    runpy.run_path(str(path))
    lines = capsys.readouterr().out.splitlines()
    rates = {line.split()[0]: float(line.split()[1]) for line in lines[:-1]}
    assert rates["mine"] > rates["random"] and "hit_rate_difference" in lines[-1]

"""What pages share: data from strangers cannot leave its element."""

import json

from beepsim.webpage.pages import script_json


def test_json_in_a_script_cannot_end_it() -> None:
    value = {"name": "</script><!--<script>", "ends": [1.5, None]}
    text = script_json(value)
    assert "<" not in text and json.loads(text) == value

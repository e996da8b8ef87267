"""A page in one file: style, scripts and data inside it, and a policy that allows no more than these scripts."""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import jinja2
from markupsafe import Markup


def render_page(package: str, template: str, style: str, scripts: Sequence[str], **values: Any) -> str:
    """The page of a template in the folder `page` of `package`, or in this package's own.

    The template gets `values`, and `style`, `script` (the scripts joined) and `script_hash`, for the page's policy.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(package, "page"), jinja2.PackageLoader("beepsim.webpage", "page")]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = "".join(source(environment, name) for name in scripts)
    return environment.get_template(template).render(
        style=Markup(source(environment, style)),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        **values,
    )


def source(environment: jinja2.Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def script_json(value: Any) -> Markup:
    """JSON that a page's script element can hold: nothing in a name ends the element or opens a comment in it."""
    return Markup(json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"))

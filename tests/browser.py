"""A page in headless Chromium: what a script finds there that is put at the end of a copy of the page."""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Before the page's own script: whatever goes wrong in that is to be seen.
LISTENERS = """
window.found = {errors: []};
addEventListener("error", (event) => found.errors.push(event.message));
addEventListener("securitypolicyviolation", (event) => found.errors.push(event.violatedDirective));
"""
SCRIPT = """
(async () => {
try {
SCRIPT
} catch (error) { found.errors.push(error.stack); }
"""
REPORT = """
const shown = document.createElement("pre");
shown.id = "found";
shown.textContent = JSON.stringify(found);
document.body.replaceChildren(shown);
"""


def find_browser() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def run_in_page(page: Path, script: str, folder: Path, seconds: float = 60.0) -> dict[str, Any]:
    """What `script` put into `found`, with `errors` of the page and `console`, the lines that it wrote there.

    The script may await what the page does. The page's policy stays in force: the two scripts are added to it by their
    hashes.
    """
    browser = find_browser()
    assert browser
    ending = SCRIPT.replace("SCRIPT", script) + REPORT + "})();"
    text = page.read_text(encoding="utf-8")
    hashes = " ".join(f"'sha256-{hash_of(one)}'" for one in (LISTENERS, ending))
    text = text.replace("script-src '", f"script-src {hashes} '", 1)
    text = text.replace("<title>", f"<script>{LISTENERS}</script>\n<title>", 1)
    before, after = text.rsplit("</body>", 1)
    copy = folder / "page_under_test.html"
    copy.write_text(f"{before}<script>{ending}</script>\n</body>{after}", encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000"]
    command += ["--enable-logging=stderr", f"--user-data-dir={folder / 'profile'}"]
    command += ["--virtual-time-budget=10000", "--dump-dom", copy.as_uri()]
    result = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=True)
    dumped = re.search(r'<pre id="found">(.*?)</pre>', result.stdout, re.DOTALL)
    assert dumped, f"the page's scripts did not come to their end: {result.stderr}"
    console = [line for line in result.stderr.splitlines() if "CONSOLE" in line]
    return {**json.loads(html.unescape(dumped[1])), "console": console}


def hash_of(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")

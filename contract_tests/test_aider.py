"""Aider, an editing assistant, makes the edit that a script has written, and no other.

It is one of the heavy clients (`scripts/install-clients aider`). Its edit blocks repeat lines of a file as
they stand, so they need a script.
"""

from pathlib import Path

import pytest

from contract_tests.assistants import assisted
from contract_tests.drivers import Home
from contract_tests.world import World

HOME = Home(name="aider", sources=("aider/requirements.txt",))
EDIT = """\
notes.txt
```
<<<<<<< SEARCH
I like tea.
=======
I like coffee.
>>>>>>> REPLACE
```
"""
OPTIONS = ("--no-git", "--yes-always", "--no-check-update", "--analytics-disable", "--no-show-model-warnings")
MODEL = "openai/qwen-plus"


def test_a_scripted_block_edits_a_file(world: World, tmp_path: Path) -> None:
    if HOME.missing():
        pytest.skip("Aider is one of the heavy clients: scripts/install-clients aider")
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    notes = work / "notes.txt"
    notes.write_text("I like tea.\nI like rain.\n", "utf-8")
    world.script({"content": EDIT})
    command = [str(HOME.path.absolute() / "bin" / "aider"), *OPTIONS, "--model", MODEL]
    printed = assisted(
        [*command, "--edit-format", "diff", "--message", "Coffee in the place of tea.", "notes.txt"],
        work=work,
        home=home,
        environment={
            "OPENAI_API_KEY": world.key,
            "OPENAI_API_BASE": world.openai_url,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
    )
    assert notes.read_text("utf-8") == "I like coffee.\nI like rain.\n", printed
    assert len(world.requests()) == 1

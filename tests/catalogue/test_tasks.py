"""What models are there for: a row for each task that the catalogue may name."""

from mockserver.base import resources
from mockserver.catalogue.models import load
from mockserver.catalogue.tasks import TASKS


def test_every_task_of_the_schema_has_its_row_and_every_row_its_models() -> None:
    schema = resources.schema("catalogue.models")
    named = schema["$defs"]["model"]["properties"]["task"]["enum"]
    assert set(named) == set(TASKS)
    assert {model.task for model in load()} <= set(TASKS)


def test_who_chats_makes_texts() -> None:
    assert all("Text" in task.makes for task in TASKS.values() if task.chats)

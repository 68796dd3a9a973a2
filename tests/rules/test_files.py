"""A file that a conversation names is there: looked for by its id, where a model takes one."""

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.rules import Moment, check_at
from mockserver.talk.surface import Surface
from tests.asking import ask

ASK = {"role": "user", "content": "What does it say?"}


def told(*texts: str) -> list[dict[str, str]]:
    """A conversation whose system messages are these."""
    return [*({"role": "system", "content": text} for text in texts), ASK]


@pytest.mark.parametrize("surface", [COMPAT, NATIVE_TEXT])
def test_each_file_that_is_not_there_is_found_in_its_message(surface: Surface, errors: Errors) -> None:
    texts = ("Be brief.", "fileid://file-fe-a,fileid://file-fe-b", "fileid://file-fe-c")
    request = ask(told(*texts), model="qwen-long", surface=surface)
    found = check_at(Moment.FILES, errors, request, {"file-fe-a"}.__contains__)
    places = [f"{request.message_place(at)}.content" for at in (1, 2)]
    assert [(one.rule, one.path) for one in found] == [("files.unknown", place) for place in places]
    assert [one.message.rpartition(" ")[2] for one in found] == ["[id:file-fe-b].", "[id:file-fe-c]."]
    assert found[0].refusal is not None
    assert (found[0].refusal.id, found[0].refusal.status) == ("file.invalid", 400)


@pytest.mark.parametrize(
    "behind", ["\u3002\u8bf7\u603b\u7ed3", ".", ";", "\uff0c", " ", "fileid://file-fe-a"]
)
def test_an_id_ends_where_something_follows_that_no_id_has(behind: str, errors: Errors) -> None:
    request = ask(told(f"fileid://file-fe-a{behind}"), model="qwen-long")
    assert check_at(Moment.FILES, errors, request, {"file-fe-a"}.__contains__) == []
    assert len(check_at(Moment.FILES, errors, request, set[str]().__contains__)) == 1 + behind.startswith("f")


@pytest.mark.parametrize(
    ("text", "model"),
    [("fileid://file-fe-a", "qwen-plus"), ("See fileid://file-fe-a", "qwen-long"), ("Hi", "qwen-long")],
)
def test_other_models_and_other_texts_name_no_file(text: str, model: str, errors: Errors) -> None:
    assert check_at(Moment.FILES, errors, ask(told(text), model=model), set[str]().__contains__) == []


def test_what_a_user_says_names_no_file(errors: Errors) -> None:
    request = ask([{"role": "user", "content": "fileid://file-fe-a"}], model="qwen-long")
    assert check_at(Moment.FILES, errors, request, set[str]().__contains__) == []

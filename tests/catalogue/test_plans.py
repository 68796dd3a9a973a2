"""The plans for coding agents: keys, hosts, paths, clients."""

import pytest

from mockserver.base import resources
from mockserver.catalogue.plans import (
    agents_only,
    coding_paths,
    is_agent,
    is_plan_host,
    is_plan_key,
    served_with_plan_keys,
)


@pytest.mark.parametrize(("key", "plan"), [("sk-sp-tea", True), ("sk-tea", False), ("", False)])
def test_a_key_of_a_plan_begins_as_such(key: str, *, plan: bool) -> None:
    assert is_plan_key(key) is plan


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("", True),
        ("localhost:8000", True),
        ("token-plan.ap-southeast-1.maas.aliyuncs.com", True),
        ("coding-intl.dashscope.aliyuncs.com", True),
        ("dashscope.aliyuncs.com", False),
        ("dashscope-us.aliyuncs.com:443", False),
    ],
)
def test_the_public_hosts_take_no_such_key(host: str, *, served: bool) -> None:
    assert served_with_plan_keys(host) is served


@pytest.mark.parametrize(
    ("host", "plan"),
    [
        ("token-plan.cn-beijing.maas.aliyuncs.com", True),
        ("trial.cn-beijing.maas.aliyuncs.com", True),
        ("coding.dashscope.aliyuncs.com:443", True),
        ("ws-1.cn-beijing.maas.aliyuncs.com", False),
        ("trial.example", False),
        ("", False),
    ],
)
def test_a_plan_has_hosts_of_its_own(host: str, *, plan: bool) -> None:
    assert is_plan_host(host) is plan


def test_the_coding_plan_is_known_by_its_path_or_its_host() -> None:
    chat, plain = "/apps/anthropic/v1/messages", "dashscope.aliyuncs.com"
    assert agents_only("/v1/chat/completions", plain)
    assert agents_only(chat, "coding-intl.dashscope.aliyuncs.com")
    assert not agents_only(chat, "token-plan.cn-beijing.maas.aliyuncs.com")
    assert not agents_only(chat, plain)


@pytest.mark.parametrize(
    ("user_agent", "agent"),
    [
        ("QwenCode/0.24.4 (darwin; arm64)", True),
        ("claude-cli/2.1.0 (external, cli)", True),
        ("OpenAI/Python 3.57.0", False),
        ("my-cline/1.0", False),
        ("", False),
    ],
)
def test_an_agent_is_known_by_how_it_calls_itself(user_agent: str, *, agent: bool) -> None:
    assert is_agent(user_agent) is agent


def test_the_plan_has_a_path_of_its_own() -> None:
    assert coding_paths() == {"/v1/chat/completions"}


def test_every_fact_has_its_source() -> None:
    assert all(part["source"] for part in resources.fixture("plans").values())

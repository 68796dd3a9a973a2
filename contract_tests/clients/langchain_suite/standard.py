"""LangChain's standard tests of chat models, on the two that people use with Qwen.

`BASE` in the environment is the URL of the compatible surface.
"""

import os

from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_qwq import ChatQwen
from langchain_tests.integration_tests import ChatModelIntegrationTests

BASE = os.environ["BASE"]


class TestChatOpenAI(ChatModelIntegrationTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, object]:
        # With an address of its own it asks for the usage of a stream only when it is told to.
        return {"model": "qwen-plus", "base_url": BASE, "api_key": "sk-suite", "stream_usage": True}


class TestChatQwen(ChatModelIntegrationTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatQwen

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {"model": "qwen-plus", "base_url": BASE, "api_key": "sk-suite"}

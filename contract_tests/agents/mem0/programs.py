"""mem0: memories that a model makes of a conversation, in a vector store of this process."""

from tempfile import TemporaryDirectory

from mem0 import Memory
from running import BASE, KEY, MODEL, has, main, program

DIMS = 256


def memory(folder: str) -> Memory:
    return Memory.from_config(
        {
            "llm": {
                "provider": "openai",
                "config": {"model": MODEL, "api_key": KEY, "openai_base_url": BASE},
            },
            "embedder": {
                "provider": "openai",
                "config": {
                    "model": "text-embedding-v4",
                    "api_key": KEY,
                    "openai_base_url": BASE,
                    "embedding_dims": DIMS,
                },
            },
            "vector_store": {
                "provider": "qdrant",
                "config": {"path": f"{folder}/store", "embedding_model_dims": DIMS},
            },
            "history_db_path": f"{folder}/history.db",
        }
    )


@program("add")
def add() -> None:
    with TemporaryDirectory() as folder:
        found = memory(folder).add("I am Bob and I love green tea", user_id="bob")["results"]
        assert found, "nothing is remembered"
        has(found, "tea")


@program("search")
def search() -> None:
    with TemporaryDirectory() as folder:
        kept = memory(folder)
        kept.add("I love green tea", user_id="bob", infer=False)
        kept.add("The train leaves at nine", user_id="bob", infer=False)
        found = kept.search("Which green tea do I love?", filters={"user_id": "bob"})["results"]
        assert found[0]["memory"] == "I love green tea", found


@program("chat")
def chat() -> None:
    with TemporaryDirectory() as folder:
        kept = memory(folder)
        talk = [
            {"role": "user", "content": "Hi, I am Bob"},
            {"role": "assistant", "content": "Hello Bob"},
            {"role": "user", "content": "I live in Paris"},
        ]
        kept.add(talk, user_id="bob")
        has(kept.get_all(filters={"user_id": "bob"})["results"], "Paris")


main()

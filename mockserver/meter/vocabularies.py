"""The vocabularies of all families of models, each loaded when it is first needed."""

from functools import partial

from mockserver.catalogue.models import Model
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer, load


class Vocabularies:
    """The tokenizer of every model; `first` is that of most of them."""

    def __init__(self, first: LazyTokenizer) -> None:
        self._by_name = {"qwen": first, "qwen3.5": LazyTokenizer(partial(load, "qwen3.5"))}

    def of(self, model: Model) -> LazyTokenizer:
        """A model's vocabulary, loaded or not."""
        return self._by_name[model.family.vocabulary]

    def tokenizer(self, model: Model) -> Tokenizer:
        """The tokenizer of a model's vocabulary; waits until it is loaded."""
        return self._by_name[model.family.vocabulary].get()

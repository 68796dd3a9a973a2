"""Which model has which vocabulary, and that each is loaded only when asked for."""

from mockserver.catalogue.models import Models
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer
from mockserver.meter.vocabularies import Vocabularies


def test_most_models_share_the_vocabulary_that_is_given(tokenizer: Tokenizer, models: Models) -> None:
    lazy = LazyTokenizer(lambda: tokenizer)
    vocabularies = Vocabularies(lazy)
    model = models.find("qwen-plus")
    assert model is not None
    assert vocabularies.of(model) is lazy
    assert not lazy.ready
    assert vocabularies.tokenizer(model) is tokenizer
    assert lazy.ready


def test_every_model_has_a_vocabulary(lazy_tokenizer: LazyTokenizer, models: Models) -> None:
    vocabularies = Vocabularies(lazy_tokenizer)
    found = {model.family.vocabulary: vocabularies.of(model) for model in models}
    assert set(found) == {"qwen", "qwen3.5"}
    assert found["qwen"] is lazy_tokenizer
    assert found["qwen3.5"] is not lazy_tokenizer

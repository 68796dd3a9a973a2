"""What was found in a request: a place where it breaks a rule, and how bad that is."""

from enum import StrEnum

from mockserver.base.values import value
from mockserver.catalogue.errors import Refusal


class Severity(StrEnum):
    """What the cloud does with a conversation that breaks the rule."""

    REFUSED = "refused"
    REFUSED_BY_SOME = "refused-by-some"
    HARMFUL = "harmful"


@value
class Finding:
    """One place where a request breaks a rule. `refusal` is None where the cloud accepts it.

    `fixed`: what stands there cannot be left out, so that it is refused whatever is done about the rule.
    """

    rule: str
    severity: Severity
    path: str
    message: str
    refusal: Refusal | None = None
    fixed: bool = False
